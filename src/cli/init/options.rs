//! The options that answer questions about a new stack file.

use clap::Args;

use crate::cli::init::topics::Topic;

/// Answers that are typed with the command.
#[derive(Debug, Default, Args)]
pub(crate) struct Options {
    /// The name of the stack [default: that of the directory]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The region [default: none; --region, `AWS_REGION` or the profile then says it]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Where tasks run: FARGATE or EC2 [default: FARGATE]
    #[arg(long, value_name = "TYPE")]
    pub(crate) launch_type: Option<String>,
    /// The image of the application [default: Prometheus' node exporter, which runs as it is]
    #[arg(long, value_name = "IMAGE")]
    pub(crate) image: Option<String>,
    /// The application has a Prometheus endpoint, at this port and path [default: 8080, unless
    /// there is --otlp]
    #[arg(long, value_name = "PORT[/PATH]")]
    pub(crate) scrape: Option<String>,
    /// The application sends metrics with an OpenTelemetry SDK
    #[arg(long)]
    pub(crate) otlp: bool,
    /// It sends traces too, which go to X-Ray
    #[arg(long)]
    pub(crate) xray: bool,
    /// The workspace: new, or the id or ARN of one that exists [default: new]
    #[arg(long, value_name = "WORKSPACE")]
    pub(crate) workspace: Option<String>,
    /// The role of the containers: new, or the ARN of one that exists [default: new]
    #[arg(long, value_name = "ROLE")]
    pub(crate) task_role: Option<String>,
    /// The role that pulls images and writes logs: new, an ARN, or on EC2 none [default: new; on
    /// EC2 none]
    #[arg(long, value_name = "ROLE")]
    pub(crate) execution_role: Option<String>,
    /// The CPU units of the task, or "0.5 vCPU" [default: 512]
    #[arg(long, value_name = "CPU")]
    pub(crate) cpu: Option<String>,
    /// The memory of the task in MiB, or "1 GB" [default: 1024; with --cpu the least that Fargate
    /// offers]
    #[arg(long, value_name = "MEMORY")]
    pub(crate) memory: Option<String>,
    /// How many days logs are kept, or never [default: 30]
    #[arg(long, value_name = "DAYS")]
    pub(crate) retention_days: Option<String>,
}

impl Options {
    /// The answer that the options have for `topic`.
    pub(super) fn given(&self, topic: Topic) -> Option<String> {
        match topic {
            Topic::Name => self.name.clone(),
            Topic::Region => self.region.clone(),
            Topic::LaunchType => self.launch_type.clone(),
            Topic::Image => self.image.clone(),
            Topic::Metrics => match (&self.scrape, self.otlp) {
                (None, false) => None,
                (Some(_), false) => Some("prometheus".to_owned()),
                (None, true) => Some("otlp".to_owned()),
                (Some(_), true) => Some("both".to_owned()),
            },
            Topic::Scrape => self.scrape.clone(),
            Topic::Traces => self.xray.then(|| "yes".to_owned()),
            Topic::Workspace => self.workspace.clone(),
            Topic::TaskRole => self.task_role.clone(),
            Topic::ExecutionRole => self.execution_role.clone(),
            Topic::Cpu => self.cpu.clone(),
            Topic::Memory => self.memory.clone(),
            Topic::RetentionDays => self.retention_days.clone(),
        }
    }
}
