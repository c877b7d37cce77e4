//! The statements of a policy document (IAM user guide, "IAM JSON policy elements reference").

mod principal;

use std::collections::BTreeMap;

use crate::{
    file::{
        problem::{Problems, nearest},
        reader::{
            TableReader, did_you_mean, either, listed, string_of, table_of, text_of, wrong_type,
        },
        tree::{Key, Span, Table, Tree, Value},
    },
    kinds::role::{
        fields::policy::{PRINCIPAL, STATEMENT},
        policy::Purpose,
    },
    model::template::{Segment, Template},
};

/// The condition operators (same guide, "Condition operators"), without `…IfExists` and without the
/// set operators before them.
const OPERATORS: [&str; 27] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
];

/// What may stand before an operator, for keys of many values (same guide, "Multivalued context
/// keys").
const SETS: [&str; 2] = ["ForAllValues", "ForAnyValue"];

/// What may stand behind an operator but `Null`.
const IF_EXISTS: &str = "IfExists";

/// Checks the value of `Statement`: one statement, or an array of them.
pub(crate) fn check_all(tree: &Tree, purpose: Purpose, problems: &mut Problems) {
    let statements = match &tree.value {
        Value::List(elements) => elements.as_slice(),
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Text(_) | Value::Table(_) => {
            std::slice::from_ref(tree)
        }
    };
    if statements.is_empty() {
        let message = "a policy needs at least one statement";
        problems.add("policy-statement", &tree.span, "no statement", message);
    }
    let mut sids: BTreeMap<String, &Span> = BTreeMap::new();
    for statement in statements {
        let Some(table) = table_of(statement, "Statement", problems) else {
            continue;
        };
        check(table, purpose, problems);
        let sid = table
            .get("Sid")
            .and_then(|tree| Some((tree.as_text()?.known()?, &tree.span)));
        let Some((sid, span)) = sid.filter(|(sid, _)| !sid.is_empty()) else {
            continue;
        };
        if let Some(first) = sids.insert(sid.to_owned(), span) {
            let message = format!("two statements have the `Sid` `{sid}`");
            problems
                .add("policy-sid", span, "again here", message)
                .and(first, "first here");
        }
    }
}

fn check(table: &Table, purpose: Purpose, problems: &mut Problems) {
    let mut reader = TableReader::new("Statement", table, &STATEMENT, problems);
    let sid = reader.string("Sid");
    reader.choice("Effect");
    let elements = [
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ]
    .map(|key| reader.value(key));
    reader.finish();
    let [
        principal,
        not_principal,
        action,
        not_action,
        resource,
        not_resource,
        condition,
    ] = elements;
    if let Some(sid) = sid.filter(|sid| !sid.value.bytes().all(|b| b.is_ascii_alphanumeric())) {
        let message = format!("`{}` cannot be a `Sid`", sid.value);
        problems
            .add("policy-sid", &sid.span, "not a `Sid`", message)
            .help("a `Sid` takes letters and digits");
    }
    one_of(table, "Action", action, not_action, problems);
    for tree in action.iter().chain(&not_action) {
        each_template(tree, "Action", problems, &mut check_action);
    }
    match purpose {
        Purpose::Trust => {
            one_of(table, "Principal", principal, not_principal, problems);
            let misplaced = resource.iter().chain(&not_resource);
            misplaced.for_each(|tree| resource_in_trust(tree, problems));
        }
        Purpose::Permissions => {
            one_of(table, "Resource", resource, not_resource, problems);
            let misplaced = principal.iter().chain(&not_principal);
            misplaced.for_each(|tree| principal_in_permissions(tree, problems));
        }
    }
    for tree in principal.iter().chain(&not_principal) {
        check_principal(tree, problems);
    }
    for tree in resource.iter().chain(&not_resource) {
        each_template(tree, "Resource", problems, &mut check_resource);
    }
    if let Some(condition) = condition {
        check_condition(condition, problems);
    }
}

