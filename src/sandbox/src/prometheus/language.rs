//! As much of PromQL as is needed to see whether samples arrive: selectors, a few functions and
//! aggregations. The rest is refused by name.

use crate::collector::{duration_millis, series::Labels};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Number(f64),
    Selector(Selector),
    /// `timestamp(v)`.
    Timestamp(Box<Expression>),
    /// A function of the samples of some time.
    OverTime(OverTime, Selector, u64),
    Aggregation(Aggregation, Grouping, Box<Expression>),
}

/// Functions over a range of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum OverTime {
    Last,
    Max,
    Count,
    Rate,
    Increase,
}

/// Aggregations over series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Aggregation {
    Count,
    Sum,
    Min,
    Max,
    Avg,
}

/// By which labels series are aggregated.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Grouping {
    By(Vec<String>),
    Without(Vec<String>),
}

/// Which series are meant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Selector {
    matchers: Vec<Matcher>,
}

#[derive(Clone, Debug, PartialEq)]
struct Matcher {
    name: String,
    /// Any of these.
    values: Vec<Pattern>,
    is_negated: bool,
}

/// A value, or the parts of a regular expression without anything but `.*` and `.+`.
#[derive(Clone, Debug, PartialEq)]
enum Pattern {
    Exact(String),
    Wild(Vec<String>),
}

impl Selector {
    pub(super) fn matches(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|matcher| {
            let value = labels.get(&matcher.name).map_or("", String::as_str);
            matcher.values.iter().any(|pattern| pattern.matches(value)) != matcher.is_negated
        })
    }
}

impl Pattern {
    /// Reads one alternative of a regular expression.
    fn read(text: &str) -> Result<Self, String> {
        let parts: Vec<String> = text
            .split(".*")
            .map(|part| part.replace("\\.", "."))
            .collect();
        let plain = |part: &String| !part.contains(['*', '+', '?', '[', '(', '{', '^', '$', '\\']);
        if !parts.iter().all(plain) {
            return Err(format!(
                "the sandbox has no regular expressions but alternatives and '.*', not '{text}'"
            ));
        }
        Ok(match <[String; 1]>::try_from(parts) {
            Ok([exact]) => Self::Exact(exact),
            Err(parts) => Self::Wild(parts),
        })
    }

    fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == value,
            Self::Wild(parts) => {
                let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
                    return false;
                };
                let within = value
                    .strip_prefix(first.as_str())
                    .and_then(|rest| rest.strip_suffix(last.as_str()));
                let Some(mut rest) = within else {
                    return false;
                };
                parts[1..parts.len() - 1].iter().all(|part| {
                    rest.find(part.as_str()).is_some_and(|at| {
                        rest = &rest[at + part.len()..];
                        true
                    })
                })
            }
        }
    }
}

