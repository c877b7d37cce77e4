//! Whether a pattern is one to the collector, which reads patterns as Go does.
//!
//! Source: Go standard library, `regexp/syntax`, and RE2's page "Syntax".

use std::{iter::Peekable, str::Chars};

/// How often something may be repeated.
const MAX_REPEATS: u32 = 1000;
/// The names of classes within brackets, as in `[[:alpha:]]`.
const CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// The groups of a pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// How many there are, without the whole match.
    pub count: usize,
    /// The names of those that have one.
    pub named: Vec<String>,
}

impl Groups {
    /// Returns whether `name` is the number or the name of one; `0` is the whole match.
    pub fn has(&self, name: &str) -> bool {
        match name.parse::<usize>() {
            Ok(number) => number <= self.count,
            Err(_) => self.named.iter().any(|named| named == name),
        }
    }
}

/// Reads a pattern: its groups, or what is wrong with it, as the end of a sentence.
pub fn read(pattern: &str) -> Result<Groups, String> {
    let mut reader = Reader {
        rest: pattern.chars().peekable(),
        groups: Groups::default(),
        open: 0,
    };
    reader.all()?;
    Ok(reader.groups)
}

/// What came last, as far as an operator of repetition after it is concerned.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    /// Nothing that could be repeated.
    Nothing,
    /// Something.
    Something,
    /// An operator of repetition.
    Repeated,
}

struct Reader<'p> {
    rest: Peekable<Chars<'p>>,
    groups: Groups,
    /// How many groups are open.
    open: usize,
}

