//! What can be wrong with a stack file, with the places that are wrong.

use std::sync::Arc;

use crate::file::{source::Source, tree::Span};

/// A mistake in a stack file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its stable code: `unknown-key`.
    pub code: &'static str,
    /// What is wrong, as one sentence in lower case without a full stop.
    pub message: String,
    /// The places, the first being where to mend it, each with a few words.
    pub labels: Vec<(Span, String)>,
    /// What to write instead, or where the rule comes from.
    pub help: Option<String>,
    /// The file that the places are in, if it is not the stack file.
    pub file: Option<Arc<Source>>,
    /// Where the stack file names that file.
    pub named_at: Option<Span>,
}

/// Collects problems, so that one run reports them all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Reports one problem at one place.
    pub fn add(
        &mut self,
        code: &'static str,
        span: &Span,
        label: impl Into<String>,
        message: impl Into<String>,
    ) -> &mut Problem {
        self.0.push_mut(Problem {
            code,
            message: message.into(),
            labels: vec![(span.clone(), label.into())],
            help: None,
            file: None,
            named_at: None,
        })
    }

    /// Takes over everything that `other` holds.
    pub fn absorb(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Keeps what `wanted` accepts.
    pub fn retain(&mut self, wanted: impl FnMut(&Problem) -> bool) {
        self.0.retain(wanted);
    }

    /// The problems, to be altered.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Problem> {
        self.0.iter_mut()
    }

    /// Says of every problem that its places are in `file`, which the stack file may name.
    pub fn move_to(&mut self, file: &Arc<Source>, named_at: Option<&Span>) {
        for problem in &mut self.0 {
            problem.file = Some(Arc::clone(file));
            problem.named_at = named_at.cloned();
        }
    }

    /// Returns whether `code` was reported at `span`.
    pub fn has(&self, code: &str, span: &Span) -> bool {
        self.0.iter().any(|problem| {
            let place = problem.labels.first();
            problem.code == code && place.is_some_and(|(place, _)| place == span)
        })
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problems, each once: those of the stack file in its order, then those of other files.
    pub fn into_sorted(mut self) -> Vec<Problem> {
        self.0.sort_by_cached_key(|problem| {
            let file = problem.file.as_ref().map(|file| file.path.clone());
            let place = problem
                .labels
                .first()
                .map(|(span, _)| (span.start, span.end));
            (file, place, problem.message.clone())
        });
        self.0.dedup();
        self.0
    }
}

impl Problem {
    /// Adds a second place.
    pub fn and(&mut self, span: &Span, label: impl Into<String>) -> &mut Self {
        self.labels.push((span.clone(), label.into()));
        self
    }

    /// Adds what to write instead.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }
}

/// The nearest of `names` to `name`, if it is near enough to be what was meant.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(name.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The only one of `names` that `name` abbreviates, as `env` does `environment`.
pub fn abbreviated<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut longer = names
        .into_iter()
        .filter(|candidate| name.len() >= 2 && candidate.starts_with(name));
    longer.next().filter(|_| longer.next().is_none())
}
