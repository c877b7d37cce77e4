//! `amp-stack import`: a stack file of what lives in the account already.

mod choose;
mod mentions;
mod missing;
mod report;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    aws::{self, Aws},
    cli::{
        args::CallerArgs,
        candidates::role,
        console::Console,
        exit::Exit,
        failure::Failure,
        files,
        import::{
            choose::{Choice, Known, choose},
            mentions::Mentions,
        },
        interrupt::{Interrupts, unless_interrupted},
        replace::{create, replace},
        sandbox::{self, SandboxAccess, Wanted as WantedSandbox},
        schema,
    },
    cloud::survey::{Survey, Wanted},
    kinds::Resource,
    model::{
        access::{
            Access, AssumedRole, DEFAULT_SESSION_SECONDS, RoleArn, SESSION_NAME, is_external_id,
        },
        address::StackName,
        call::CallError,
        identity::Identity,
        tags::Owner,
    },
    plan::{self, Plan},
    snapshot::Snapshot,
    write::{Draft, Written, write},
};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack import --stack checkout --family checkout --out checkout.toml
                                          the newest revision, and the roles, log groups and the
                                          workspace that it mentions and no other family uses
  amp-stack import --stack checkout --role CheckoutTask --log-group /ecs/checkout/app
                                          what is named, and nothing else
  amp-stack import --stack checkout --tag team=payments
  amp-stack import --stack checkout --cloudformation checkout-prod
  amp-stack import --stack checkout --copilot shop/prod/checkout
  amp-stack import --stack checkout       what the stack owns already, if its file is lost
  amp-stack import --stack checkout --family checkout --assume-role arn:aws:iam::222222222222:role/deploy
                                          from another account, as this role, which the file names

What to do with the file:
  amp-stack plan checkout.toml            nothing but tags of ownership
  amp-stack apply checkout.toml           take it over";

/// How many other families are asked what they use: each is a call, of which AWS takes twenty a
/// second (ECS API reference, "Request throttling").
const MOST_OTHERS: usize = 100;

/// `import`.
#[derive(Clone, Debug, Args)]
pub(super) struct Import {
    /// The name of the stack that the file is for
    #[arg(long, value_name = "NAME")]
    pub(super) stack: StackName,
    /// A task definition family, with what it mentions (repeatable)
    #[arg(long, value_name = "FAMILY")]
    pub(super) family: Vec<String>,
    /// A role, by its name or ARN (repeatable)
    #[arg(long, value_name = "ROLE")]
    pub(super) role: Vec<String>,
    /// A log group, by its name (repeatable)
    #[arg(long, value_name = "NAME")]
    pub(super) log_group: Vec<String>,
    /// A workspace, by its id or alias
    #[arg(long, value_name = "WORKSPACE")]
    pub(super) workspace: Option<String>,
    /// Everything with this tag (repeatable: with all of them)
    #[arg(long, value_name = "KEY[=VALUE]", value_parser = tag)]
    pub(super) tag: Vec<(String, Option<String>)>,
    /// Everything that carries the tags of this CloudFormation stack, given by name or ARN
    #[arg(long, value_name = "STACK")]
    pub(super) cloudformation: Option<String>,
    /// Everything that carries the tags of this AWS Copilot application, environment or service
    #[arg(long, value_name = "APP[/ENV[/SERVICE]]", value_parser = copilot)]
    pub(super) copilot: Option<Copilot>,
    /// Write the file here instead of to standard output
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    /// The region
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,
    /// Read as this role, which whoever types this assumes; the file says so, too
    #[arg(long, value_name = "ARN", add = role())]
    pub(super) assume_role: Option<RoleArn>,
    /// What the trust policy of the role asks for; the file says that as well
    #[arg(long, value_name = "ID", requires = "assume_role", value_parser = external_id)]
    pub(super) external_id: Option<String>,
    #[command(flatten)]
    pub(super) account: CallerArgs,
}

impl Import {
    /// As whom AWS is read and the calls of the stack are made, if not as whoever types this.
    fn access(&self) -> Option<Access> {
        let arn = self.assume_role.clone()?;
        Some(Access::Role(AssumedRole {
            arn,
            external_id: self.external_id.clone(),
            session_name: SESSION_NAME.to_owned(),
            duration_seconds: DEFAULT_SESSION_SECONDS,
        }))
    }
}

/// The tags of something that AWS Copilot made.
type Copilot = BTreeMap<String, Option<String>>;

/// Everything about one import.
struct Imported {
    identity: Identity,
    choice: Choice,
    written: Written,
    /// What the next plan says.
    plan: Plan,
    /// How many other families were not asked what they use.
    not_asked: usize,
    /// Why the configuration of the workspace is not known, if it is not.
    unread: Option<CallError>,
}

