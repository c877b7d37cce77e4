//! The smallest stack file that breaks each rule, and what is said about it.

use std::{collections::BTreeMap, io, path::Path};

use crate::{
    file::{problem::Problem, source::Source},
    load::{self, LoadContext},
    model::{access::Allowed, identity::Identity},
};

/// A stack file that breaks one rule and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// The code of the rule.
    pub code: &'static str,
    /// The file. Lines at its beginning that start with `#: ` are what the run is given besides.
    text: &'static str,
}

/// The rules that only something very long breaks: what is too much of it is not worth reading.
pub const WITHOUT_EXAMPLE: &[&str] = &["policy-size", "too-large", "too-many-ports"];

/// What a line begins with that is not part of the stack file.
const GIVEN: &str = "#: ";

/// The example of the rule with this code.
pub fn find(code: &str) -> Option<&'static Example> {
    EXAMPLES.iter().find(|example| example.code == code)
}

impl Example {
    /// The stack file.
    pub fn source(&self) -> Source {
        let lines = self.text.lines();
        let lines = lines.filter(|line| !line.starts_with(GIVEN));
        Source {
            path: "stack.toml".into(),
            text: lines.flat_map(|line| [line, "\n"]).collect(),
        }
    }

    /// The values of variables that are given on the command line.
    pub fn variables(&self) -> BTreeMap<&'static str, &'static str> {
        self.given("--var ")
    }

    /// The files beside the stack file, each of one line.
    pub fn files(&self) -> BTreeMap<&'static str, &'static str> {
        self.given("--with ")
    }

    /// The region of the run, if it is another one than us-east-1.
    pub fn region(&self) -> Option<&'static str> {
        self.given("--region ").into_keys().next()
    }

    /// What is wrong with the stack file, as a run in the account 111122223333 sees it that may
    /// assume no role.
    pub fn problems(&self) -> Vec<Problem> {
        let variables = self.variables().into_iter();
        let files = self.files();
        let around = LoadContext {
            identity: Identity::new("111122223333", self.region().unwrap_or("us-east-1")),
            account_is_known: true,
            region_is_known: true,
            variables: variables
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            var_files: Vec::new(),
            environment: &|_| None,
            elsewhere: &|_| false,
            read: &|path| read(&files, path),
        };
        let source = self.source();
        let loaded = load::parse(&source).and_then(|mut parsed| {
            parsed.allow_only(Allowed::default());
            parsed.load(&around)
        });
        loaded.err().unwrap_or_default()
    }

    fn given(&self, option: &str) -> BTreeMap<&'static str, &'static str> {
        self.text
            .lines()
            .filter_map(|line| line.strip_prefix(GIVEN)?.strip_prefix(option))
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .collect()
    }
}

