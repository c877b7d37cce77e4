//! The options that several commands take.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use clap::{Args, ValueHint};

use crate::{
    cli::{
        candidates::{address, profile, role, toml_file, variable},
        place::Place,
    },
    model::{
        access::{Access, Allowed, RoleArn},
        rate::{Override, Overrides},
        secret::HIDDEN,
    },
    plan::acceptance::Acceptance,
};

/// What is to happen to resources besides what the stack file says.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct OverrideArgs {
    /// Take over this resource if it exists already and belongs to no stack (repeatable)
    #[arg(long, value_name = "ADDRESS", add = address())]
    pub(super) adopt: Vec<Place>,
    /// Recreate this resource; of a task definition, register a new revision (repeatable)
    #[arg(long, value_name = "ADDRESS", add = address())]
    pub(super) replace: Vec<Place>,
    /// Take the defaults of this amp-stack also for what earlier ones made
    #[arg(long)]
    pub(super) new_defaults: bool,
}

/// What may be removed although something that runs needs it.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct InUseArgs {
    /// Remove this resource although a service or a task that runs needs it (repeatable)
    #[arg(long, value_name = "ADDRESS")]
    pub(super) force_in_use: Vec<Place>,
}

/// Whether what the stack names and does not make is looked up.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct PreflightArgs {
    /// Don't look up whether what the stack names and does not make is there: policies, roles that
    /// tasks use, log groups, an existing workspace; nor whether the account may have what it makes
    #[arg(long)]
    pub(super) no_preflight: bool,
}

/// What may be rolled out although that ended badly before.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct RetryArgs {
    /// Roll this task definition out once more although its last rollout failed or was taken back
    /// (repeatable)
    #[arg(long, value_name = "ADDRESS", add = address())]
    pub(super) retry: Vec<Place>,
}

/// What the plan is narrowed to.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct TargetArgs {
    /// Plan only this resource and what it needs; to remove it, and what needs it (repeatable;
    /// with several stacks STACK:ADDRESS)
    #[arg(long, value_name = "ADDRESS", add = address())]
    pub(super) target: Vec<Place>,
}

/// Whether the output is for programs.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct JsonArgs {
    /// Print what happens for programs: one JSON object per line on standard output, and nothing
    /// else there
    #[arg(long)]
    pub(super) json: bool,
}

/// Whether a sandbox stands in for AWS.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct SandboxArgs {
    /// Work on a local account instead of AWS, without network and credentials; it is kept in FILE
    /// [default: .amp-stack/sandbox.json beside the stack file, which Git ignores]
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true
    )]
    #[expect(
        clippy::option_option,
        reason = "how clap represents an option that may lack its value"
    )]
    pub(super) sandbox: Option<Option<PathBuf>>,
    /// Let the sandbox throttle, fail, lose answers and lag, the same for the same seed
    #[arg(long, value_name = "SEED", requires = "sandbox")]
    pub(super) sandbox_chaos: Option<u64>,
    /// Let the sandbox allow only what this IAM policy does, as AWS allows a user with it
    #[arg(long, value_name = "POLICY.json", requires = "sandbox", value_hint = ValueHint::FilePath)]
    pub(super) sandbox_caller: Option<PathBuf>,
}

/// Which stacks, and where.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct StackArgs {
    /// The stack files, one after another [default: ./stack.toml, else the only file in ./stacks/]
    #[arg(value_name = "STACK.toml", add = toml_file())]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) load: LoadArgs,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}

/// What a stack file leaves to the command line.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct LoadArgs {
    #[command(flatten)]
    pub(super) variables: VariableArgs,
    /// The region, where the stack file names none
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,
}

/// Whose account the calls go to.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct AccountArgs {
    #[command(flatten)]
    pub(super) caller: CallerArgs,
    #[command(flatten)]
    pub(super) allow: AllowArgs,
}

impl AccountArgs {
    /// Which roles stack files may name, and which profiles: the one of the command line is named
    /// outside of them, too.
    pub(super) fn allowed(&self) -> Allowed {
        let roles = self.allow.allow_role.iter().flat_map(|roles| &roles.0);
        let profiles = self.allow.allow_profile.iter();
        let profiles = profiles.flat_map(|profiles| &profiles.0);
        Allowed {
            roles: roles.cloned().collect(),
            profiles: profiles.chain(&self.caller.profile).cloned().collect(),
        }
    }
}

/// Which other accounts stack files may lead to.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct AllowArgs {
    /// Let stack files name this role in `assume_role` (repeatable; the variable holds ARNs with
    /// blanks between them)
    #[arg(long, value_name = "ARN", env = "AMP_STACK_ALLOW_ROLE", add = role())]
    pub(super) allow_role: Vec<Several<RoleArn>>,
    /// Let stack files name this profile in `profile` (repeatable; the variable holds names with
    /// blanks between them)
    #[arg(long, value_name = "PROFILE", env = "AMP_STACK_ALLOW_PROFILE", add = profile())]
    pub(super) allow_profile: Vec<Several<String>>,
}

