use std::collections::BTreeSet;

use super::*;
use crate::{
    ecs_shape::{self, Shape, Structure, request},
    file::foreign::Instead,
    kinds::{
        log_group::fields as log_group,
        role::fields as role,
        task_definition::fields::{self as task_definition, ecs},
        workspace::fields as workspace,
    },
    load::lookup::{all, find},
    model::address::{Address, Kind, StackName},
};

/// Every structure that `of` holds, itself included.
fn structures(of: &'static Structure, found: &mut BTreeSet<&'static str>) {
    found.insert(&of.name);
    for member in &of.members {
        let mut shape = &member.shape;
        while let Shape::List(inner) | Shape::Map(inner) = shape {
            shape = inner;
        }
        if let Shape::Struct(inner) = shape {
            structures(inner, found);
        }
    }
}

/// The structure of tags, which a stack file writes as a table.
const TAG: &str = "Tag";

#[test]
fn every_member_of_ecs_is_declared_and_nothing_else_is() {
    let mut names = BTreeSet::new();
    structures(request(), &mut names);
    names.remove(TAG);
    let mut members = 0;
    for name in &names {
        let structure = ecs_shape::structure(name).expect("it was found there");
        let fields = ecs::of(name).unwrap_or_else(|| panic!("{name} is not declared"));
        let of_api: BTreeSet<String> = structure.members.iter().map(|m| m.key.clone()).collect();
        let declared: BTreeSet<String> = fields.fields.iter().map(|f| f.key.to_owned()).collect();
        let missing: Vec<_> = of_api.difference(&declared).collect();
        assert!(missing.is_empty(), "{missing:?} of {name} are not declared");
        members += of_api.len();
        for field in fields.fields.iter().filter(|field| fields.is_member(field)) {
            assert!(
                of_api.contains(field.key),
                "{} is no member of {name}",
                field.key
            );
        }
    }
    // All that the request holds but the two members of a tag.
    assert_eq!(members, 160);
    let known: BTreeSet<&str> = all().iter().filter_map(|fields| fields.structure).collect();
    assert_eq!(known, names);
}

#[test]
fn what_is_declared_as_a_number_of_ecs_is_one() {
    for fields in all() {
        for field in fields.fields {
            let Some(member) = fields.member_of(field).filter(|_| fields.is_member(field)) else {
                continue;
            };
            let shape = if matches!(field.value, Type::Integer(..)) {
                Some(Shape::Integer)
            } else {
                matches!(field.value, Type::MemberOr(_)).then_some(Shape::Text(&[]))
            };
            assert!(
                shape.is_none_or(|shape| shape == member.shape),
                "{}",
                field.key
            );
        }
    }
}

#[test]
fn every_field_is_declared_once_and_explained() {
    let mut names = BTreeSet::new();
    let mut paths = BTreeSet::new();
    for fields in all() {
        assert!(
            names.insert(fields.name),
            "two tables are called {}",
            fields.name
        );
        assert!(
            paths.insert(fields.path),
            "two tables stand at {}",
            fields.path
        );
        let mut keys = BTreeSet::new();
        for field in fields.fields {
            let at = format!("{}.{}", fields.name, field.key);
            assert!(keys.insert(field.key), "{at} is declared twice");
            assert!(
                field.doc.ends_with('.') && field.doc.len() > 8,
                "{at}: {}",
                field.doc
            );
            assert!(
                !field.source.unwrap_or(fields.source).is_empty(),
                "{at} has no source"
            );
            assert!(field.example.is_some(), "{at} has no example");
            if let Requirement::DefaultNote(means) = field.requirement {
                assert!(!means.ends_with('.') && !means.is_empty(), "{at}: {means}");
            }
            if let Requirement::RequiredUnless { key, .. } = field.requirement {
                assert!(fields.get(key).is_some(), "{at} depends on {key}");
            }
        }
    }
}

#[test]
fn examples_and_defaults_are_toml() {
    for fields in all() {
        for field in fields.fields {
            let default = match field.requirement {
                Requirement::Default(value) => Some(value),
                Requirement::Required
                | Requirement::RequiredByRule
                | Requirement::RequiredUnless { .. }
                | Requirement::Optional
                | Requirement::DefaultNote(_)
                | Requirement::Alone => None,
            };
            for value in field.example.into_iter().chain(default) {
                let line = format!("value = {value}");
                assert!(line.parse::<toml::Table>().is_ok(), "{}: {line}", field.key);
            }
        }
    }
}