fn resource_in_trust(tree: &Tree, problems: &mut Problems) {
    let message = "a trust policy has no `Resource`: it is about the role that it belongs to";
    problems.add(
        "policy-resource",
        &tree.span,
        "does not belong here",
        message,
    );
}

fn principal_in_permissions(tree: &Tree, problems: &mut Problems) {
    let message = "the policy of a role has no `Principal`: it is about what the role may do";
    problems
        .add(
            "policy-principal",
            &tree.span,
            "does not belong here",
            message,
        )
        .help("who may assume the role is said by its `trust`");
}

/// Reports that neither or both of an element and its opposite are there.
fn one_of(
    table: &Table,
    name: &'static str,
    yes: Option<&Tree>,
    no: Option<&Tree>,
    problems: &mut Problems,
) {
    match (yes, no) {
        (Some(_), None) | (None, Some(_)) => {}
        (None, None) => {
            let message = format!("the statement needs `{name}` or `Not{name}`");
            problems.add(
                "policy-statement",
                &table.span,
                format!("`{name}` is missing"),
                message,
            );
        }
        (Some(yes), Some(no)) => {
            let message = format!("a statement cannot have both `{name}` and `Not{name}`");
            problems
                .add("policy-statement", &no.span, "one too many", message)
                .and(&yes.span, "with this one");
        }
    }
}

/// Calls `check` with the value of `key`, or with each of its values.
fn each_template(
    tree: &Tree,
    key: &str,
    problems: &mut Problems,
    check: &mut dyn FnMut(&Template, &Span, &mut Problems),
) {
    if let Value::List(elements) = &tree.value {
        if elements.is_empty() {
            let message = format!("`{key}` is empty");
            problems.add("policy-statement", &tree.span, "names nothing", message);
        }
        for element in elements {
            if let Some(text) = text_of(element, key, problems) {
                check(&text, &element.span, problems);
            }
        }
    } else if matches!(tree.value, Value::Text(_)) {
        if let Some(text) = text_of(tree, key, problems) {
            check(&text, &tree.span, problems);
        }
    } else {
        wrong_type(tree, key, "a string or an array of strings", problems);
    }
}

/// Actions are `*` or a service and an action, both of which may hold wildcards (same guide,
/// "Action").
fn check_action(text: &Template, span: &Span, problems: &mut Problems) {
    let Some(action) = text.known() else {
        return;
    };
    let is_name = |part: &str, more: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    let fits = action == "*"
        || action
            .split_once(':')
            .is_some_and(|(service, name)| is_name(service, "-") && is_name(name, "*?"));
    if !fits {
        let message = format!("`{action}` is not an action");
        problems
            .add("policy-action", span, "not an action", message)
            .help("actions look like aps:RemoteWrite or logs:Put*");
    }
}

/// Resources are `*` or ARNs (same guide, "Resource").
fn check_resource(text: &Template, span: &Span, problems: &mut Problems) {
    let start = match text.segments().first() {
        Some(Segment::Reference(_)) => return,
        Some(Segment::Literal(literal)) => literal.as_str(),
        None => "",
    };
    if text.known() != Some("*") && !start.starts_with("arn:") && !start.starts_with("${") {
        let message = format!("`{text}` is not a resource");
        problems
            .add("policy-resource", span, "neither an ARN nor `*`", message)
            .help("a resource of this stack is spelled like ${workspace.arn} or ${log_groups.NAME.arn}");
    }
}