impl AllowArgs {
    /// What allows `accesses`.
    pub(super) fn of<'a>(accesses: impl IntoIterator<Item = &'a Access>) -> Self {
        let accesses: Vec<&Access> = accesses.into_iter().collect();
        let accesses = || accesses.iter().copied();
        let roles = accesses().filter_map(Access::role);
        let profiles = accesses().filter_map(Access::profile);
        Self {
            allow_role: vec![roles.map(|role| role.arn.clone()).collect()],
            allow_profile: vec![profiles.map(str::to_owned).collect()],
        }
    }
}

/// Values with blanks between them, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Several<T>(pub(super) Vec<T>);

impl<T: FromStr> FromStr for Several<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        let values = text.split_whitespace().map(str::parse);
        values.collect::<Result<_, _>>().map(Self)
    }
}

impl<T: Ord> FromIterator<T> for Several<T> {
    /// Each of them once.
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let values: BTreeSet<T> = values.into_iter().collect();
        Self(values.into_iter().collect())
    }
}

/// Who starts the run, and how it asks.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct CallerArgs {
    /// The profile of the shared AWS configuration
    #[arg(long, value_name = "PROFILE", conflicts_with = "sandbox", add = profile())]
    pub(super) profile: Option<String>,
    #[command(flatten)]
    pub(super) calls: CallArgs,
    #[command(flatten)]
    pub(super) sandbox: SandboxArgs,
}

/// How AWS is asked.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct CallArgs {
    /// How many requests of a kind the account may make a second, where that is not what AWS
    /// publishes: ecs-register=5 (repeatable; `all` is every kind)
    #[arg(
        long,
        value_name = "NAME=PER_SECOND",
        env = "AMP_STACK_RATE",
        value_delimiter = ','
    )]
    pub(super) rate: Vec<Override>,
    /// Describe every task definition instead of believing the digests in their tags
    #[arg(long)]
    pub(super) full_read: bool,
}

impl CallArgs {
    /// What is known of the account's quotas.
    pub(super) fn rates(&self) -> Overrides {
        self.rate.iter().copied().collect()
    }
}

/// The values of the variables of a stack file.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct VariableArgs {
    /// The value of a variable; NAME alone takes it from the environment variable of that name,
    /// which keeps a secret out of the command line (repeatable; wins over files)
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = assignment, add = variable())]
    pub(super) var: Vec<Assignment>,
    /// A TOML file of variables, `name = "value"` (repeatable; later files win)
    #[arg(long, value_name = "FILE", add = toml_file())]
    pub(super) var_file: Vec<PathBuf>,
}

impl VariableArgs {
    /// The values that are given one by one, of which the last one of a name counts.
    pub(super) fn values(&self) -> BTreeMap<String, String> {
        let given = self.var.iter();
        given
            .map(|given| (given.name.clone(), given.value.clone()))
            .collect()
    }
}

/// What is accepted by name.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct AcceptArgs {
    /// Accept that data of this resource is lost, or that `instance_profiles.NAME` is edited, as
    /// the plan says (repeatable; with several stacks STACK:ADDRESS)
    // What it was called before it could also accept something else than the loss of data.
    #[arg(long, value_name = "ADDRESS", alias = "allow-data-loss", add = address())]
    pub(super) accept: Vec<Place<Acceptance>>,
}

/// What `apply` and `destroy` have in common.
#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    /// Do not ask; this does not accept the loss of data
    #[arg(long, short)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) accepting: AcceptArgs,
    /// Maximum number of resources to work on at once
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = concurrency)]
    pub(super) concurrency: usize,
}

/// How rollouts are waited for.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct RolloutArgs {
    /// Do not wait for rollouts to services
    #[arg(long)]
    pub(super) no_wait: bool,
    /// Wait at most this long for a rollout: `90s`, `20m`, `2h` [default: as long as its own steps
    /// and baking times take, and 15 minutes more]
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "no_wait")]
    pub(super) rollout_timeout: Option<Duration>,
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) name: String,
    pub(super) value: String,
    /// Whether the command line gives only the name.
    pub(super) from_environment: bool,
}

impl Assignment {
    /// How to give `name` a value that must not be printed: a command line that is to be shown
    /// says only where it comes from.
    pub(super) fn of_environment(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: String::new(),
            from_environment: true,
        }
    }
}

/// What stands for a value where amp-stack prints none: nobody means these, and whoever pastes what
/// was printed must not deploy them as a password.
const PLACEHOLDERS: &[&str] = &["...", "…", HIDDEN];

#[expect(
    clippy::disallowed_methods,
    reason = "this is the command line, which reads the environment"
)]
fn assignment(text: &str) -> Result<Assignment, String> {
    assignment_in(text, |name| env::var(name).ok())
}

