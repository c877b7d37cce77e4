//! Nothing that comes from outside makes a program of this project panic: stack files, saved plans
//! and requests to the sandbox, mutated at random.
//!
//! Each target takes a few seconds; `AMP_STACK_FUZZ_CASES=1000000` keeps them busy for a night, and
//! every failure names the smallest input that was found.

use std::{collections::BTreeSet, env, fmt::Write as _, fs, path::PathBuf, sync::LazyLock};

use amp_stack::{
    file::{
        format::format,
        render::{Style, render},
        source::Source,
    },
    load::{self, LoadContext},
    model::identity::Identity,
    plan::plan,
    saved::{Saved, SavedStack, Variables, is_plan, parse, print},
};
use amp_stack_sandbox::{
    Sandbox,
    wire::{Request, decode},
};
use aws_lc_rs::digest::{SHA256, digest};
use proptest::{collection::vec, prelude::*, sample};

use crate::{
    sandbox_client::quiet,
    worlds::{self, block_on},
};

/// How many inputs each target gets.
fn cases() -> ProptestConfig {
    let given = env::var_os("AMP_STACK_FUZZ_CASES");
    let given = given.map(|text| text.to_str().and_then(|text| text.parse().ok()));
    let cases = given.map_or(96, |cases| cases.expect("a number of cases"));
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 4_096,
        ..ProptestConfig::default()
    }
}

/// What is put into texts: what the languages are made of, and what breaks programs.
const PIECES: &[&str] = &[
    "\"",
    "'''",
    "\"\"\"",
    "'",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ",",
    ".",
    "#",
    "\\",
    "\\u00",
    "\n",
    "\r\n",
    "\t",
    " ",
    "\0",
    "\u{feff}",
    "é",
    "𝕏",
    "\u{202e}",
    "${",
    "$${",
    "${var.x}",
    "${workspace.id}",
    "}",
    "-1",
    "0x",
    "99999999999999999999",
    "1e999",
    "nan",
    "inf",
    "1979-05-27T07:32:00Z",
    "true",
    "null",
    "[stack]",
    "[variables]",
    "[roles.a]",
    "a.b.c = 1",
    "%",
    "%ZZ",
    "%00",
    "&",
    "?",
    "/",
    "//",
    ":",
    ";",
    "<",
    ">",
    "]]>",
    "member.1",
    "Action=",
    "amp-stack",
    "*",
];

/// One alteration of a text; places are fractions of its length.
#[derive(Clone, Debug)]
enum Mutation {
    Insert(sample::Index, &'static str),
    /// The same piece many times.
    Flood(sample::Index, &'static str, u16),
    Delete(sample::Index, u8),
    Repeat(sample::Index, u8),
    /// What stands at one place, at another.
    Copy(sample::Index, sample::Index, u8),
    Cut(sample::Index),
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let at = any::<sample::Index>;
    let mutation = prop_oneof![
        4 => (at(), sample::select(PIECES)).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        1 => (at(), sample::select(PIECES), 1..400_u16)
            .prop_map(|(at, piece, times)| Mutation::Flood(at, piece, times)),
        3 => (at(), 1..40_u8).prop_map(|(at, length)| Mutation::Delete(at, length)),
        2 => (at(), 1..120_u8).prop_map(|(at, length)| Mutation::Repeat(at, length)),
        3 => (at(), at(), 1..60_u8).prop_map(|(from, to, length)| Mutation::Copy(from, to, length)),
        1 => at().prop_map(Mutation::Cut),
    ];
    vec(mutation, 0..7)
}

fn mutated(text: &str, mutations: &[Mutation]) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for mutation in mutations {
        let place = |at: &sample::Index, text: &[char]| at.index(text.len() + 1);
        let part = |at: &sample::Index, length: u8, text: &[char]| {
            let start = place(at, text);
            start..(start + usize::from(length)).min(text.len())
        };
        match mutation {
            Mutation::Insert(at, piece) => {
                let at = place(at, &text);
                text.splice(at..at, piece.chars());
            }
            Mutation::Flood(at, piece, times) => {
                let at = place(at, &text);
                text.splice(at..at, piece.repeat(usize::from(*times)).chars());
            }
            Mutation::Delete(at, length) => {
                let part = part(at, *length, &text);
                text.drain(part);
            }
            Mutation::Repeat(at, length) => {
                let part = part(at, *length, &text);
                let (end, repeated) = (part.end, text[part].to_vec());
                text.splice(end..end, repeated);
            }
            Mutation::Copy(from, to, length) => {
                let copied = text[part(from, *length, &text)].to_vec();
                let to = place(to, &text);
                text.splice(to..to, copied);
            }
            Mutation::Cut(at) => {
                let at = place(at, &text);
                text.truncate(at);
            }
        }
    }
    text.into_iter().collect()
}

/// The stack files that the mutations begin with.
static SEEDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folders = [
        "stacks",
        "tests/problems",
        "tests/problems/task-definitions",
        "tests/data",
    ];
    let paths = folders
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let paths = paths.map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
        .collect();
    paths.sort();
    let texts = paths.iter().map(|path| fs::read_to_string(path).unwrap());
    texts.collect()
});

