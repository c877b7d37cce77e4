//! What stack files without mistakes mean.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its files has failed"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use amp_stack::{
    file::{
        problem::Problem,
        render::{Style, render},
        source::Source,
    },
    kinds::{
        Resource,
        log_group::LogGroup,
        role::Role,
        workspace::{Configuration, Workspace},
    },
    load::{self, Header, LoadContext},
    model::{
        address::{Address, Kind},
        identity::Identity,
        lifecycle::{IgnorePath, Lifecycle},
        node::Node,
        policy::Policy,
        tags::Tags,
        template::{Attribute, Reference, Segment, Template},
    },
    stack::{Declared, Stack},
};
use serde_json::json;

const EXAMPLE: &str = include_str!("../data/example.toml");

fn source(text: &str) -> Source {
    Source {
        path: PathBuf::from("stack.toml"),
        text: text.to_owned(),
    }
}

fn surroundings<'a>(variables: &[(&str, &str)]) -> LoadContext<'a> {
    LoadContext {
        identity: Identity::new("111122223333", "us-east-1"),
        account_is_known: true,
        region_is_known: true,
        variables: variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        var_files: Vec::new(),
        environment: &|_| None,
        elsewhere: &|_| false,
        read: &|_| Err(io::Error::from(io::ErrorKind::NotFound)),
    }
}

/// Loads the example, or a variant of it.
fn try_example(text: &str) -> Result<Stack, Vec<Problem>> {
    load::load(&source(text), &surroundings(&[("image_tag", "v1")]))
}

fn example() -> Stack {
    try_example(EXAMPLE).unwrap()
}

/// A stack of these sections.
fn stack(sections: &str) -> Stack {
    let text = format!("[stack]\nname = \"demo\"\n{sections}");
    load::load(&source(&text), &surroundings(&[])).unwrap()
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Template::from(*value)))
        .collect()
}

fn declared(stack: &Stack, kind: Kind, key: &str) -> Declared {
    stack.resources[&Address::new(kind, key)].clone()
}

fn role(stack: &Stack, key: &str) -> Role {
    let want = declared(stack, Kind::Role, key).want.unwrap();
    want.role().unwrap().clone()
}

fn workspace(stack: &Stack) -> Workspace {
    let want = stack.resources[&Address::workspace()].want.clone().unwrap();
    want.workspace().unwrap().clone()
}

fn policy(value: &serde_json::Value) -> Policy {
    Policy::new(Node::from(value))
}

fn arn_of(kind: Kind, key: &str) -> Segment {
    Segment::Reference(Reference {
        address: Address::new(kind, key),
        attribute: Attribute::Arn,
    })
}

fn log_group(key: &str, retention_days: u32) -> Declared {
    let group = LogGroup {
        name: format!("/ecs/checkout/{key}"),
        class: "STANDARD".to_owned(),
        retention_days: Some(retention_days),
        kms_key_arn: None,
        deletion_protection: false,
        tags: tags(&[
            ("amp-stack:stack", "checkout"),
            ("amp-stack:address", &format!("log_groups.{key}")),
            ("team", "payments"),
        ]),
    };
    Declared {
        want: Some(Resource::LogGroup(group)),
        earlier: Vec::new(),
        lifecycle: Lifecycle::default(),
    }
}

/// TOML lets tables of several kinds stand in turn, and a part of a table before the table, which
/// then stands where its head does.
#[test]
fn the_order_of_the_file_is_kept_whatever_its_tables_are() {
    let stack = stack(
        r#"
[log_groups]
g2 = { name = "/g2", retention_days = 7 }
g10 = { name = "/g10", retention_days = 7 }

[roles.z.inline_policies.read]
Version = "2012-10-17"
Statement = { Effect = "Allow", Action = "s3:GetObject", Resource = "*" }

[workspace]
alias = "shop"

[roles.a]
name = "shop-a"

[roles.z]
name = "shop-z"

[log_groups.g1]
name = "/g1"
retention_days = 7
"#,
    );
    let order: Vec<String> = stack.order.iter().map(ToString::to_string).collect();
    assert_eq!(
        order,
        [
            "log_groups.g2",
            "log_groups.g10",
            "workspace",
            "roles.a",
            "roles.z",
            "log_groups.g1",
        ]
    );
}

