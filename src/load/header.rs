//! `[stack]`: what the stack is called, and where it is.

use crate::{
    file::{
        problem::Problems,
        reader::{Located, TableReader, did_you_mean, table_of},
        tree::{Span, Table},
    },
    load::{LoadContext, access, root::STACK},
    model::{
        access::Access,
        address::StackName,
        identity::{Identity, partition_of},
        region::{RegionName, nearest_region},
    },
};

/// What `[stack]` says. What it leaves out, or says wrongly, is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The name; empty if there is no valid one.
    pub name: String,
    /// What the stack was called before.
    pub former: Option<StackName>,
    /// The region.
    pub region: Option<String>,
    /// The only account that the stack may touch.
    pub account: Option<String>,
    /// As whom its calls are made, if not as whoever starts the run.
    pub access: Option<Located<Access>>,
}

/// Where a stack is, and how much of that is certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) identity: Identity,
    pub(crate) account_is_known: bool,
    pub(crate) region_is_known: bool,
}

/// Reads the table.
pub(crate) fn read(root: &Table, problems: &mut Problems) -> Header {
    let Some(tree) = root.get("stack") else {
        problems
            .add(
                "missing-key",
                &(0..0),
                "`[stack]` is missing",
                "the stack file needs `[stack]`",
            )
            .help("begin it with\n[stack]\nname = \"…\"");
        return Header::default();
    };
    let Some(table) = table_of(tree, "stack", problems) else {
        return Header::default();
    };
    let mut reader = TableReader::new("stack", table, &STACK, problems);
    let name = reader.string("name");
    let region = reader.string("region");
    let account = reader.string("account");
    let former = reader.string("renamed_from");
    let access = access::read(&mut reader);
    reader.finish();
    let former = former.filter(|former| is_former_name(former, name.as_ref(), problems));
    Header {
        name: name
            .filter(|name| is_name(name, problems))
            .map_or_else(String::new, |name| name.value),
        former: former.and_then(|former| former.value.parse().ok()),
        region: region
            .filter(|region| is_region(region, problems))
            .map(|region| region.value),
        account: account
            .filter(|account| is_account(account, problems))
            .map(|account| account.value),
        access,
    }
}

fn is_name(name: &Located<String>, problems: &mut Problems) -> bool {
    let parsed = name.value.parse::<StackName>();
    if let Err(error) = &parsed {
        problems
            .add(
                "stack-name",
                &name.span,
                "not a stack name",
                error.to_string(),
            )
            .help(stack_name_of(&name.value).map_or_else(
                || "the name goes into the tags that say which stack owns a resource".to_owned(),
                |meant| did_you_mean(&meant),
            ));
    }
    parsed.is_ok()
}

fn is_former_name(
    former: &Located<String>,
    name: Option<&Located<String>>,
    problems: &mut Problems,
) -> bool {
    if let Some(name) = name.filter(|name| name.value == former.value) {
        let message = "`renamed_from` says what the stack is called now";
        problems
            .add("stack-name", &former.span, "the same name", message)
            .and(&name.span, "as this one")
            .help("write here what the stack was called before, or remove `renamed_from`");
        return false;
    }
    is_name(former, problems)
}

/// The stack name that is nearest to `written`: in lower case, with dashes for what it can't have.
fn stack_name_of(written: &str) -> Option<String> {
    let lower = written.trim().to_lowercase();
    let parts = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let meant = parts.join("-");
    meant.parse::<StackName>().is_ok().then_some(meant)
}

/// A region that is not listed may be newer than this program, so only its spelling is judged here.
fn is_region(region: &Located<String>, problems: &mut Problems) -> bool {
    let fits = RegionName::of(&region.value) != RegionName::Misspelt;
    if !fits {
        let message = format!("`{}` is not the name of a region", region.value);
        let help = nearest_region(&region.value).map_or_else(
            || "regions are spelled like us-east-1 or ap-northeast-2".to_owned(),
            did_you_mean,
        );
        problems
            .add("region", &region.span, "not a region", message)
            .help(help);
    }
    fits
}

