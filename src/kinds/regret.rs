//! What may be regretted once a step is done, and what of it has to be accepted by name before.

/// Something that a step does and that may be regretted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRisk {
    /// A short stable name.
    pub code: &'static str,
    /// What will happen, as a sentence without a full stop.
    pub text: String,
    /// What somebody has to accept by name before it is done.
    pub loss: Option<Loss>,
    /// What in the resource's table it comes of, the most exact first: paths of which not all need
    /// be written.
    pub at: Vec<String>,
}

/// What a call takes for good, and from whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// Data of the resource that the call is about.
    Data,
    /// Something of an object that does not carry the stack's tags, by the name under which it can
    /// be accepted: `instance_profiles.Web`.
    OfOthers(String),
}

/// What a call meets, as far as it matters to what is lost by it.
#[derive(Clone, Copy, Debug, Default)]
pub struct LossContext<'a> {
    /// What calls name the resource by.
    pub target: &'a str,
    /// Whether it makes way for its successor.
    pub is_replaced: bool,
    /// How old, in days, what it holds can be, if that is known.
    pub oldest: Option<u32>,
}

impl LossContext<'_> {
    /// Returns whether a retention of `after` days instead of `before` deletes something; `None` is
    /// for ever, and a retention that nobody has read counts as that.
    pub fn shortens(&self, before: Option<u32>, after: u32) -> bool {
        before.is_none_or(|before| after < before) && self.oldest.is_none_or(|days| after < days)
    }
}

impl StepRisk {
    /// A risk of which nothing is lost.
    pub fn new(code: &'static str, text: String) -> Self {
        Self {
            code,
            text,
            loss: None,
            at: Vec::new(),
        }
    }

    /// A risk that takes something for good.
    pub fn losing(code: &'static str, text: String, loss: Loss) -> Self {
        Self {
            code,
            text,
            loss: Some(loss),
            at: Vec::new(),
        }
    }

    /// The same, which comes of what the resource's table says at `path`.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.at.push(path.into());
        self
    }
}

/// `1 day`, `30 days`.
pub(crate) fn days_old(days: u32) -> String {
    match days {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}
