//! What people get wrong in their first stack file, each by itself: one mistake is one problem,
//! with a place and an answer that ends it.

#![expect(clippy::unwrap_used, reason = "a test that finds nothing has failed")]

use amp_stack::{
    file::{problem::Problem, source::Source},
    load::{self, LoadContext},
    model::identity::Identity,
};

/// The stack file of the README.
fn readme() -> String {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, rest) = text.split_once("```toml checkout.toml\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// The problems and the notes of a file.
fn read(text: &str) -> (Vec<Problem>, Vec<String>) {
    let source = Source {
        path: "checkout.toml".into(),
        text: text.to_owned(),
    };
    let context = LoadContext::new(Identity::new("111122223333", "us-east-1"));
    match load::load(&source, &context) {
        Ok(stack) => (
            Vec::new(),
            stack.notes.into_iter().map(|(_, note)| note).collect(),
        ),
        Err(problems) => (problems, Vec::new()),
    }
}

/// The README's file with `wrong` in the place of `right`.
fn with(right: &str, wrong: &str) -> String {
    let text = readme();
    assert!(text.contains(right), "{right} is not in the README");
    text.replacen(right, wrong, 1)
}

const CPU: &str = "cpu                      = \"0.5 vCPU\"";
const MEMORY: &str = "memory                   = \"1 GB\"";
const FARGATE: &str = "requires_compatibilities = [\"FARGATE\"]";
const PORTS: &str = "port_mappings = [{ container_port = 8080 }]";
const LOGS: &str = "logs          = \"app\"";
const SCRAPE: &str = "scrape = [{ port = 8080 }]";
const STACK: &str = "name = \"checkout\" ";
const RETENTION: &str = "retention_days = 30";
const ROLE: &str = "task_role                = \"task\"";

/// What is there, what is written instead, the code of the only problem, and words of its answer.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    (
        ":1.0\"",
        ":$IMAGE_TAG\"",
        "image-name",
        "`${var.image_tag}`",
    ),
    (":1.0\"", ":{{ tag }}\"", "image-name", "`${var.tag}`"),
    (
        ":1.0\"",
        ":${IMAGE_TAG}\"",
        "unknown-reference",
        "`${env.IMAGE_TAG}`",
    ),
    (
        ":1.0\"",
        ":${var.image_tag}\"",
        "undefined-variable",
        "declare it under [variables]",
    ),
    (
        MEMORY,
        "memory = \"1GiB\"",
        "task-size",
        "memory = \"1 GB\"",
    ),
    (MEMORY, "memory = \"1g\"", "task-size", "memory = \"1 GB\""),
    (MEMORY, "memory = \"1024 MB\"", "task-size", "memory = 1024"),
    (MEMORY, "memory = \"1024MiB\"", "task-size", "memory = 1024"),
    (MEMORY, "memory = 1.0", "wrong-type", "memory = "),
    (MEMORY, "memory = 512", "fargate-size", "1024 to 4096"),
    (CPU, "cpu = 0.5", "wrong-type", "cpu = \"0.5 vCPU\""),
    (CPU, "cpu = \"0.5\"", "task-size", "cpu = \"0.5 vCPU\""),
    (CPU, "cpu = \"500m\"", "task-size", "cpu = \"0.5 vCPU\""),
    (CPU, "cpu = \"2 cores\"", "task-size", "cpu = \"2 vCPU\""),
    (CPU, "", "fargate-size", "cpu = \"0.5 vCPU\""),
    (
        CPU,
        "cpus = \"0.5 vCPU\"",
        "unknown-key",
        "did you mean `cpu`?",
    ),
    (STACK, "name = \"Checkout\" ", "stack-name", "`checkout`"),
    (
        STACK,
        "name = \"my checkout\" ",
        "stack-name",
        "`my-checkout`",
    ),
    (STACK, "nam = \"checkout\" ", "unknown-key", "`name`"),
    (STACK, "name = “checkout” ", "syntax", "straight quotes"),
    (STACK, "name = ‘checkout’ ", "syntax", "straight quotes"),
    (
        STACK,
        "name: \"checkout\" ",
        "syntax",
        "name = \"checkout\"",
    ),
    (STACK, "name: checkout ", "syntax", "name = …"),
    (STACK, "name = checkout ", "syntax", "name = \"checkout\""),
    (STACK, "name = null ", "syntax", "leave the key out"),
    (STACK, "name = info ", "syntax", "name = \"info\""),
    (
        STACK,
        "name = \"checkout\", ",
        "syntax",
        "without a comma: name = \"checkout\"",
    ),
    (STACK, "name\u{a0}= \"checkout\" ", "syntax", "U+00A0"),
    (STACK, "name = \"checkout ", "syntax", "ends in its line"),
    (STACK, "name = !Ref Name ", "syntax", "no functions"),
    (STACK, "name = \"checkout\" // ", "syntax", "`#`"),
    (
        STACK,
        "name = \"checkout\"\naccount = \"1111222233\"",
        "account",
        "10 digits",
    ),
    (
        STACK,
        "name = \"checkout\"\naccount = 111122223333",
        "wrong-type",
        "\"111122223333\"",
    ),
    (
        STACK,
        "name = \"checkout\"\naccount = \"1111-2222-3333\"",
        "account",
        "`111122223333`",
    ),
    (
        STACK,
        "name = \"checkout\"\nregion = \"us-east1\"",
        "region",
        "`us-east-1`",
    ),
    (
        STACK,
        "name = \"checkout\"\ntags = { a = \"b\" }",
        "unknown-key",
        "`[tags]`",
    ),
    (
        STACK,
        "name = \"checkout\"\nenvironment = \"prod\"",
        "unknown-key",
        "[variables]",
    ),
    (
        ROLE,
        "task_role = \"roles.task\"",
        "undefined-reference",
        "`task`",
    ),
    (
        ROLE,
        "task_role = \"roles.task.arn\"",
        "undefined-reference",
        "`task`",
    ),
    (ROLE, "task_role = \"tsk\"", "undefined-reference", "`task`"),
    (
        ROLE,
        "task_role = \"CheckoutTask\"",
        "undefined-reference",
        "`task`",
    ),
    (
        ROLE,
        "task_role_arn = \"task\"",
        "unknown-key",
        "`task_role`",
    ),
    (ROLE, "taskRoleArn = \"task\"", "unknown-key", "`task_role`"),
    (ROLE, "task_role = 1", "wrong-type", "task_role = \"1\""),
    ("[roles.task]", "[role.task]", "unknown-key", "`roles`"),
    (
        "[roles.task]",
        "[roles.task]\nprevent_destroy = \"yes\" #",
        "wrong-type",
        "prevent_destroy = true",
    ),
    (
        "[roles.task]",
        "[roles.task]\nprevent_destroy = True #",
        "syntax",
        "write true",
    ),
    (
        "[\"service-role/AmazonECSTaskExecutionRolePolicy\"]",
        "[\"AmazonECSTaskExecutionRolePolicy\"]",
        "unknown-managed-policy",
        "`service-role/AmazonECSTaskExecutionRolePolicy`",
    ),
    (
        "[\"service-role/AmazonECSTaskExecutionRolePolicy\"]",
        "\"service-role/AmazonECSTaskExecutionRolePolicy\"",
        "wrong-type",
        "managed_policies = [",
    ),
    (
        LOGS,
        "logs = \"/ecs/checkout/app\"",
        "undefined-reference",
        "`app`",
    ),
    (
        LOGS,
        "logs = \"log_groups.app\"",
        "undefined-reference",
        "`app`",
    ),
    (
        LOGS,
        "logs = \"app\"\nenv = { A = \"b\" }",
        "unknown-key",
        "`environment`",
    ),
    (
        LOGS,
        "logs = \"app\"\nhealthcheck = { command = [\"CMD\", \"x\"] }",
        "unknown-key",
        "`health_check`",
    ),
    (
        LOGS,
        "logs = \"app\"\nhealth_check = \"curl localhost\"",
        "wrong-type",
        "command = [",
    ),
    (
        LOGS,
        "logs = \"app\"\ncommand = \"npm start\"",
        "wrong-type",
        "command = [",
    ),
    (
        LOGS,
        "logs = \"app\"\nessential = \"false\"",
        "wrong-type",
        "essential = false",
    ),
    (
        PORTS,
        "ports = [8080]",
        "unknown-key",
        "container_port = 8080",
    ),
    (
        PORTS,
        "port_mappings = [8080]",
        "wrong-type",
        "container_port = 8080",
    ),
    (
        PORTS,
        "port_mappings = [\"8080:8080\"]",
        "wrong-type",
        "container_port = 8080",
    ),
    (
        PORTS,
        "port_mappings = [{ container_port = \"8080\" }]",
        "wrong-type",
        "container_port = 8080",
    ),
    (
        PORTS,
        "port_mappings = 8080",
        "wrong-type",
        "port_mappings = [",
    ),
    (
        PORTS,
        "port_mappings = [{ port = 8080 }]",
        "unknown-key",
        "container_port",
    ),
    (
        SCRAPE,
        "scrape = [\"localhost:8080/metrics\"]",
        "wrong-type",
        "{ port = 8080 }",
    ),
    (
        SCRAPE,
        "scrape = [\"http://localhost:8080/stats\"]",
        "wrong-type",
        "path = \"/stats\"",
    ),
    (SCRAPE, "scrape = [8080]", "wrong-type", "{ port = 8080 }"),
    (
        SCRAPE,
        "scrape = { port = 8080 }",
        "wrong-type",
        "scrape = [{",
    ),
    (
        SCRAPE,
        "scrape = [{ port = \"8080\" }]",
        "wrong-type",
        "port = 8080",
    ),
    (
        SCRAPE,
        "scrape = [{ port = 8080, interval = 30 }]",
        "wrong-type",
        "\"30s\"",
    ),
    (
        SCRAPE,
        "scrape = [{ port = 8080, interval = \"30\" }]",
        "invalid-period",
        "interval = \"30s\"",
    ),
    (
        FARGATE,
        "launch_type = \"FARGATE\"",
        "unknown-key",
        "requires_compatibilities = [\"FARGATE\"]",
    ),
    (
        FARGATE,
        "requires_compatibilities = \"FARGATE\"",
        "wrong-type",
        "requires_compatibilities = [\"FARGATE\"]",
    ),
    (
        FARGATE,
        "requires_compatibilities = [\"fargate\"]",
        "unknown-value",
        "`FARGATE`",
    ),
    (
        FARGATE,
        "requires_compatibilities = [\"FARGATE\"]\ndesired_count = 2",
        "unknown-key",
        "service",
    ),
    (
        FARGATE,
        "requires_compatibilities = [\"FARGATE\"]\ncontainer_definitions = []",
        "unknown-key",
        "[task_definitions.NAME.containers.NAME]",
    ),
    (
        "[workspace]",
        "[workspaces.main]",
        "unknown-key",
        "`[workspace]`",
    ),
    (
        "[workspace]",
        "[service]\ndesired_count = 2\n[workspace]",
        "unknown-key",
        "services",
    ),
    ("[workspace]", "[workspace", "syntax", "write [workspace]"),
    (
        "[workspace]",
        "workspace {",
        "syntax",
        "its name in brackets",
    ),
    (
        "[roles.task]",
        "[roles.my task]",
        "syntax",
        "[roles.my-task]",
    ),
    (
        "alias = \"checkout\"",
        "alias \"checkout\"",
        "syntax",
        "alias = \"checkout\"",
    ),
    (
        "\"111122223333.dkr.ecr.us-east-1.amazonaws.com/checkout:1.0\"",
        "nginx:1.27",
        "syntax",
        "= \"nginx:1.27\"",
    ),
    (
        "[\"service-role/AmazonECSTaskExecutionRolePolicy\"]",
        "\n  - service-role/AmazonECSTaskExecutionRolePolicy",
        "syntax",
        "= [\"service-role/AmazonECSTaskExecutionRolePolicy\"]",
    ),
    (
        SCRAPE,
        "config = \"C:\\otel\\c.yaml\"\n",
        "syntax",
        "'C:\\otel\\c.yaml'",
    ),
    (
        "alias = \"checkout\"",
        "name = \"checkout\"",
        "unknown-key",
        "alias",
    ),
    (
        "[task_definitions.checkout]",
        "[task_definition.checkout]",
        "unknown-key",
        "`task_definitions`",
    ),
    (
        "[log_groups.collector]",
        "[log_groups.app]",
        "syntax",
        "once",
    ),
    (
        "[log_groups.app]",
        "[log_group.app]",
        "unknown-key",
        "`log_groups`",
    ),
    (
        RETENTION,
        "retention_days = \"30\"",
        "retention",
        "retention_days = 30",
    ),
    (
        RETENTION,
        "retention_days = \"30d\"",
        "retention",
        "retention_days = 30",
    ),
    (RETENTION, "retention_days = 31", "retention", "30 and 60"),
    (
        RETENTION,
        "retention_in_days = 30",
        "unknown-key",
        "`retention_days`",
    ),
    (RETENTION, "", "missing-key", "retention_days = 30"),
    (
        "[task_definitions.checkout.metrics]",
        "[task_definitions.checkout]\nmetrics = true\n[x]",
        "syntax",
        "once",
    ),
    // In the shape that other tools have.
    (
        PORTS,
        "port_mappings = 9000",
        "wrong-type",
        "[{ container_port = 9000 }]",
    ),
    (
        PORTS,
        "port_mappings = [\"80:9000\"]",
        "wrong-type",
        "[{ container_port = 9000 }]",
    ),
    (
        LOGS,
        "logs = \"app\"\ncommand = \"npm start\"",
        "wrong-type",
        "[\"npm\", \"start\"]",
    ),
    (
        LOGS,
        "logs = \"app\"\ncommand = \"a && b\"",
        "wrong-type",
        "[\"sh\", \"-c\", \"a && b\"]",
    ),
    (
        LOGS,
        "logs = \"app\"\nhealth_check = \"true\"",
        "wrong-type",
        "[\"CMD-SHELL\", \"true\"]",
    ),
    (
        LOGS,
        "logs = \"app\"\ndepends_on = [\"db\"]",
        "wrong-type",
        "{ db = \"START\" }",
    ),
    (
        LOGS,
        "logs = \"app\"\nenvironment = [\"A=b\"]",
        "wrong-type",
        "{ A = \"b\" }",
    ),
    (
        LOGS,
        "logs = \"app\"\nenvironment = { PORT = 8080 }",
        "wrong-type",
        "PORT = \"8080\"",
    ),
    (
        LOGS,
        "logs = \"app\"\nlogging = { driver = \"awslogs\" }",
        "unknown-key",
        "logs = \"NAME\"",
    ),
    (
        LOGS,
        "logs = \"app\"\nname = \"web\"",
        "unknown-key",
        "the name is that of the table",
    ),
    (
        LOGS,
        "logs = \"app\"\nstop_timeout = \"2 minutes\"",
        "wrong-type",
        "stop_timeout = 120",
    ),
    (
        LOGS,
        "logs = \"app\"\ncpu = \"0.125 vCPU\"",
        "wrong-type",
        "cpu = 128",
    ),
    (
        SCRAPE,
        "scrape = { port = 9100 }",
        "wrong-type",
        "scrape = [{ port = 9100 }]",
    ),
    (
        SCRAPE,
        "scrape = 9100",
        "wrong-type",
        "scrape = [{ port = 9100 }]",
    ),
    (
        SCRAPE,
        "scrape = \"http://localhost:9100/stats\"",
        "wrong-type",
        "[{ port = 9100, path = \"/stats\" }]",
    ),
    (
        SCRAPE,
        "scrape = [{ port = 8080, interval = \"1 minute\" }]",
        "invalid-period",
        "interval = \"1m\"",
    ),
    (SCRAPE, "otlp = \"4317\"", "wrong-type", "otlp = true"),
    (
        FARGATE,
        "requires_compatibilities = \"EC2\"",
        "wrong-type",
        "requires_compatibilities = [\"EC2\"]",
    ),
    (
        FARGATE,
        "requires_compatibilities = [\"FARGATE\"]\nservices = \"a/b\"",
        "wrong-type",
        "services = [\"a/b\"]",
    ),
    (CPU, "cpu = 1", "fargate-size", "cpu = \"1 vCPU\""),
    (MEMORY, "memory = 1", "fargate-size", "memory = \"1 GB\""),
    (
        RETENTION,
        "retention_days = \"1 month\"",
        "retention",
        "retention_days = 30",
    ),
    (
        RETENTION,
        "retention_days = \"2 weeks\"",
        "retention",
        "retention_days = 14",
    ),
    (
        RETENTION,
        "retention_days = \"2 months\"",
        "retention",
        "retention_days = 60",
    ),
    (
        RETENTION,
        "retention_days = \"10 days\"",
        "retention",
        "7 and 14",
    ),
    // At the wrong place.
    (
        "[task_definitions.checkout.containers.app]",
        "[task_definitions.checkout.app]",
        "unknown-key",
        "[task_definitions.checkout.containers.app]",
    ),
    (
        "[task_definitions.checkout.metrics]",
        "[task_definitions.chekout.metrics]",
        "missing-key",
        "[task_definitions.checkout.metrics]",
    ),
    // References as other tools write them.
    (
        ":1.0\"",
        ":${{ github.sha }}\"",
        "unknown-reference",
        "`${var.sha}`",
    ),
    (
        ROLE,
        "task_role = \"${aws_iam_role.task.arn}\"",
        "unknown-reference",
        "`${roles.task.arn}`",
    ),
    (
        "us-east-1.amazonaws",
        "${AWS::Region}.amazonaws",
        "unknown-reference",
        "`${region}`",
    ),
    (
        ROLE,
        "task_role = \"worker\"",
        "undefined-reference",
        "add [roles.worker] with a `name`",
    ),
    (
        ROLE,
        "",
        "collector-without-task-role",
        "task_role = \"task\"",
    ),
    (
        "alias = \"checkout\"",
        "endpoint = \"https://x\"",
        "unknown-key",
        "id = \"ws-…\"",
    ),
    (
        "[workspace]",
        "[variables]\nimage_tag = \"1.0\"\n[workspace]",
        "wrong-type",
        "image_tag = { default = \"1.0\" }",
    ),
    (
        "[workspace]",
        "[[tags]]\nkey = \"team\"\n[workspace]",
        "wrong-type",
        "a table has one: [tags]",
    ),
];