fn read(files: &BTreeMap<&str, &str>, path: &Path) -> io::Result<String> {
    let found = path.to_str().and_then(|path| files.get(path));
    found
        .map(|text| (*text).to_owned())
        .ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Reads the example of each code from the file of that name.
macro_rules! examples {
    ($($code:literal,)*) => {
        &[$(Example {
            code: $code,
            text: include_str!(concat!("examples/", $code, ".toml")),
        },)*]
    };
}

/// The examples, by code.
pub const EXAMPLES: &[Example] = examples![
    "access",
    "access-not-allowed",
    "account",
    "account-mismatch",
    "ambiguous-log-group",
    "attribute-name",
    "awslogs-option",
    "cannot-ignore",
    "collector-component",
    "collector-endpoint",
    "collector-file",
    "collector-health-check",
    "collector-health-extension",
    "collector-key",
    "collector-on-external",
    "collector-pipeline",
    "collector-region",
    "collector-tasks-alike",
    "collector-unsigned",
    "collector-unused",
    "collector-value",
    "collector-variable",
    "collector-without-network",
    "collector-without-task-role",
    "collector-yaml",
    "configured-twice",
    "container-name",
    "create-group-denied",
    "create-own-group",
    "date",
    "dependency-cycle",
    "depends-on-essential",
    "depends-on-itself",
    "depends-on-unchecked",
    "derived-variable",
    "destination",
    "duplicate-container",
    "duplicate-job",
    "duplicate-limit",
    "duplicate-mount",
    "duplicate-name",
    "duplicate-port",
    "duplicate-value",
    "duplicate-variable",
    "duplicate-volume",
    "empty-name",
    "environment-file",
    "execution-role-cannot",
    "existing-workspace",
    "family-name",
    "fargate-network",
    "fargate-size",
    "firelens",
    "fixed-retention",
    "foreign-policy",
    "health-check-command",
    "host-port",
    "image-digest",
    "image-name",
    "invalid-arn",
    "invalid-json",
    "invalid-key",
    "invalid-path",
    "invalid-pattern",
    "invalid-period",
    "invalid-tag",
    "known-after-apply",
    "label",
    "label-name",
    "log-driver",
    "log-group-name",
    "log-option",
    "logs-twice",
    "memory-missing",
    "memory-reservation",
    "missing-key",
    "missing-variable",
    "multi-region-key",
    "network-mode",
    "no-built-in-configuration",
    "no-essential-container",
    "no-execution-role",
    "no-task-role",
    "no-workspace",
    "not-on-external",
    "not-on-fargate",
    "not-on-managed-instances",
    "not-on-windows",
    "nothing-to-collect",
    "number",
    "out-of-range",
    "plain-secret",
    "policy-action",
    "policy-characters",
    "policy-condition",
    "policy-name",
    "policy-principal",
    "policy-resource",
    "policy-sid",
    "policy-statement",
    "policy-version",
    "port-clash",
    "port-name",
    "port-range",
    "reference-cycle",
    "reference-too-early",
    "region",
    "region-mismatch",
    "relabel-rule",
    "remote-write-on-execution-role",
    "reserved-tag",
    "resource-requirement",
    "retention",
    "role-arn-case",
    "role-description",
    "role-does-not-trust-tasks",
    "role-name",
    "role-name-collision",
    "role-path",
    "root-directory",
    "scrape-own-port",
    "scrape-timeout",
    "sending-limits",
    "service-name",
    "stack-name",
    "syntax",
    "tag-case",
    "task-role-cannot-write",
    "task-size",
    "task-too-small",
    "too-many-constraints",
    "too-many-containers",
    "too-many-credential-specs",
    "too-many-exit-codes",
    "too-many-files",
    "too-many-launch-volumes",
    "too-many-policies",
    "too-many-tags",
    "transit-encryption",
    "two-collectors",
    "two-logins",
    "ulimit",
    "unclosed-reference",
    "undeclared-variable",
    "undefined-container",
    "undefined-environment-variable",
    "undefined-reference",
    "undefined-secret",
    "undefined-variable",
    "undefined-volume",
    "unknown-attribute",
    "unknown-key",
    "unknown-managed-policy",
    "unknown-reference",
    "unknown-value",
    "unpinned-collector",
    "unreachable-collector",
    "unreachable-target",
    "unreadable-file",
    "variable-not-allowed",
    "volume-kind",
    "volume-name",
    "workspace-alias",
    "workspace-id",
    "workspace-region",
    "wrong-partition",
    "wrong-type",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::load::rules;

    #[test]
    fn every_example_breaks_its_rule_and_no_other() {
        let mut wrong = Vec::new();
        for example in EXAMPLES {
            let problems = example.problems();
            let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
            if codes != [example.code] {
                wrong.push(format!("{}: {codes:?}", example.code));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn every_rule_has_an_example_or_a_reason_not_to() {
        let shown: BTreeSet<&str> = EXAMPLES.iter().map(|example| example.code).collect();
        let without: BTreeSet<&str> = WITHOUT_EXAMPLE.iter().copied().collect();
        let rules: BTreeSet<&str> = rules::all().map(|rule| rule.code).collect();
        assert!(shown.is_disjoint(&without));
        assert_eq!(
            shown.union(&without).copied().collect::<BTreeSet<_>>(),
            rules
        );
        assert_eq!(
            shown.len(),
            EXAMPLES.len(),
            "an example stands twice in the table"
        );
    }

    #[test]
    fn what_is_given_is_no_part_of_the_file() {
        let example = find("undeclared-variable").expect("it is in the table");
        assert_eq!(
            example.variables(),
            BTreeMap::from([("enviroment", "prod")])
        );
        assert!(example.source().text.starts_with("[stack]\n"));
    }
}