#[test]
fn the_whole_example_loads() {
    let stack = example();
    assert_eq!(stack.name.as_str(), "checkout");
    assert_eq!(stack.identity, Identity::new("111122223333", "us-east-1"));
    let addresses: Vec<String> = stack.resources.keys().map(ToString::to_string).collect();
    assert_eq!(
        addresses,
        [
            "log_groups.app",
            "log_groups.collector",
            "workspace",
            "roles.execution",
            "roles.task",
            "task_definitions.checkout",
        ]
    );
    assert_eq!(
        declared(&stack, Kind::LogGroup, "app"),
        log_group("app", 30)
    );
    assert_eq!(
        declared(&stack, Kind::LogGroup, "collector"),
        log_group("collector", 7)
    );
    let expected = Workspace {
        alias: Some("checkout-dev".to_owned()),
        kms_key_arn: None,
        configuration: Configuration {
            retention_days: Some(150),
            ..Configuration::default()
        },
        logging: None,
        tags: tags(&[
            ("amp-stack:stack", "checkout"),
            ("amp-stack:address", "workspace"),
            ("amp-stack:prevent-destroy", "true"),
            ("team", "payments"),
        ]),
        failed: false,
    };
    assert_eq!(workspace(&stack), expected);
    assert!(
        stack.resources[&Address::workspace()]
            .lifecycle
            .prevent_destroy
    );
}

#[test]
fn the_roles_of_the_example_trust_the_tasks_of_their_account() {
    let stack = example();
    let task = role(&stack, "task");
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:111122223333:*"},
                "StringEquals": {"aws:SourceAccount": "111122223333"},
            },
        }],
    });
    assert_eq!(task.trust, policy(&trust));
    assert_eq!(task.name, "CheckoutTask");
    assert_eq!(task.path, "/");
    assert_eq!(task.description, "Lets the collector write metrics");
    assert_eq!(task.max_session_seconds, 3600);
    assert_eq!(
        task.permissions_boundary,
        Some(Template::from("arn:aws:iam::111122223333:policy/Boundary"))
    );
    let managed = Template::from("arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess");
    assert!(task.managed_policies.contains(&managed));
    assert_eq!(
        task.tags,
        tags(&[
            ("amp-stack:stack", "checkout"),
            ("amp-stack:address", "roles.task"),
            ("amp-stack:region", "us-east-1"),
            ("team", "payments"),
        ])
    );
    let execution = role(&stack, "execution");
    let managed = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    assert_eq!(
        execution.managed_policies,
        BTreeSet::from([Template::from(managed)])
    );
}

#[test]
fn the_task_definition_of_the_example_mentions_what_it_needs() {
    let stack = example();
    let declared = declared(&stack, Kind::TaskDefinition, "checkout");
    let Some(Resource::TaskDefinition(family)) = declared.want else {
        panic!("{declared:?}");
    };
    assert_eq!(family.family, "checkout");
    let document = family.document.unwrap();
    let mut mentioned = BTreeSet::new();
    document.written().each_template(&mut |text| {
        mentioned.extend(text.references().into_iter().map(ToString::to_string));
    });
    let expected = [
        "${log_groups.app.name}",
        "${log_groups.collector.name}",
        "${roles.execution.arn}",
        "${roles.task.arn}",
        "${workspace.remote_write_url}",
    ];
    assert_eq!(mentioned, BTreeSet::from(expected.map(str::to_owned)));
    let written = role(&stack, "task").inline_policies["amp-stack-remote-write"].to_json();
    assert!(written.contains("${workspace.arn}"), "{written}");
}

