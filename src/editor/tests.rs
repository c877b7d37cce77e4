//! Answers to a file that is being written.

use super::*;

const FILE: &str = "\
[stack]
name = \"shop\"

[variables]
tag = {}

[workspace]

[log_groups.app]
name = \"/ecs/shop\"
retention_days = 30

[roles.task]
name = \"ShopTask\"

[task_definitions.web]
task_role = \"task\"
cpu = 256

[task_definitions.web.containers.app]
image = \"app:${var.tag}\"
";

/// The file with `typed` after it, and the place of `|` in that.
fn typing(typed: &str) -> (String, usize) {
    let text = format!("{FILE}{typed}");
    let place = text.find('|').expect("a place");
    (text.replace('|', ""), place)
}

/// What may stand at `|`, once chosen: the text with it.
fn chosen(typed: &str, label: &str) -> String {
    let (mut text, place) = typing(typed);
    let all = completions(&text, place);
    let labels: Vec<&str> = all.iter().map(|one| one.label.as_str()).collect();
    let one = all.iter().find(|one| one.label == label);
    let one = one.unwrap_or_else(|| panic!("{typed}: {label} is none of {labels:?}"));
    text.replace_range(one.replaces.clone(), &one.text);
    text.split_off(FILE.len())
}

fn labels(typed: &str) -> Vec<String> {
    let (text, place) = typing(typed);
    let all = completions(&text, place).into_iter();
    all.map(|one| one.label).collect()
}

#[test]
fn what_may_stand_at_a_place_is_offered() {
    for (typed, label, result) in [
        ("[ro|", "roles", "[roles"),
        ("[task_definitions.|", "web", "[task_definitions.web"),
        (
            "[task_definitions.web.me|]",
            "metrics",
            "[task_definitions.web.metrics]",
        ),
        ("logs|", "logs", "logs = "),
        ("logs = |", "\"app\"", "logs = \"app\""),
        ("logs = \"|\"", "\"app\"", "logs = \"app\""),
        ("essential = |", "false", "essential = false"),
        (
            "port_mappings = [{ |",
            "container_port",
            "port_mappings = [{ container_port = ",
        ),
        (
            "port_mappings = [{ protocol = \"|",
            "\"udp\"",
            "port_mappings = [{ protocol = \"udp\"",
        ),
        (
            "[task_definitions.a]\nexecution_role = |",
            "\"task\"",
            "[task_definitions.a]\nexecution_role = \"task\"",
        ),
        (
            "[task_definitions.a]\nrequires_compatibilities = [|]",
            "\"FARGATE\"",
            "[task_definitions.a]\nrequires_compatibilities = [\"FARGATE\"]",
        ),
        (
            "[log_groups.b]\nretention_days = |",
            "14",
            "[log_groups.b]\nretention_days = 14",
        ),
        (
            "command = [\"${|\"]",
            "var.tag",
            "command = [\"${var.tag}\"]",
        ),
        (
            "command = [\"${ro|}\"]",
            "roles.task.arn",
            "command = [\"${roles.task.arn}\"]",
        ),
    ] {
        assert_eq!(chosen(typed, label), result, "{typed}");
    }
}

#[test]
fn what_is_there_already_and_what_is_no_place_is_not_offered() {
    let offered = labels("[task_definitions.b]\ncpu = 256\n|\nmemory = 512\n");
    assert!(offered.iter().any(|key| key == "network_mode"));
    assert!(
        !offered.iter().any(|key| key == "cpu" || key == "memory"),
        "{offered:?}"
    );
    assert!(
        !labels("i|").iter().any(|key| key == "name"),
        "a container's name is its key"
    );
    assert!(labels("# i|").is_empty());
    assert!(labels("user = \"x\" |").is_empty());
}

#[test]
fn keys_and_mentions_are_explained() {
    for (at, said) in [
        ("retention_days = 30", "How many days"),
        ("task_role = ", "Who the containers are"),
        ("var.tag", "variable `tag`"),
        ("app]\nname", "A log group"),
    ] {
        let place = FILE.find(at).expect(at) + 2;
        let hover = hover(FILE, place).expect(at);
        assert!(hover.text.contains(said), "{at}: {}", hover.text);
    }
    assert_eq!(hover(FILE, FILE.find("\"/ecs").expect("a name")), None);
}

#[test]
fn what_is_named_is_found() {
    for (at, declared) in [("var.tag", "tag = {}"), ("\"task\"", "task]")] {
        let place = FILE.find(at).expect(at) + 2;
        let span = definition(FILE, place).expect(at);
        assert!(FILE[span.start..].starts_with(declared), "{at}: {span:?}");
    }
    assert_eq!(definition(FILE, FILE.find("256").expect("a number")), None);
}