/// Reads an expression; the error says what is wrong or what the sandbox does not know.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut reader = Reader { rest: text };
    let expression = reader.expression()?;
    reader.skip();
    if reader.rest.is_empty() {
        Ok(expression)
    } else {
        Err(format!(
            "the sandbox knows selectors, aggregations and a few functions of PromQL, not '{}'",
            reader.rest
        ))
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn takes(&mut self, token: &str) -> bool {
        self.skip();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn needs(&mut self, token: &str) -> Result<(), String> {
        if self.takes(token) {
            return Ok(());
        }
        let found = if self.rest.is_empty() {
            "the end"
        } else {
            self.rest
        };
        Err(format!("parse error: expected '{token}' before {found}"))
    }

    fn name(&mut self) -> Option<&'a str> {
        self.skip();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let starts_well = name.starts_with(|c: char| !c.is_ascii_digit());
        (!name.is_empty() && starts_well).then(|| {
            self.rest = rest;
            name
        })
    }

    fn expression(&mut self) -> Result<Expression, String> {
        if self.takes("(") {
            let inner = self.expression()?;
            self.needs(")")?;
            return Ok(inner);
        }
        let Some(name) = self.name() else {
            self.skip();
            if self.rest.starts_with('{') {
                return self.selector(None).map(Expression::Selector);
            }
            return self.number();
        };
        self.skip();
        let aggregation = match name {
            "count" => Some(Aggregation::Count),
            "sum" => Some(Aggregation::Sum),
            "min" => Some(Aggregation::Min),
            "max" => Some(Aggregation::Max),
            "avg" => Some(Aggregation::Avg),
            _ => None,
        };
        if let Some(aggregation) = aggregation {
            return self.aggregation(aggregation);
        }
        if !self.rest.starts_with('(') {
            return self.selector(Some(name)).map(Expression::Selector);
        }
        self.function(name)
    }

    fn number(&mut self) -> Result<Expression, String> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let number = digits.parse();
        let number = number.map_err(|_| format!("parse error: unexpected '{}'", self.rest))?;
        self.rest = rest;
        Ok(Expression::Number(number))
    }

    fn function(&mut self, name: &str) -> Result<Expression, String> {
        let over_time = match name {
            "last_over_time" => OverTime::Last,
            "max_over_time" => OverTime::Max,
            "count_over_time" => OverTime::Count,
            "rate" => OverTime::Rate,
            "increase" => OverTime::Increase,
            "timestamp" => {
                self.needs("(")?;
                let inner = self.expression()?;
                self.needs(")")?;
                return Ok(Expression::Timestamp(Box::new(inner)));
            }
            _ => return Err(format!("the sandbox has no PromQL function '{name}'")),
        };
        self.needs("(")?;
        let metric = self.name();
        let selector = self.selector(metric)?;
        self.needs("[")?;
        let end = self.rest.find(']').unwrap_or(self.rest.len());
        let (range, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.needs("]")?;
        self.needs(")")?;
        let millis = duration_millis(range.trim());
        let millis = millis.ok_or_else(|| format!("parse error: not a duration: '{range}'"))?;
        Ok(Expression::OverTime(over_time, selector, millis))
    }

    fn aggregation(&mut self, aggregation: Aggregation) -> Result<Expression, String> {
        let before = self.grouping()?;
        self.needs("(")?;
        let inner = self.expression()?;
        self.needs(")")?;
        let grouping = match before {
            Some(grouping) => Some(grouping),
            None => self.grouping()?,
        };
        let grouping = grouping.unwrap_or(Grouping::By(Vec::new()));
        Ok(Expression::Aggregation(
            aggregation,
            grouping,
            Box::new(inner),
        ))
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, String> {
        let is_by = self.takes("by");
        if !is_by && !self.takes("without") {
            return Ok(None);
        }
        self.needs("(")?;
        let mut labels = Vec::new();
        while let Some(label) = self.name() {
            labels.push(label.to_owned());
            if !self.takes(",") {
                break;
            }
        }
        self.needs(")")?;
        Ok(Some(if is_by {
            Grouping::By(labels)
        } else {
            Grouping::Without(labels)
        }))
    }

    fn selector(&mut self, metric: Option<&str>) -> Result<Selector, String> {
        let mut matchers: Vec<Matcher> = metric
            .map(|name| Matcher {
                name: "__name__".to_owned(),
                values: vec![Pattern::Exact(name.to_owned())],
                is_negated: false,
            })
            .into_iter()
            .collect();
        if self.takes("{") {
            while let Some(name) = self.name() {
                matchers.push(self.matcher(name)?);
                if !self.takes(",") {
                    break;
                }
            }
            self.needs("}")?;
        }
        if matchers.is_empty() {
            return Err(
                "parse error: vector selector must contain at least one non-empty matcher"
                    .to_owned(),
            );
        }
        Ok(Selector { matchers })
    }

    fn matcher(&mut self, name: &str) -> Result<Matcher, String> {
        let operators = ["=~", "!~", "!=", "="];
        let operator = operators.into_iter().find(|operator| self.takes(operator));
        let operator =
            operator.ok_or_else(|| format!("parse error: no operator after '{name}'"))?;
        let value = self.string()?;
        let values = if operator.ends_with('~') {
            let alternatives = value.split('|');
            alternatives.map(Pattern::read).collect::<Result<_, _>>()?
        } else {
            vec![Pattern::Exact(value)]
        };
        Ok(Matcher {
            name: name.to_owned(),
            values,
            is_negated: operator.starts_with('!'),
        })
    }

    fn string(&mut self) -> Result<String, String> {
        self.skip();
        let mut chars = self.rest.chars();
        let quote = chars.next().filter(|quote| "\"'".contains(*quote));
        let quote = quote.ok_or_else(|| format!("parse error: no string at '{}'", self.rest))?;
        let mut value = String::new();
        while let Some(c) = chars.next() {
            match c {
                '\\' => value.extend(chars.next()),
                c if c == quote => {
                    self.rest = chars.as_str();
                    return Ok(value);
                }
                c => value.push(c),
            }
        }
        Err("parse error: unterminated quoted string".to_owned())
    }
}
