//! From what was typed to a checked stack and a connection to where it lives.

mod connections;
mod identify;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use crate::{
    aws::Aws,
    cli::{
        args::{StackArgs, VariableArgs},
        console::Console,
        failure::Failure,
        files::{self, FileError},
        problems, reading,
        sandbox::{Keeping, Wanted},
    },
    file::{
        places::Places,
        problem::Problem,
        render::{self, json, render},
        source::Source,
    },
    load::{self, Header, LoadContext, Loaded, ParsedFile},
    model::identity::{Identity, PLACEHOLDER_ACCOUNT},
    run::StackTarget,
    show::{Style, events::Event},
    stack::Stack,
};

pub(super) use connections::{Connections, Location};

/// Stands for the region while nobody has named one.
const PLACEHOLDER_REGION: &str = "us-east-1";

/// Checked stacks, and the connections to where they live.
pub(super) struct Session {
    /// In the order of the files, of which there is at least one.
    pub(super) targets: Vec<StackTarget<Aws>>,
    /// Where what the stack files say stands, by path.
    pub(super) places: BTreeMap<PathBuf, Places>,
    /// The name of the sandbox that stands in for AWS, if one does.
    pub(super) sandbox: Option<String>,
}

/// A stack file, which is parsed once, with all that it is read with.
pub(super) struct StackFile<'s> {
    source: &'s Source,
    /// What was parsed, or what keeps it from being TOML.
    parsed: Result<ParsedFile<'s>, Vec<Problem>>,
    variables: BTreeMap<String, String>,
    var_files: Vec<Source>,
    elsewhere: UndeclaredVariables,
}

/// Which variables that a stack file does not declare are meant for another one.
enum UndeclaredVariables {
    /// These.
    Declared(BTreeSet<String>),
    /// Whichever are given.
    Anything,
}

/// What is known of where a run works.
#[derive(Clone, Debug)]
struct RunLocation {
    identity: Identity,
    account_is_known: bool,
    region_is_known: bool,
}

/// Checks the stack files, connects, and reads those files again that do not say where they are
/// for.
pub(super) async fn open(args: &StackArgs, console: &mut Console) -> Result<Session, Failure> {
    let paths = files::named(&args.files, Path::new("."))?;
    let wanted = Wanted::by(&args.account.caller.sandbox, &paths[0]);
    open_in(wanted.as_ref(), &paths, args, console).await
}

/// The same for the stack files at `paths`, in a sandbox if one is wanted.
pub(super) async fn open_in(
    wanted: Option<&Wanted>,
    paths: &[PathBuf],
    args: &StackArgs,
    console: &mut Console,
) -> Result<Session, Failure> {
    let sources = files::read_all(paths)?;
    let mut files = StackFile::parse_all(&sources, &args.load.variables)?;
    // What is forgotten at the end is nobody's.
    if wanted.is_none_or(|wanted| wanted.keeping != Keeping::Memory) {
        let allowed = args.account.allowed();
        let parsed = files.iter_mut().flat_map(|file| &mut file.parsed);
        parsed.for_each(|parsed| parsed.allow_only(allowed.clone()));
    }
    // Every mistake that can be known without AWS is reported without AWS.
    let checked = check_all(&files, args.load.region.as_deref(), console)?;
    let mut locations = Vec::new();
    for file in &files {
        let assumed = RunLocation::assumed(args.load.region.as_deref());
        let header = file
            .with(&assumed, |parsed, around| Ok(parsed.header(around)))
            .map_err(|problems| file.report(&problems, console))?;
        locations.push(Location::of(header));
    }
    let mut connections = Connections::new(wanted, args);
    for (location, loaded) in locations.iter().zip(&checked) {
        connections.expect(location, loaded.stack.query(false));
    }
    let mut targets = Vec::new();
    let mut places = BTreeMap::new();
    for ((file, location), checked) in files.iter().zip(&locations).zip(checked) {
        let cloud = connections.get(location, console).await?;
        let Loaded {
            stack,
            places: of_stack,
            ..
        } = file.in_place(checked, &cloud.identity().await?, console)?;
        places.insert(file.source.path.clone(), of_stack);
        targets.push(StackTarget {
            path: file.source.path.clone(),
            stack,
            cloud,
            only: None,
            leave: BTreeSet::new(),
        });
    }
    ensure_distinct(&targets)?;
    Ok(Session {
        targets,
        places,
        sandbox: wanted.map(Wanted::name),
    })
}