#[test]
fn the_order_of_tables_has_no_meaning() {
    let mut sections: Vec<String> = Vec::new();
    for line in EXAMPLE.lines() {
        let starts_section =
            line.starts_with('[') && !line.contains(".containers") && !line.contains(".metrics");
        if starts_section {
            sections.push(String::new());
        }
        let section = sections.last_mut().unwrap();
        section.push_str(line);
        section.push('\n');
    }
    sections.reverse();
    let mut reversed = try_example(&sections.concat()).unwrap();
    let expected = example();
    // It is that in which people are shown them, and nothing else.
    assert_ne!(reversed.order, expected.order);
    reversed.order.clone_from(&expected.order);
    assert_eq!(reversed, expected);
}

#[test]
fn a_broken_file_always_has_a_problem() {
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    let mut broken = 0;
    for left_out in 0..lines.len() {
        let mut kept = lines.clone();
        kept.remove(left_out);
        broken += usize::from(refused(&kept.join("\n")));
    }
    for (at, c) in EXAMPLE.char_indices().step_by(5) {
        let (before, after) = EXAMPLE.split_at(at);
        broken += usize::from(refused(&[before, &after[c.len_utf8()..]].concat()));
        let odd = ["한", "\"", "]", "=", "${", "\r\n", "\0"][at % 7];
        broken += usize::from(refused(&[before, odd, after].concat()));
    }
    assert!(broken > 50, "only {broken} of the variants are refused");
}

/// Whether a file is refused, which takes at least one problem, all of which lie within the file.
fn refused(text: &str) -> bool {
    let Err(problems) = try_example(text) else {
        return false;
    };
    assert!(!problems.is_empty());
    for problem in &problems {
        for (span, _) in &problem.labels {
            assert!(text.get(span.clone()).is_some(), "{problem:?} in {text}");
        }
    }
    let shown = render(&source(text), &problems, Style::Plain { width: 100 });
    assert_eq!(shown.matches("amp_stack::").count(), problems.len());
    assert!(!shown.contains("Failed to read"), "{shown}");
    true
}

#[test]
fn variables_come_from_the_nearest_place() {
    let text = "
        [stack]
        name = '${var.name}'
        [variables]
        name = { default = 'demo' }
        days = { default = 30 }
        on = { default = true, allowed = [true, false] }
        file = {}
        [workspace]
        alias = '${var.name} ${var.days} ${var.on} ${var.file} ${env.HOME}'
    ";
    let mut around = surroundings(&[("name", "given")]);
    around.environment = &|name| (name == "HOME").then(|| "/home".to_owned());
    around.var_files = vec![
        source("file = 'a'\nname = 'x'"),
        source("file = 'b'\ndays = 2.5"),
    ];
    let stack = load::load(&source(text), &around).unwrap();
    assert_eq!(stack.name.as_str(), "given");
    assert_eq!(
        workspace(&stack).alias.as_deref(),
        Some("given 2.5 true b /home")
    );
    let expected = Header {
        name: "given".to_owned(),
        former: None,
        region: None,
        account: None,
        access: None,
    };
    let source = source(text);
    let header = load::parse(&source).map(|file| file.header(&around));
    assert_eq!(header, Ok(expected));
}

#[test]
fn the_header_of_a_file_with_mistakes_is_read() {
    let text = "
        [stack]
        name = 'demo'
        region = 'eu-west-1'
        account = 'x'
        [nonsense]
    ";
    let expected = Header {
        name: "demo".to_owned(),
        former: None,
        region: Some("eu-west-1".to_owned()),
        account: None,
        access: None,
    };
    let text = source(text);
    let header = load::parse(&text).map(|file| file.header(&surroundings(&[])));
    assert_eq!(header, Ok(expected));
    assert!(load::parse(&source("[stack")).is_err());
}

#[test]
fn account_and_region_of_the_file_stand_in_for_unknown_ones() {
    let text = "[stack]\nname = 'demo'\nregion = 'us-gov-west-1'\naccount = '444455556666'";
    let around = LoadContext {
        identity: Identity::new("000000000000", "us-east-1"),
        account_is_known: false,
        region_is_known: false,
        ..surroundings(&[])
    };
    let stack = load::load(&source(text), &around).unwrap();
    assert_eq!(
        stack.identity,
        Identity::new("444455556666", "us-gov-west-1")
    );
}

