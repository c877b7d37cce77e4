//! From the text of a stack file to a checked [`Stack`], or to every problem in it.

mod access;
mod collision;
mod cycle;
mod foreign;
mod header;
mod known;
pub mod lookup;
pub mod names;
mod outputs;
mod placeholder;
pub mod reference;
pub mod root;
pub mod rules;
pub mod schema;
mod sections;
mod typed;
mod variables;
pub mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    path::Path,
};

pub use collision::collisions_between;
pub use header::Header;

use crate::{
    file::{
        document::{Document, Poisoned},
        interpolate::Names,
        places::Places,
        problem::{Problem, Problems},
        source::Source,
    },
    model::{access::Allowed, identity::Identity},
    stack::Stack,
};

/// What a stack file is read with.
pub struct LoadContext<'a> {
    /// Where the run works.
    pub identity: Identity,
    /// Whether the account is the real one, and not a placeholder.
    pub account_is_known: bool,
    /// Whether the region is the real one, and not a placeholder.
    pub region_is_known: bool,
    /// The variables that were given one by one; they win over those in files.
    pub variables: BTreeMap<String, String>,
    /// Files of variables; of two values for one variable the later file wins.
    pub var_files: Vec<Source>,
    /// Returns whether a variable that the file does not declare is meant for another one.
    pub elsewhere: &'a dyn Fn(&str) -> bool,
    /// The environment of the process.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// Reads a file that the stack file names, relative to the stack file.
    pub read: &'a dyn Fn(&Path) -> io::Result<String>,
}

impl LoadContext<'_> {
    /// A context in which account and region are known, and nothing else is: no variables, no
    /// environment and no files beside the stack file.
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            account_is_known: true,
            region_is_known: true,
            variables: BTreeMap::new(),
            var_files: Vec::new(),
            elsewhere: &|_| false,
            environment: &|_| None,
            read: &|_| Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl fmt::Debug for LoadContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadContext")
            .field("identity", &self.identity)
            .field("account_is_known", &self.account_is_known)
            .field("region_is_known", &self.region_is_known)
            .field("variables", &self.variables)
            .field("var_files", &self.var_files)
            .finish_non_exhaustive()
    }
}

/// A stack file that is TOML, with the names at its top spelled right.
#[derive(Debug)]
pub struct ParsedFile<'s> {
    document: Document<'s>,
    variables: BTreeSet<String>,
    /// What is wrong with the names at the top.
    misspelt: Problems,
    /// Which roles and profiles it may name; any where nobody says.
    allowed: Option<Allowed>,
}

/// A stack file that was read and checked.
#[derive(Debug)]
pub struct Loaded {
    /// What it declares.
    pub stack: Stack,
    /// Where what it says stands.
    pub places: Places,
    /// Whether account and region of the stack are known, and no placeholders: read again there, it
    /// says the same.
    pub is_located: bool,
}

/// Parses a stack file. Fails where it is no TOML; every other mistake is reported by
/// [`ParsedFile::load`].
pub fn parse(source: &Source) -> Result<ParsedFile<'_>, Vec<Problem>> {
    let mut problems = Problems::default();
    let Some(mut document) = Document::parse(source, &mut problems) else {
        return Err(problems.into_sorted());
    };
    let variables = document.variables();
    let mut misspelt = Problems::default();
    document.respell(&root::ROOT, &mut misspelt);
    Ok(ParsedFile {
        document,
        variables,
        misspelt,
        allowed: None,
    })
}

/// Reads and checks a stack file. The problems come in the order of the file, all at once.
pub fn load(source: &Source, around: &LoadContext<'_>) -> Result<Stack, Vec<Problem>> {
    parse(source)?.load(around)
}

impl ParsedFile<'_> {
    /// The names under `[variables]`.
    pub fn variables(&self) -> &BTreeSet<String> {
        &self.variables
    }

    /// From here on, a role or a profile that is not among `allowed` is a problem.
    pub fn allow_only(&mut self, allowed: Allowed) {
        self.allowed = Some(allowed);
    }

    /// Peeks at `[stack]`, before account and region are known. Every mistake is left to
    /// [`Self::load`] to report.
    pub fn header(&self, around: &LoadContext<'_>) -> Header {
        let mut reported_by_load = Problems::default();
        let variables = variables::read(&self.document, around, &mut reported_by_load);
        let declared = self.document.declared();
        let names = Names {
            variables: Some(&variables.values),
            environment: around.environment,
            identity: None,
            declared: &declared,
        };
        let root = self.document.fill_in(
            &|key| key == "stack",
            &names,
            &mut Poisoned::default(),
            &mut reported_by_load,
        );
        header::read(&root, &mut reported_by_load)
    }

    /// Reads and checks it. The problems come in the order of the file, all at once. It can be read
    /// again when more is known of where the run works.
    pub fn load(&self, around: &LoadContext<'_>) -> Result<Stack, Vec<Problem>> {
        self.load_whole(around).map(|loaded| loaded.stack)
    }

    /// The same, with what is known besides.
    pub fn load_whole(&self, around: &LoadContext<'_>) -> Result<Loaded, Vec<Problem>> {
        let document = &self.document;
        let mut problems = self.misspelt.clone();
        let variables = variables::read(document, around, &mut problems);
        let declared = document.declared();
        let mut poisoned = Poisoned::default();
        let mut found = Problems::default();
        let mut names = Names {
            variables: Some(&variables.values),
            environment: around.environment,
            identity: None,
            declared: &declared,
        };
        let head = document.fill_in(&|key| key == "stack", &names, &mut poisoned, &mut problems);
        let header = header::read(&head, &mut found);
        access::check_allowed(header.access.as_ref(), self.allowed.as_ref(), &mut found);
        let place = header::place(&header, &head, around, &mut found);
        names.identity = Some(&place.identity);
        let mut root = document.fill_in(
            &|key| !matches!(key, "stack" | "variables"),
            &names,
            &mut poisoned,
            &mut problems,
        );
        typed::apply(
            &mut root,
            document,
            &variables,
            &mut poisoned,
            &mut problems,
        );
        let (stack, places) = sections::read(
            document.source(),
            &names,
            (&header, &place),
            root,
            around,
            &mut found,
        );
        poisoned.suppress_follow_ups(&mut found);
        problems.absorb(found);
        if problems.is_empty() {
            Ok(Loaded {
                stack,
                places,
                is_located: place.account_is_known && place.region_is_known,
            })
        } else {
            placeholder::advise(document, &mut problems);
            Err(problems.into_sorted())
        }
    }
}
