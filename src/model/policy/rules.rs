//! The normal form of a policy document: one named rule for every difference that IAM does not
//! distinguish.

use crate::model::{
    node::{Members, Node},
    normal::{Layout, Rewrite},
    rule::Rule,
    template::Template,
};

/// The rule about upper and lower case, which plans leave out of what they show.
pub const CASE: Rule = Rule {
    code: "case",
    sentence: "IAM ignores case in service prefixes, action names and condition keys.",
    source: "IAM user guide, IAM JSON policy elements: Action, and IAM JSON policy elements: Condition",
};

/// The rules, in the order in which they are applied.
pub const REWRITES: &[Rewrite] = &[
    Rewrite {
        rule: Rule {
            code: "one-statement",
            sentence: "A single statement may stand without the array around it.",
            source: "IAM user guide, IAM JSON policy elements: Statement",
        },
        apply: one_statement,
    },
    Rewrite {
        rule: Rule {
            code: "empty-sid",
            sentence: "An empty Sid is the same as none.",
            source: "IAM user guide, IAM JSON policy elements: Sid",
        },
        apply: empty_sid,
    },
    Rewrite {
        rule: Rule {
            code: "everyone",
            sentence: "The principal `*` is everyone, as is `*` among AWS principals.",
            source: "IAM user guide, AWS JSON policy elements: Principal, All principals",
        },
        apply: everyone,
    },
    Rewrite {
        rule: Rule {
            code: "one-value",
            sentence: "A single action, resource, principal or condition value may stand without the array around it.",
            source: "IAM user guide, Grammar of the IAM JSON policy language",
        },
        apply: one_value,
    },
    Rewrite {
        rule: Rule {
            code: "condition-text",
            sentence: "Numbers and truth values in conditions are compared as the text that they are written as.",
            source: "IAM user guide, IAM JSON policy elements: Condition, and Grammar of the IAM JSON policy language",
        },
        apply: condition_text,
    },
    Rewrite {
        rule: Rule {
            code: "account-principal",
            sentence: "An account id among AWS principals stands for the ARN of the account's root, which IAM stores for it.",
            source: "IAM user guide, AWS JSON policy elements: Principal, AWS account principals",
        },
        apply: account_principal,
    },
    Rewrite {
        rule: CASE,
        apply: case,
    },
    Rewrite {
        rule: Rule {
            code: "policy-order",
            sentence: "The order of statements, actions, resources, principals and condition values has no meaning, nor has saying one twice.",
            source: "IAM user guide, Policy evaluation logic, and IAM JSON policy elements reference",
        },
        apply: order,
    },
];

/// How places in a policy are named: as IAM spells them.
pub(crate) const LAYOUT: Layout = Layout {
    spell: str::to_owned,
    keyed: &[],
    named: &[("Statement", "Sid")],
    // What a principal or a condition says is read best as a whole.
    whole: &["Principal", "NotPrincipal", "Condition"],
    verbatim: &[],
    single: &["Statement"],
};

fn one_statement(document: &mut Node) {
    if let Some(statement) = member(document, "Statement")
        && statement.as_list().is_none()
    {
        *statement = Node::List(vec![statement.clone()]);
    }
}

fn empty_sid(document: &mut Node) {
    each_statement(document, &mut |statement| {
        statement.retain(|key, member| key != "Sid" || member.as_str() != Some(""));
    });
}

fn everyone(document: &mut Node) {
    each_statement(document, &mut |statement| {
        for key in ["Principal", "NotPrincipal"] {
            if let Some(principal) = statement.get_mut(key)
                && principal.as_str() == Some("*")
            {
                *principal = Node::map([("AWS", Node::from("*"))]);
            }
        }
    });
}

fn one_value(document: &mut Node) {
    each_set(document, &mut |set| {
        if set.as_list().is_none() {
            *set = Node::List(vec![set.clone()]);
        }
    });
}

fn condition_text(document: &mut Node) {
    each_value(document, &mut |value| {
        if value.as_text().is_none() {
            *value = Node::from(value.to_json().to_string());
        }
    });
}

/// The partition is not known here, so it is the ARN of any partition's root that becomes the id.
fn account_principal(document: &mut Node) {
    each_statement(document, &mut |statement| {
        for key in ["Principal", "NotPrincipal"] {
            let accounts = statement
                .get_mut(key)
                .and_then(|principal| member(principal, "AWS"));
            if let Some(Node::List(accounts)) = accounts {
                for account in accounts {
                    let root = account.as_str().and_then(account_of_root);
                    let root = root.map(Node::from);
                    *account = root.unwrap_or_else(|| account.clone());
                }
            }
        }
    });
}

fn account_of_root(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, "root"] => Some(account),
        _ => None,
    }
}

fn case(document: &mut Node) {
    each_statement(document, &mut |statement| {
        for key in ["Action", "NotAction"] {
            if let Some(Node::List(actions)) = statement.get_mut(key) {
                for action in actions {
                    let lower = action.as_str().map(str::to_lowercase);
                    *action = lower.map_or_else(|| action.clone(), Node::from);
                }
            }
        }
        each_operator(statement, &mut |keys| {
            *keys = std::mem::take(keys)
                .into_iter()
                .map(|(key, values)| (key.to_lowercase(), values))
                .collect();
        });
    });
}

fn order(document: &mut Node) {
    each_set(document, &mut |set| {
        if let Node::List(values) = set {
            let mut texts: Vec<Template> =
                values.iter().filter_map(Node::as_text).cloned().collect();
            texts.sort();
            texts.dedup();
            *set = Node::texts(texts);
        }
    });
    if let Some(Node::List(statements)) = member(document, "Statement") {
        // Sid first keeps the order that people see stable.
        statements.sort_by_cached_key(|statement| {
            let sid = statement.get("Sid").map(|sid| sid.to_json().to_string());
            (sid, statement.to_json().to_string())
        });
    }
}

fn member<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    node.as_map_mut().and_then(|members| members.get_mut(key))
}

fn each_statement(document: &mut Node, alter: &mut dyn FnMut(&mut Members)) {
    if let Some(Node::List(statements)) = member(document, "Statement") {
        statements
            .iter_mut()
            .filter_map(Node::as_map_mut)
            .for_each(alter);
    }
}

/// Calls `alter` with the keys and values of each condition operator.
fn each_operator(statement: &mut Members, alter: &mut dyn FnMut(&mut Members)) {
    let operators = statement.get_mut("Condition").and_then(Node::as_map_mut);
    for (_, operator) in operators.into_iter().flat_map(Members::iter_mut) {
        operator.as_map_mut().into_iter().for_each(&mut *alter);
    }
}

/// Calls `alter` with everything that may be one value or an array of them.
fn each_set(document: &mut Node, alter: &mut dyn FnMut(&mut Node)) {
    each_statement(document, &mut |statement| {
        for key in ["Action", "NotAction", "Resource", "NotResource"] {
            statement.get_mut(key).into_iter().for_each(&mut *alter);
        }
        for key in ["Principal", "NotPrincipal"] {
            let principals = statement.get_mut(key).and_then(Node::as_map_mut);
            let principals = principals.into_iter().flat_map(Members::iter_mut);
            principals.for_each(|(_, principal)| alter(principal));
        }
        each_operator(statement, &mut |keys| {
            keys.iter_mut().for_each(|(_, values)| alter(values));
        });
    });
}

/// Calls `alter` with every value of every set.
fn each_value(document: &mut Node, alter: &mut dyn FnMut(&mut Node)) {
    each_set(document, &mut |set| {
        if let Node::List(values) = set {
            values.iter_mut().for_each(&mut *alter);
        }
    });
}
