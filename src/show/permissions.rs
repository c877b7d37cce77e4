//! Permissions for people, as IAM policies, and as Terraform takes them.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::{Map, Value, json};

use crate::{
    model::permission::{Checked, Permission, Permissions, Verdict},
    show::{Style, words},
};

/// The most characters of a managed policy, without white space (IAM user guide, "IAM and AWS STS
/// quotas").
pub const MOST: usize = 6_144;

/// The permissions with the names that their statements have: a name that comes more than once, for
/// another condition, gets a number.
fn named(permissions: &Permissions) -> impl Iterator<Item = (String, &Permission)> {
    let mut last = ("", 1);
    permissions.iter().map(move |permission| {
        let number = if last.0 == permission.sid {
            last.1 + 1
        } else {
            1
        };
        last = (permission.sid, number);
        let name = match number {
            1 => permission.sid.to_owned(),
            number => format!("{}{number}", permission.sid),
        };
        (name, permission)
    })
}

fn statement(name: &str, permission: &Permission) -> Value {
    let mut members = Map::from_iter([
        ("Sid".to_owned(), json!(name)),
        ("Effect".to_owned(), json!("Allow")),
        ("Action".to_owned(), json!(permission.actions)),
        ("Resource".to_owned(), json!(permission.resources)),
    ]);
    if let Some(condition) = &permission.condition {
        let values = json!({ condition.key.as_str(): condition.values });
        members.insert(
            "Condition".to_owned(),
            json!({ condition.operator: values }),
        );
    }
    Value::Object(members)
}

fn document(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// How much of a quota a policy takes: its characters without white space.
fn size(policy: &Value) -> usize {
    let text = policy.to_string();
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// The permissions as IAM policies: one, or as few as have room for them.
pub fn policies(permissions: &Permissions) -> Vec<Value> {
    let mut policies = Vec::new();
    let mut statements: Vec<Value> = Vec::new();
    for (name, permission) in named(permissions) {
        statements.push(statement(&name, permission));
        if statements.len() > 1 && size(&document(&statements)) > MOST {
            let next = statements.split_off(statements.len() - 1);
            policies.push(document(&statements));
            statements = next;
        }
    }
    policies.push(document(&statements));
    policies
}

/// What whoever uses `policies` should know of their size, if there is anything to know.
pub fn size_note(policies: &[Value]) -> Option<String> {
    let largest = policies.iter().map(size).max().unwrap_or_default();
    if largest > MOST {
        return Some(format!(
            "a managed policy has at most {MOST} characters, and one statement alone has {largest}: shorten it with wildcards"
        ));
    }
    (policies.len() > 1).then(|| {
        format!(
            "a managed policy has at most {MOST} characters, so these are {}, in a list",
            words::count(policies.len(), "document")
        )
    })
}

/// The permissions as data sources of Terraform, `name` being what they are called.
pub fn terraform(permissions: &Permissions, name: &str) -> String {
    let mut text = String::new();
    let policies = policies(permissions);
    let mut named = named(permissions);
    for (index, policy) in policies.iter().enumerate() {
        let count = policy["Statement"].as_array().map_or(0, Vec::len);
        let name = match index {
            0 => name.to_owned(),
            index => format!("{name}_{}", index + 1),
        };
        if index > 0 {
            text.push('\n');
        }
        // Writing to a string can't fail.
        _ = writeln!(text, "data \"aws_iam_policy_document\" \"{name}\" {{");
        let blocks = named.by_ref().take(count);
        let blocks: Vec<String> = blocks.map(|(sid, one)| block(&sid, one)).collect();
        text.push_str(&blocks.join("\n"));
        text.push_str("}\n");
    }
    text
}

fn block(sid: &str, permission: &Permission) -> String {
    let list = |texts: Vec<&str>| {
        let quoted = texts.iter().map(|text| format!("      {},\n", hcl(text)));
        format!("[\n{}    ]", quoted.collect::<String>())
    };
    let actions = list(permission.actions.iter().copied().collect());
    let resources = list(permission.resources.iter().map(String::as_str).collect());
    let mut text = format!(
        "  # {}\n  statement {{\n    sid       = {}\n    actions   = {actions}\n    resources = {resources}\n",
        permission.reason,
        hcl(sid)
    );
    if let Some(condition) = &permission.condition {
        let values: Vec<String> = condition.values.iter().map(|value| hcl(value)).collect();
        // Writing to a string can't fail.
        _ = write!(
            text,
            "    condition {{\n      test     = {}\n      variable = {}\n      values   = [{}]\n    }}\n",
            hcl(condition.operator),
            hcl(&condition.key),
            values.join(", ")
        );
    }
    text.push_str("  }\n");
    text
}

/// A string of HCL, in which `${` and `%{` begin templates (HCL native syntax specification,
/// "Templates").
fn hcl(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    let escaped = escaped.replace("${", "$${").replace("%{", "%%{");
    format!("\"{escaped}\"")
}

/// The permissions for people.
pub fn text(permissions: &Permissions, style: Style) -> String {
    let mut text = String::new();
    for (index, (name, permission)) in named(permissions).enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&words::wrap(
            &format!("{name}: "),
            permission.reason,
            style.width,
        ));
        for action in &permission.actions {
            // Writing to a string can't fail.
            _ = writeln!(text, "  {action}");
        }
        for resource in &permission.resources {
            _ = writeln!(text, "    on {resource}");
        }
        if let Some(condition) = &permission.condition {
            let values: Vec<&str> = condition.values.iter().map(String::as_str).collect();
            _ = writeln!(
                text,
                "    if {} {} {}",
                condition.key,
                condition.operator,
                values.join(", ")
            );
        }
    }
    text
}

