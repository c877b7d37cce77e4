//! What whoever runs amp-stack has to be allowed, and why.

use std::collections::{BTreeMap, BTreeSet};

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// `plan`: only reads.
    Plan,
    /// `apply`: creates what is declared, and changes it.
    Apply,
    /// `destroy`: removes what is declared.
    Destroy,
    /// `verify` and `status`: only read, but more.
    Verify,
}

/// A condition of a permission: the key has one of the values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    /// The operator, as policies spell it.
    pub operator: &'static str,
    /// The key.
    pub key: String,
    /// The values.
    pub values: BTreeSet<String>,
}

/// Permissions that have one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// What the statement is called in a policy: letters and digits (IAM user guide, "IAM JSON
    /// policy elements: Sid").
    pub sid: &'static str,
    /// Why, as a sentence without a full stop.
    pub reason: &'static str,
    /// The actions.
    pub actions: BTreeSet<&'static str>,
    /// The ARNs, which may hold wildcards, or `*`.
    pub resources: BTreeSet<String>,
    /// On what condition.
    pub condition: Option<Condition>,
}

impl Permission {
    /// Permissions for `actions` on nothing yet.
    pub fn new(sid: &'static str, reason: &'static str, actions: &[&'static str]) -> Self {
        Self {
            sid,
            reason,
            actions: actions.iter().copied().collect(),
            resources: BTreeSet::new(),
            condition: None,
        }
    }

    /// On `resources`, too.
    #[must_use]
    pub fn on<R: Into<String>>(mut self, resources: impl IntoIterator<Item = R>) -> Self {
        self.resources.extend(resources.into_iter().map(Into::into));
        self
    }

    /// On everything: what the actions are about can't be narrowed.
    #[must_use]
    pub fn on_everything(self) -> Self {
        self.on(["*"])
    }

    /// Only if `key` has one of `values`.
    #[must_use]
    pub fn only_if<V: Into<String>>(
        mut self,
        operator: &'static str,
        key: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.condition = Some(Condition {
            operator,
            key: key.into(),
            values: values.into_iter().map(Into::into).collect(),
        });
        self
    }
}

/// Permissions, each with one reason and one condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(BTreeMap<(&'static str, Option<Condition>), Permission>);

impl Permissions {
    /// Adds one. What has the same name and the same condition is one statement: its actions are
    /// allowed on the resources of both.
    pub fn add(&mut self, permission: Permission) {
        if permission.resources.is_empty() || permission.actions.is_empty() {
            return;
        }
        let key = (permission.sid, permission.condition.clone());
        let Some(known) = self.0.get_mut(&key) else {
            self.0.insert(key, permission);
            return;
        };
        known.actions.extend(permission.actions);
        known.resources.extend(permission.resources);
    }

    /// Adds all of `others`.
    pub fn extend(&mut self, others: Self) {
        for permission in others.0.into_values() {
            self.add(permission);
        }
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Permission> {
        self.0.values()
    }

    /// The same with `unknown`, which stood for what nobody knew, as `known`, which may be a
    /// wildcard.
    #[must_use]
    pub fn with_unknown(self, unknown: &str, known: &str) -> Self {
        let replace = |texts: BTreeSet<String>| -> BTreeSet<String> {
            let texts = texts.into_iter();
            texts.map(|text| text.replace(unknown, known)).collect()
        };
        let mut replaced = Self::default();
        for permission in self.0.into_values() {
            replaced.add(Permission {
                resources: replace(permission.resources),
                condition: permission.condition.map(|condition| Condition {
                    values: replace(condition.values),
                    ..condition
                }),
                ..permission
            });
        }
        replaced
    }
}

/// What IAM says of a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The caller has it.
    Allowed,
    /// The caller lacks it; why.
    Denied(String),
    /// Nobody can say; why.
    Unknown(String),
}

/// What was found out about one action on one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The action.
    pub action: &'static str,
    /// The ARN, which may hold wildcards, or `*`.
    pub resource: String,
    /// What it is for.
    pub reason: &'static str,
    /// What IAM says.
    pub verdict: Verdict,
}

/// Whether a caller has what a stack takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The ARN of the caller.
    pub caller: String,
    /// What was found out.
    pub findings: Vec<Finding>,
    /// Why nothing was, if that is so.
    pub unseen: Option<String>,
}

impl Checked {
    /// How many permissions the caller lacks.
    pub fn denied(&self) -> usize {
        let findings = self.findings.iter();
        findings
            .filter(|finding| matches!(finding.verdict, Verdict::Denied(_)))
            .count()
    }

    /// Returns whether the caller is a session, whose own policies IAM does not simulate.
    pub fn is_session(&self) -> bool {
        self.caller.contains(":assumed-role/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_one_name_is_one_statement() {
        let mut permissions = Permissions::default();
        let read = |arn: &str| Permission::new("Read", "it is read", &["iam:GetRole"]).on([arn]);
        permissions.add(read("arn:aws:iam::0:role/a"));
        permissions.add(read("arn:aws:iam::0:role/b"));
        permissions.add(Permission::new("Nothing", "on nothing", &["iam:GetRole"]));
        let all: Vec<&Permission> = permissions.iter().collect();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].resources.len(), 2);
        let widened = permissions.with_unknown("::0:", "::*:");
        let resources = widened.iter().flat_map(|permission| &permission.resources);
        assert_eq!(
            resources.collect::<Vec<_>>(),
            ["arn:aws:iam::*:role/a", "arn:aws:iam::*:role/b"]
        );
    }
}
