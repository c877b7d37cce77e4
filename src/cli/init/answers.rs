//! What a new stack file is made of, and what is wrong with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    path::PathBuf,
};

use crate::{
    cli::init::{text::draft, topics::Topic},
    ecs_shape::size::{cpu_units, fargate_cpu, fargate_memory},
    file::{format::format, problem::Problem, source::Source},
    load::{self, LoadContext},
    model::{address::StackName, identity::Identity},
};

/// An application that runs as it is, and shows metrics of its own.
pub(super) const DEFAULT_IMAGE: &str = "quay.io/prometheus/node-exporter:v1.9.1";
/// The port at which it does.
const DEFAULT_IMAGE_PORT: &str = "9100";
/// The port of any other application.
const DEFAULT_PORT: &str = "8080";
const DEFAULT_CPU: &str = "512";
const DEFAULT_MEMORY: &str = "1024";
const DEFAULT_RETENTION_DAYS: &str = "30";

/// What a new stack file is made of. What was typed stays as it was; [`Answers::settle`] lets only
/// in what the loader takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answers {
    pub(super) name: String,
    pub(super) region: Option<String>,
    pub(super) launch_type: LaunchType,
    pub(super) image: String,
    /// The application's Prometheus endpoint, if it has one.
    pub(super) scrape: Option<Scrape>,
    /// Whether the application sends metrics over OTLP.
    pub(super) otlp: bool,
    /// Whether it sends traces, which go to X-Ray.
    pub(super) traces: bool,
    /// The id or the ARN of a workspace that exists; `None` is a new one.
    pub(super) workspace: Option<String>,
    pub(super) task_role: Role,
    pub(super) execution_role: Role,
    /// The size of the task: CPU units and MiB, or with units as ECS takes them.
    pub(super) cpu: String,
    pub(super) memory: String,
    pub(super) retention_days: String,
    /// What somebody has decided. The rest may follow from that.
    settled: BTreeSet<Topic>,
}

/// Where tasks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LaunchType {
    Fargate,
    Ec2,
}

/// A Prometheus endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scrape {
    pub(super) port: String,
    /// `None` is the usual one.
    pub(super) path: Option<String>,
}

/// A role of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// One that the stack makes.
    New,
    /// None at all.
    None,
    /// Somebody else's, by its ARN.
    Existing(String),
}

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl From<Problem> for Complaint {
    fn from(problem: Problem) -> Self {
        Self {
            message: problem.message,
            help: problem.help,
        }
    }
}

