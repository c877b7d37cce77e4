//! Whole runs on a fake cloud.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncBufRead, AsyncWriteExt},
    sync::mpsc,
    time::Instant,
};

use super::*;
use crate::cli::args::AcceptArgs;
use crate::{
    file::source::Source,
    load::{self, LoadContext},
    model::{
        address::{Address, Kind},
        identity::Identity,
    },
    stack::Stack,
    testing::{FakeCloud, Fault},
};

/// What was printed.
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

impl Printed {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

const STACK: &str = r#"
[stack]
name = "shop"

[log_groups.app]
name = "/ecs/shop"
retention_days = 30

[roles.task]
name = "ShopTask"
managed_policies = ["AmazonPrometheusRemoteWriteAccess"]
"#;

fn stack() -> Stack {
    let source = Source {
        path: PathBuf::from("stack.toml"),
        text: STACK.to_owned(),
    };
    let nothing = |_: &Path| Err(io::Error::from(io::ErrorKind::NotFound));
    let around = LoadContext {
        identity: identity(),
        account_is_known: true,
        region_is_known: true,
        variables: BTreeMap::new(),
        var_files: Vec::new(),
        environment: &|_| None,
        elsewhere: &|_| false,
        read: &nothing,
    };
    load::load(&source, &around).unwrap()
}

fn target(stack: &Stack, cloud: &Arc<FakeCloud>) -> StackTarget<FakeCloud> {
    StackTarget {
        path: PathBuf::from("stack.toml"),
        stack: stack.clone(),
        cloud: Arc::clone(cloud),
        only: None,
        leave: BTreeSet::new(),
    }
}

fn identity() -> Identity {
    Identity::new("111122223333", "us-east-1")
}

fn yes() -> ApplyArgs {
    ApplyArgs {
        yes: true,
        accepting: AcceptArgs {
            accept: vec!["log_groups.app".parse().unwrap()],
        },
        concurrency: 1,
    }
}

fn ask() -> ApplyArgs {
    ApplyArgs {
        yes: false,
        accepting: AcceptArgs::default(),
        concurrency: 1,
    }
}

/// How a run ended, and what it printed.
struct Ended {
    exit: Exit,
    out: String,
    err: String,
}

async fn run_with(
    cloud: &Arc<FakeCloud>,
    stack: &Stack,
    applying: &ApplyArgs,
    typed: impl AsyncBufRead + 'static,
    interrupts: &mut Interrupts,
) -> Ended {
    let (out, err) = (Printed::default(), Printed::default());
    let mut console = Console::of_test(typed, true, out.clone(), err.clone());
    let targets = [target(stack, cloud)];
    let request = ApplyRequest {
        plan: PlanRequest {
            targets: &targets,
            destroy: stack.resources.values().all(|d| d.want.is_none()),
            explain: false,
        },
        sandbox: None,
        places: None,
        applying,
        rollouts: &RolloutArgs::default(),
        plan_command: "amp-stack plan".to_owned(),
        apply_command: "amp-stack apply".to_owned(),
        rates: Overrides::default(),
        is_shown: false,
    };
    let exit = execute(&request, &mut console, interrupts)
        .await
        .unwrap_or_else(|failure| failure.report(&mut console));
    Ended {
        exit,
        out: out.text(),
        err: err.text(),
    }
}

async fn run_of(
    cloud: &Arc<FakeCloud>,
    stack: &Stack,
    applying: &ApplyArgs,
    typed: &'static str,
) -> Ended {
    let (_sender, receiver) = mpsc::unbounded_channel();
    run_with(
        cloud,
        stack,
        applying,
        typed.as_bytes(),
        &mut Interrupts::from(receiver),
    )
    .await
}

fn world() -> Arc<FakeCloud> {
    Arc::new(FakeCloud::new(identity()))
}

#[tokio::test(start_paused = true)]
async fn a_second_apply_has_nothing_to_do() {
    let cloud = world();
    let first = run_of(&cloud, &stack(), &yes(), "").await;
    assert_eq!(first.exit, Exit::Done, "{}", first.err);
    assert!(first.out.contains("2 to create: 4 calls"), "{}", first.out);
    assert!(first.err.contains("Done: 2 created"), "{}", first.err);
    let second = run_of(&cloud, &stack(), &yes(), "").await;
    assert_eq!(second.exit, Exit::Done);
    assert!(second.out.contains("Nothing to do"), "{}", second.out);
    assert_eq!(cloud.log().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn whatever_is_not_yes_changes_nothing() {
    for typed in ["", "no\n", "y\n"] {
        let cloud = world();
        let ended = run_of(&cloud, &stack(), &ask(), typed).await;
        assert_eq!(ended.exit, Exit::Error);
        assert!(ended.err.contains("not confirmed"), "{}", ended.err);
        assert!(cloud.log().is_empty());
    }
    let cloud = world();
    let ended = run_of(&cloud, &stack(), &ask(), "yes\n").await;
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
}

#[tokio::test(start_paused = true)]
async fn a_destroy_asks_for_data_by_name() {
    let cloud = world();
    run_of(&cloud, &stack(), &yes(), "").await;
    let made = cloud.log().len();
    let nothing = stack().emptied();
    let refused = run_of(&cloud, &nothing, &ask(), "yes\n").await;
    assert_eq!(refused.exit, Exit::Error);
    assert_eq!(cloud.log().len(), made);
    let done = run_of(&cloud, &nothing, &ask(), "log_groups.app\nyes\n").await;
    assert_eq!(done.exit, Exit::Done, "{}", done.err);
    assert!(cloud.things().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failure_half_way_has_its_own_exit_code() {
    let cloud = world();
    cloud.set_faults([(1, Fault::Before)]);
    let ended = run_of(&cloud, &stack(), &yes(), "").await;
    assert_eq!(ended.exit, Exit::HalfWay, "{}", ended.err);
    assert!(ended.err.contains("Stopped half way"), "{}", ended.err);
    assert!(
        ended
            .err
            .contains("To go on from there, run: amp-stack apply")
    );
}

#[tokio::test(start_paused = true)]
async fn an_interruption_stops_and_says_what_is_left() {
    let cloud = Arc::new(FakeCloud::new(identity()).with_latency(Duration::from_secs(1)));
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        sender.send(()).unwrap();
        std::future::pending::<()>().await;
    });
    let mut interrupts = Interrupts::from(receiver);
    let ended = run_with(&cloud, &stack(), &yes(), &b""[..], &mut interrupts).await;
    assert_eq!(ended.exit, Exit::HalfWay, "{}", ended.err);
    assert!(ended.err.contains("Stopping: "), "{}", ended.err);
    assert!(ended.err.contains("not begun or not finished: "));
    let calls = cloud.log().len();
    assert!((1..4).contains(&calls), "{calls}");
}

#[tokio::test(start_paused = true)]
async fn a_second_interruption_leaves_at_once() {
    let cloud = Arc::new(FakeCloud::new(identity()).with_latency(Duration::from_hours(1)));
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            sender.send(()).unwrap();
        }
    });
    let before = Instant::now();
    let mut interrupts = Interrupts::from(receiver);
    let ended = run_with(&cloud, &stack(), &yes(), &b""[..], &mut interrupts).await;
    assert_eq!(ended.exit, Exit::HalfWay, "{}", ended.err);
    assert!(ended.err.contains("left at once"), "{}", ended.err);
    assert!(before.elapsed() < Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_changes_nothing() {
    let cloud = world();
    let mut foreign = stack().resources[&Address::new(Kind::Role, "task")]
        .want
        .clone()
        .unwrap();
    foreign.tags_mut().clear();
    cloud.put(foreign);
    let ended = run_of(&cloud, &stack(), &yes(), "").await;
    assert_eq!(ended.exit, Exit::Error);
    assert!(ended.out.contains("--adopt roles.task"), "{}", ended.out);
    assert!(cloud.log().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_late_yes_is_not_for_a_world_that_has_moved() {
    for (moves, exit) in [(true, Exit::Error), (false, Exit::Done)] {
        let cloud = world();
        let (mut keyboard, input) = tokio::io::duplex(64);
        let elsewhere = Arc::clone(&cloud);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_mins(1)).await;
            if moves {
                let address = Address::new(Kind::LogGroup, "app");
                elsewhere.put(stack().resources[&address].want.clone().unwrap());
            }
            keyboard.write_all(b"yes\n").await.unwrap();
        });
        let (_sender, receiver) = mpsc::unbounded_channel();
        let input = tokio::io::BufReader::new(input);
        let ended = run_with(
            &cloud,
            &stack(),
            &ask(),
            input,
            &mut Interrupts::from(receiver),
        )
        .await;
        assert_eq!(ended.exit, exit, "{}", ended.err);
        assert_eq!(ended.err.contains("at log_groups.app"), moves);
        assert_eq!(cloud.log().is_empty(), moves);
    }
}

/// What a closed pipe answers.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_nobody_reads_is_not_carried_out() {
    let cloud = world();
    let err = Printed::default();
    let mut console = Console::of_test(&b""[..], true, Closed, err.clone());
    let applying = yes();
    let targets = [target(&stack(), &cloud)];
    let request = ApplyRequest {
        plan: PlanRequest {
            targets: &targets,
            destroy: false,
            explain: false,
        },
        sandbox: None,
        places: None,
        applying: &applying,
        rollouts: &RolloutArgs::default(),
        plan_command: String::new(),
        apply_command: String::new(),
        rates: Overrides::default(),
        is_shown: false,
    };
    let (_sender, receiver) = mpsc::unbounded_channel();
    let mut interrupts = Interrupts::from(receiver);
    let ended = execute(&request, &mut console, &mut interrupts).await;
    let exit = ended.unwrap_or_else(|failure| failure.report(&mut console));
    assert_eq!(exit, Exit::Error);
    assert_eq!(err.text(), "");
    assert!(cloud.log().is_empty());
}