/// What is wrong with the answer to one mistake, if anything is.
fn complaint((right, wrong, code, answer): &(&str, &str, &str, &str)) -> Option<String> {
    let text = with(right, wrong);
    let (problems, _) = read(&text);
    let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
    let [problem] = problems.as_slice() else {
        return Some(format!("{wrong}: {codes:?}"));
    };
    let place = problem.labels.first().map(|(span, _)| span.clone());
    let said = format!(
        "{}\n{}",
        problem.message,
        problem.help.as_deref().unwrap_or_default()
    );
    let is_placed = place.is_some_and(|span| !text[span].is_empty());
    let is_fine = codes == [*code] && is_placed && said.contains(answer);
    (!is_fine).then(|| format!("{wrong}: {codes:?}: {said}"))
}

#[test]
fn one_mistake_is_one_problem_with_an_answer() {
    let complaints: Vec<String> = MISTAKES.iter().filter_map(complaint).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    assert!(MISTAKES.len() > 75);
}

/// A file in another language is one mistake, whatever it holds.
#[test]
fn a_file_of_another_tool_is_one_mistake_that_leads_to_a_stack_file() {
    for (text, language, next) in [
        (
            "stack:\n  name: shop\nroles:\n  - task\n",
            "YAML",
            "`amp-stack init`",
        ),
        (
            "{\n  \"stack\": { \"name\": \"shop\" },\n  \"workspace\": {}\n}\n",
            "JSON",
            "`amp-stack import`",
        ),
        (
            "{\n  \"family\": \"shop\",\n  \"containerDefinitions\": []\n}\n",
            "JSON",
            "definition = \"FILE.json\"",
        ),
        (
            "resource \"aws_iam_role\" \"task\" {\n  name = \"task\"\n}\n",
            "HCL",
            "`amp-stack guide from-terraform`",
        ),
    ] {
        let (problems, _) = read(text);
        let [problem] = problems.as_slice() else {
            panic!("{text}: {problems:#?}");
        };
        assert!(problem.message.contains(language), "{}", problem.message);
        let help = problem.help.as_deref().unwrap_or_default();
        assert!(help.contains(next), "{help}");
    }
}