fn stack_file() -> impl Strategy<Value = String> {
    (any::<sample::Index>(), mutations())
        .prop_map(|(seed, mutations)| mutated(seed.get::<String>(&SEEDS), &mutations))
}

/// Requests that real clients send, in every dialect.
const REQUESTS: &[(&str, &str, &str, &str, &str)] = &[
    (
        "iam",
        "POST",
        "/",
        "",
        "Action=CreateRole&Version=2010-05-08&RoleName=Task&AssumeRolePolicyDocument=%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22ecs-tasks.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D&Tags.member.1.Key=k&Tags.member.1.Value=v",
    ),
    (
        "iam",
        "POST",
        "/",
        "",
        "Action=GetAccountAuthorizationDetails&Version=2010-05-08&Filter.member.1=Role&MaxItems=10",
    ),
    (
        "iam",
        "POST",
        "/",
        "",
        "Action=SimulateCustomPolicy&Version=2010-05-08&ActionNames.member.1=s3%3AGetObject&PolicyInputList.member.1=%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D",
    ),
    (
        "sts",
        "POST",
        "/",
        "",
        "Action=GetCallerIdentity&Version=2011-06-15",
    ),
    (
        "ecs",
        "POST",
        "/",
        "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition",
        r#"{"family":"web","containerDefinitions":[{"name":"app","image":"app:1","memory":64,"portMappings":[{"containerPort":80,"protocol":"tcp"}],"environment":[{"name":"A","value":"1"}]}],"tags":[{"key":"k","value":"v"}]}"#,
    ),
    (
        "ecs",
        "POST",
        "/",
        "AmazonEC2ContainerServiceV20141113.CreateService",
        r#"{"cluster":"default","serviceName":"web","taskDefinition":"web:1","desiredCount":1}"#,
    ),
    (
        "logs",
        "POST",
        "/",
        "Logs_20140328.CreateLogGroup",
        r#"{"logGroupName":"/ecs/app","tags":{"k":"v"}}"#,
    ),
    (
        "logs",
        "POST",
        "/",
        "Logs_20140328.FilterLogEvents",
        r#"{"logGroupName":"/ecs/app","filterPattern":"{ $.level = \"error\" }"}"#,
    ),
    (
        "tagging",
        "POST",
        "/",
        "ResourceGroupsTaggingAPI_20170126.GetResources",
        r#"{"TagFilters":[{"Key":"amp-stack:stack","Values":["a"]}],"ResourcesPerPage":10}"#,
    ),
    (
        "aps",
        "POST",
        "/workspaces",
        "",
        r#"{"alias":"metrics","clientToken":"t","tags":{"k":"v"}}"#,
    ),
    (
        "aps",
        "GET",
        "/workspaces?alias=metrics&maxResults=10",
        "",
        "",
    ),
    (
        "aps",
        "GET",
        "/workspaces/ws-12345678-90ab-cdef-1234-567890abcdef/api/v1/query?query=up%7Bjob%3D%22a%22%7D",
        "",
        "",
    ),
];

#[derive(Clone, Debug)]
struct Mutated {
    service: &'static str,
    method: &'static str,
    target: String,
    operation: String,
    body: String,
}

fn request() -> impl Strategy<Value = Mutated> {
    let change = || prop::option::weighted(0.4, mutations());
    (sample::select(REQUESTS), change(), change(), change()).prop_map(
        |((service, method, target, operation, body), on_target, on_operation, on_body)| {
            let apply = |text: &str, mutations: Option<Vec<Mutation>>| {
                mutated(text, &mutations.unwrap_or_default())
            };
            Mutated {
                service,
                method,
                target: apply(target, on_target),
                operation: apply(operation, on_operation),
                body: apply(body, on_body),
            }
        },
    )
}

impl Mutated {
    fn request(&self) -> Request {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/{}/aws4_request",
            self.service
        );
        let headers = [
            ("host", "sandbox".to_owned()),
            ("authorization", authorization),
            ("x-amz-target", self.operation.clone()),
        ];
        let headers = headers.into_iter().filter(|(_, value)| !value.is_empty());
        Request {
            method: self.method.to_owned(),
            target: self.target.clone(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            body: self.body.clone().into_bytes(),
        }
    }
}

