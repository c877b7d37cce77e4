use std::{cell::RefCell, io, io::Write, rc::Rc};

use super::*;
use crate::{
    cli::init::{
        answers::{LaunchType, Role},
        text::draft,
    },
    ecs_shape::size::{fargate_cpu, fargate_memory},
    file::{format::format, source::Source},
};

const ROLE: &str = "arn:aws:iam::111122223333:role/platform/Shared";
const WORKSPACE: &str = "arn:aws:aps:eu-central-1:111122223333:workspace/ws-12345678-90ab";

/// What every topic is answered with, one by one.
fn samples(topic: Topic) -> &'static [&'static str] {
    match topic {
        Topic::Name => &["shop"],
        Topic::Region => &["", "eu-central-1"],
        Topic::LaunchType => &["FARGATE", "ec2"],
        Topic::Image => &["${account}.dkr.ecr.${region}.amazonaws.com/shop:1.4"],
        Topic::Metrics => &["prometheus", "otlp", "both"],
        Topic::Scrape => &["8080", "8081/actuator/prometheus"],
        Topic::Traces => &["no", "yes"],
        Topic::Workspace => &["new", "ws-12345678-90ab", WORKSPACE],
        Topic::TaskRole => &["new", ROLE],
        Topic::ExecutionRole => &["new", ROLE, "none"],
        Topic::Cpu => &["0.5 vCPU"],
        Topic::Memory => &["2048"],
        Topic::RetentionDays => &["never"],
    }
}

/// Visits every combination of the samples of `topics` that can be said.
fn each(topics: &[Topic], answers: &Answers, visit: &mut dyn FnMut(&Answers)) {
    let Some((topic, rest)) = topics.split_first() else {
        return visit(answers);
    };
    if !topic.is_open(answers) {
        return each(rest, answers, visit);
    }
    for text in samples(*topic) {
        let mut next = answers.clone();
        match next.settle(*topic, text) {
            Ok(()) => each(rest, &next, visit),
            Err(complaint) => {
                // On Fargate there is no instance whose role could pull the image.
                let is_none = (*topic, *text) == (Topic::ExecutionRole, "none");
                let fargate = answers.launch_type == LaunchType::Fargate;
                assert!(is_none && fargate, "{topic:?} {text}: {complaint}");
            }
        }
    }
}

#[test]
fn every_combination_of_answers_is_a_valid_and_formatted_file() {
    let mut count = 0;
    each(&Topic::ALL, &Answers::new(""), &mut |answers| {
        count += 1;
        let text = answers.stack_file().unwrap_or_else(|complaint| {
            panic!("{complaint}\n{}", draft(answers));
        });
        assert!(text.lines().all(|line| line.len() <= 140), "{text}");
        let source = Source {
            path: PathBuf::from("stack.toml"),
            text: text.clone(),
        };
        assert_eq!(format(&source), Ok(text.clone()));
        for (what, is_there) in [
            ("otlp ", answers.otlp),
            ("= [{ port = 808", answers.scrape.is_some()),
            ("= \"xray\"", answers.traces),
            ("OTEL_", answers.otlp || answers.traces),
            ("[roles.task]", answers.task_role == Role::New),
            ("[roles.execution]", answers.execution_role == Role::New),
            ("alias ", answers.workspace.is_none()),
            ("\nregion ", answers.region.is_some()),
        ] {
            assert_eq!(text.contains(what), is_there, "{what}\n{text}");
        }
    });
    // Regions, metrics with and without paths, traces, workspaces, task roles, and the execution
    // roles of each launch type.
    assert_eq!(count, 2 * 5 * 2 * 3 * 2 * (2 + 3));
}

#[test]
fn every_cpu_comes_with_memory_that_fargate_offers() {
    assert_eq!(fargate_cpu().len(), 8);
    for cpu in fargate_cpu() {
        let mut answers = Answers::new("shop");
        answers
            .settle(Topic::Cpu, &cpu.to_string())
            .expect("offered");
        let (least, _) = fargate_memory(cpu).expect("offered");
        assert_eq!(answers.memory, least.to_string());
    }
}

#[test]
fn memory_comes_with_a_cpu_that_fargate_offers() {
    for (memory, cpu) in [("1024", "512"), ("512", "256"), ("30 GB", "4096")] {
        let mut answers = Answers::new("shop");
        answers.settle(Topic::Memory, memory).expect("offered");
        assert_eq!(
            (answers.cpu.as_str(), answers.memory.as_str()),
            (cpu, memory)
        );
    }
    let mut answers = Answers::new("shop");
    let before = answers.clone();
    let complaint = answers
        .settle(Topic::Memory, "1000")
        .expect_err("not offered");
    assert_eq!(
        complaint.message,
        "Fargate offers no 1000 MiB with 512 CPU units"
    );
    assert_eq!(answers, before);
}

#[test]
fn what_is_decided_stays() {
    let mut answers = Answers::new("shop");
    answers.settle(Topic::Memory, "4096").expect("offered");
    let complaint = answers.settle(Topic::Cpu, "256").expect_err("less memory");
    assert!(complaint.message.contains("4096 MiB"), "{complaint}");
    answers.settle(Topic::Cpu, "1024").expect("offered");
    assert_eq!(answers.memory, "4096");
    answers.settle(Topic::Scrape, "9000").expect("a port");
    answers.settle(Topic::Image, "shop:1").expect("an image");
    assert_eq!(Topic::Scrape.default(&answers), "9000");
}