/// The stack in the file at `path`, for the account and region of `identity`. It is one of several
/// perhaps, so `variables` may give more than it declares.
pub(super) fn load(
    path: &Path,
    variables: &VariableArgs,
    identity: &Identity,
    console: &mut Console,
) -> Result<Stack, Failure> {
    let source = files::read(path)?;
    let mut file = StackFile::parse(&source, variables)?;
    file.elsewhere = UndeclaredVariables::Anything;
    file.with(&RunLocation::known(identity), ParsedFile::load)
        .map_err(|problems| file.report(&problems, console))
}

/// Checks every file by itself, and all of them against each other, and fails after every problem
/// was shown. Returns what they say as far as it can be known without asking AWS.
fn check_all(
    files: &[StackFile<'_>],
    region: Option<&str>,
    console: &mut Console,
) -> Result<Vec<Loaded>, Failure> {
    let mut loaded = Vec::new();
    let mut failures = Vec::new();
    for file in files {
        let read = file.with(&RunLocation::assumed(region), ParsedFile::load_whole);
        match read.map_err(|problems| file.report(&problems, console)) {
            Ok(found) => loaded.push((file.source(), found)),
            Err(failure) => failures.push(failure),
        }
    }
    if let Some(last) = failures.pop() {
        for failure in failures {
            failure.report(console);
        }
        return Err(last);
    }
    let named = loaded.iter().map(|(source, found)| (*source, &found.stack));
    let named: Vec<(&Source, &Stack)> = named.collect();
    let collisions = load::collisions_between(&named);
    match files.first() {
        Some(first) if !collisions.is_empty() => {
            first.show(&collisions, console)?;
            Err(Failure::before("two stack files want the same role name"))
        }
        Some(_) | None => Ok(loaded.into_iter().map(|(_, found)| found).collect()),
    }
}

/// Two stacks of one name in one region of one account, be it a former one, would take each other's
/// resources for their own.
fn ensure_distinct<C>(targets: &[StackTarget<C>]) -> Result<(), Failure> {
    for (index, target) in targets.iter().enumerate() {
        let identity = &target.stack.identity;
        let before = targets[..index].iter();
        let same = before
            .filter(|other| other.stack.identity == *identity)
            .find_map(|other| Some((other, other.stack.shared_name(&target.stack)?)));
        if let Some((other, name)) = same {
            let (one, two) = (other.path.display(), target.path.display());
            let region = &identity.region;
            return Err(Failure::before(format!(
                "{one} and {two} are both for the stack `{name}` in {region}"
            ))
            .hint("a stack is one file: give one of them another `name`, or another `renamed_from`, in [stack]"));
        }
    }
    Ok(())
}

impl<'s> StackFile<'s> {
    /// Parses the file, and reads the files of variables.
    pub(super) fn parse(source: &'s Source, variables: &VariableArgs) -> Result<Self, FileError> {
        Ok(Self {
            source,
            parsed: load::parse(source),
            variables: variables.values(),
            var_files: files::read_variables(&variables.var_file)?,
            elsewhere: UndeclaredVariables::Declared(BTreeSet::new()),
        })
    }

    /// Parses several files. A variable that is given has to be declared by one of them.
    pub(super) fn parse_all(
        sources: &'s [Source],
        variables: &VariableArgs,
    ) -> Result<Vec<Self>, FileError> {
        let parse = |source| Self::parse(source, variables);
        let mut files: Vec<Self> = sources.iter().map(parse).collect::<Result<_, _>>()?;
        let parsed = files.iter().flat_map(|file| &file.parsed);
        let declared: BTreeSet<String> = parsed.flat_map(ParsedFile::variables).cloned().collect();
        for file in &mut files {
            file.elsewhere = UndeclaredVariables::Declared(declared.clone());
        }
        Ok(files)
    }

    /// The stack as far as it can be known without asking AWS, or a failure after every problem was
    /// shown.
    pub(super) fn check(
        &self,
        region: Option<&str>,
        console: &mut Console,
    ) -> Result<Stack, Failure> {
        self.problems(region)
            .map_err(|problems| self.report(&problems, console))
    }

    /// The stack as far as it can be known without asking AWS, or what is wrong with it.
    pub(super) fn problems(&self, region: Option<&str>) -> Result<Stack, Vec<Problem>> {
        self.with(&RunLocation::assumed(region), ParsedFile::load)
    }

    /// What the file says where `identity` is: what `checked` has found before AWS was asked, if
    /// that is for nowhere else.
    fn in_place(
        &self,
        checked: Loaded,
        identity: &Identity,
        console: &mut Console,
    ) -> Result<Loaded, Failure> {
        if checked.is_located && checked.stack.identity == *identity {
            return Ok(checked);
        }
        // Of a large stack both at once would be most of the memory that a run takes.
        drop(checked);
        tracing::debug!(
            file = %self.source.path.display(),
            account = identity.account,
            region = identity.region,
            "the stack file is read again, now that it is known where"
        );
        self.with(&RunLocation::known(identity), ParsedFile::load_whole)
            .map_err(|problems| self.report(&problems, console))
    }

    /// Does with the file what `read` does, given where the run works.
    fn with<T>(
        &self,
        location: &RunLocation,
        read: impl FnOnce(&ParsedFile<'s>, &LoadContext<'_>) -> Result<T, Vec<Problem>>,
    ) -> Result<T, Vec<Problem>> {
        let parsed = self.parsed.as_ref().map_err(Clone::clone)?;
        let RunLocation {
            identity,
            account_is_known,
            region_is_known,
        } = location.clone();
        let around = LoadContext {
            identity,
            account_is_known,
            region_is_known,
            variables: self.variables.clone(),
            var_files: self.var_files.clone(),
            elsewhere: &|name| match &self.elsewhere {
                UndeclaredVariables::Declared(names) => names.contains(name),
                UndeclaredVariables::Anything => true,
            },
            environment: &environment,
            read: &|path| self.read_beside(path),
        };
        read(parsed, &around)
    }

    /// Reads a file that the stack file names: relative paths are relative to the stack file.
    fn read_beside(&self, path: &Path) -> io::Result<String> {
        let directory = self.source.path.parent().unwrap_or(Path::new(""));
        reading::text(&directory.join(path))
    }

    /// What `[stack]` says, as far as it is right.
    pub(super) fn header(&self) -> Header {
        let header = self.with(&RunLocation::assumed(None), |parsed, around| {
            Ok(parsed.header(around))
        });
        header.unwrap_or_default()
    }

    /// What the stack was read from.
    pub(super) fn source(&self) -> &Source {
        self.source
    }

    /// Shows problems, and makes a failure of them.
    fn report(&self, problems: &[Problem], console: &mut Console) -> Failure {
        if let Err(error) = self.show(problems, console) {
            return Failure::from(error);
        }
        Failure::before(problems::summary(problems, &self.source.path))
    }

    /// Shows problems with the lines they are in.
    pub(super) fn show(&self, problems: &[Problem], console: &mut Console) -> io::Result<()> {
        console.events_are_about(Some(&self.source.path));
        for mistake in json::mistakes(self.source, problems) {
            console.emit(&Event::Problem(mistake))?;
        }
        let text = render(self.source, problems, render_style(console.err_style));
        console.eprint(&format!("{}\n\n", text.trim_end()))
    }
}

/// How problems look on a stream.
pub(super) fn render_style(Style { colour, width }: Style) -> render::Style {
    if colour {
        render::Style::Colour { width }
    } else {
        render::Style::Plain { width }
    }
}

impl RunLocation {
    /// Where AWS has said that it is.
    fn known(identity: &Identity) -> Self {
        Self {
            identity: identity.clone(),
            account_is_known: true,
            region_is_known: true,
        }
    }

    /// Before AWS is asked.
    fn assumed(region: Option<&str>) -> Self {
        Self {
            identity: Identity::new(PLACEHOLDER_ACCOUNT, region.unwrap_or(PLACEHOLDER_REGION)),
            account_is_known: false,
            region_is_known: region.is_some(),
        }
    }
}

/// The value of an environment variable. One that is not text is as good as none.
fn environment(name: &str) -> Option<String> {
    std::env::var_os(name)?.into_string().ok()
}