/// `amp-stack import`.
pub(super) async fn import(
    args: &Import,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    if let Some(out) = args
        .out
        .as_deref()
        .filter(|out| !args.force && out.exists())
    {
        return Err(exists(out));
    }
    let imported = unless_interrupted(survey(args, console), interrupts).await?;
    let text = schema::first_line(written_at(args)) + &imported.written.text;
    match &args.out {
        Some(out) => save(out, &text, args.force)?,
        None => console.print(&text)?,
    }
    let report = report::render(&imported, args, console.err_style);
    console.eprint(&report)?;
    Ok(Exit::Done)
}

/// Reads AWS, and writes and checks the file.
async fn survey(args: &Import, console: &mut Console) -> Result<Imported, Failure> {
    let aws = connect(args, console).await?;
    let identity = aws.identity().await?;
    if console.can_move {
        console.eprint("Reading what is in AWS ...\n\n")?;
    }
    let wanted = wanted(args);
    let survey = aws.survey(&args.stack, &wanted).await?;
    missing::check(&aws, &survey, &wanted).await?;
    let mentioned = mentioned(args, &survey, &identity);
    let with_mentioned = with_mentioned(&wanted, &mentioned);
    let survey = if with_mentioned == wanted {
        survey
    } else {
        aws.survey(&args.stack, &with_mentioned).await?
    };
    let (others, not_asked) = others(&aws, args, &identity).await?;
    let known = Known { mentioned, others };
    let choice = choose(&survey, &wanted, &known);
    if choice.taken.is_empty() {
        return Err(missing::nothing(args, &choice));
    }
    let written = write(&draft(args, &identity, &survey, &choice)).map_err(|problems| {
        let problems: Vec<String> = problems.into_iter().map(|p| p.message).collect();
        Failure::before(format!("no file can be written: {}", problems.join("; ")))
    })?;
    let snapshot = Snapshot {
        identity: identity.clone(),
        found: survey.found.clone(),
        roles: survey.roles.clone(),
        running: None,
        mentions: BTreeMap::new(),
        quotas: BTreeMap::new(),
        services: BTreeMap::new(),
    };
    Ok(Imported {
        plan: plan::plan(&written.stack, &snapshot),
        identity,
        choice,
        written,
        not_asked,
        unread: survey.unread,
    })
}

/// Where the file goes, or would go: standard output is taken for a file in this directory.
fn written_at(args: &Import) -> &Path {
    args.out.as_deref().unwrap_or(Path::new("stack.toml"))
}

async fn connect(args: &Import, console: &mut Console) -> Result<Aws, Failure> {
    let access = args.access();
    let role = access.as_ref().and_then(Access::role);
    if let Some(wanted) = WantedSandbox::by(&args.account.sandbox, written_at(args)) {
        let opened = wanted.open(None)?;
        console.eprint(&wanted.notice())?;
        let region = sandbox::region(args.region.clone());
        let access = role.map(SandboxAccess::Role);
        return Ok(wanted.connect(&opened, region, &args.account.calls, access));
    }
    let options = aws::Options {
        profile: args.account.profile.clone(),
        role: role.cloned(),
        region: args.region.clone(),
        rates: args.account.calls.rate.iter().copied().collect(),
    };
    // Boxed, because all the ways to find credentials make for a large future.
    Ok(Box::pin(Aws::connect(options)).await)
}

/// What was asked for.
fn wanted(args: &Import) -> Wanted {
    let name = |role: &String| role.rsplit('/').next().unwrap_or(role).to_owned();
    let mut tags: BTreeMap<String, Option<String>> = args.tag.iter().cloned().collect();
    if let Some(stack) = &args.cloudformation {
        // CloudFormation user guide, "Resource tag".
        let key = if stack.starts_with("arn:") {
            "aws:cloudformation:stack-id"
        } else {
            "aws:cloudformation:stack-name"
        };
        tags.insert(key.to_owned(), Some(stack.clone()));
    }
    tags.extend(args.copilot.clone().unwrap_or_default());
    Wanted {
        families: args.family.iter().cloned().collect(),
        roles: args.role.iter().map(name).collect(),
        log_groups: args.log_group.iter().cloned().collect(),
        workspaces: args.workspace.iter().cloned().collect(),
        tags,
    }
}

/// What the families that were asked for by name mention.
fn mentioned(args: &Import, survey: &Survey, identity: &Identity) -> Mentions {
    let mut mentions = Mentions::default();
    for found in &survey.found {
        if let Resource::TaskDefinition(family) = &found.resource
            && args.family.contains(&family.family)
            && let Some(document) = &family.document
        {
            mentions.add(document, identity);
        }
    }
    mentions
}

