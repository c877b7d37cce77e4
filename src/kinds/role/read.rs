//! `[roles.NAME]`.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    file::{
        context::Context,
        lifecycle,
        problem::Problems,
        reader::{Located, TableReader},
        tags::{self, Tag},
        tree::{Key, Span, Table},
    },
    kinds::{
        Resource,
        declare::ignorable,
        outline::{Outlines, ReadResource},
        role::{
            DEFAULT_MAX_SESSION_SECONDS, Role,
            fields::{LONGEST_DESCRIPTION, LONGEST_INLINE, LONGEST_NAME, MOST_POLICIES, ROLE},
            managed_policy,
            policy::{self, Purpose},
        },
    },
    model::{
        address::{Address, Kind},
        identity::Identity,
        node::Node,
        policy::Policy,
        template::Template,
    },
};

/// The longest trust policy when the quota is raised as far as it goes (IAM user guide, "IAM and
/// AWS STS quotas").
const LONGEST_TRUST: usize = 8_192;

/// The path that IAM gives a role by itself (IAM API reference, `CreateRole`).
pub(crate) const DEFAULT_PATH: &str = "/";

/// Reads one role.
pub(crate) fn read(
    context: &Context<'_>,
    key: &Key,
    table: &Table,
    problems: &mut Problems,
) -> ReadResource {
    let address = Address::new(Kind::Role, &key.text);
    let mut reader = TableReader::new(address.to_string(), table, &ROLE, problems);
    let name = reader.string("name");
    let path = reader.string("path");
    let description = reader.string("description");
    let max_session_seconds = reader.integer("max_session_seconds");
    let boundary = reader.string("permissions_boundary");
    let attached = reader.distinct_texts("managed_policies");
    let attached_span = reader
        .peek("managed_policies")
        .map(|tree| tree.span.clone());
    let trust = reader.value("trust");
    let inline = reader.table("inline_policies");
    let lifecycle = lifecycle::read(&mut reader, &ignorable::<Role>(), false);
    let own = reader.table("tags");
    reader.finish();
    if let Some(name) = &name {
        check_name(name, problems);
    }
    if let Some(path) = &path {
        check_path(path, problems);
    }
    if let Some(description) = &description {
        check_description(description, problems);
    }
    let boundary = boundary.and_then(|given| managed_policy::by_arn(context, &given, problems));
    let managed_policies: BTreeSet<Template> = attached
        .iter()
        .filter_map(|given| managed_policy::attached(context, given, problems))
        .collect();
    check_count(managed_policies.len(), attached_span.as_ref(), problems);
    let trust = trust.and_then(|tree| {
        let policy = policy::read(context, "trust", tree, Purpose::Trust, problems)?;
        check_trust_size(&policy, &tree.span, problems);
        Some(policy)
    });
    let (inline_policies, inline_spans) = inline_policies(context, inline, problems);
    let own = own.map_or_else(Vec::new, |table| tags::read(table, problems));
    check_tag_case(&tags::given(&context.tags, &own), problems);
    let protected = lifecycle.prevent_destroy;
    let role = Role {
        name: name.as_ref().map_or(&key.text, |name| &name.value).clone(),
        path: path.map_or_else(|| DEFAULT_PATH.to_owned(), |path| path.value),
        description: description.map_or_else(String::new, |found| found.value),
        trust: trust.unwrap_or_else(|| default_trust(context.identity)),
        max_session_seconds: max_session_seconds
            .map_or(DEFAULT_MAX_SESSION_SECONDS, |found| found.value),
        permissions_boundary: boundary.map(Template::from),
        managed_policies,
        inline_policies,
        instance_profiles: BTreeSet::new(),
        tags: tags::merged(context, &address, &own, protected, &key.span, problems),
    };
    ReadResource {
        name,
        parts: inline_spans,
        ..ReadResource::new(Resource::Role(role), lifecycle, table.span.clone())
    }
}

/// The trust policy of a role whose table gives none: tasks of this account and region may assume
/// it, and nobody else through ECS (ECS developer guide, "Amazon ECS task IAM role", on the
/// confused deputy problem).
pub(crate) fn default_trust(identity: &Identity) -> Policy {
    let Identity {
        account,
        region,
        partition,
    } = identity;
    let source = format!("arn:{partition}:ecs:{region}:{account}:*");
    let condition = Node::map([
        (
            "ArnLike",
            Node::map([("aws:SourceArn", Node::from(source))]),
        ),
        (
            "StringEquals",
            Node::map([("aws:SourceAccount", Node::from(account.as_str()))]),
        ),
    ]);
    let principal = Node::map([("Service", Node::from("ecs-tasks.amazonaws.com"))]);
    let statement = Node::map([
        ("Effect", Node::from("Allow")),
        ("Principal", principal),
        ("Action", Node::from("sts:AssumeRole")),
        ("Condition", condition),
    ]);
    Policy::new(Node::map([
        ("Version", Node::from("2012-10-17")),
        ("Statement", Node::List(vec![statement])),
    ]))
}

/// IAM takes keys that differ only by case for one tag (IAM user guide, "Tags for AWS Identity and
/// Access Management resources").
fn check_tag_case(given: &[&Tag], problems: &mut Problems) {
    let mut seen: BTreeMap<String, &Key> = BTreeMap::new();
    for tag in given {
        let Some(first) = seen.insert(tag.key.text.to_lowercase(), &tag.key) else {
            continue;
        };
        let message = format!(
            "the tags `{}` and `{}` of a role differ only by case, so IAM keeps one of them",
            first.text, tag.key.text
        );
        problems
            .add("tag-case", &tag.key.span, "the same tag to IAM", message)
            .and(&first.span, "as this one");
    }
}