/// What stands twice shows where it stands first.
#[test]
fn a_repetition_shows_the_first() {
    for (right, wrong, first) in [
        (
            "[log_groups.collector]",
            "[log_groups.app]",
            "[log_groups.app]",
        ),
        (
            RETENTION,
            "retention_days = 30\nretention_days = 7",
            "retention_days",
        ),
    ] {
        let text = with(right, wrong);
        let (problems, _) = read(&text);
        let [problem] = problems.as_slice() else {
            panic!("{wrong}: {problems:#?}");
        };
        let [(again, _), (there, _)] = problem.labels.as_slice() else {
            panic!("{wrong}: {problem:#?}");
        };
        assert_eq!(&text[there.clone()], first);
        assert!(there.end <= again.start);
    }
}

/// What AWS takes and is hardly meant is a note.
#[test]
fn what_is_hardly_meant_is_noted() {
    for (right, wrong, note) in [
        (":1.0\"", "\"", "has no fixed version"),
        (":1.0\"", ":latest\"", "has no fixed version"),
        (
            "us-east-1.amazonaws",
            "us-esat-1.amazonaws",
            "did you mean `us-east-1`?",
        ),
        (
            SCRAPE,
            "scrape = [{ port = 8081 }]",
            "port 8081, which no container declares",
        ),
        (
            LOGS,
            "logs = \"app\"\nenvironment = { DB_PASSWORD = \"hunter2hunter2\" }",
            "`secrets`",
        ),
    ] {
        let (problems, notes) = read(&with(right, wrong));
        assert!(problems.is_empty(), "{wrong}: {problems:#?}");
        let [only] = notes.as_slice() else {
            panic!("{wrong}: {notes:?}");
        };
        assert!(only.contains(note), "{wrong}: {only}");
    }
    let (problems, notes) = read(&readme());
    assert!(
        problems.is_empty() && notes.is_empty(),
        "{problems:?} {notes:?}"
    );
}
