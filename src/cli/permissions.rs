//! `amp-stack permissions`: the least permissions that stacks take, without AWS.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use crate::{
    cli::{
        args::LoadArgs,
        candidates::toml_file,
        console::Console,
        exit::Exit,
        failure::Failure,
        files,
        sandbox::{account, named_region},
        session::StackFile,
    },
    model::{
        access::{Access, AssumedRole},
        identity::PLACEHOLDER_ACCOUNT,
        permission::{Permissions as Needed, Purpose},
    },
    permissions::{permissions as needed_for, to_assume},
    show::{
        permissions::{policies, size_note, terraform, text},
        words,
    },
    stack::Stack,
};

/// What it is.
pub(super) const ABOUT: &str = "\
Prints the least permissions that stacks take, as an IAM policy, without AWS.

They follow from the stack files: the actions that planning, applying, destroying and verifying these stacks take, on their own \
resources. What an earlier stack file declared and this one does not takes the policy of the earlier one, with `--for destroy`; so does \
replacing something.";

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack permissions --for plan        what a pull request's role needs
  amp-stack permissions --for apply,destroy --account 111122223333 > policy.json
                                          one policy for both
  amp-stack permissions --format text     with the reason of each statement
  amp-stack permissions stacks/*.toml --format terraform
  amp-stack permissions stacks/*.toml --for assume
                                          what whoever starts the run needs, if `assume_role` is used";

/// `permissions`.
#[derive(Debug, Args)]
pub(super) struct Permissions {
    /// The stack files [default: ./stack.toml, else the only file in ./stacks/]
    #[arg(value_name = "STACK.toml", add = toml_file())]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) load: LoadArgs,
    /// What the permissions are for; several are separated by commas
    #[arg(
        long = "for",
        value_enum,
        value_name = "COMMAND",
        value_delimiter = ',',
        default_value = "apply"
    )]
    pub(super) purposes: Vec<For>,
    /// The account, where the stack file names none [default: any, as a wildcard]
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    pub(super) account: Option<String>,
    /// How they are printed
    #[arg(long, value_enum, default_value_t = Format::Json, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// What permissions are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum For {
    /// To plan, and nothing else
    Plan,
    /// To plan, to create and to change
    Apply,
    /// To plan and to remove
    Destroy,
    /// To plan, and to verify that samples arrive
    Verify,
    /// To assume the roles that the stack files name, which is all that whoever starts the run
    /// needs then
    Assume,
}

impl For {
    fn permissions(self, stack: &Stack) -> Needed {
        match self {
            Self::Plan => needed_for(stack, Purpose::Plan),
            Self::Apply => needed_for(stack, Purpose::Apply),
            Self::Destroy => needed_for(stack, Purpose::Destroy),
            Self::Verify => needed_for(stack, Purpose::Verify),
            Self::Assume => to_assume(stack),
        }
    }
}

/// How permissions are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// An IAM policy; a list of them if one has no room for all
    Json,
    /// Data sources of Terraform
    Terraform,
    /// For people, with the reason of each
    Text,
}

/// Says of which roles the permissions are, if stack files name any.
fn say_whose(
    roles: &BTreeSet<AssumedRole>,
    purposes: &BTreeSet<For>,
    console: &mut Console,
) -> Result<(), Failure> {
    let is_of_caller = purposes.contains(&For::Assume);
    if roles.is_empty() && is_of_caller {
        return Err(
            Failure::before("none of the stack files names a role to assume")
                .hint("`assume_role` in `[stack]` names one"),
        );
    }
    if roles.is_empty() || is_of_caller {
        return Ok(());
    }
    let roles: Vec<String> = roles.iter().map(|role| role.arn.to_string()).collect();
    let note = format!(
        "this is for {}; whoever starts the run needs what `--for assume` prints",
        words::list(&roles)
    );
    Ok(console.eprint(&words::wrap("note: ", &note, console.err_style.width))?)
}

/// `amp-stack permissions`.
pub(super) fn permissions(args: &Permissions, console: &mut Console) -> Result<Exit, Failure> {
    let paths = files::named(&args.files, Path::new("."))?;
    let sources = files::read_all(&paths)?;
    let region = args.load.region.clone().or_else(named_region);
    let mut needed = Needed::default();
    let purposes: BTreeSet<For> = args.purposes.iter().copied().collect();
    if purposes.len() > 1 && purposes.contains(&For::Assume) {
        return Err(Failure::before(
            "`--for assume` is for whoever starts the run, and everything else for the roles",
        )
        .hint("print two policies: one with `--for assume`, and one with the rest"));
    }
    let mut roles = BTreeSet::new();
    for file in StackFile::parse_all(&sources, &args.load.variables)? {
        let stack = file.check(region.as_deref(), console)?;
        if region.is_none() && file.header().region.is_none() {
            return Err(Failure::before(format!(
                "{} names no region",
                file.source().path.display()
            ))
            .hint("name one with --region"));
        }
        for purpose in &purposes {
            needed.extend(purpose.permissions(&stack));
        }
        roles.extend(stack.access.as_ref().and_then(Access::role).cloned());
    }
    say_whose(&roles, &purposes, console)?;
    let account = args.account.as_deref().unwrap_or("*");
    let needed = needed.with_unknown(PLACEHOLDER_ACCOUNT, account);
    let policies = policies(&needed);
    match args.format {
        Format::Text => console.print(&text(&needed, console.out_style))?,
        Format::Terraform => {
            let purposes: Vec<String> = purposes
                .iter()
                .map(|purpose| format!("{purpose:?}").to_lowercase())
                .collect();
            let name = format!("amp_stack_{}", purposes.join("_"));
            console.print(&terraform(&needed, &name))?;
        }
        Format::Json => {
            let text = match policies.as_slice() {
                [one] => format!("{one:#}\n"),
                several => format!("{:#}\n", serde_json::json!(several)),
            };
            console.print(&text)?;
            if let Some(note) = size_note(&policies) {
                console.eprint(&format!("note: {note}\n"))?;
            }
        }
    }
    Ok(Exit::Done)
}