impl From<&str> for Complaint {
    fn from(message: &str) -> Self {
        Self {
            message: message.to_owned(),
            help: None,
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl Answers {
    /// What nobody has answered yet, for a directory that is called `directory`.
    pub(super) fn new(directory: &str) -> Self {
        Self {
            name: name_for(directory),
            region: None,
            launch_type: LaunchType::Fargate,
            image: DEFAULT_IMAGE.to_owned(),
            scrape: Some(Scrape::from(DEFAULT_IMAGE_PORT)),
            otlp: false,
            traces: false,
            workspace: None,
            task_role: Role::New,
            execution_role: Role::New,
            cpu: DEFAULT_CPU.to_owned(),
            memory: DEFAULT_MEMORY.to_owned(),
            retention_days: DEFAULT_RETENTION_DAYS.to_owned(),
            settled: BTreeSet::new(),
        }
    }

    /// Takes `text` as the answer to `topic`, or says what is wrong with it and stays as it was.
    pub(super) fn settle(&mut self, topic: Topic, text: &str) -> Result<(), Complaint> {
        let mut next = self.clone();
        next.answer(topic, text)?;
        next.settled.insert(topic);
        next.follow(topic);
        next.check()?;
        *self = next;
        Ok(())
    }

    /// Whether somebody has decided `topic`.
    pub(super) fn is_settled(&self, topic: Topic) -> bool {
        self.settled.contains(&topic)
    }

    /// The stack file.
    pub(super) fn stack_file(&self) -> Result<String, Complaint> {
        self.check()?;
        format(&self.source()).map_err(first)
    }

    /// Whether the stack needs roles that it doesn't make.
    pub(super) fn uses_existing_roles(&self) -> bool {
        let is_existing = |role: &Role| matches!(role, Role::Existing(_));
        is_existing(&self.task_role) || is_existing(&self.execution_role)
    }

    /// The memory that Fargate offers beside the chosen CPU, in words, where there is such a
    /// choice.
    pub(super) fn memory_offer(&self) -> Option<(u32, String)> {
        match self.launch_type {
            LaunchType::Fargate => fargate_memory(cpu_units(&self.cpu)?),
            LaunchType::Ec2 => None,
        }
    }

    fn answer(&mut self, topic: Topic, text: &str) -> Result<(), Complaint> {
        match topic {
            Topic::Name => text.clone_into(&mut self.name),
            Topic::Region => self.region = Some(text.to_owned()).filter(|text| !text.is_empty()),
            Topic::LaunchType => self.launch_type = launch_type(text)?,
            Topic::Image => text.clone_into(&mut self.image),
            Topic::Metrics => (self.scrape, self.otlp) = self.exposed(text)?,
            Topic::Scrape => self.scrape = Some(Scrape::from(text)),
            Topic::Traces => self.traces = yes_or_no(text)?,
            Topic::Workspace => self.workspace = Some(text.to_owned()).filter(|text| text != "new"),
            Topic::TaskRole => self.task_role = Role::from(text),
            Topic::ExecutionRole => self.execution_role = Role::from(text),
            Topic::Cpu => text.clone_into(&mut self.cpu),
            Topic::Memory => text.clone_into(&mut self.memory),
            Topic::RetentionDays => text.clone_into(&mut self.retention_days),
        }
        Ok(())
    }

    /// Lets what is not settled follow from what has been settled of `topic`.
    fn follow(&mut self, topic: Topic) {
        if topic == Topic::Image && !self.is_settled(Topic::Scrape) {
            self.scrape = self.scrape.take().map(|_| self.usual_scrape());
        }
        if topic == Topic::LaunchType && !self.is_settled(Topic::ExecutionRole) {
            self.execution_role = match self.launch_type {
                LaunchType::Fargate => Role::New,
                LaunchType::Ec2 => Role::None,
            };
        }
        if topic == Topic::Cpu
            && !self.is_settled(Topic::Memory)
            && let Some((least, _)) = self.memory_offer()
        {
            self.memory = least.to_string();
        }
        if topic == Topic::Memory && !self.is_settled(Topic::Cpu) {
            let usual = self.cpu.clone();
            let mut others = fargate_cpu().into_iter();
            while self.check().is_err() {
                let Some(cpu) = others.next() else {
                    self.cpu = usual;
                    break;
                };
                self.cpu = cpu.to_string();
            }
        }
    }

    /// The ways in which the application shows metrics.
    fn exposed(&self, text: &str) -> Result<(Option<Scrape>, bool), Complaint> {
        let scrape = || self.scrape.clone().or_else(|| Some(self.usual_scrape()));
        match text {
            "prometheus" => Ok((scrape(), false)),
            "otlp" => Ok((None, true)),
            "both" => Ok((scrape(), true)),
            _ => Err("takes prometheus, otlp or both".into()),
        }
    }

    fn usual_scrape(&self) -> Scrape {
        Scrape::from(if self.image == DEFAULT_IMAGE {
            DEFAULT_IMAGE_PORT
        } else {
            DEFAULT_PORT
        })
    }

    /// Lets the loader look for mistakes.
    fn check(&self) -> Result<(), Complaint> {
        let around = LoadContext {
            identity: Identity::new("000000000000", "us-east-1"),
            account_is_known: false,
            region_is_known: false,
            variables: BTreeMap::new(),
            var_files: Vec::new(),
            environment: &|_| None,
            elsewhere: &|_| false,
            read: &|_| Err(io::ErrorKind::NotFound.into()),
        };
        match load::load(&self.source(), &around) {
            Ok(_) => Ok(()),
            Err(problems) => Err(first(problems)),
        }
    }

    fn source(&self) -> Source {
        Source {
            path: PathBuf::from("stack.toml"),
            text: draft(self),
        }
    }
}

/// The first of several problems, of which there is always one.
fn first(problems: Vec<Problem>) -> Complaint {
    let first = problems.into_iter().next();
    first.map_or_else(|| "makes no valid stack file".into(), Complaint::from)
}

/// `port` or `port/path`.
impl From<&str> for Scrape {
    fn from(text: &str) -> Self {
        let (port, path) = text.split_at(text.find('/').unwrap_or(text.len()));
        Self {
            port: port.to_owned(),
            path: Some(path.to_owned()).filter(|path| !path.is_empty()),
        }
    }
}

impl fmt::Display for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.port)?;
        f.write_str(self.path.as_deref().unwrap_or_default())
    }
}

impl From<&str> for Role {
    fn from(text: &str) -> Self {
        match text {
            "new" => Self::New,
            "none" => Self::None,
            arn => Self::Existing(arn.to_owned()),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "new",
            Self::None => "none",
            Self::Existing(arn) => arn,
        })
    }
}

fn launch_type(text: &str) -> Result<LaunchType, Complaint> {
    match text.to_ascii_uppercase().as_str() {
        "FARGATE" => Ok(LaunchType::Fargate),
        "EC2" => Ok(LaunchType::Ec2),
        _ => Err("takes FARGATE or EC2".into()),
    }
}

fn yes_or_no(text: &str) -> Result<bool, Complaint> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "y" => Ok(true),
        "no" | "n" => Ok(false),
        _ => Err("takes yes or no".into()),
    }
}

/// A stack name for what is in `directory`.
fn name_for(directory: &str) -> String {
    let directory = directory.to_ascii_lowercase();
    let words = directory.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut name = words.join("-");
    name.truncate(StackName::LONGEST);
    let name = name.trim_end_matches('-');
    if name.is_empty() {
        "app".to_owned()
    } else {
        name.to_owned()
    }
}
