//! Tables of strings and what they become.

use super::*;

fn run(string: &str) -> (Option<Template>, Vec<Problem>) {
    let source = format!("key = '{string}'");
    let place = Place::of(string, &(6..source.len()), &source);
    let variables = BTreeMap::from([
        ("tag".to_owned(), Some("v1".to_owned())),
        ("odd".to_owned(), Some("${account}".to_owned())),
        ("missing".to_owned(), None),
    ]);
    let identity = Identity::new("111122223333", "us-east-1");
    let declared = BTreeSet::from([
        Address::workspace(),
        Address::new(Kind::Role, "task"),
        Address::new(Kind::LogGroup, "app"),
        Address::new(Kind::TaskDefinition, "web"),
    ]);
    let environment = |name: &str| (name == "HOME").then(|| "/root".to_owned());
    let names = Names {
        variables: Some(&variables),
        environment: &environment,
        identity: Some(&identity),
        declared: &declared,
    };
    let mut problems = Problems::default();
    let text = interpolate(string, &place, &names, &mut problems);
    (text, problems.into_sorted())
}

#[test]
fn what_is_known_is_filled_in() {
    for (string, expected) in [
        ("", ""),
        ("plain", "plain"),
        ("a ${var.tag} b", "a v1 b"),
        ("${env.HOME}", "/root"),
        (
            "${account}/${region}/${partition}",
            "111122223333/us-east-1/aws",
        ),
        ("$", "$"),
        ("$$ $x {}", "$$ $x {}"),
        ("$${var.tag}", "${var.tag}"),
        ("$$${var.tag}", "$${var.tag}"),
        ("$${aws:username}", "${aws:username}"),
        ("é${var.tag}ü", "év1ü"),
    ] {
        let (text, problems) = run(string);
        assert_eq!(problems, [], "{string}");
        assert_eq!(text.unwrap().known(), Some(expected), "{string}");
    }
}

#[test]
fn values_are_not_filled_in_again() {
    assert_eq!(run("${var.odd}").0.unwrap().known(), Some("${account}"));
}

#[test]
fn attributes_stay_references() {
    for string in [
        "${workspace.id}",
        "${workspace.arn}",
        "${workspace.endpoint}",
        "${workspace.remote_write_url}",
        "${workspace.query_url}",
        "x${roles.task.arn}y",
        "${roles.task.name}",
        "${log_groups.app.arn}:*",
        "${log_groups.app.name}",
        "${task_definitions.web.family}",
    ] {
        let (text, problems) = run(string);
        assert_eq!(problems, [], "{string}");
        let text = text.unwrap();
        assert_eq!(text.known(), None, "{string}");
        assert_eq!(text.to_string(), string);
    }
}

#[test]
fn mistakes_are_named_and_placed() {
    for (string, code, place, help) in [
        (
            "a${var.tga}b",
            "undefined-variable",
            7..17,
            "did you mean `${var.tag}`?",
        ),
        (
            "${env.NOPE}",
            "undefined-environment-variable",
            6..17,
            "set it before",
        ),
        (
            "${workspace.endpont}",
            "unknown-attribute",
            6..26,
            "did you mean `${workspace.endpoint}`?",
        ),
        (
            "${roles.tsak.arn}",
            "undefined-reference",
            6..23,
            "did you mean `${roles.task.arn}`?",
        ),
        (
            "${log_groups.other.arn}",
            "undefined-reference",
            6..29,
            "the log groups are `app`",
        ),
        (
            "${role.task.arn}",
            "unknown-reference",
            6..22,
            "did you mean `${roles.task.arn}`?",
        ),
        (
            "${acount}",
            "unknown-reference",
            6..15,
            "did you mean `${account}`?",
        ),
        (
            "${aws:username}",
            "unknown-reference",
            6..21,
            "`$${aws:username}`",
        ),
        ("${}", "unknown-reference", 6..9, "there are `${var.NAME}`"),
        ("a ${var.tag", "unclosed-reference", 8..17, "write `$${`"),
    ] {
        let (text, problems) = run(string);
        assert_eq!(text, None, "{string}");
        let [problem] = problems.as_slice() else {
            panic!("{string}: {problems:?}");
        };
        assert_eq!(problem.code, code, "{string}");
        // The string's first character stands one byte after its quote.
        assert_eq!(
            problem.labels[0].0,
            place.start + 1..place.end + 1,
            "{string}"
        );
        let found = problem.help.as_deref().unwrap_or_default();
        assert!(found.contains(help), "{string}: {found}");
    }
}

#[test]
fn all_mistakes_of_a_string_are_reported() {
    let (text, problems) = run("${var.a} ${nothing.b}");
    assert_eq!(text, None);
    assert_eq!(problems.len(), 2);
}

#[test]
fn a_variable_without_value_is_not_reported_again() {
    assert_eq!(run("${var.missing}"), (None, Vec::new()));
}

#[test]
fn parts_are_found_where_characters_stand_for_themselves() {
    for (source, value, expected) in [
        (r#""ab${x}""#, "ab${x}", 3..7),
        ("'ab${x}'", "ab${x}", 3..7),
        ("'''ab${x}'''", "ab${x}", 5..9),
        ("\"\"\"\nab${x}\"\"\"", "ab${x}", 6..10),
        ("\"\"\"\r\nab${x}\"\"\"", "ab${x}", 7..11),
        (r#""a\u0062${x}""#, "ab${x}", 0..13),
        ("\"\"\"a\\\n  b${x}\"\"\"", "ab${x}", 0..16),
    ] {
        let place = Place::of(value, &(0..source.len()), source);
        assert_eq!(place.part(2..6), expected, "{source}");
    }
}
