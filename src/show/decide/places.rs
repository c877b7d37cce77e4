//! Where in the stack file people see what a refusal, a risk or a note is about.

use crate::{
    file::places::{Marked, Places, Spot},
    kinds::kind::ReplaceReason,
    plan::{Note, Reason, Refusal, risk::Risk},
};

/// The keys of a table that name its resource, and the table itself.
const NAMES: [&str; 4] = ["name", "family", "alias", ""];

/// What of several places is shown.
enum Shown<'a> {
    /// Each, or the nearest table around it.
    All(Vec<Spot<'a>>),
    /// The first that is written.
    First(Vec<Spot<'a>>),
}

/// Where what a refusal is about is written.
pub(in crate::show) fn of_refusal(refusal: &Refusal, places: Option<&Places>) -> Option<Marked> {
    let places = places?;
    let Refusal { address, reason } = refusal;
    let service = service_of(reason);
    match looked_for(reason, service.as_ref()) {
        Shown::All(spots) => places.mark(address, &spots),
        Shown::First(spots) => places.mark_first(address, &spots),
    }
}

/// Where what a risk comes of is written, if it is.
pub(in crate::show) fn of_risk(risk: &Risk, places: Option<&Places>) -> Option<Marked> {
    let paths = risk.at.iter().map(|path| spot(path, "because of this"));
    places?.mark_first(&risk.address, &paths.collect::<Vec<_>>())
}

/// Where what a note is about is written, if it is.
pub(in crate::show) fn of_note(note: &Note, places: Option<&Places>) -> Option<Marked> {
    let paths = note.at.iter().map(|path| spot(path, "this one"));
    places?.mark_first(&note.address, &paths.collect::<Vec<_>>())
}

/// The path of a declared service in its table, and its name.
fn service_of(reason: &Reason) -> Option<(String, String)> {
    let Reason::Service(objection) = reason else {
        return None;
    };
    let name = objection.service.to_string();
    Some((format!("services.{name}"), name))
}

fn looked_for<'a>(reason: &'a Reason, service: Option<&'a (String, String)>) -> Shown<'a> {
    match reason {
        Reason::NotOurs { .. } | Reason::NameTaken { .. } => {
            Shown::First(NAMES.map(|name| spot(name, "wants this name")).to_vec())
        }
        Reason::NothingToAdopt { .. } => Shown::All(vec![spot("adopt", "names it")]),
        Reason::Ambiguous { .. } => {
            let asks = [spot("adopt", "could mean each of them")];
            let names = NAMES.map(|name| spot(name, "could be each of them"));
            Shown::First(asks.into_iter().chain(names).collect())
        }
        Reason::CannotAdopt { differs, .. } | Reason::AdoptsOnceRemoved { differs, .. } => {
            let asks = spot("adopt", "asks to take it over");
            Shown::All([asks].into_iter().chain(unchangeable(differs)).collect())
        }
        Reason::Protected { replaces, .. } => {
            let holds = spot("prevent_destroy", "holds it back");
            Shown::All([holds].into_iter().chain(unchangeable(replaces)).collect())
        }
        Reason::DeletionProtection { .. } => {
            Shown::All(vec![spot("deletion_protection", "holds it back")])
        }
        Reason::InUse { .. } => Shown::All(vec![spot("", "is in use")]),
        // Nothing that the file says is wrong.
        Reason::OverQuota { .. } => Shown::All(Vec::new()),
        Reason::Service(_) => {
            let of_service = service.into_iter().flat_map(|(path, name)| {
                let by_key = spot(path, "this service");
                let listed = Spot {
                    text: Some(name),
                    ..spot("services", "this service")
                };
                [by_key, listed, spot("services", "its services")]
            });
            Shown::First(of_service.collect())
        }
        Reason::Missing { mention, at } | Reason::Unfit { mention, at, .. } => {
            let named = at.iter().map(|path| named(path, &mention.name));
            Shown::All(named.collect())
        }
        Reason::NoSuchRole { wanted, .. } => Shown::All(vec![named("", wanted)]),
    }
}

/// What AWS can't change in place.
fn unchangeable(differs: &[ReplaceReason]) -> impl Iterator<Item = Spot<'static>> {
    let written = differs.iter().filter(|why| **why != ReplaceReason::ASKED);
    written.map(|why| spot(why.property, "can't be changed in place"))
}

fn named<'a>(path: &'a str, name: &'a str) -> Spot<'a> {
    Spot {
        text: Some(name),
        ..spot(path, "named here")
    }
}

fn spot<'a>(path: &'a str, label: &'static str) -> Spot<'a> {
    Spot {
        path,
        text: None,
        label,
    }
}