impl Reader<'_> {
    fn all(&mut self) -> Result<(), String> {
        let mut last = Last::Nothing;
        while let Some(c) = self.rest.next() {
            last = match c {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '(' => self.group()?,
                ')' if self.open == 0 => return Err("a `)` closes nothing".to_owned()),
                ')' => {
                    self.open -= 1;
                    Last::Something
                }
                '|' => Last::Nothing,
                '*' | '+' | '?' => self.repeated(last, c)?,
                '{' if self.bounds()? => self.repeated(last, c)?,
                _ => Last::Something,
            };
        }
        if self.open > 0 {
            return Err("a `(` is not closed".to_owned());
        }
        Ok(())
    }

    fn take(&mut self, c: char) -> bool {
        self.rest.next_if_eq(&c).is_some()
    }

    fn take_while(&mut self, is_part: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(c) = self.rest.next_if(|c| is_part(*c)) {
            taken.push(c);
        }
        taken
    }

    /// An operator of repetition, with the `?` that makes it take as little as it can.
    fn repeated(&mut self, last: Last, operator: char) -> Result<Last, String> {
        match last {
            Last::Nothing => Err(format!("nothing stands before `{operator}` to repeat")),
            Last::Repeated => Err(format!("`{operator}` repeats a repetition")),
            Last::Something => {
                self.take('?');
                Ok(Last::Repeated)
            }
        }
    }

    /// `{2}`, `{2,}` or `{2,4}` after its `{`; anything else stands for itself.
    fn bounds(&mut self) -> Result<bool, String> {
        let mut ahead = self.rest.clone();
        let inner: String = ahead.by_ref().take_while(|c| *c != '}').collect();
        let (low, high) = inner.split_once(',').unwrap_or((&inner, &inner));
        let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        let is_closed = self.rest.clone().any(|c| c == '}');
        if !is_closed || !is_number(low) || !(high.is_empty() || is_number(high)) {
            return Ok(false);
        }
        self.rest = ahead;
        let number = |text: &str| text.parse().unwrap_or(u32::MAX);
        let low = number(low);
        let high = if high.is_empty() { low } else { number(high) };
        if low > MAX_REPEATS || high > MAX_REPEATS {
            return Err(format!("`{{{inner}}}` is more than {MAX_REPEATS} times"));
        }
        if high < low {
            return Err(format!("`{{{inner}}}` ends before it begins"));
        }
        Ok(true)
    }

    /// What stands after `(`.
    fn group(&mut self) -> Result<Last, String> {
        if !self.take('?') {
            self.groups.count += 1;
            self.open += 1;
            return Ok(Last::Nothing);
        }
        let is_python = self.take('P');
        if self.take('<') {
            if self.rest.peek().is_some_and(|c| matches!(c, '=' | '!')) {
                return Err(LOOKS_AROUND.to_owned());
            }
            return self.named();
        }
        if is_python {
            return Err("`(?P` is followed by a name in `<>`, as in `(?P<name>…)`".to_owned());
        }
        if self.rest.peek().is_some_and(|c| matches!(c, '=' | '!')) {
            return Err(LOOKS_AROUND.to_owned());
        }
        let flags = self.take_while(|c| matches!(c, 'i' | 'm' | 's' | 'U' | '-'));
        let is_sound = flags.matches('-').count() <= 1 && !flags.ends_with('-');
        match self.rest.next() {
            Some(':') if is_sound => {
                self.open += 1;
                Ok(Last::Nothing)
            }
            Some(')') if is_sound && !flags.is_empty() => Ok(Last::Nothing),
            _ => Err("what follows `(?` is neither `:` nor flags nor a name".to_owned()),
        }
    }

    fn named(&mut self) -> Result<Last, String> {
        let name = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
        if name.is_empty() || !self.take('>') {
            return Err("the name of a group is not letters, digits and `_`".to_owned());
        }
        if self.groups.named.contains(&name) {
            return Err(format!("two groups are called `{name}`"));
        }
        self.groups.named.push(name);
        self.groups.count += 1;
        self.open += 1;
        Ok(Last::Nothing)
    }

    /// What stands after `\`.
    fn escape(&mut self, is_in_class: bool) -> Result<Last, String> {
        let Some(c) = self.rest.next() else {
            return Err("it ends with a `\\`".to_owned());
        };
        match c {
            'p' | 'P' => self.unicode_class()?,
            'x' => self.hexadecimal()?,
            'Q' if !is_in_class => self.quoted(),
            'A' | 'b' | 'B' | 'z' if !is_in_class => {}
            'd' | 'D' | 's' | 'S' | 'w' | 'W' | 'a' | 'f' | 'n' | 'r' | 't' | 'v' | '0' => {}
            '1'..='7' if self.rest.peek().is_some_and(|c| ('0'..='7').contains(c)) => {}
            '1'..='9' => return Err(format!("`\\{c}` refers back, which these patterns can't")),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => {}
            c => return Err(format!("`\\{c}` means nothing")),
        }
        Ok(Last::Something)
    }

    fn unicode_class(&mut self) -> Result<(), String> {
        let is_closed = match self.rest.next() {
            Some('{') => {
                self.take_while(|c| c != '}');
                self.take('}')
            }
            other => other.is_some(),
        };
        let unclosed = || "`\\p` is followed by the name of a class, as in `\\p{Greek}`".to_owned();
        is_closed.then_some(()).ok_or_else(unclosed)
    }

    fn hexadecimal(&mut self) -> Result<(), String> {
        let is_sound = if self.take('{') {
            let digits = self.take_while(|c| c.is_ascii_hexdigit());
            let is_letter = u32::from_str_radix(&digits, 16).is_ok_and(|n| n <= 0x10_FFFF);
            self.take('}') && is_letter
        } else {
            let mut digits = 0;
            while digits < 2 && self.rest.next_if(char::is_ascii_hexdigit).is_some() {
                digits += 1;
            }
            digits == 2
        };
        let wrong = || "`\\x` is followed by two digits, or by some in `{}`".to_owned();
        is_sound.then_some(()).ok_or_else(wrong)
    }

    /// Up to `\E`, everything stands for itself.
    fn quoted(&mut self) {
        while let Some(c) = self.rest.next() {
            if c == '\\' && self.take('E') {
                return;
            }
        }
    }

    /// What stands after `[`.
    fn class(&mut self) -> Result<Last, String> {
        const UNCLOSED: &str = "a `[` is not closed";
        self.take('^');
        let mut is_first = true;
        loop {
            match self.rest.peek() {
                None => return Err(UNCLOSED.to_owned()),
                Some(']') if !is_first => {
                    self.rest.next();
                    return Ok(Last::Something);
                }
                Some(_) => {}
            }
            is_first = false;
            let Some(low) = self.member()? else {
                continue;
            };
            let mut ahead = self.rest.clone();
            if ahead.next() != Some('-') || ahead.peek().is_none_or(|c| *c == ']') {
                continue;
            }
            self.rest = ahead;
            if let Some(high) = self.member()?
                && high < low
            {
                return Err(format!("the range `{low}-{high}` ends before it begins"));
            }
        }
    }

    /// A member of a class: the letter that it is, if it is one that can begin a range here.
    fn member(&mut self) -> Result<Option<char>, String> {
        match self.rest.next() {
            Some('[') if self.rest.peek() == Some(&':') => {
                let ahead: String = self.rest.clone().skip(1).collect();
                let Some((name, _)) = ahead.split_once(":]") else {
                    return Ok(Some('['));
                };
                if !CLASSES.contains(&name.trim_start_matches('^')) {
                    return Err(format!("there is no class `[:{name}:]`"));
                }
                for _ in 0..name.chars().count() + 3 {
                    self.rest.next();
                }
                Ok(None)
            }
            Some('\\') => {
                let escaped = self.rest.peek().copied();
                self.escape(true)?;
                Ok(escaped.filter(|c| !c.is_ascii_alphanumeric()))
            }
            other => Ok(other),
        }
    }
}

