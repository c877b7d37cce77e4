//! What is asked about a new stack file, in which words.

use crate::cli::init::answers::{Answers, LaunchType};

/// Something to be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    Name,
    Region,
    LaunchType,
    Image,
    Metrics,
    Scrape,
    Traces,
    Workspace,
    TaskRole,
    ExecutionRole,
    Cpu,
    Memory,
    RetentionDays,
}

impl Topic {
    /// All of them, in the order in which they are asked.
    pub(super) const ALL: [Self; 13] = [
        Self::Name,
        Self::Region,
        Self::LaunchType,
        Self::Image,
        Self::Metrics,
        Self::Scrape,
        Self::Traces,
        Self::Workspace,
        Self::TaskRole,
        Self::ExecutionRole,
        Self::Cpu,
        Self::Memory,
        Self::RetentionDays,
    ];

    /// The option that decides it without a question.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Name => "--name",
            Self::Region => "--region",
            Self::LaunchType => "--launch-type",
            Self::Image => "--image",
            Self::Metrics => "--otlp",
            Self::Scrape => "--scrape",
            Self::Traces => "--xray",
            Self::Workspace => "--workspace",
            Self::TaskRole => "--task-role",
            Self::ExecutionRole => "--execution-role",
            Self::Cpu => "--cpu",
            Self::Memory => "--memory",
            Self::RetentionDays => "--retention-days",
        }
    }

    /// Whether the answers so far leave it to be decided.
    pub(super) fn is_open(self, answers: &Answers) -> bool {
        match self {
            Self::Scrape => answers.scrape.is_some(),
            Self::Name
            | Self::Region
            | Self::LaunchType
            | Self::Image
            | Self::Metrics
            | Self::Traces
            | Self::Workspace
            | Self::TaskRole
            | Self::ExecutionRole
            | Self::Cpu
            | Self::Memory
            | Self::RetentionDays => true,
        }
    }

    /// What is asked.
    pub(super) fn question(self, answers: &Answers) -> String {
        let question = match self {
            Self::Name => "Name of the stack, 1 to 32 of a to z, 0 to 9 and -",
            Self::Region => "Region, or nothing to leave it to --region, AWS_REGION and profiles",
            Self::LaunchType => "Launch type, FARGATE or EC2",
            Self::Image => "Image of the application",
            Self::Metrics => {
                "Its metrics: prometheus (it has an endpoint), otlp (it has an OpenTelemetry SDK) or both"
            }
            Self::Scrape => "Port of the endpoint, with the path unless that is /metrics",
            Self::Traces => "Does it send traces, for X-Ray? yes or no",
            Self::Workspace => "Workspace: new, or the id or ARN of one that exists",
            Self::TaskRole => "Role of the containers: new, or the ARN of one that exists",
            Self::ExecutionRole => match answers.launch_type {
                LaunchType::Fargate => {
                    "Role that pulls the image and writes logs: new, or the ARN of one that exists"
                }
                LaunchType::Ec2 => {
                    "Role that pulls the image and writes logs: new, an ARN, or none for the instance's"
                }
            },
            Self::Cpu => match answers.launch_type {
                LaunchType::Fargate => "CPU units: 256, 512, 1024 (a vCPU), 2048, 4096 or more",
                LaunchType::Ec2 => "CPU units, of which 1024 are a vCPU",
            },
            Self::Memory => {
                if let Some((_, offer)) = answers.memory_offer() {
                    return format!("Memory in MiB: {offer}");
                }
                "Memory in MiB"
            }
            Self::RetentionDays => "Days that logs are kept: 1, 7, 30, 90, 365 or others, or never",
        };
        question.to_owned()
    }

    /// What an empty answer means.
    pub(super) fn default(self, answers: &Answers) -> String {
        let Answers {
            name,
            region,
            launch_type,
            image,
            scrape,
            otlp,
            traces,
            workspace,
            task_role,
            execution_role,
            cpu,
            memory,
            retention_days,
            ..
        } = answers;
        match self {
            Self::Name => name.clone(),
            Self::Region => region.clone().unwrap_or_default(),
            Self::LaunchType => match launch_type {
                LaunchType::Fargate => "FARGATE".to_owned(),
                LaunchType::Ec2 => "EC2".to_owned(),
            },
            Self::Image => image.clone(),
            Self::Metrics => match (scrape, otlp) {
                (Some(_), true) => "both".to_owned(),
                (None, true) => "otlp".to_owned(),
                (Some(_) | None, false) => "prometheus".to_owned(),
            },
            Self::Scrape => scrape.as_ref().map(ToString::to_string).unwrap_or_default(),
            Self::Traces => (if *traces { "yes" } else { "no" }).to_owned(),
            Self::Workspace => workspace.clone().unwrap_or_else(|| "new".to_owned()),
            Self::TaskRole => task_role.to_string(),
            Self::ExecutionRole => execution_role.to_string(),
            Self::Cpu => cpu.clone(),
            Self::Memory => memory.clone(),
            Self::RetentionDays => retention_days.clone(),
        }
    }
}