fn assignment_in(
    text: &str,
    environment: impl FnOnce(&str) -> Option<String>,
) -> Result<Assignment, String> {
    let (name, given) = match text.split_once('=') {
        None => (text, None),
        Some((name, value)) => (name, Some(value)),
    };
    if name.is_empty() {
        return Err("write it as NAME=VALUE".to_owned());
    }
    let from_environment = given.is_none();
    let value = match given {
        Some(value) if PLACEHOLDERS.contains(&value) => {
            return Err(format!(
                "`{value}` only stands for the value; write the value itself, or `--var {name}` to take it from the environment variable {name}"
            ));
        }
        Some(value) => value.to_owned(),
        None => environment(name).ok_or_else(|| {
            format!(
                "there is no environment variable {name} to take the value from; set it, or write NAME=VALUE"
            )
        })?,
    };
    Ok(Assignment {
        name: name.to_owned(),
        value,
        from_environment,
    })
}

fn concurrency(text: &str) -> Result<usize, String> {
    const MOST: usize = 64;
    match text.parse() {
        Ok(number) if (1..=MOST).contains(&number) => Ok(number),
        Ok(_) | Err(_) => Err(format!("takes a number from 1 to {MOST}")),
    }
}

/// A time in seconds, minutes or hours.
fn time(text: &str) -> Result<Duration, String> {
    let unit = |unit: char, seconds: u64| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        let seconds = number.checked_mul(seconds)?;
        (seconds > 0).then(|| Duration::from_secs(seconds))
    };
    let time = unit('s', 1).or_else(|| unit('m', 60));
    time.or_else(|| unit('h', 3600))
        .ok_or_else(|| "takes a time such as 90s, 20m or 2h".to_owned())
}

/// The URL of a server, as options take it.
pub(super) fn url(text: &str) -> Result<String, String> {
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    match rest {
        Some(rest) if !rest.is_empty() && !text.contains([' ', '?', '#']) => Ok(text.to_owned()),
        Some(_) | None => Err("takes a URL such as https://metrics.example.com".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_with_a_unit() {
        for (text, seconds) in [("90s", 90), ("20m", 1200), ("2h", 7200)] {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)));
        }
        for wrong in ["90", "0s", "-1m", "m", "1d", "", "99999999999999999999h"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn variables_keep_what_follows_the_first_equals_sign() {
        let given =
            |text: &str| assignment_in(text, |_| None).map(|given| (given.name, given.value));
        assert_eq!(given("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(given("a="), Ok(("a".to_owned(), String::new())));
        assert!(given("=b").is_err());
    }

    #[test]
    fn a_name_alone_takes_the_value_from_the_environment_or_fails() {
        let environment = |name: &str| (name == "db_password").then(|| "hunter2".to_owned());
        let given = assignment_in("db_password", environment);
        let value = given.map(|given| (given.value, given.from_environment));
        assert_eq!(value, Ok(("hunter2".to_owned(), true)));
        let error = assignment_in("db_pasword", environment).expect_err("it is not there");
        assert!(
            error.contains("no environment variable db_pasword"),
            "{error}"
        );
    }

    #[test]
    fn what_only_stands_for_a_value_is_none() {
        for text in ["a=...", "a=…", "a=(hidden)"] {
            assert!(assignment_in(text, |_| None).is_err(), "{text}");
        }
    }

    #[test]
    fn something_has_to_run_at_a_time() {
        assert_eq!(concurrency("1"), Ok(1));
        assert!(concurrency("0").is_err());
        assert!(concurrency("many").is_err());
    }

    #[test]
    fn what_is_allowed_may_be_several_or_nothing() {
        let arn = |name: &str| format!("arn:aws:iam::222222222222:role/{name}");
        let two = format!(" {}\n{} ", arn("a"), arn("b"));
        let two: Several<RoleArn> = two.parse().expect("two ARNs");
        assert_eq!(two.0.len(), 2);
        let none: Several<RoleArn> = "".parse().expect("a variable may be empty");
        assert_eq!(none.0, []);
        assert!("deploy".parse::<Several<RoleArn>>().is_err());
        let account = AccountArgs {
            caller: CallerArgs {
                profile: Some("prod".to_owned()),
                ..CallerArgs::default()
            },
            allow: AllowArgs {
                allow_role: vec![two],
                allow_profile: vec!["a b".parse().expect("two names")],
            },
        };
        let allowed = account.allowed();
        assert_eq!(allowed.roles.len(), 2);
        let profiles: Vec<&str> = allowed.profiles.iter().map(String::as_str).collect();
        assert_eq!(profiles, ["a", "b", "prod"]);
    }

    #[test]
    fn a_url_is_one() {
        url("https://grafana.example.com/base").expect("a URL");
        for text in [
            "",
            "grafana.example.com",
            "https://",
            "https://a b",
            "ftp://a",
        ] {
            url(text).expect_err(text);
        }
    }
}