#[test]
fn wrong_answers_get_the_words_of_the_loader() {
    for (topic, text, message) in [
        (
            Topic::Name,
            "My Shop",
            "`My Shop` is not a stack name: it takes 1 to 32 of a to z, 0 to 9 and `-`",
        ),
        (
            Topic::Name,
            "",
            "`` is not a stack name: it takes 1 to 32 of a to z, 0 to 9 and `-`",
        ),
        (
            Topic::Region,
            "Frankfurt",
            "`Frankfurt` is not the name of a region",
        ),
        (Topic::LaunchType, "lambda", "takes FARGATE or EC2"),
        (Topic::Image, "a b", "`a b` is not the name of an image"),
        (
            Topic::Image,
            "\"\n\\",
            "`\"\n\\` is not the name of an image",
        ),
        (Topic::Metrics, "statsd", "takes prometheus, otlp or both"),
        (Topic::Traces, "perhaps", "takes yes or no"),
        (
            Topic::Workspace,
            "shop",
            "`shop` is not the id of a workspace",
        ),
        (Topic::Cpu, "300", "Fargate offers no 300 CPU units"),
        (Topic::Cpu, "many", "`many` is not an amount of CPU units"),
    ] {
        let complaint = Answers::new("shop").settle(topic, text).expect_err(text);
        assert_eq!(complaint.message, message);
    }
    for (topic, text) in [
        (Topic::Scrape, "0"),
        (Topic::Scrape, "http"),
        (Topic::Scrape, "0080"),
        (Topic::TaskRole, "Shared"),
        (Topic::TaskRole, "none"),
        (Topic::ExecutionRole, "none"),
        (Topic::RetentionDays, "31"),
        (Topic::RetentionDays, "-1"),
    ] {
        Answers::new("shop").settle(topic, text).expect_err(text);
    }
}

#[test]
fn directories_give_names() {
    for (directory, name) in [
        ("shop", "shop"),
        ("My Shop_2", "my-shop-2"),
        ("größer", "gr-er"),
        ("...", "app"),
        ("", "app"),
        ("-a-", "a"),
        (
            "a123456789012345678901234567890 b",
            "a123456789012345678901234567890",
        ),
    ] {
        let answers = Answers::new(directory);
        assert_eq!(answers.name, name);
        answers.stack_file().expect("a valid name");
    }
}

/// A stream that can be looked at.
#[derive(Clone, Default)]
struct Printed(Rc<RefCell<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was answered if `typed` was, and what was said meanwhile.
async fn asked(options: &Options, typed: &'static str) -> (Result<Answers, Failure>, String) {
    let err = Printed::default();
    let mut console = Console::of_test(typed.as_bytes(), true, io::sink(), err.clone());
    let mut answers = Answers::new("shop");
    settle_options(options, &mut answers).expect("they are right");
    let asked = ask(&mut answers, &mut console).await;
    let said = String::from_utf8(err.0.borrow().clone()).expect("text");
    (asked.map(|()| answers), said)
}

#[tokio::test]
async fn empty_answers_are_the_defaults() {
    let (answers, said) = asked(&Options::default(), "\n\n\n\n\n\n\n\n\n\n\n\n\n").await;
    let answers = answers.expect("answers");
    let expected = Answers::new("shop");
    assert_eq!(draft(&answers), draft(&expected));
    assert!(
        said.contains("Memory in MiB: 1024 to 4096 in steps of 1024 [1024]: "),
        "{said}"
    );
}

#[tokio::test]
async fn nothing_is_made_of_half_the_answers() {
    for typed in ["", "shop\n", "shop\neu-central-1"] {
        let (answers, _) = asked(&Options::default(), typed).await;
        let failure = answers.expect_err("it ended early");
        assert_eq!(failure.exit(), Exit::Error);
    }
}

#[tokio::test]
async fn wrong_answers_are_asked_again() {
    let (answers, said) = asked(
        &Options::default(),
        "Shop\n\nFrankfurt\neu-central-1\n\n\n\n\n\n\n\n\n\n\n\n",
    )
    .await;
    let answers = answers.expect("answers");
    assert_eq!(answers.name, "shop");
    assert_eq!(answers.region.as_deref(), Some("eu-central-1"));
    assert_eq!(said.matches("Name of the stack").count(), 2);
    assert_eq!(
        said.matches("\nRegion").count() + said.matches(": Region").count(),
        2,
        "{said}"
    );
    assert!(said.contains("`Shop` is not a stack name"), "{said}");
    assert!(
        said.contains("regions are spelled like us-east-1"),
        "{said}"
    );
}

#[tokio::test]
async fn what_options_say_is_not_asked() {
    let options = Options {
        otlp: true,
        memory: Some("8192".to_owned()),
        ..Options::default()
    };
    let typed = "\n\n\nshop:1\n\n\n\n\n256\n2048\n\n";
    let (answers, said) = asked(&options, typed).await;
    let answers = answers.expect("answers");
    assert!(answers.otlp && answers.scrape.is_none());
    assert_eq!(
        (answers.cpu.as_str(), answers.memory.as_str()),
        ("2048", "8192")
    );
    assert!(
        said.contains("Fargate offers no 8192 MiB with 256 CPU units"),
        "{said}"
    );
    for unasked in ["Its metrics", "Port of", "Memory"] {
        assert!(!said.contains(unasked), "{said}");
    }
}
