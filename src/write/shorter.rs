//! Says in fewer words what lives, where the file declares the same with them.
//!
//! A kind proposes what its table may say in place of something longer, with everything spelled
//! out. A proposal is taken only if the file with it, read as the next run will read it, differs
//! from what lives in nothing in which it would not differ anyway. Then whatever is said by default
//! goes, by the same proof.

mod shrink;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    file::{problem::Problem, write::secrets::Secrets},
    kinds::{
        Change, Resource,
        declare::{self, ShortForm},
    },
    model::{
        address::Address,
        diff::{Sides, diff},
        template::Reference,
    },
    stack::Stack,
    write::{
        Draft, Unsaid, Writer, leave,
        leave::Left,
        own::is_ours,
        read,
        shorter::shrink::{abbreviated, shrunk},
    },
};

/// Stands among the differences of what is kept as earlier defaults made it: no difference, but
/// nothing to become shorter by either.
const EARLIER: &str = "(as earlier defaults made it)";
/// The most places that a note names.
const MOST_PLACES: usize = 12;

/// What the file says in fewer words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shorter {
    /// What tables say in place of something longer.
    pub(crate) forms: BTreeMap<Address, ShortForm>,
    /// The entries that are left out, because others bring them along.
    pub(crate) implied: BTreeMap<Address, Vec<Vec<String>>>,
    /// What could be said in fewer words, but for differences, which are named.
    pub(crate) notes: Vec<Unsaid>,
}

/// Where what a file declares differs from what lives, but for tags, by resource.
type Differences = BTreeMap<Address, BTreeSet<String>>;

/// What can be said in fewer words of what `left` leaves.
pub(crate) fn shorter(draft: &Draft, left: &Left) -> Shorter {
    let (mut shorter, plain) = (Shorter::default(), Shorter::default());
    let writer = Writer::new(draft, left, &plain);
    for (address, live) in &writer.found {
        let forms = declare::short_forms(&live.resource, &draft.identity);
        if forms.is_empty() {
            continue;
        }
        let trial = Trial {
            draft,
            left,
            only: Some(address),
        };
        match trial.choose(address, forms) {
            Some(Chosen::Same(form)) => _ = shorter.forms.insert(address.clone(), form),
            Some(Chosen::Nearly(unsaid)) => shorter.notes.push(unsaid),
            None => {}
        }
    }
    if shorter.forms.is_empty() {
        return shorter;
    }
    let whole = Trial {
        draft,
        left,
        only: None,
    };
    whole.prove(shorter)
}

/// What came of the proposals for one resource.
enum Chosen {
    /// This declares the same.
    Same(ShortForm),
    /// Nothing does; this is why.
    Nearly(Unsaid),
}

/// What a file is compared by.
struct Trial<'a> {
    draft: &'a Draft,
    left: &'a Left,
    /// The only resource of its kind to write, if the others of the kind don't matter.
    only: Option<&'a Address>,
}

