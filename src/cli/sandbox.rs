//! The sandbox on the command line: a local AWS that stands in for the real one.

pub(super) mod serve;
pub(super) mod trial;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_smithy_async::time::{SharedTimeSource, TimeSource};

use crate::{
    aws::Aws,
    cli::{
        args::{CallArgs, SandboxArgs},
        failure::Failure,
        reading,
    },
    model::access::AssumedRole,
};
use amp_stack_sandbox::{
    CallerPolicy, Faults, Have, Limit, Sandbox, Settings, Upstream,
    connector::{Clock, DEFAULT_ACCOUNT},
    file::{FileError, account_in},
};

/// Where the world is kept unless a file is named: beside the stack file, in a directory that
/// nobody wants to commit.
const DEFAULT_FILE: &str = ".amp-stack/sandbox.json";
/// The access key of whoever is in the sandbox's own account.
const OWN_KEY: &str = "sandbox";
/// The region of a sandbox unless another is asked for.
const DEFAULT_REGION: &str = "us-east-1";

/// Where the world of a sandbox is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Keeping {
    /// In a file, which outlives the process.
    File(PathBuf),
    /// Nowhere.
    Memory,
}

/// As whom a sandbox is asked, if not as its own caller.
#[derive(Clone, Copy, Debug)]
pub(super) enum SandboxAccess<'a> {
    /// As somebody of this account.
    Account(&'a str),
    /// As this role.
    Role(&'a AssumedRole),
}

/// A sandbox that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) keeping: Keeping,
    /// Where the faults of a bad day begin, if it is one.
    pub(super) chaos_seed: Option<u64>,
    /// The file of the policy that says what the caller may do, if it is not the root user.
    pub(super) caller: Option<PathBuf>,
    /// What the account has of services of which only that is asked, besides what its file says.
    pub(super) have: Vec<Have>,
    /// How large its quotas are, where they are not as AWS's defaults or as its file says.
    pub(super) quotas: Vec<Limit>,
    /// Where the time comes from.
    pub(super) clock: Clock,
    /// Where samples are kept and queries answered, if not here.
    pub(super) prometheus: Option<Upstream>,
    /// Where clients reach it, if workspaces are to say so.
    pub(super) public_url: Option<String>,
    /// The sandbox, once it is open.
    pub(super) opened: OnceLock<Sandbox>,
}

impl Wanted {
    /// The sandbox that the options ask for, if they do, for the stack file at `stack_file`.
    pub(super) fn by(options: &SandboxArgs, stack_file: &Path) -> Option<Self> {
        let file = options.sandbox.as_ref()?;
        Some(Self {
            keeping: Keeping::File(match file {
                Some(file) => file.clone(),
                None => stack_file.with_file_name(DEFAULT_FILE),
            }),
            chaos_seed: options.sandbox_chaos,
            caller: options.sandbox_caller.clone(),
            have: Vec::new(),
            quotas: Vec::new(),
            clock: Clock::system(),
            prometheus: None,
            public_url: None,
            opened: OnceLock::new(),
        })
    }

    /// A sandbox that is forgotten at the end, with the time of `clock`.
    pub(super) fn in_memory(clock: Clock) -> Self {
        Self {
            keeping: Keeping::Memory,
            chaos_seed: None,
            caller: None,
            have: Vec::new(),
            quotas: Vec::new(),
            clock,
            prometheus: None,
            public_url: None,
            opened: OnceLock::new(),
        }
    }

    /// Opens it, for `account` or else the usual one.
    pub(super) fn open(&self, account: Option<&str>) -> Result<Sandbox, Failure> {
        let file = match &self.keeping {
            Keeping::File(file) => Some(file.clone()),
            Keeping::Memory => None,
        };
        if let Some(file) = &file {
            make_default_directory(file)?;
        }
        let settings = Settings {
            account: account.unwrap_or(DEFAULT_ACCOUNT).to_owned(),
            file,
            faults: self.chaos_seed.map(Faults::mild),
            caller: self.caller.as_deref().map(caller).transpose()?,
            have: self.have.clone(),
            quotas: self.quotas.clone(),
            clock: self.clock.clone(),
            prometheus: self.prometheus.clone(),
            public_url: self.public_url.clone(),
            ..Settings::default()
        };
        let sandbox = Sandbox::open(settings)?;
        Ok(self.opened.get_or_init(|| sandbox).clone())
    }

    /// A connection into `sandbox`, which was opened from this, as `access` if that is another
    /// account's: it has AWS's rates only on a bad day.
    ///
    /// A caller with a policy assumes a role as it would in AWS, so that what is missing shows. Any
    /// other is let into the role's account as it is let into its own, as whoever may do
    /// everything: the root user, who is the caller then, could assume no role.
    pub(super) fn connect(
        &self,
        sandbox: &Sandbox,
        region: String,
        calls: &CallArgs,
        access: Option<SandboxAccess<'_>>,
    ) -> Aws {
        let rates = self.chaos_seed.map(|_| calls.rates());
        let clock = SharedTimeSource::new(SandboxTime(sandbox.clock()));
        let (key, role) = match access {
            None => (OWN_KEY, None),
            Some(SandboxAccess::Account(account)) => (account, None),
            Some(SandboxAccess::Role(role)) if self.caller.is_some() => {
                (OWN_KEY, Some(role.clone()))
            }
            // A key that is the number of an account is of that account.
            Some(SandboxAccess::Role(role)) => (role.arn.account(), None),
        };
        let aws = Aws::through(sandbox.http_client(), region, clock, rates, (key, role));
        aws.reading_fully(calls.full_read)
    }