fn with_mentioned(wanted: &Wanted, mentioned: &Mentions) -> Wanted {
    let both = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.union(b).cloned().collect();
    Wanted {
        families: wanted.families.clone(),
        roles: both(&wanted.roles, &mentioned.roles),
        log_groups: both(&wanted.log_groups, &mentioned.log_groups),
        workspaces: both(&wanted.workspaces, &mentioned.workspaces),
        tags: wanted.tags.clone(),
    }
}

/// What other families mention, and how many of them were not asked. It matters only for what a
/// family mentions: what is named is taken whoever uses it.
async fn others(
    aws: &Aws,
    args: &Import,
    identity: &Identity,
) -> Result<(BTreeMap<String, Mentions>, usize), Failure> {
    if args.family.is_empty() {
        return Ok((BTreeMap::new(), 0));
    }
    let families = aws.families().await?;
    let others: Vec<String> = families
        .into_iter()
        .filter(|family| !args.family.contains(family))
        .collect();
    let not_asked = others.len().saturating_sub(MOST_OTHERS);
    let documents = aws.documents(others.into_iter().take(MOST_OTHERS)).await?;
    let mentions = documents.into_iter().map(|(family, document)| {
        let mut mentions = Mentions::default();
        mentions.add(&document, identity);
        (family, mentions)
    });
    Ok((mentions.collect(), not_asked))
}

fn draft(args: &Import, identity: &Identity, survey: &Survey, choice: &Choice) -> Draft {
    let notes = choice.taken.iter().filter_map(|found| {
        let owner = match &found.owner {
            Owner::CloudFormation(_) | Owner::Terraform(_) => {
                Some(format!("So far this belongs to {}.", found.owner))
            }
            Owner::Ours(_)
            | Owner::OtherRegion { .. }
            | Owner::OtherStack(_)
            | Owner::Aws
            | Owner::Unknown => None,
        };
        owner.map(|owner| (found.arn().to_owned(), vec![owner]))
    });
    Draft {
        stack: args.stack.clone(),
        access: args.access(),
        identity: identity.clone(),
        found: choice.taken.clone(),
        existing_workspace: choice.existing_workspace.clone(),
        roles: survey.roles.iter().map(|role| role.arn.clone()).collect(),
        preface: report::advice(&choice.taken),
        notes: notes.collect(),
    }
}

fn exists(out: &Path) -> Failure {
    if let Some(failure) = files::directory(out, "--out ") {
        return failure;
    }
    Failure::before(format!("{} exists already", out.display()))
        .hint("name another file with --out, or give --force to overwrite it")
}

/// Writes the file. One that came into being while AWS was read is not overwritten either.
fn save(out: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let written = if force && out.exists() {
        replace(out, text)
    } else {
        create(out, text)
    };
    Ok(written?)
}

fn external_id(text: &str) -> Result<String, String> {
    let rule = "an external id is 2 to 1,224 of letters, digits and `_+=,.@:/-`";
    is_external_id(text)
        .then(|| text.to_owned())
        .ok_or_else(|| rule.to_owned())
}

fn tag(text: &str) -> Result<(String, Option<String>), String> {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key, Some(value.to_owned())),
        None => (text, None),
    };
    if key.is_empty() {
        return Err("write it as KEY or KEY=VALUE".to_owned());
    }
    Ok((key.to_owned(), value))
}

/// Copilot tags what it makes with the names of the application, of the environment and of the
/// service or job (aws/copilot-cli, `internal/pkg/deploy`).
fn copilot(text: &str) -> Result<Copilot, String> {
    let keys = [
        "copilot-application",
        "copilot-environment",
        "copilot-service",
    ];
    let names: Vec<&str> = text.split('/').collect();
    if names.len() > keys.len() || names.iter().any(|name| name.is_empty()) {
        return Err("write it as APP, APP/ENV or APP/ENV/SERVICE".to_owned());
    }
    let pairs = keys.into_iter().zip(names);
    Ok(pairs
        .map(|(key, name)| (key.to_owned(), Some(name.to_owned())))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copilot_has_up_to_three_names() {
        let tags = copilot("shop/prod").unwrap();
        let expected = [
            ("copilot-application", "shop"),
            ("copilot-environment", "prod"),
        ];
        let expected = expected.map(|(key, name)| (key.to_owned(), Some(name.to_owned())));
        assert_eq!(tags, BTreeMap::from(expected));
        for text in ["", "a//b", "a/b/c/d", "/a"] {
            copilot(text).unwrap_err();
        }
    }

    #[test]
    fn a_tag_may_have_any_value() {
        assert_eq!(tag("team").unwrap(), ("team".to_owned(), None));
        assert_eq!(
            tag("a=b=c").unwrap(),
            ("a".to_owned(), Some("b=c".to_owned()))
        );
        tag("=b").unwrap_err();
    }
}