/// A saved plan with another body than it was written with, signed as if it had been.
fn signed(printed: &str, mutations: &[Mutation]) -> String {
    const DIGEST: &str = ",\n  \"sha256\": \"";
    let (body, end) = printed.rsplit_once(DIGEST).unwrap();
    let end = &end[64..];
    // The header stays, so that what follows is read at all.
    let kept = body.find("\"plan\"").unwrap();
    let body = format!("{}{}", &body[..kept], mutated(&body[kept..], mutations));
    let hash = digest(&SHA256, body.as_bytes());
    let mut digits = String::new();
    for byte in hash.as_ref() {
        write!(digits, "{byte:02x}").unwrap();
    }
    format!("{body}{DIGEST}{digits}{end}")
}

proptest! {
    #![proptest_config(cases())]

    /// Every problem can be shown, within the file; and what is sound can be planned.
    #[test]
    fn stack_files_are_loaded_or_refused(text in stack_file()) {
        let source = Source { path: "stack.toml".into(), text };
        let identity = Identity::new("111122223333", "us-east-1");
        let around = LoadContext {
            environment: &|name| Some(name.to_lowercase()),
            ..LoadContext::new(identity.clone())
        };
        match load::load(&source, &around) {
            Ok(stack) => {
                let live = amp_stack::testing::FakeCloud::new(identity).snapshot(&stack.query(true));
                plan(&stack, &live);
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for style in [Style::Plain { width: 80 }, Style::Colour { width: 20 }] {
                    prop_assert!(!render(&source, &problems, style).is_empty());
                }
                for problem in problems.iter().filter(|problem| problem.file.is_none()) {
                    for (span, _) in &problem.labels {
                        prop_assert!(source.text.get(span.clone()).is_some(), "{span:?}");
                    }
                }
            }
        }
    }

    /// What is formatted stays as it is, and means what it meant.
    #[test]
    fn stack_files_are_formatted_once(text in stack_file()) {
        let source = Source { path: "stack.toml".into(), text };
        if let Ok(formatted) = format(&source) {
            let again = Source { path: "stack.toml".into(), text: formatted };
            let twice = format(&again);
            prop_assert_eq!(twice.as_ref(), Ok(&again.text));
            let means = |source: &Source| source.text.parse::<toml::Table>().map(|t| format!("{t:?}"));
            prop_assert_eq!(means(&source).ok(), means(&again).ok());
        }
    }

    /// Policies and definitions are JSON, in strings or in files of their own.
    #[test]
    fn json_beside_stack_files_is_read_or_refused(on_policy in mutations(), on_definition in mutations()) {
        let policy = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Allow", "Action": ["a:B", 1, -2.5e3, null, true], "Resource": "arn:aws:s3:::b/${aws:username}"}]}"#;
        let definition = REQUESTS[4].4;
        let text = "[stack]\nname = \"a\"\n[roles.a.inline_policies]\np = \"policy.json\"\n[task_definitions.a]\ndefinition = \"web.json\"\ntask_role = \"a\"\n";
        let source = Source { path: "stack.toml".into(), text: text.to_owned() };
        let read = |path: &std::path::Path| Ok(match path.to_str() {
            Some("policy.json") => mutated(policy, &on_policy),
            _ => mutated(definition, &on_definition),
        });
        let around = LoadContext { read: &read, ..LoadContext::new(Identity::new("111122223333", "us-east-1")) };
        if let Err(problems) = load::load(&source, &around) {
            let shown = render(&source, &problems, Style::Plain { width: 60 });
            prop_assert!(!shown.is_empty());
        }
    }

    /// A plan that was altered is refused, also where somebody has signed it anew; if it can be
    /// read, it can be written and read again.
    #[test]
    fn saved_plans_are_read_or_refused(history in worlds::history(), now in worlds::spec(), mutations in mutations()) {
        let fake = history.world();
        let stack = now.stack();
        let live = fake.snapshot(&stack.query(true));
        let saved = Saved {
            sandbox: None,
            destroy: false,
            variables: Variables::default(),
            guard: None,
            stacks: vec![SavedStack::new("stack.toml".into(), &stack, None, live, BTreeSet::new())],
        };
        let printed = print(&saved).unwrap();
        let altered = mutated(&printed, &mutations);
        if altered != printed && is_plan(&altered) {
            prop_assert!(parse(&altered).is_err(), "{}", altered);
        }
        if let Ok(read) = parse(&signed(&printed, &mutations)) {
            let again = parse(&print(&read).unwrap()).unwrap();
            prop_assert_eq!(again, read);
        }
    }

    /// Every request has an answer, in a world that has some history.
    #[test]
    fn the_sandbox_answers_every_request(requests in vec(request(), 1..6)) {
        let sandbox: Sandbox = quiet();
        for mutated in &requests {
            let request = mutated.request();
            let understood = decode(&request).is_ok();
            let answer = block_on(sandbox.respond(&request)).unwrap();
            let status = answer.status;
            prop_assert!((200..500).contains(&status), "{status} for {mutated:?}");
            prop_assert!(understood || status >= 400, "{mutated:?}");
            prop_assert!(std::str::from_utf8(&answer.body).is_ok());
        }
    }
}
