//! From what was typed to a checked stack and a connection to where it lives.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    cli::{
        args::{Target, Variables},
        console::Console,
        failure::Failure,
        files::{self, FileError},
        sandbox::{self, Wanted},
    },
    cloud::aws::{self, Aws},
    identity::Identity,
    show::{Style, words},
    stack::{
        self, Header, Source, Stack, Surroundings,
        problem::Problem,
        render::{Look, render},
    },
};

/// Stands for the account while nobody has asked AWS.
const PLACEHOLDER_ACCOUNT: &str = "000000000000";
/// Stands for the region while nobody has named one.
const PLACEHOLDER_REGION: &str = "us-east-1";

/// A checked stack, and the connection to where it lives.
pub(super) struct Session {
    pub(super) path: PathBuf,
    pub(super) stack: Stack,
    pub(super) cloud: Arc<Aws>,
    /// The name of the sandbox that stands in for AWS, if one does.
    pub(super) sandbox: Option<String>,
}

/// A stack file with all that it is read with.
pub(super) struct StackFile {
    source: Source,
    variables: BTreeMap<String, String>,
    var_files: Vec<Source>,
}

/// What is known of where a run works.
#[derive(Clone, Debug)]
struct Whereabouts {
    identity: Identity,
    account_is_known: bool,
    region_is_known: bool,
}

/// Checks the stack file, connects, and reads the file again, now knowing where it is for.
pub(super) async fn open(target: &Target, console: &mut Console) -> Result<Session, Failure> {
    let path = files::one(target.file.as_deref(), Path::new("."))?;
    let wanted = Wanted::by(&target.sandbox, &path);
    open_in(wanted.as_ref(), path, target, console).await
}

/// The same for the stack file at `path`, in a sandbox if one is wanted.
pub(super) async fn open_in(
    wanted: Option<&Wanted>,
    path: PathBuf,
    target: &Target,
    console: &mut Console,
) -> Result<Session, Failure> {
    let file = StackFile::read(&path, &target.variables)?;
    let region = target.region.as_deref();
    // Every mistake that can be known without AWS is reported without AWS.
    file.check(region, console)?;
    let header = file
        .with(&Whereabouts::assumed(region), stack::header)
        .map_err(|problems| file.report(&problems, console))?;
    let cloud = connect(wanted, header, target, console).await?;
    let known = Whereabouts {
        identity: cloud.identity().await?,
        account_is_known: true,
        region_is_known: true,
    };
    let stack = file
        .with(&known, stack::load)
        .map_err(|problems| file.report(&problems, console))?;
    Ok(Session {
        path,
        stack,
        cloud: Arc::new(cloud),
        sandbox: wanted.map(Wanted::name),
    })
}

/// A connection to AWS, or to the sandbox that stands in for it.
async fn connect(
    wanted: Option<&Wanted>,
    header: Header,
    target: &Target,
    console: &mut Console,
) -> Result<Aws, Failure> {
    let region = header.region.or(target.region.clone());
    if let Some(wanted) = wanted {
        let opened = wanted.open(header.account.as_deref())?;
        console.tell(&wanted.notice())?;
        return Ok(sandbox::connect(&opened, sandbox::region(region)));
    }
    let options = aws::Options {
        profile: target.profile.clone(),
        region,
    };
    // Boxed, because all the ways to find credentials make for a large future.
    Ok(Box::pin(Aws::connect(options)).await)
}

impl StackFile {
    /// Reads the file, and the files of variables.
    pub(super) fn read(path: &Path, variables: &Variables) -> Result<Self, FileError> {
        Ok(Self {
            source: files::read(path)?,
            variables: variables.var.iter().cloned().collect(),
            var_files: variables
                .var_file
                .iter()
                .map(|path| files::read(path))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The stack as far as it can be known without asking AWS, or a failure after every problem was shown.
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
        self.with(&Whereabouts::assumed(region), stack::load)
    }

    /// Does with the file what `read` does, given where the run works.
    fn with<T>(
        &self,
        whereabouts: &Whereabouts,
        read: impl FnOnce(&Source, &Surroundings<'_>) -> Result<T, Vec<Problem>>,
    ) -> Result<T, Vec<Problem>> {
        let Whereabouts {
            identity,
            account_is_known,
            region_is_known,
        } = whereabouts.clone();
        let around = Surroundings {
            identity,
            account_is_known,
            region_is_known,
            variables: self.variables.clone(),
            var_files: self.var_files.clone(),
            environment: &environment,
            read: &|path| self.read_beside(path),
        };
        read(&self.source, &around)
    }

    /// Reads a file that the stack file names: relative paths are relative to the stack file.
    fn read_beside(&self, path: &Path) -> io::Result<String> {
        let directory = self.source.path.parent().unwrap_or(Path::new(""));
        fs::read_to_string(directory.join(path))
    }

    /// What the stack was read from.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Shows problems, and makes a failure of them.
    fn report(&self, problems: &[Problem], console: &mut Console) -> Failure {
        if let Err(error) = self.show(problems, console) {
            return Failure::from(error);
        }
        let problems = words::count(problems.len(), "problem");
        Failure::before(format!("{problems} in {}", self.source.path.display()))
    }

    /// Shows problems with the lines they are in.
    pub(super) fn show(&self, problems: &[Problem], console: &mut Console) -> io::Result<()> {
        let text = render(&self.source, problems, look(console.err_style));
        console.tell(&format!("{}\n\n", text.trim_end()))
    }
}

/// How problems look on a stream.
pub(super) fn look(Style { colour, width }: Style) -> Look {
    if colour {
        Look::Colour { width }
    } else {
        Look::Plain { width }
    }
}

impl Whereabouts {
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