/// What a caller has and lacks, for people.
pub fn checked(checked: &Checked, stack: &str, style: Style) -> String {
    let wrap = |prefix: &str, text: &str| words::wrap(prefix, text, style.width);
    let mut text = wrap(
        "",
        &format!("Permissions of {} for {stack}:", checked.caller),
    );
    if let Some(why) = &checked.unseen {
        text.push_str(&wrap("  ? ", why));
        return text;
    }
    // By what is said of them, in the order in which that matters; resources of one action are one.
    let mut denied = BTreeMap::new();
    let mut unknown = BTreeMap::new();
    let mut allowed = 0;
    for finding in &checked.findings {
        let (into, why) = match &finding.verdict {
            Verdict::Allowed => {
                allowed += 1;
                continue;
            }
            Verdict::Denied(why) => (&mut denied, why),
            Verdict::Unknown(why) => (&mut unknown, why),
        };
        let key = (why.as_str(), finding.action, finding.reason);
        let resources: &mut Vec<&str> = into.entry(key).or_default();
        resources.push(&finding.resource);
    }
    for (mark, group) in [("  ✗ ", denied), ("  ? ", unknown)] {
        for ((why, action, reason), resources) in group {
            let resources = resources.join(", ");
            text.push_str(&wrap(
                mark,
                &format!("{action} on {resources}: {why} ({reason})"),
            ));
        }
    }
    let all = words::count(checked.findings.len(), "permission");
    text.push_str(&wrap("  ✓ ", &format!("{allowed} of {all} allowed")));
    if checked.is_session() {
        let session = "what a policy of the session itself takes away is not seen";
        text.push_str(&wrap("  ? ", session));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(count: usize) -> Permissions {
        let mut permissions = Permissions::default();
        for number in 0..count {
            let read = Permission::new("Read", "roles are read", &["iam:GetRole"]);
            let long = format!("arn:aws:iam::111122223333:role/{}", "x".repeat(500));
            permissions.add(read.on([long]).only_if(
                "StringEquals",
                "aws:x",
                [format!("{number:03}")],
            ));
        }
        permissions
    }

    #[test]
    fn what_is_too_much_for_a_policy_is_several_that_are_as_large_as_may_be() {
        assert_eq!(size_note(&policies(&permissions(1))), None);
        let policies = policies(&permissions(30));
        assert!(policies.len() > 2);
        let counts = policies
            .iter()
            .map(|policy| policy["Statement"].as_array().unwrap_or(&vec![]).len());
        assert_eq!(counts.sum::<usize>(), 30);
        for policy in &policies {
            assert!(size(policy) <= MOST);
        }
        let note = size_note(&policies).expect("there is something to say");
        assert!(note.contains("in a list"), "{note}");
    }

    #[test]
    fn statements_of_one_name_are_numbered() {
        let permissions = permissions(3);
        let names: Vec<String> = named(&permissions).map(|(name, _)| name).collect();
        assert_eq!(names, ["Read", "Read2", "Read3"]);
    }

    #[test]
    fn nothing_is_a_template_of_terraform_by_accident() {
        assert_eq!(hcl("a${b}\"c%{d"), "\"a$${b}\\\"c%%{d\"");
        let text = terraform(&permissions(30), "p");
        assert_eq!(
            text.matches("data \"aws_iam_policy_document\"").count(),
            policies(&permissions(30)).len()
        );
        assert_eq!(text.matches("  statement {").count(), 30);
        assert!(text.contains("\"p_2\""), "{text}");
    }
}