#[test]
fn an_existing_workspace_is_filled_in_and_not_managed() {
    let roles = "
        [tags]
        workspace = '${workspace.id}'
        [roles.task]
        name = 'Task'
        [roles.task.inline_policies.write]
        Version = '2012-10-17'
        Statement = [{ Effect = 'Allow', Action = 'aps:RemoteWrite', Resource = '${workspace.arn}' }]
        [log_groups.app]
        name = '/app'
        retention_days = 1
        tags.url = '${workspace.remote_write_url}'
    ";
    let arn = "arn:aws:aps:eu-west-1:444455556666:workspace/ws-1";
    let stack = stack(&format!("[workspace]\narn = '{arn}'\n{roles}"));
    assert!(!stack.resources.contains_key(&Address::workspace()));
    let task = role(&stack, "task");
    assert_eq!(task.tags["workspace"], Template::from("ws-1"));
    let expected = json!({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "aps:RemoteWrite", "Resource": arn},
    });
    assert_eq!(task.inline_policies["write"], policy(&expected));
    let group = declared(&stack, Kind::LogGroup, "app").want.unwrap();
    assert_eq!(
        group.tags()["url"],
        Template::from(
            "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write"
        )
    );
}

#[test]
fn logging_ends_in_exactly_one_star() {
    let group = "[log_groups.rules]\nname = '/rules'\nretention_days = 'never'\n";
    let by_reference = Template::from_segments([
        arn_of(Kind::LogGroup, "rules"),
        Segment::Literal(":*".to_owned()),
    ]);
    let arn = "arn:aws:logs:us-east-1:111122223333:log-group:/other";
    let by_arn = Template::from(format!("{arn}:*"));
    for (logging, expected) in [
        ("rules", &by_reference),
        ("${log_groups.rules.arn}", &by_reference),
        ("${log_groups.rules.arn}:*", &by_reference),
        (arn, &by_arn),
        (&format!("{arn}:*"), &by_arn),
    ] {
        let stack = stack(&format!("{group}[workspace]\nlogging = '{logging}'"));
        assert_eq!(
            workspace(&stack).logging.as_ref(),
            Some(expected),
            "{logging}"
        );
    }
}

#[test]
fn a_workspace_says_what_the_file_says() {
    let stack = stack(
        "
        [workspace]
        kms_key_arn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
        out_of_order_time_window_seconds = 0
        rule_query_offset_seconds = 86400
        prevent_destroy = false
        adopt = true
        ignore = ['alias', 'tags.CostCenter']
        limits = [{ max_series = 10 }, { labels = { team = 'a' }, max_series = 0 }]
        ",
    );
    let team = BTreeMap::from([("team".to_owned(), "a".to_owned())]);
    let expected = Configuration {
        retention_days: None,
        limits: Some(BTreeMap::from([(BTreeMap::new(), 10), (team, 0)])),
        out_of_order_time_window_seconds: Some(0),
        rule_query_offset_seconds: Some(86_400),
    };
    assert_eq!(workspace(&stack).configuration, expected);
    let expected = Lifecycle {
        prevent_destroy: false,
        adopt: true,
        adopt_id: None,
        ignore: vec![IgnorePath::new("alias"), IgnorePath::new("tags.CostCenter")],
        replace: false,
        keep_revisions: None,
        services: BTreeMap::new(),
    };
    assert_eq!(stack.resources[&Address::workspace()].lifecycle, expected);
}

#[test]
fn names_may_be_made_of_names() {
    let stack = stack(
        "
        [roles.task]
        name = '${log_groups.app.name}-Task'
        path = '/${region}/'
        description = 'writes to ${log_groups.app.arn}'
        tags.self = '${roles.task.arn}'
        tags.group = '${log_groups.app.arn}'
        [log_groups.app]
        name = 'demo-${partition}'
        retention_days = 1
        ",
    );
    let task = role(&stack, "task");
    assert_eq!(task.name, "demo-aws-Task");
    assert_eq!(
        task.description,
        "writes to arn:aws:logs:us-east-1:111122223333:log-group:demo-aws"
    );
    assert_eq!(
        task.tags["self"],
        Template::from("arn:aws:iam::111122223333:role/us-east-1/demo-aws-Task")
    );
    let group = Template::from_segments([arn_of(Kind::LogGroup, "app")]);
    assert_eq!(task.tags["group"], group);
}