/// Principals are `*` or a table by type (same guide, "Principal").
fn check_principal(tree: &Tree, problems: &mut Problems) {
    match &tree.value {
        Value::Text(text) => {
            if text.known() != Some("*") {
                let message = format!("`{text}` is not a principal");
                problems
                    .add(
                        "policy-principal",
                        &tree.span,
                        "neither `*` nor a table",
                        message,
                    )
                    .help(format!(
                        "write {{ Service = \"{text}\" }} or {{ AWS = \"{text}\" }}"
                    ));
            }
        }
        Value::Table(table) => {
            let mut reader = TableReader::new("Principal", table, &PRINCIPAL, problems);
            for key in PRINCIPAL.keys() {
                if let Some(tree) = reader.value(key) {
                    each_template(tree, key, reader.problems(), &mut |text, span, problems| {
                        principal::check(key, text, span, problems);
                    });
                }
            }
            reader.finish();
        }
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::List(_) => {
            wrong_type(tree, "Principal", "`*` or a table", problems);
        }
    }
}

/// Conditions are operators, keys and values (same guide, "Condition").
fn check_condition(tree: &Tree, problems: &mut Problems) {
    let Some(table) = table_of(tree, "Condition", problems) else {
        return;
    };
    for (operator, keys) in &table.entries {
        check_operator(operator, problems);
        let Some(keys) = table_of(keys, &operator.text, problems) else {
            continue;
        };
        for (key, values) in &keys.entries {
            // The same guide, "AWS global condition context keys" and those of services: all have a
            // prefix, without which IAM answers "Actions/Conditions must be prefaced by a vendor".
            if !key.text.contains(':') {
                let message = format!("`{}` is not a condition key", key.text);
                problems
                    .add("policy-condition", &key.span, "has no prefix", message)
                    .help("condition keys look like aws:SourceAccount");
            }
            check_condition_values(&key.text, values, problems);
        }
    }
}

/// Operators are spelled exactly: of `stringEquals` IAM says "Invalid Condition type"
/// (ministryofjustice/modernisation-platform-environments pull request 8893). `Null` has no other
/// form (same guide, "Condition operator to check existence of condition keys").
fn check_operator(operator: &Key, problems: &mut Problems) {
    let (set, name) = operator
        .text
        .split_once(':')
        .map_or((None, operator.text.as_str()), |(set, name)| {
            (Some(set), name)
        });
    let (name, if_exists) = name
        .strip_suffix(IF_EXISTS)
        .map_or((name, ""), |name| (name, IF_EXISTS));
    let is_set = set.is_none_or(|set| SETS.contains(&set));
    let is_plain = set.is_none() && if_exists.is_empty();
    if is_set && OPERATORS.contains(&name) && (name != "Null" || is_plain) {
        return;
    }
    let message = format!("`{}` is not a condition operator", operator.text);
    let problem = problems.add(
        "policy-condition",
        &operator.span,
        "not an operator",
        message,
    );
    let near_name = nearest_ignoring_case(name, &OPERATORS);
    let near_set = set.map(|set| nearest_ignoring_case(set, &SETS));
    match (near_set, near_name) {
        (_, Some("Null")) => problem.help(did_you_mean("Null")),
        (None, Some(near)) => problem.help(did_you_mean(&format!("{near}{if_exists}"))),
        (Some(Some(set)), Some(near)) => {
            problem.help(did_you_mean(&format!("{set}:{near}{if_exists}")))
        }
        (Some(None), _) => problem.help(format!(
            "before the `:` stands {}",
            either(&SETS.map(str::to_owned))
        )),
        (None | Some(Some(_)), None) => problem.help(format!("there are {}", listed(&OPERATORS))),
    };
}

/// The one of `known` that differs by case only, or else the nearest.
fn nearest_ignoring_case<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let same = known.iter().find(|one| one.eq_ignore_ascii_case(written));
    same.copied()
        .or_else(|| nearest(written, known.iter().copied()))
}

/// Values are strings, numbers and truth values, alone or in an array.
fn check_condition_values(key: &str, tree: &Tree, problems: &mut Problems) {
    match &tree.value {
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Text(_) => {}
        Value::List(elements) => {
            for element in elements {
                if matches!(element.value, Value::List(_) | Value::Table(_)) {
                    string_of(element, key, problems);
                }
            }
        }
        Value::Table(_) => {
            wrong_type(tree, key, "a string or an array of strings", problems);
        }
    }
}
