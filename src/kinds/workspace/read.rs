//! `[workspace]`: one that the stack manages, or an existing one that it uses.

use std::collections::BTreeMap;

use crate::{
    file::{
        arn::{self, Arn, looks_like_arn},
        context::Context,
        lifecycle,
        problem::{Problems, nearest},
        reader::{Located, TableReader, did_you_mean, listed, string_of, table_of},
        tags,
        tree::{Span, Table, Tree},
    },
    kinds::{
        Resource,
        declare::{Declare, ignorable},
        outline::ReadResource,
        workspace::{
            Configuration, LabelSet, Workspace,
            fields::{LIMIT, LONGEST_ALIAS, WORKSPACE},
        },
    },
    model::{
        address::{Address, Kind},
        identity::{Identity, query_url, remote_write_url},
        region::{LISTED_IN, RegionName},
        template::{Attribute, Reference, Segment, Template},
    },
};

/// A workspace that somebody else manages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Existing {
    /// The ARN.
    pub(crate) arn: String,
    /// The id.
    pub(crate) id: String,
    /// The base URL of its API.
    pub(crate) endpoint: String,
}

impl Existing {
    /// What is known of it.
    pub(crate) fn attributes(&self) -> BTreeMap<Attribute, String> {
        let attributes = Attribute::of(Kind::Workspace).iter();
        let known = attributes.filter_map(|one| Some((*one, self.attribute(*one)?)));
        known.collect()
    }

    /// What `${workspace.…}` stands for.
    fn attribute(&self, attribute: Attribute) -> Option<String> {
        match attribute {
            Attribute::Arn => Some(self.arn.clone()),
            Attribute::Id => Some(self.id.clone()),
            Attribute::Endpoint => Some(self.endpoint.clone()),
            Attribute::RemoteWriteUrl => Some(remote_write_url(&self.endpoint)),
            Attribute::QueryUrl => Some(query_url(&self.endpoint)),
            Attribute::Name | Attribute::Family => None,
        }
    }
}

/// Returns whether a table names a workspace that somebody else manages: by its `id` or its `arn`.
pub(crate) fn is_existing(table: &Table) -> bool {
    table.get("id").is_some() || table.get("arn").is_some()
}

/// Reads the table of a workspace that somebody else manages: one with `id` or `arn`, and then with
/// nothing else.
pub(crate) fn existing(
    context: &Context<'_>,
    table: &Table,
    problems: &mut Problems,
) -> Option<Existing> {
    let named = |name: &str| table.entries.iter().find(|(key, _)| key.text == name);
    let (by, tree) = named("arn").or_else(|| named("id"))?;
    for (key, _) in table.entries.iter().filter(|(key, _)| key.text != by.text) {
        let message = format!(
            "`{}` cannot be given for a workspace that the stack does not manage",
            key.text
        );
        problems
            .add("existing-workspace", &key.span, "cannot be given", message)
            .and(&by.span, "this names an existing workspace");
    }
    let given = Located {
        value: string_of(tree, &by.text, problems)?,
        span: tree.span.clone(),
    };
    if by.text == "arn" {
        by_arn(context, &given, problems)
    } else {
        by_id(context, &given, problems)
    }
}

fn by_arn(
    context: &Context<'_>,
    given: &Located<String>,
    problems: &mut Problems,
) -> Option<Existing> {
    let parsed = Arn::parse(&given.value)
        .filter(|arn| arn.service == "aps" && !arn.region.is_empty() && arn.has_account());
    let id = parsed.and_then(|arn| arn.resource.strip_prefix("workspace/"));
    let (Some(arn), Some(id)) = (parsed, id.filter(|id| is_id(id))) else {
        let example = "arn:aws:aps:us-east-1:111122223333:workspace/ws-…";
        arn::invalid(&given.span, &given.value, "a workspace", example, problems);
        return None;
    };
    arn::check_partition(context, arn, &given.span, problems);
    if arn.partition == context.identity.partition {
        check_region(arn.region, &given.span, problems);
    }
    Some(Existing {
        arn: given.value.clone(),
        id: id.to_owned(),
        endpoint: context.identity.workspace_endpoint(arn.region, id),
    })
}