#[test]
fn policies_are_the_same_in_toml_json_and_files() {
    let document = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": ["logs:PutLogEvents"], "Resource": "arn:aws:logs:*:*:*/${aws:username}"}]}"#;
    let text = format!(
        "
        [stack]
        name = 'demo'
        [roles.task]
        name = 'Task'
        [roles.task.inline_policies]
        file = 'policies/logs.json'
        json = '''{}'''
        [roles.task.inline_policies.table]
        Version = '2012-10-17'
        [[roles.task.inline_policies.table.Statement]]
        Effect = 'Allow'
        Action = 'logs:PutLogEvents'
        Resource = 'arn:aws:logs:*:*:*/$${{aws:username}}'
        ",
        document.replace("${", "$${"),
    );
    let read = |path: &Path| {
        assert_eq!(path, Path::new("policies/logs.json"));
        Ok(document.to_owned())
    };
    let mut around = surroundings(&[]);
    around.read = &read;
    let stack = load::load(&source(&text), &around).unwrap();
    let policies = role(&stack, "task").inline_policies;
    let expected = policy(&serde_json::from_str(document).unwrap());
    assert_eq!(policies.len(), 3);
    for (name, policy) in policies {
        assert_eq!(policy, expected, "{name}");
    }
}

#[test]
fn roles_of_this_account_that_are_mentioned_are_collected() {
    let stack = stack(
        "
        [roles.task]
        name = 'Task'
        [roles.task.trust]
        Version = '2012-10-17'
        [[roles.task.trust.Statement]]
        Effect = 'Allow'
        Action = 'sts:AssumeRole'
        Principal = { AWS = ['arn:aws:iam::111122223333:role/ci/Deploy', 'arn:aws:iam::444455556666:role/Theirs'] }
        [[roles.task.trust.Statement]]
        Effect = 'Deny'
        Action = 'sts:AssumeRole'
        Principal = { AWS = 'arn:aws:iam::111122223333:user/Somebody' }
        ",
    );
    let expected = BTreeMap::from([(
        "arn:aws:iam::111122223333:role/ci/Deploy".to_owned(),
        BTreeSet::from([Address::new(Kind::Role, "task")]),
    )]);
    assert_eq!(stack.role_arns, expected);
}

#[test]
fn own_tags_win_over_those_of_the_stack() {
    let stack = stack(
        "
        [tags]
        team = 'payments'
        [log_groups.app]
        name = '/app'
        retention_days = 'never'
        prevent_destroy = true
        tags = { team = 'orders', Team = 'x' }
        ",
    );
    let group = declared(&stack, Kind::LogGroup, "app").want.unwrap();
    assert_eq!(
        *group.tags(),
        tags(&[
            ("amp-stack:stack", "demo"),
            ("amp-stack:address", "log_groups.app"),
            ("amp-stack:prevent-destroy", "true"),
            ("team", "orders"),
            ("Team", "x"),
        ])
    );
    assert_eq!(group.log_group().unwrap().retention_days, None);
}

#[test]
fn what_depends_on_an_unknown_account_is_not_judged() {
    let text = "
        [stack]
        name = 'demo'
        [roles.task]
        name = 'Task'
        managed_policies = ['arn:aws:iam::444455556666:policy/Ours']
        permissions_boundary = 'arn:aws-us-gov:iam::444455556666:policy/Boundary'
    ";
    let around = LoadContext {
        account_is_known: false,
        region_is_known: false,
        ..surroundings(&[])
    };
    assert!(load::load(&source(text), &around).is_ok());
    let codes: Vec<&str> = load::load(&source(text), &surroundings(&[]))
        .unwrap_err()
        .iter()
        .map(|problem| problem.code)
        .collect();
    assert_eq!(
        codes,
        ["foreign-policy", "wrong-partition", "foreign-policy"]
    );
}