/// Account ids are twelve digits (AWS account management guide, "View AWS account identifiers").
fn is_account(account: &Located<String>, problems: &mut Problems) -> bool {
    let fits = account.value.len() == 12 && account.value.bytes().all(|b| b.is_ascii_digit());
    if !fits {
        let message = format!("`{}` is not the id of an account", account.value);
        let digits: String = account.value.chars().filter(char::is_ascii_digit).collect();
        let help = match digits.len() {
            12 => did_you_mean(&digits),
            count => {
                format!("there are {count} digits; `aws sts get-caller-identity` prints the id")
            }
        };
        problems
            .add("account", &account.span, "takes twelve digits", message)
            .help(help);
    }
    fits
}

/// Joins what the file says with what the run knows, and reports where the two differ.
pub(crate) fn place(
    header: &Header,
    root: &Table,
    around: &LoadContext<'_>,
    problems: &mut Problems,
) -> Place {
    let span = |key: &str| -> Span {
        let table = root.get("stack").and_then(|tree| tree.as_table());
        let value = table.and_then(|table| table.get(key));
        value.map_or(0..0, |tree| tree.span.clone())
    };
    let account = account(header, &span("account"), around, problems);
    let region = match &header.region {
        Some(region) if !around.region_is_known => region,
        Some(region) if *region != around.identity.region => {
            let message = format!(
                "the stack is for the region {region}, but this run is for {}",
                around.identity.region
            );
            problems
                .add(
                    "region-mismatch",
                    &span("region"),
                    "another region",
                    message,
                )
                .help("leave `region` out of the file to apply it in several regions");
            &around.identity.region
        }
        Some(_) | None => &around.identity.region,
    };
    let region_is_known = around.region_is_known || header.region.is_some();
    if region_is_known {
        check_partition(header, region, problems);
    }
    Place {
        account_is_known: around.account_is_known
            || header.account.is_some()
            || header.role_account().is_some(),
        region_is_known,
        identity: identity(account, region, around),
    }
}

impl Header {
    /// The account of the role that is assumed, and where the role stands.
    fn role_account(&self) -> Option<(&str, &Span)> {
        let access = self.access.as_ref()?;
        Some((access.value.account()?, &access.span))
    }
}

/// The account of the stack: the one that it names or that its role is of, which has to be the one
/// that its calls are made in. `span` is where it names one.
fn account<'a>(
    header: &'a Header,
    span: &Span,
    around: &'a LoadContext<'_>,
    problems: &mut Problems,
) -> &'a str {
    let of_role = header.role_account();
    if let (Some(named), Some((of_role, role))) = (&header.account, of_role)
        && named != of_role
    {
        let message = format!("the stack is for the account {named}, but its role is of {of_role}");
        problems
            .add("account-mismatch", span, "another account", message)
            .and(role, "than that of this role")
            .help("a role leads into its own account and no other");
        return named;
    }
    let named = header.account.as_deref().map(|account| (account, span));
    let Some((named, span)) = named.or(of_role) else {
        return &around.identity.account;
    };
    let actual = &around.identity.account;
    if !around.account_is_known || named == actual {
        return named;
    }
    let profile = header
        .access
        .as_ref()
        .and_then(|access| access.value.profile());
    let (whose, help) = match profile {
        None => (
            "the credentials belong".to_owned(),
            "choose other credentials, for example with `--profile`",
        ),
        Some(name) => (
            format!("the profile `{name}` leads"),
            "name the profile of that account, or another account",
        ),
    };
    let message = format!("the stack is for the account {named}, but {whose} to {actual}");
    problems
        .add("account-mismatch", span, "another account", message)
        .help(help);
    actual
}

/// Reports a role of another partition than the region's: nothing in one leads into another (AWS
/// general reference, "Amazon Resource Names").
fn check_partition(header: &Header, region: &str, problems: &mut Problems) {
    let Some(access) = &header.access else {
        return;
    };
    let ours = partition_of(region);
    let theirs = access.value.role().map(|role| role.arn.partition());
    if let Some(theirs) = theirs.filter(|theirs| *theirs != ours) {
        let message =
            format!("the role is of the partition `{theirs}`, but {region} is in `{ours}`");
        problems
            .add(
                "wrong-partition",
                &access.span,
                "in another partition",
                message,
            )
            .help(format!("name a role whose ARN begins with arn:{ours}:"));
    }
}

/// The partition of the run stands where the region is the run's own.
fn identity(account: &str, region: &str, around: &LoadContext<'_>) -> Identity {
    if region == around.identity.region {
        return Identity {
            account: account.to_owned(),
            ..around.identity.clone()
        };
    }
    Identity::new(account, region)
}
