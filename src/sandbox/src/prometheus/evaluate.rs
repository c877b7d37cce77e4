//! What an expression gives at a moment.
//!
//! `promql-parser` reads it; here is as much of its meaning as `verify` and the dashboard need, and
//! what people type beside them. The rest is refused by name.

use std::{collections::BTreeMap, time::Duration};

use promql_parser::parser::{
    AggregateExpr, Expr, LabelModifier, MatrixSelector, Offset, VectorSelector, parse as read,
};

use super::{Refused, functions, operators, remote_write::is_stale};
use crate::collector::series::{Labels, Series};

/// How far back an instant query looks for the last sample (Prometheus documentation, "Staleness":
/// five minutes).
pub(super) const LOOKBACK_MILLIS: u64 = 300_000;

/// The series of a workspace.
pub(super) struct Store {
    pub(super) series: Vec<Series>,
    pub(super) now: u64,
}

/// Series, each with its value.
pub(super) type Vector = Vec<(Labels, f64)>;
/// Series, each with its samples: times in milliseconds since 1970, and values.
pub(super) type Matrix = Vec<(Labels, Vec<(u64, f64)>)>;

/// Series, each with its last sample.
pub(super) type LastSamples = Vec<(Labels, (u64, f64))>;

/// A value at a moment.
pub(super) enum Evaluated {
    Scalar(f64),
    Vector(Vector),
    Matrix(Matrix),
}

/// Reads an expression.
pub(super) fn parse(text: &str) -> Result<Expr, String> {
    read(text).map_err(|error| format!("parse error: {error}"))
}

/// Returns whether a series is one that `selector` means.
pub(super) fn is_selected(selector: &VectorSelector, labels: &Labels) -> bool {
    let value = |name: &str| labels.get(name).map_or("", String::as_str);
    let named = selector.name.as_deref();
    let mut matchers = selector.matchers.matchers.iter();
    named.is_none_or(|name| value("__name__") == name)
        && matchers.all(|matcher| matcher.is_match(value(&matcher.name)))
}

/// A time in seconds, as PromQL calculates with it.
pub(super) fn seconds(millis: u64) -> f64 {
    Duration::from_millis(millis).as_secs_f64()
}

/// How many there are, as PromQL calculates with it.
pub(super) fn count_of<T>(all: &[T]) -> f64 {
    f64::from(u32::try_from(all.len()).unwrap_or(u32::MAX))
}

/// The same without the names of the metrics; two series may not become one by that.
pub(super) fn nameless(vector: Vector) -> Result<Vector, Refused> {
    let mut by_labels = BTreeMap::new();
    for (mut labels, value) in vector {
        labels.remove("__name__");
        if by_labels.insert(labels, value).is_some() {
            return Err(Refused::Execution(
                "vector cannot contain metrics with the same labelset".to_owned(),
            ));
        }
    }
    Ok(by_labels.into_iter().collect())
}

