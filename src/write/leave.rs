//! What of a live resource a stack file can't say, and so leaves as it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use crate::{
    ecs_shape::{api_name, stack_key},
    file::{
        problem::Problem,
        write::{layout::Page, secrets::Secrets},
    },
    kinds::{Resource, declare},
    model::{
        address::{Address, Kind},
        lifecycle::IgnorePath,
    },
    stack::Stack,
    write::Unsaid,
};

/// What is left as it is, by resource and by what `ignore` takes, with the reason.
#[derive(Clone, Debug, Default)]
pub(crate) struct Left {
    paths: BTreeMap<Address, BTreeMap<Vec<String>, String>>,
    omitted: BTreeMap<Address, String>,
}

/// One thing to leave as it is; the whole resource if the path is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leave {
    address: Address,
    path: Vec<String>,
    why: String,
}

impl Left {
    /// Adds `leaves`, and returns whether any of them is new.
    pub(crate) fn add(&mut self, leaves: Vec<Leave>) -> bool {
        let mut is_new = false;
        for Leave { address, path, why } in leaves {
            if path.is_empty() {
                is_new |= self.omitted.insert(address, why).is_none();
            } else {
                let paths = self.paths.entry(address).or_default();
                is_new |= paths.insert(path, why).is_none();
            }
        }
        is_new
    }

    /// Returns whether the resource at `address` is left out.
    pub(crate) fn omits(&self, address: &Address) -> bool {
        self.omitted.contains_key(address)
    }

    /// The entries of the table at `address` that are not written.
    pub(crate) fn entries(&self, address: &Address) -> Vec<Vec<String>> {
        let paths = self.paths.get(address).into_iter().flat_map(BTreeMap::keys);
        paths.flat_map(|path| spellings(path)).collect()
    }

    /// What `ignore` of the resource at `address` holds, with the reasons.
    pub(crate) fn ignored(&self, address: &Address) -> Vec<(String, String)> {
        let paths = self.paths.get(address).into_iter().flatten();
        paths
            .filter(|(path, _)| can_ignore(address.kind, path))
            .map(|(path, why)| (path.join("."), why.clone()))
            .collect()
    }

    /// The same of all resources.
    pub(crate) fn ignored_everywhere(&self) -> Vec<Unsaid> {
        let of = |address: &Address| {
            let address = address.clone();
            move |(path, why): (&Vec<String>, &String)| Unsaid {
                address: address.clone(),
                path: path.join("."),
                why: why.clone(),
            }
        };
        let kept = self.paths.iter().filter(|(a, _)| !self.omits(a));
        kept.flat_map(|(address, paths)| paths.iter().map(of(address)))
            .collect()
    }

    /// The resources that are left out.
    pub(crate) fn omitted(&self) -> Vec<Unsaid> {
        let omitted = self.omitted.iter();
        omitted
            .map(|(address, why)| Unsaid {
                address: address.clone(),
                path: String::new(),
                why: why.clone(),
            })
            .collect()
    }
}

/// The paths of the entries that may say what `ignore` calls `path`.
fn spellings(path: &[String]) -> Vec<Vec<String>> {
    let mut all = vec![path.to_vec()];
    if let [before @ .., last] = path {
        let with = |words: &[&str]| -> Vec<String> {
            let words = words.iter().map(|word| (*word).to_owned());
            before.iter().cloned().chain(words).collect()
        };
        if last == "log_configuration" {
            all.push(with(&["logs"]));
        }
        all.push(with(&["verbatim", &api_name(last)]));
    }
    all
}

/// What has to be left as it is because of `problem`; `None` if it is about no resource. The reason
/// holds none of `secrets`.
pub(crate) fn of(problem: &Problem, page: &Page, secrets: &Secrets) -> Option<Leave> {
    let why = format!("{} ({})", secrets.masked(&problem.message), problem.code);
    // What is wrong in another file is left alone where the stack file names it.
    let places: Vec<&Range<usize>> = match (&problem.file, &problem.named_at) {
        (Some(_), named) => named.iter().collect(),
        (None, _) => problem.labels.iter().map(|(span, _)| span).collect(),
    };
    let mut leaves = places.into_iter().filter_map(|span| {
        let (address, path) = address_of(page.path_at(span)?)?;
        Some(Leave {
            path: ignorable(address.kind, &path),
            address,
            why: why.clone(),
        })
    });
    // The first place is the one to mend; another one serves if that can't be left alone.
    let first = leaves.next()?;
    if !first.path.is_empty() {
        return Some(first);
    }
    Some(leaves.find(|leave| !leave.path.is_empty()).unwrap_or(first))
}

/// The resource that the keys from the top of the file lead to, and the keys within it.
fn address_of(path: &[String]) -> Option<(Address, Vec<String>)> {
    let (table, rest) = path.split_first()?;
    let single = |kind: &Kind| kind.is_single() && kind.table() == table;
    if let Some(kind) = Kind::ALL.into_iter().find(single) {
        return Some((Address::new(kind, ""), rest.to_vec()));
    }
    let (key, rest) = rest.split_first()?;
    let address = format!("{table}.{key}").parse().ok()?;
    Some((address, rest.to_vec()))
}

/// The longest beginning of `path` that can be left alone; empty if there is none.
fn ignorable(kind: Kind, path: &[String]) -> Vec<String> {
    let mut path = in_api_terms(path);
    while !path.is_empty() && !can_leave(kind, &path) {
        path.pop();
    }
    path
}

/// Without the words for entries that stand for members of another name.
fn in_api_terms(path: &[String]) -> Vec<String> {
    let mut verbatim = false;
    let mut words = Vec::new();
    for word in path {
        match word.as_str() {
            "verbatim" => verbatim = true,
            "logs" => words.push("log_configuration".to_owned()),
            _ if std::mem::take(&mut verbatim) => words.push(stack_key(word)),
            word => words.push(word.to_owned()),
        }
    }
    words
}

/// Returns whether AWS keeps what is at `path` if the table leaves it out, or `ignore` takes it.
fn can_leave(kind: Kind, path: &[String]) -> bool {
    let is_kept = matches!(path, [only] if declare::kept_by_aws(kind).contains(&only.as_str()));
    is_kept || can_ignore(kind, path)
}

fn can_ignore(kind: Kind, path: &[String]) -> bool {
    let parsed = IgnorePath::new(&path.join("."));
    // Names may hold dots, which would be taken for ends of words.
    parsed.parts() == path && Resource::can_ignore(kind, &parsed)
}

/// What mentions roles of the account that are not there: a plan would wait for them to be made.
pub(crate) fn missing_roles(stack: &Stack, roles: &BTreeSet<String>, page: &Page) -> Vec<Leave> {
    let missing = stack.role_arns.keys().filter(|arn| !roles.contains(*arn));
    let mut leaves = Vec::new();
    for arn in missing {
        // A string that is this ARN and nothing else, in either sort of quotes.
        for quote in ['"', '\''] {
            let string = format!("{quote}{arn}{quote}");
            for (start, found) in page.text.match_indices(&string) {
                let line = page.text[..start].rsplit('\n').next();
                if line.is_some_and(|line| line.trim_start().starts_with('#')) {
                    continue;
                }
                let span = start..start + found.len();
                let place = page.path_at(&span).and_then(address_of);
                leaves.extend(place.map(|(address, path)| Leave {
                    path: ignorable(address.kind, &path),
                    address,
                    why: format!("there is no role {arn}"),
                }));
            }
        }
    }
    leaves
}