fn by_id(
    context: &Context<'_>,
    given: &Located<String>,
    problems: &mut Problems,
) -> Option<Existing> {
    let id = &given.value;
    if is_id(id) {
        let Identity { region, .. } = context.identity;
        if context.region_is_known {
            check_region(region, &given.span, problems);
        }
        return Some(Existing {
            arn: context.identity.workspace_arn(id),
            id: id.clone(),
            endpoint: context.identity.workspace_endpoint(region, id),
        });
    }
    let message = format!("`{id}` is not the id of a workspace");
    let help = if looks_like_arn(id) {
        "give an ARN as `arn`"
    } else {
        "ids look like ws-12345678-90ab-cdef-1234-567890abcdef"
    };
    problems
        .add("workspace-id", &given.span, "not an id", message)
        .help(help);
    None
}

/// Ids are up to 64 characters (API model of Amazon Managed Service for Prometheus 2020-08-01,
/// `WorkspaceId`); that they begin with `ws-` is what the user guide shows everywhere, and what
/// keeps an alias from being taken for one.
pub(crate) fn is_id(id: &str) -> bool {
    id.len() <= 64
        && id.strip_prefix("ws-").is_some_and(|rest| {
            !rest.is_empty()
                && rest
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        })
}

/// Reads the table of a workspace that the stack manages.
pub(crate) fn read(context: &Context<'_>, table: &Table, problems: &mut Problems) -> ReadResource {
    let address = Address::workspace();
    let mut reader = TableReader::new("workspace", table, &WORKSPACE, problems);
    if context.region_is_known {
        let region = &context.identity.region;
        check_region(region, &table.span, reader.problems());
    }
    let alias = reader.string("alias");
    let kms_key_arn = reader.string("kms_key_arn");
    let configuration = Configuration {
        retention_days: reader.integer("retention_days").map(|found| found.value),
        limits: limits(&mut reader),
        out_of_order_time_window_seconds: reader
            .integer("out_of_order_time_window_seconds")
            .map(|found| found.value),
        rule_query_offset_seconds: reader
            .integer("rule_query_offset_seconds")
            .map(|found| found.value),
    };
    let logging = reader.text("logging");
    let lifecycle = lifecycle::read(
        &mut reader,
        &ignorable::<Workspace>(),
        Workspace::IS_PROTECTED,
    );
    let own = reader.table("tags");
    // Known keys, although a table with one of them is read by `existing`.
    reader.value("id");
    reader.value("arn");
    reader.finish();
    if let Some(alias) = &alias {
        check_alias(alias, problems);
    }
    if let Some(key) = &kms_key_arn {
        arn::check_kms_key(context, key, false, problems);
    }
    let logging = logging.and_then(|given| logging_arn(context, &given, problems));
    let own = own.map_or_else(Vec::new, |table| tags::read(table, problems));
    let protected = lifecycle.prevent_destroy;
    let workspace = Workspace {
        alias: alias.map(|found| found.value),
        kms_key_arn: kms_key_arn.map(|found| found.value.into()),
        configuration,
        logging,
        tags: tags::merged(context, &address, &own, protected, &table.span, problems),
        failed: false,
    };
    let want = Resource::Workspace(workspace);
    ReadResource::new(want, lifecycle, table.span.clone())
}

/// Reports a region that is known to have no workspaces. What is not known may be newer than this
/// program.
fn check_region(region: &str, span: &Span, problems: &mut Problems) {
    if RegionName::of(region) == (RegionName::Listed { has_amp: false }) {
        let message = format!("there is no Amazon Managed Service for Prometheus in {region}");
        problems
            .add("workspace-region", span, "cannot be here", message)
            .help(format!(
                "that is so as of {LISTED_IN}; use a workspace in another region of the same partition, or none"
            ));
    }
}

/// Aliases are 1 to 100 characters; blanks at the ends are trimmed (Amazon Managed Service for
/// Prometheus API reference, `CreateWorkspace`), which would show as a change for ever.
fn check_alias(alias: &Located<String>, problems: &mut Problems) {
    let text = &alias.value;
    if !(1..=LONGEST_ALIAS).contains(&text.chars().count()) {
        let message = format!("an alias takes 1 to {LONGEST_ALIAS} characters");
        problems.add("workspace-alias", &alias.span, "not an alias", message);
    } else if text.trim() != text {
        let message = "an alias has no blanks at its ends";
        problems
            .add(
                "workspace-alias",
                &alias.span,
                "blanks at the ends",
                message,
            )
            .help("AWS trims them");
    }
}

