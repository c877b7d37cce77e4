//! What people should know of a plan, or have to decide before it is carried out, as events.

use serde::Serialize;

use crate::{
    file::{
        places::{Marked, Places},
        render::json::{self, Label},
    },
    kinds::regret::Loss,
    plan::{self, Plan, risk},
    show::{
        decide::{self, places},
        events::Event,
    },
};

/// Something to know.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Note {
    /// The resource it is about.
    pub address: String,
    /// What.
    pub message: String,
    /// The file that it can be seen in, or `null`.
    pub file: Option<String>,
    /// The places there, the first being the one to look at.
    pub labels: Vec<Label>,
}

/// A reason to do nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Refusal {
    /// The resource it is about.
    pub address: String,
    /// A short stable name.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What else is known: ARNs, owners, causes.
    pub details: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
    /// The file that it can be seen in, or `null`.
    pub file: Option<String>,
    /// The places there, the first being the one to look at.
    pub labels: Vec<Label>,
}

/// A risk.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Risk {
    /// The resource it is about.
    pub address: String,
    /// A short stable name, which `amp-stack explain` takes.
    pub code: &'static str,
    /// What will happen.
    pub message: String,
    /// Whether metrics or logs are lost for good.
    pub data_loss: bool,
    /// What `--accept` has to name before it is done, or `null`.
    pub accept: Option<String>,
    /// The file that it can be seen in, or `null`.
    pub file: Option<String>,
    /// The places there, the first being the one to look at.
    pub labels: Vec<Label>,
}

/// The notes, refusals and risks of a plan. `known` is where what the stack file says stands.
pub(super) fn concerns(plan: &Plan, risks: &[risk::Risk], known: Option<&Places>) -> Vec<Event> {
    let notes = plan.notes.iter().map(|one| Event::Note(note(one, known)));
    let refusals = plan.refusals.iter();
    let refusals = refusals.map(|one| Event::Refusal(refusal(one, known)));
    let risks = risks.iter().map(|one| Event::Risk(of_risk(one, known)));
    notes.chain(refusals).chain(risks).collect()
}

fn note(note: &plan::Note, known: Option<&Places>) -> Note {
    let (file, labels) = place(places::of_note(note, known));
    Note {
        address: note.address.to_string(),
        message: note.text.clone(),
        file,
        labels,
    }
}

fn of_risk(risk: &risk::Risk, known: Option<&Places>) -> Risk {
    let (file, labels) = place(places::of_risk(risk, known));
    Risk {
        address: risk.address.to_string(),
        code: risk.code,
        message: risk.text.clone(),
        data_loss: risk.loss == Some(Loss::Data),
        accept: risk.acceptance().map(|acceptance| acceptance.to_string()),
        file,
        labels,
    }
}

fn refusal(refusal: &plan::Refusal, known: Option<&Places>) -> Refusal {
    let decide::Explained {
        message,
        details,
        hints,
    } = decide::explain(refusal);
    let (file, labels) = place(places::of_refusal(refusal, known));
    Refusal {
        address: refusal.address.to_string(),
        code: refusal.reason.code(),
        message,
        details,
        hints,
        file,
        labels,
    }
}

/// The file that something can be seen in, and where in it.
fn place(marked: Option<Marked>) -> (Option<String>, Vec<Label>) {
    marked.map_or_else(Default::default, |marked| {
        let file = marked.file.path.display().to_string();
        (Some(file), json::labels(&marked))
    })
}