#[test]
fn the_sections_of_a_stack_file_are_those_of_its_resources_and_a_few_more() {
    let mut expected = BTreeSet::from(["stack", "variables", "tags", "outputs"]);
    expected.extend(Kind::ALL.map(Kind::table));
    assert_eq!(ROOT.keys().into_iter().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn fields_are_found_by_their_paths() {
    for (path, of, key) in [
        ("log_groups", "stack_file", "log_groups"),
        ("workspace.alias", "workspace", "alias"),
        ("log_groups.retention_days", "log_group", "retention_days"),
        (
            "log_groups.app.retention_days",
            "log_group",
            "retention_days",
        ),
        ("task_definitions.containers.image", "container", "image"),
        (
            "task_definitions.web.containers.app.image",
            "container",
            "image",
        ),
        (
            "task_definitions.containers.port_mappings.container_port",
            "PortMapping",
            "container_port",
        ),
        (
            "task_definitions.volumes.efs_volume_configuration.root_directory",
            "EFSVolumeConfiguration",
            "root_directory",
        ),
        (
            "task_definitions.containers.environment.value",
            "KeyValuePair",
            "value",
        ),
        ("task_definitions.metrics.scrape.port", "scrape", "port"),
        (
            "roles.inline_policies.write.Statement.Action",
            "statement",
            "Action",
        ),
        (
            "roles.trust.Statement.Principal.Service",
            "principal",
            "Service",
        ),
    ] {
        let found = find(path).unwrap_or_else(|error| panic!("{path}: {error:?}"));
        assert_eq!((found.of.name, found.field.key), (of, key), "{path}");
    }
}

#[test]
fn what_was_meant_is_found_too() {
    let error = find("log_groups.app.retention_day").expect_err("it is misspelt");
    assert_eq!(error.part, "retention_day");
    assert_eq!(
        error.meant.as_deref(),
        Some("log_groups.app.retention_days")
    );
    let error = find("log_group.name").expect_err("it is misspelt");
    assert_eq!(error.meant.as_deref(), Some("log_groups.name"));
    let error = find("workspace.alias.colour").expect_err("a string holds nothing");
    assert_eq!((error.meant, error.keys), (None, Vec::new()));
    let error = find("").expect_err("it names nothing");
    assert!(error.keys.contains(&"workspace"));
}

/// A number as the documentation spells it: `10,240`.
fn spelled(number: usize) -> String {
    match (number / 1_000, number % 1_000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{thousands},{rest:03}"),
    }
}

/// The limits that checks of texts, lists and tables take from a constant, by the fields that
/// explain them. Numbers are declared with their range.
const LIMITS: &[(&str, usize)] = &[
    ("stack.name", StackName::LONGEST),
    ("log_groups.name", log_group::LONGEST_NAME),
    ("roles.name", role::LONGEST_NAME),
    ("roles.description", role::LONGEST_DESCRIPTION),
    ("roles.managed_policies", role::MOST_POLICIES),
    ("roles.inline_policies", role::LONGEST_INLINE),
    ("workspace.alias", workspace::LONGEST_ALIAS),
    ("task_definitions.family", task_definition::LONGEST_NAME),
    (
        "task_definitions.containers",
        task_definition::MOST_CONTAINERS,
    ),
    (
        "task_definitions.containers.name",
        task_definition::LONGEST_NAME,
    ),
    (
        "task_definitions.containers.environment_files",
        task_definition::MOST_ENVIRONMENT_FILES,
    ),
    (
        "task_definitions.containers.port_mappings.name",
        task_definition::LONGEST_PORT_NAME,
    ),
    (
        "task_definitions.containers.port_mappings.container_port_range",
        task_definition::MOST_RANGES,
    ),
    (
        "task_definitions.containers.restart_policy.ignored_exit_codes",
        task_definition::MOST_EXIT_CODES,
    ),
    (
        "task_definitions.volumes.name",
        task_definition::LONGEST_NAME,
    ),
    (
        "task_definitions.placement_constraints",
        task_definition::MOST_CONSTRAINTS,
    ),
];

/// The numbers that a documentation gives as limits: after `to`, or before `at most` or
/// `characters`.
fn explained_limits(doc: &str) -> Vec<String> {
    let words: Vec<&str> = doc.split([' ', ':', '.', ';', '(', ')']).collect();
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let limits = words.iter().enumerate().filter(|(index, word)| {
        let before = index.checked_sub(1).and_then(|before| words.get(before));
        let after = words.get(index + 1);
        is_number(word) && (before == Some(&"to") || matches!(after, Some(&("at" | "characters"))))
    });
    limits
        .map(|(_, word)| word.trim_end_matches(',').to_owned())
        .collect()
}

#[test]
fn the_limits_that_are_explained_are_those_that_are_checked() {
    let longest = usize::try_from(task_definition::LONGEST_FARGATE_TIMEOUT).expect("it fits");
    let timeouts = ["start_timeout", "stop_timeout"]
        .map(|key| (format!("task_definitions.containers.{key}"), longest));
    let limits = LIMITS
        .iter()
        .map(|(path, limit)| ((*path).to_owned(), *limit));
    let mut checked = BTreeSet::new();
    for (path, limit) in limits.chain(timeouts) {
        let found = find(&path).expect("it is declared");
        assert_eq!(
            explained_limits(found.field.doc),
            [spelled(limit)],
            "{path}: \"{}\"",
            found.field.doc
        );
        checked.insert((found.of.name, found.field.key));
    }
    for fields in all() {
        // Of the tables only the variables have names of the user's own that are explained.
        let of_table = explained_limits(fields.doc);
        let is_key = fields.name == "variable" && of_table == [spelled(Address::LONGEST_KEY)];
        assert!(
            of_table.is_empty() || is_key,
            "{}: {of_table:?}",
            fields.name
        );
        for field in fields.fields {
            let limits = explained_limits(field.doc);
            let is_number = matches!(field.value, Type::Integer(..));
            assert!(
                limits.is_empty() || is_number || checked.contains(&(fields.name, field.key)),
                "{}.{} explains {limits:?}, and no constant is known to be checked",
                fields.name,
                field.key
            );
        }
    }
}

/// Every foreign key leads somewhere: to a field that its table has, or to a sentence. None is a
/// key of the table, and none is listed twice.
#[test]
fn foreign_keys_lead_to_what_stack_files_have() {
    let mut keys = 0;
    for fields in all() {
        let mut seen = BTreeSet::new();
        for foreign in fields.foreign {
            match foreign.instead {
                Instead::Key(key) => {
                    assert!(fields.get(key).is_some(), "{}: {key}", fields.name);
                }
                Instead::Advice(advice) => {
                    assert!(!advice.ends_with('.'), "{}: {advice}", fields.name);
                }
                Instead::Reshaped(key, _, advice) => {
                    assert!(fields.get(key).is_some(), "{}: {key}", fields.name);
                    assert!(advice.contains(key) && !advice.ends_with('.'), "{advice}");
                }
            }
            for key in foreign.keys {
                assert!(
                    fields.get(key).is_none(),
                    "{}: {key} is its own",
                    fields.name
                );
                assert!(seen.insert(*key), "{}: {key} twice", fields.name);
                assert_eq!(fields.foreign(key), Some(foreign.instead), "{key}");
                keys += 1;
            }
        }
    }
    assert!(keys > 150, "{keys}");
}

#[test]
fn foreign_keys_may_be_spelled_as_the_api_does() {
    let fields = task_definition::TASK_DEFINITION.foreign("TaskRoleArn");
    assert_eq!(fields, Some(Instead::Key("task_role")));
    let fields = task_definition::TASK_DEFINITION.foreign("containerDefinitions");
    assert_eq!(fields, Some(Instead::Key("containers")));
    assert_eq!(ROOT.meant("Parameters"), Some("variables"));
    assert_eq!(ROOT.meant("task_definition"), Some("task_definitions"));
    assert_eq!(ROOT.meant("workspaces"), Some("workspace"));
}