impl Trial<'_> {
    fn choose(&self, address: &Address, forms: Vec<ShortForm>) -> Option<Chosen> {
        let with = |form: &ShortForm| {
            let forms = BTreeMap::from([(address.clone(), form.clone())]);
            self.differences(&Shorter {
                forms,
                ..Shorter::default()
            })
        };
        let anyway = self.differences(&Shorter::default()).ok()?;
        let mut nearest: Option<(ShortForm, Differences)> = None;
        let mut obstacle = None;
        for form in forms {
            match with(&form) {
                Ok(found) => {
                    let is_same = is_within(&found, &anyway);
                    let is_nearer = |(_, other): &(_, Differences)| count(&found) < count(other);
                    if is_same || nearest.as_ref().is_none_or(is_nearer) {
                        nearest = Some((form, found));
                    }
                    if is_same {
                        break;
                    }
                }
                Err(why) => _ = obstacle.get_or_insert((form, why)),
            }
        }
        let Some((form, found)) = nearest else {
            let (form, why) = obstacle?;
            let why = format!("`{}` can't stand for it: {why}", form.key);
            return Some(Chosen::Nearly(unsaid(address, &form, why)));
        };
        let form = shrunk(form, &|form| with(form).is_ok_and(|other| other == found));
        if is_within(&found, &anyway) {
            return Some(Chosen::Same(form));
        }
        let why = self.difference(address, &form, &found, &anyway);
        Some(Chosen::Nearly(unsaid(address, &form, why)))
    }

    /// What `form` would say, and what would change with it.
    fn difference(
        &self,
        address: &Address,
        form: &ShortForm,
        found: &Differences,
        anyway: &Differences,
    ) -> String {
        let mut places = Vec::new();
        for (of, paths) in found {
            let known = anyway.get(of);
            let new = paths
                .iter()
                .filter(|path| known.is_none_or(|k| !k.contains(*path)));
            places.extend(new.map(|path| {
                if of == address {
                    path.clone()
                } else {
                    format!("{of}.{path}")
                }
            }));
        }
        let more = places.len().saturating_sub(MOST_PLACES);
        places.truncate(MOST_PLACES);
        if more > 0 {
            places.push(format!("and {more} more"));
        }
        let places = places.join(", ");
        let shorter = Shorter {
            forms: BTreeMap::from([(address.clone(), abbreviated(form))]),
            ..Shorter::default()
        };
        let writer = Writer::new(self.draft, self.left, &shorter);
        let mut secrets = Secrets::default();
        let table = writer.found.get(address).map(|live| {
            let table = writer.resource(address, live, self.left, &mut secrets);
            table.entry_on_one_line(form.key).unwrap_or_default()
        });
        format!(
            "`{}` stands for it, and the container goes; with it this would change: {places}",
            table.unwrap_or_default()
        )
    }

    /// The shorter file as a whole, if it declares the same as the longer one; with it goes what it
    /// brings along.
    fn prove(&self, mut shorter: Shorter) -> Shorter {
        let notes = shorter.notes.clone();
        let as_it_is = |notes| Shorter {
            notes,
            ..Shorter::default()
        };
        let (Ok(anyway), Ok(found)) = (
            self.differences(&Shorter::default()),
            self.differences(&shorter),
        ) else {
            return as_it_is(notes);
        };
        if !is_within(&found, &anyway) {
            return as_it_is(notes);
        }
        let writer = Writer::new(self.draft, self.left, &shorter);
        let implied = writer.found.iter().flat_map(|(address, live)| {
            let entries = declare::implied(&live.resource).into_iter();
            entries.map(|path| (address.clone(), path))
        });
        let implied: Vec<(Address, Vec<String>)> = implied.collect();
        drop(writer);
        for (address, path) in implied {
            let mut without = shorter.clone();
            without.implied.entry(address).or_default().push(path);
            if self.differences(&without).is_ok_and(|other| other == found) {
                shorter = without;
            }
        }
        shorter
    }

    /// Where what the file declares differs from what lives; or the first reason why it declares
    /// nothing.
    fn differences(&self, shorter: &Shorter) -> Result<Differences, String> {
        let writer = Writer::new(self.draft, self.left, shorter);
        let (page, secrets) = writer.page(self.left, self.only);
        let problem = |problems: Vec<Problem>| {
            let first = problems.into_iter().next();
            first.map_or_else(String::new, |problem| {
                format!("{} ({})", secrets.masked(&problem.message), problem.code)
            })
        };
        let stack = read(self.draft, &page.text, &secrets).map_err(problem)?;
        let mut left = self.left.clone();
        if left.add(leave::missing_roles(&stack, &self.draft.roles, &page)) {
            return Err("it mentions a role that is not there".to_owned());
        }
        Ok(differences(&writer, &stack))
    }
}

fn unsaid(address: &Address, form: &ShortForm, why: String) -> Unsaid {
    Unsaid {
        address: address.clone(),
        path: format!("containers.{}", form.of),
        why,
    }
}

fn is_within(found: &Differences, anyway: &Differences) -> bool {
    let mut all = found.iter();
    all.all(|(address, paths)| {
        let known = anyway.get(address);
        let mut paths = paths.iter().filter(|path| *path != EARLIER);
        paths.all(|path| known.is_some_and(|known| known.contains(path)))
    })
}

fn count(differences: &Differences) -> usize {
    differences.values().map(BTreeSet::len).sum()
}

fn differences(writer: &Writer<'_>, stack: &Stack) -> Differences {
    let lookup = |reference: &Reference| {
        let Reference { address, attribute } = reference;
        let live = writer.found.get(address).map(|live| &live.attributes);
        let known = live.or_else(|| stack.existing.get(address));
        known?.get(attribute).cloned()
    };
    let mut all = Differences::new();
    for (address, declared) in &stack.resources {
        let (Some(live), Some(want)) = (writer.found.get(address), &declared.want) else {
            continue;
        };
        let of = |state: &Resource| {
            let mut state = state.resolve(&lookup);
            state.complete(Some(&live.resource), &declared.lifecycle.ignore);
            places(&live.resource, &state)
        };
        let places = of(want);
        // Of what is ours, a plan keeps what earlier defaults made.
        let mut earlier = declared.earlier.iter();
        if !places.is_empty() && is_ours(live) && earlier.any(|state| of(state).is_empty()) {
            all.insert(address.clone(), BTreeSet::from([EARLIER.to_owned()]));
        } else if !places.is_empty() {
            all.insert(address.clone(), places);
        }
    }
    all
}

/// Where two states differ in more than tags.
fn places(live: &Resource, want: &Resource) -> BTreeSet<String> {
    if Resource::changes(Some(live), Some(want))
        .iter()
        .all(Change::sets_tags)
    {
        return BTreeSet::new();
    }
    let (live, want) = (live.to_display_tree(), want.to_display_tree());
    let differences = diff(&live, &want);
    let is_tag = |keys: &[&str]| keys.first() == Some(&"tags");
    let places = differences.iter().filter(|one| !is_tag(&one.path.keys()));
    let places = places.map(|one| match one.sides {
        Sides::Added(_) => format!("{} is added", one.path),
        Sides::Removed(_) => format!("{} goes", one.path),
        Sides::Changed { .. } => format!("{} is another", one.path),
    });
    let mut places: BTreeSet<String> = places.collect();
    if places.is_empty() {
        places.insert("how a text is laid out".to_owned());
    }
    places
}