const LOOKS_AROUND: &str =
    "it looks ahead or behind, which these patterns can't: name what is meant itself";

/// The groups that `replacement` mentions, as `$1`, `${1}` or by name (Go standard library,
/// `Regexp.Expand`).
pub fn mentioned(replacement: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = replacement;
    while let Some((_, after)) = rest.split_once('$') {
        let is_of_name = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        if let Some(doubled) = after.strip_prefix('$') {
            rest = doubled;
        } else if let Some((name, after)) = after.strip_prefix('{').and_then(|a| a.split_once('}'))
        {
            names.push(name.to_owned());
            rest = after;
        } else {
            let end = after.find(is_of_name).unwrap_or(after.len());
            if end > 0 {
                names.push(after[..end].to_owned());
            }
            rest = &after[end..];
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_taken_as_go_takes_them() {
        for pattern in [
            "",
            "http_.*",
            "(.*):(.*)",
            "a{2,4}?b{3}c{2,}",
            "a{,3}{x}}",
            "a{b",
            "[a-z\\d_.-]+",
            "[]a]",
            "[^]a]",
            "[[:alpha:]-]",
            "[[:^digit:]x]",
            "[[:x]",
            "(?i)get|(?s-i:post)|(?P<verb>put)|(?<other>x)",
            "\\Q(*\\E+",
            "\\x41\\x{1F600}\\012\\17",
            "\\pN\\p{Greek}\\_\\-\\/",
            "^*$",
            "ä+",
            "a??",
        ] {
            assert!(read(pattern).is_ok(), "{pattern}: {:?}", read(pattern));
        }
        for (pattern, part) in [
            ("(a", "not closed"),
            ("a)", "closes nothing"),
            ("[a", "not closed"),
            ("[", "not closed"),
            ("[]", "not closed"),
            ("*a", "nothing stands before"),
            ("a|+", "nothing stands before"),
            ("({2})", "nothing stands before"),
            ("a**", "repeats"),
            ("a*?+", "repeats"),
            ("a{1001}", "1000 times"),
            ("a{3,2}", "ends before"),
            ("[z-a]", "ends before"),
            ("[[:letters:]]", "no class"),
            ("(?!a)", "looks ahead"),
            ("(?<=a)b", "looks ahead"),
            ("(?P=a)", "followed by a name"),
            ("(?P<>a)", "name of a group"),
            ("(?P<a>.)(?P<a>.)", "two groups"),
            ("(?x)", "neither"),
            ("(?i-)", "neither"),
            ("(?)", "neither"),
            ("(.)\\1", "refers back"),
            ("\\y", "means nothing"),
            ("\\xg", "two digits"),
            ("\\p{", "name of a class"),
            ("a\\", "ends with"),
            ("[a\\b]", "means nothing"),
        ] {
            let error = read(pattern).expect_err(pattern);
            assert!(error.contains(part), "{pattern}: {error}");
        }
    }

    #[test]
    fn groups_are_counted_and_named() {
        let groups = read("(a)(?:b)(?P<c>d)\\(").expect("a pattern");
        assert_eq!((groups.count, groups.named.len()), (2, 1));
        for (name, is_there) in [
            ("0", true),
            ("2", true),
            ("3", false),
            ("c", true),
            ("1c", false),
        ] {
            assert_eq!(groups.has(name), is_there, "{name}");
        }
    }

    #[test]
    fn what_a_replacement_mentions() {
        for (replacement, expected) in [
            ("$1", &["1"][..]),
            ("$1:${2}", &["1", "2"]),
            ("$1foo-$x", &["1foo", "x"]),
            ("$$1 $ ${", &[]),
            ("plain", &[]),
        ] {
            assert_eq!(mentioned(replacement), expected, "{replacement}");
        }
    }
}