/// The ARN that `CreateLoggingConfiguration` takes, which ends in `:*` (API model 2020-08-01,
/// `LogGroupArn`).
fn logging_arn(
    context: &Context<'_>,
    given: &Located<Template>,
    problems: &mut Problems,
) -> Option<Template> {
    let Some(known) = given.value.known() else {
        return Some(with_star(&given.value));
    };
    if looks_like_arn(known) {
        let bare = known.strip_suffix(":*").unwrap_or(known);
        let parsed = Arn::parse(bare).filter(|arn| {
            arn.service == "logs"
                && arn.has_account()
                && arn
                    .resource
                    .strip_prefix("log-group:")
                    .is_some_and(|name| !name.is_empty())
        });
        let Some(arn) = parsed else {
            let example = "arn:aws:logs:us-east-1:111122223333:log-group:NAME";
            arn::invalid(&given.span, known, "a log group", example, problems);
            return None;
        };
        arn::check_partition(context, arn, &given.span, problems);
        return Some(Template::from(format!("{bare}:*")));
    }
    let address = Address::new(Kind::LogGroup, known);
    if !context.declared.contains(&address) {
        let groups = context
            .declared
            .iter()
            .filter(|other| other.kind == Kind::LogGroup);
        let groups: Vec<&str> = groups.map(|other| other.key.as_str()).collect();
        let message = format!("there is no `{address}`");
        let problem = problems.add(
            "undefined-reference",
            &given.span,
            "not in this stack file",
            message,
        );
        problem.help(
            nearest(Kind::LogGroup.key_in(known), groups.iter().copied()).map_or_else(
                || {
                    format!(
                        "give the ARN of a log group, or one of this stack: {}",
                        listed(&groups)
                    )
                },
                did_you_mean,
            ),
        );
        return None;
    }
    let attribute = Attribute::Arn;
    Some(with_star(&Template::from(Reference { address, attribute })))
}

fn with_star(arn: &Template) -> Template {
    let ends_in_star =
        matches!(arn.segments().last(), Some(Segment::Literal(end)) if end.ends_with(":*"));
    let star = if ends_in_star { "" } else { ":*" };
    let segments = arn.segments().iter().cloned();
    Template::from_segments(segments.chain([Segment::Literal(star.to_owned())]))
}

/// Reads `limits`: how many active series there may be per label set.
fn limits(reader: &mut TableReader<'_, '_>) -> Option<BTreeMap<LabelSet, u64>> {
    let elements = reader.list("limits")?;
    let mut limits: BTreeMap<LabelSet, (u64, &Tree)> = BTreeMap::new();
    for tree in elements {
        let Some((labels, most)) = limit(tree, reader.problems()) else {
            continue;
        };
        if let Some((_, first)) = limits.insert(labels, (most, tree)) {
            let message = "two limits are for the same labels";
            reader
                .problems()
                .add("duplicate-limit", &tree.span, "again here", message)
                .and(&first.span, "first here");
        }
    }
    Some(
        limits
            .into_iter()
            .map(|(labels, (most, _))| (labels, most))
            .collect(),
    )
}

fn limit(tree: &Tree, problems: &mut Problems) -> Option<(LabelSet, u64)> {
    let table = table_of(tree, "limits", problems)?;
    let mut reader = TableReader::new("workspace.limits", table, &LIMIT, problems);
    let most = reader.integer("max_series");
    let labels = reader.table("labels");
    reader.finish();
    let mut set = LabelSet::new();
    for (key, tree) in labels.iter().flat_map(|table| &table.entries) {
        let value = string_of(tree, &key.text, problems)?;
        if !is_label(&key.text, &value) {
            let message = format!(
                "`{} = \"{value}\"` is not a label of a time series",
                key.text
            );
            problems
                .add("label", &tree.span, "not a label", message)
                .help("names are letters, digits and `_` and begin with no digit; values are printable ASCII and not blank");
        }
        set.insert(key.text.clone(), value);
    }
    Some((set, most?.value))
}

/// API model of Amazon Managed Service for Prometheus 2020-08-01, `LabelName` and
/// `LimitsPerLabelSet`.
fn is_label(name: &str, value: &str) -> bool {
    let mut letters = name.bytes();
    letters
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && letters.all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && value.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        && !value.trim().is_empty()
}