#[test]
fn what_aws_accepts_is_accepted() {
    let long = |count: usize| "x".repeat(count);
    for sections in [
        format!("[roles.a]\nname = '{}'\npath = '/{}/'", long(64), long(510)),
        format!("[roles.a]\nname = 'a_+=,.@-9'\ndescription = '{}'", "ÿ".repeat(1000)),
        format!("[log_groups.a]\nname = '{}'\nretention_days = 3653", long(512)),
        "[log_groups.a]\nname = '/aws/a.b-c_d#e'\nretention_days = 1\nclass = 'DELIVERY_PLUS'".to_owned(),
        "[log_groups.a]\nname = 'a'\nclass = 'DELIVERY'".to_owned(),
        "[log_groups.a]\nname = 'a'\nretention_days = 1\nkms_key_arn = 'arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab'".to_owned(),
        format!("[workspace]\nalias = '{}'\nretention_days = 1095", "메".repeat(100)),
        format!("[tags]\n'{}' = '{}'\n'한 글_.:/=+-@' = ''", "é".repeat(128), "é".repeat(256)),
        "[roles.a]\nname = 'A'\nmanaged_policies = ['AmazonSNSReadOnlyAccess', 'AWSXrayFullAccess', 'job-function/ViewOnlyAccess', 'arn:aws:iam::aws:policy/ReadOnlyAccess']".to_owned(),
    ] {
        let text = format!("[stack]\nname = 'demo'\n{sections}");
        assert_eq!(load::load(&source(&text), &surroundings(&[])).err(), None, "{sections}");
    }
}

#[test]
fn every_form_of_a_policy_that_iam_takes_is_taken() {
    for (trust, statement) in [
        (
            false,
            "Effect = 'Deny', NotAction = ['iam:*', '*'], NotResource = 'arn:aws:s3:::a/*'",
        ),
        (
            false,
            "Effect = 'Allow', Action = 's3:Get?bject*', Resource = ['*', '${workspace.arn}/*']",
        ),
        (
            false,
            "Effect = 'Allow', Action = '*', Resource = '*', Condition = { 'ForAnyValue:StringEqualsIfExists' = { 'aws:TagKeys' = ['a', 'b'] }, Null = { 'aws:x' = true }, NumericLessThan = { 's3:max-keys' = 10 } }",
        ),
        (
            true,
            "Effect = 'Allow', Action = ['sts:AssumeRole', 'sts:TagSession'], Principal = '*'",
        ),
        (
            true,
            "Effect = 'Allow', Action = 'sts:AssumeRoleWithWebIdentity', Principal = { Federated = 'cognito-identity.amazonaws.com', AWS = ['111122223333'] }",
        ),
        (
            true,
            "Effect = 'Deny', Action = 'sts:*', NotPrincipal = { Service = ['a.amazonaws.com', 'b.amazonaws.com'], CanonicalUser = '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be' }",
        ),
    ] {
        let at = if trust { "trust" } else { "inline_policies.a" };
        stack(&format!(
            "
            [workspace]
            [roles.a]
            name = 'A'
            [roles.a.{at}]
            Version = '2012-10-17'
            Id = 'x'
            Statement = {{ Sid = 'A1', {statement} }}
            "
        ));
    }
}

#[test]
fn circles_are_found_wherever_they_are() {
    let role = |key: &str, mentioned: &str| {
        format!("[roles.{key}]\nname = '{key}'\ntags.other = '${{roles.{mentioned}.arn}}'\n")
    };
    let chain = [role("a", "b"), role("b", "c"), role("c", "d")].concat();
    let codes = |end: &str| {
        let text = format!("[stack]\nname = 'demo'\n{chain}{}", role("d", end));
        let problems = load::load(&source(&text), &surroundings(&[]))
            .err()
            .unwrap_or_default();
        problems
            .iter()
            .map(|p| (p.code, p.labels.len()))
            .collect::<Vec<_>>()
    };
    // A role may mention itself: its ARN follows from its name.
    assert_eq!(codes("d"), []);
    assert_eq!(codes("c"), [("reference-cycle", 2)]);
    assert_eq!(codes("a"), [("reference-cycle", 4)]);
}