/// Names are 1 to 64 of letters, digits, `_` and `+=,.@-` (IAM API model 2010-05-08,
/// `roleNameType`).
fn check_name(name: &Located<String>, problems: &mut Problems) {
    if !(1..=LONGEST_NAME).contains(&name.value.len()) || !name.value.chars().all(is_name_character)
    {
        let message = format!("`{}` cannot be the name of a role", name.value);
        problems
            .add("role-name", &name.span, "not the name of a role", message)
            .help(format!(
                "names are 1 to {LONGEST_NAME} of letters, digits and `_+=,.@-`"
            ));
    }
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

/// Paths begin and end with `/` (IAM API model 2010-05-08, `pathType`).
fn check_path(path: &Located<String>, problems: &mut Problems) {
    let text = &path.value;
    let framed = text == "/" || (text.len() > 2 && text.starts_with('/') && text.ends_with('/'));
    if !framed || text.len() > 512 || !text.bytes().all(|b| b.is_ascii_graphic()) {
        let message = format!("`{text}` cannot be the path of a role");
        problems
            .add("role-path", &path.span, "not a path", message)
            .help("a path is printable ASCII, up to 512 characters, with `/` at both ends, such as /ecs/");
    }
}

/// Descriptions are up to 1,000 characters of Latin-1 (IAM API model 2010-05-08,
/// `roleDescriptionType`).
fn check_description(description: &Located<String>, problems: &mut Problems) {
    let text = &description.value;
    let allowed =
        |c: &char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{7E}' | '\u{A1}'..='\u{FF}');
    if let Some(odd) = text.chars().find(|c| !allowed(c)) {
        let message = format!("the description holds `{odd}`, which IAM does not accept");
        problems
            .add(
                "role-description",
                &description.span,
                "not Latin-1",
                message,
            )
            .help("descriptions take the printable characters of Latin-1");
    } else if text.chars().count() > LONGEST_DESCRIPTION {
        let message = "the description has more than 1,000 characters";
        problems.add("role-description", &description.span, "too long", message);
    }
}

fn check_count(count: usize, span: Option<&Span>, problems: &mut Problems) {
    if let Some(span) = span.filter(|_| count > MOST_POLICIES) {
        let message = format!("{count} managed policies are more than a role can have");
        problems
            .add("too-many-policies", span, "too many policies", message)
            .help(format!(
                "AWS allows {MOST_POLICIES} at most, and fewer unless the quota is raised"
            ));
    }
}

fn check_trust_size(policy: &Policy, span: &Span, problems: &mut Problems) {
    let size = policy::size(policy);
    if size > LONGEST_TRUST {
        let message = format!("the trust policy has {size} characters");
        problems
            .add("policy-size", span, "too long", message)
            .help(format!(
                "AWS allows {LONGEST_TRUST} at most, and 2048 unless the quota is raised"
            ));
    }
}

fn inline_policies(
    context: &Context<'_>,
    table: Option<&Table>,
    problems: &mut Problems,
) -> (BTreeMap<String, Policy>, BTreeMap<String, Span>) {
    let mut policies = BTreeMap::new();
    let mut spans = BTreeMap::new();
    for (key, tree) in table.iter().flat_map(|table| &table.entries) {
        // IAM API model 2010-05-08, `policyNameType`.
        if !(1..=128).contains(&key.text.len()) || !key.text.chars().all(is_name_character) {
            let message = format!("`{}` cannot be the name of an inline policy", key.text);
            problems
                .add(
                    "policy-name",
                    &key.span,
                    "not the name of a policy",
                    message,
                )
                .help("names are 1 to 128 of letters, digits and `_+=,.@-`");
        }
        let name = format!("inline_policies.{}", key.text);
        spans.insert(key.text.clone(), key.span.clone());
        if let Some(policy) = policy::read(context, &name, tree, Purpose::Permissions, problems) {
            policies.insert(key.text.clone(), policy);
        }
    }
    (policies, spans)
}

/// Reports inline policies that are too long together, once those that task definitions add are
/// among them.
pub(crate) fn check_inline_size(role: &Role, span: &Span, problems: &mut Problems) {
    let size: usize = role.inline_policies.values().map(policy::size).sum();
    if size > LONGEST_INLINE {
        let message = format!("the inline policies have {size} characters together");
        problems
            .add("policy-size", span, "too long together", message)
            .help(format!(
                "IAM allows {LONGEST_INLINE} for all inline policies of a role"
            ));
    }
}

/// Reports role ARNs that differ only by case from those of the stack's own roles. Names ignore
/// case, but ARNs do not (IAM user guide, "IAM identifiers").
pub(crate) fn check_arns(
    context: &Context<'_>,
    root: &Table,
    outlines: &Outlines,
    problems: &mut Problems,
) {
    // By the ARN without case; two roles whose ARNs differ by nothing else are a problem of their
    // own.
    let mut own: BTreeMap<String, Vec<(&Address, String)>> = BTreeMap::new();
    for (address, found) in &outlines.resources {
        if let Some(role) = found.want.role() {
            let arn = context.identity.role_arn(&role.path, &role.name);
            let same = own.entry(arn.to_ascii_lowercase()).or_default();
            same.push((address, arn));
        }
    }
    for (_, tree) in &root.entries {
        tree.each_template(&mut |text, span| {
            let Some(given) = text.known() else {
                return;
            };
            let close = own.get(&given.to_ascii_lowercase()).into_iter().flatten();
            if let Some((address, arn)) = close.filter(|(_, arn)| arn != given).min() {
                let message = format!("`{given}` differs only by case from the ARN of `{address}`");
                problems
                    .add("role-arn-case", span, "no such role", message)
                    .help(format!(
                        "ARNs are case-sensitive: write {arn}, or mention it as ${{{address}.arn}}"
                    ));
            }
        });
    }
}