    /// The account whose world is kept already, if one is.
    pub(super) fn kept_account(&self) -> Option<String> {
        match &self.keeping {
            Keeping::File(file) => account_in(file),
            Keeping::Memory => None,
        }
    }

    /// What a person reads about where it is: `stacks/.amp-stack/sandbox.json`, `in memory`.
    pub(super) fn name(&self) -> String {
        match &self.keeping {
            Keeping::File(file) => file.display().to_string(),
            Keeping::Memory => "in memory".to_owned(),
        }
    }

    /// What is said before anything else, so that nobody takes it for AWS.
    pub(super) fn notice(&self) -> String {
        let chaos = match self.chaos_seed {
            None => String::new(),
            Some(seed) => format!(", which misbehaves from seed {seed}"),
        };
        let caller = match &self.caller {
            None => String::new(),
            Some(policy) => format!(", which allows what {} does", policy.display()),
        };
        format!(
            "Sandbox {}{chaos}{caller}: nothing here is AWS\n\n",
            self.name()
        )
    }
}

/// Reads what the caller may do.
fn caller(path: &Path) -> Result<CallerPolicy, Failure> {
    let shown = path.display();
    let text = reading::text(path)
        .map_err(|error| Failure::before(format!("cannot read the policy {shown}: {error}")))?;
    CallerPolicy::parse(&text).map_err(|reason| {
        Failure::before(format!("{shown} is no policy that IAM takes: {reason}"))
            .hint("`amp-stack permissions` writes one that fits a stack")
    })
}

/// The region of a sandbox: the one that was asked for, else that of the environment, where the AWS
/// CLI and the SDKs look for it (AWS SDKs and Tools Reference Guide, "AWS Region").
pub(super) fn region(asked: Option<String>) -> String {
    asked
        .or_else(named_region)
        .unwrap_or_else(|| DEFAULT_REGION.to_owned())
}

/// The region that the environment names, if it does.
pub(super) fn named_region() -> Option<String> {
    let named = |name: &str| {
        let value = std::env::var_os(name)?.into_string().ok()?;
        Some(value).filter(|value| !value.is_empty())
    };
    named("AWS_REGION").or_else(|| named("AWS_DEFAULT_REGION"))
}

/// An account, as options take it.
pub(super) fn account(text: &str) -> Result<String, String> {
    // IAM user guide, "View AWS account identifiers": a 12-digit number.
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an account is twelve digits".to_owned())
    }
}

/// The time of a sandbox, as the SDK asks for it.
#[derive(Debug)]
struct SandboxTime(Clock);

impl TimeSource for SandboxTime {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0.millis())
    }
}

/// Makes the directory of the default file, which nobody named and so nobody can have made, and
/// keeps it out of Git: an account of one's own is nothing to share. Other directories are their
/// owners' business.
fn make_default_directory(file: &Path) -> Result<(), FileError> {
    let directory = file.parent().filter(|_| file.ends_with(DEFAULT_FILE));
    let Some(directory) = directory.filter(|directory| !directory.exists()) else {
        return Ok(());
    };
    let made = fs::create_dir_all(directory);
    let made = made.and_then(|()| fs::write(directory.join(".gitignore"), "*\n"));
    made.map_err(|source| FileError::Io {
        action: "make the directory of",
        path: file.to_owned(),
        source,
    })
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let hint = match &error {
            FileError::InUse { .. } => "stop the other one, or name another file".to_owned(),
            FileError::Io { .. } => "name a file that can be written".to_owned(),
            FileError::Damaged { .. } => {
                "name another file, or move this one away to begin with an empty account".to_owned()
            }
            FileError::Version { .. } => {
                "use the amp-stack that wrote it, or name another file".to_owned()
            }
            FileError::Account { found, .. } => {
                format!("name another file, or use it for account {found}")
            }
        };
        Self::before(error).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_beside_the_stack_file_unless_named() {
        let asked = |file: Option<&str>| SandboxArgs {
            sandbox: Some(file.map(PathBuf::from)),
            sandbox_chaos: Some(7),
            sandbox_caller: None,
        };
        let none = SandboxArgs::default();
        assert!(Wanted::by(&none, Path::new("stack.toml")).is_none());
        for (stack, file, expected) in [
            ("stack.toml", None, ".amp-stack/sandbox.json"),
            ("stacks/a.toml", None, "stacks/.amp-stack/sandbox.json"),
            ("stacks/a.toml", Some("b.json"), "b.json"),
        ] {
            let wanted = Wanted::by(&asked(file), Path::new(stack)).expect("it is asked for");
            assert_eq!(wanted.keeping, Keeping::File(PathBuf::from(expected)));
            assert_eq!(
                wanted.notice(),
                format!(
                    "Sandbox {expected}, which misbehaves from seed 7: nothing here is AWS\n\n"
                )
            );
        }
    }
}