impl Store {
    pub(super) fn evaluate(&self, expression: &Expr, at: u64) -> Result<Evaluated, Refused> {
        match expression {
            Expr::NumberLiteral(number) => Ok(Evaluated::Scalar(number.val)),
            Expr::Paren(inner) => self.evaluate(&inner.expr, at),
            Expr::Unary(inner) => match self.evaluate(&inner.expr, at)? {
                Evaluated::Scalar(value) => Ok(Evaluated::Scalar(-value)),
                Evaluated::Vector(vector) => {
                    let negated = vector.into_iter().map(|(labels, value)| (labels, -value));
                    nameless(negated.collect()).map(Evaluated::Vector)
                }
                Evaluated::Matrix(_) => Err(Refused::wrong_type("vector", "matrix")),
            },
            Expr::VectorSelector(selector) => {
                let last = self.last_samples(selector, at)?.into_iter();
                let values = last.map(|(labels, (_, value))| (labels, value));
                Ok(Evaluated::Vector(values.collect()))
            }
            Expr::MatrixSelector(selector) => self
                .range(selector, at)
                .map(|(all, _)| Evaluated::Matrix(all)),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate, at).map(Evaluated::Vector),
            Expr::Binary(binary) => operators::binary(self, binary, at),
            Expr::Call(call) => functions::call(self, call, at),
            Expr::Subquery(_) => Err(Refused::unknown("subqueries")),
            Expr::StringLiteral(_) => Err(Refused::unknown("strings as values")),
            Expr::Extension(_) => Err(Refused::unknown("extensions")),
        }
    }

    /// The value of an expression that has to be a vector.
    pub(super) fn vector(&self, expression: &Expr, at: u64) -> Result<Vector, Refused> {
        match self.evaluate(expression, at)? {
            Evaluated::Vector(vector) => Ok(vector),
            Evaluated::Scalar(_) => Err(Refused::wrong_type("vector", "scalar")),
            Evaluated::Matrix(_) => Err(Refused::wrong_type("vector", "matrix")),
        }
    }

    /// The last sample of each series, unless it has ended (Prometheus documentation,
    /// "Staleness").
    pub(super) fn last_samples(
        &self,
        selector: &VectorSelector,
        at: u64,
    ) -> Result<LastSamples, Refused> {
        let (until, series) = self.selected(selector, at)?;
        let found = series.filter_map(|series| {
            let from = until.saturating_sub(LOOKBACK_MILLIS);
            let last = *series.samples(from, until, self.now).last()?;
            (!is_stale(last.1)).then(|| (series.labels.clone(), last))
        });
        Ok(found.collect())
    }

    /// The samples of a range, and when it ends.
    pub(super) fn range(
        &self,
        selector: &MatrixSelector,
        at: u64,
    ) -> Result<(Matrix, u64), Refused> {
        let (until, series) = self.selected(&selector.vs, at)?;
        let from = until.saturating_sub(millis(selector.range));
        let found = series.filter_map(|series| {
            let mut samples = series.samples(from, until, self.now);
            samples.retain(|(_, value)| !is_stale(*value));
            (!samples.is_empty()).then(|| (series.labels.clone(), samples))
        });
        Ok((found.collect(), until))
    }

    /// The series of a selector, and the moment that it means, seen from `at`.
    fn selected<'a>(
        &'a self,
        selector: &'a VectorSelector,
        at: u64,
    ) -> Result<(u64, impl Iterator<Item = &'a Series>), Refused> {
        if selector.at.is_some() {
            return Err(Refused::unknown("the modifier '@'"));
        }
        if !selector.matchers.or_matchers.is_empty() {
            return Err(Refused::unknown("'or' among the matchers of a selector"));
        }
        let until = match &selector.offset {
            None => at,
            Some(Offset::Pos(offset)) => at.saturating_sub(millis(*offset)),
            Some(Offset::Neg(offset)) => at.saturating_add(millis(*offset)),
        };
        let series = self.series.iter();
        Ok((
            until,
            series.filter(|one| is_selected(selector, &one.labels)),
        ))
    }

    fn aggregate(&self, aggregate: &AggregateExpr, at: u64) -> Result<Vector, Refused> {
        let name = aggregate.op.to_string();
        let reduce: fn(&[f64]) -> f64 = match name.as_str() {
            "count" => |values| count_of(values),
            "group" => |_| 1.0,
            "sum" => |values| values.iter().sum(),
            "avg" => |values| values.iter().sum::<f64>() / count_of(values),
            "min" => |values| values.iter().copied().fold(f64::NAN, f64::min),
            "max" => |values| values.iter().copied().fold(f64::NAN, f64::max),
            _ => return Err(Refused::unknown(&format!("the aggregation '{name}'"))),
        };
        let mut groups: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
        for (labels, value) in self.vector(&aggregate.expr, at)? {
            let kept = labels
                .into_iter()
                .filter(|(name, _)| match &aggregate.modifier {
                    None => false,
                    Some(LabelModifier::Include(names)) => names.labels.contains(name),
                    Some(LabelModifier::Exclude(names)) => {
                        name != "__name__" && !names.labels.contains(name)
                    }
                });
            groups.entry(kept.collect()).or_default().push(value);
        }
        let groups = groups.into_iter();
        Ok(groups
            .map(|(labels, values)| (labels, reduce(&values)))
            .collect())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
