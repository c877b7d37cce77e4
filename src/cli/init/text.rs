//! The stack file that a set of answers makes, with comments for somebody who sees one for the
//! first time.

use crate::{
    cli::init::answers::{Answers, DEFAULT_IMAGE, LaunchType, Role, Scrape},
    collector::config::PATH,
    model::address::Address,
};

/// The stack file. It is TOML whatever the answers are, but valid and formatted only if they are
/// valid.
pub(super) fn draft(answers: &Answers) -> String {
    let sections = [
        INTRODUCTION.to_owned(),
        stack(answers),
        workspace(answers),
        log_group(answers),
        task_role(answers),
        execution_role(answers),
        task(answers),
        application(answers),
        environment(answers),
        metrics(answers),
    ];
    let sections: Vec<String> = sections
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    sections.join("\n")
}

const INTRODUCTION: &str = "\
# One application on Amazon ECS, and its metrics in Amazon Managed Service for Prometheus.
#
# Tables are what is made in AWS, keys are the AWS API's own names. Change what you like: `amp-stack validate` finds
# mistakes, `amp-stack plan` shows what would be done, and nothing is done before `amp-stack apply`.
";

fn stack(answers: &Answers) -> String {
    let name = quoted(&answers.name);
    let region = match &answers.region {
        Some(region) => format!("region = {}\n", quoted(region)),
        None => "# The region is that of --region, AWS_REGION or the profile, unless `region = \"...\"` is written here.\n".to_owned(),
    };
    format!("[stack]\nname = {name} # goes into the tags that say what is this stack's\n{region}")
}

fn workspace(answers: &Answers) -> String {
    let Some(existing) = &answers.workspace else {
        let alias = quoted(&answers.name);
        return format!(
            "# Where the metrics go. They are data: the workspace stays, unless `prevent_destroy = false` is written here.\n[workspace]\nalias = {alias}\n"
        );
    };
    let key = if existing.starts_with("arn:") {
        "arn"
    } else {
        "id"
    };
    format!(
        "# Where the metrics go: somebody else's workspace, which this stack never changes.\n[workspace]\n{key} = {}\n",
        quoted(existing)
    )
}

fn log_group(answers: &Answers) -> String {
    format!(
        "# Where the application and the collector write their logs.\n[log_groups.app]\nname = {}\nretention_days = {} # a number that CloudWatch offers, such as 7, 30 or 365, or \"never\"\n",
        quoted(&format!("/ecs/{}", answers.name)),
        literal(&answers.retention_days),
    )
}

fn task_role(answers: &Answers) -> String {
    if answers.task_role != Role::New {
        return String::new();
    }
    format!(
        "# Who the containers are. The right to write to the workspace is added by `metrics` below. What the application\n# needs besides goes into `managed_policies` or `inline_policies`.\n[roles.task]\nname = {} # once in an account, in whatever case\n",
        quoted(&format!("{}-task", answers.name))
    )
}

fn execution_role(answers: &Answers) -> String {
    if answers.execution_role != Role::New {
        return String::new();
    }
    format!(
        "# Who pulls the image and writes the logs.\n[roles.execution]\nname = {}\nmanaged_policies = [\"service-role/AmazonECSTaskExecutionRolePolicy\"]\n",
        quoted(&format!("{}-execution", answers.name))
    )
}

fn task(answers: &Answers) -> String {
    let launch_type = match answers.launch_type {
        LaunchType::Fargate => "FARGATE",
        LaunchType::Ec2 => "EC2",
    };
    let task_role = match &answers.task_role {
        Role::New => "task_role = \"task\"\n".to_owned(),
        Role::Existing(arn) => format!("{}task_role = {}\n", rights(answers), quoted(arn)),
        Role::None => String::new(),
    };
    let execution_role = match &answers.execution_role {
        Role::New => "execution_role = \"execution\"\n".to_owned(),
        Role::Existing(arn) => format!("execution_role = {}\n", quoted(arn)),
        Role::None => "# Without `execution_role` the instance's own role pulls the image and writes the logs.\n".to_owned(),
    };
    format!(
        "# What runs together. Every change of it is a new revision, which services run once they are updated.\n[task_definitions.{}]\nrequires_compatibilities = [\"{launch_type}\"]\nnetwork_mode = \"awsvpc\" # the containers share one localhost\ncpu = {}\nmemory = {}\n{task_role}{execution_role}",
        key(&answers.name),
        size(&answers.cpu, "1024 are one vCPU"),
        size(&answers.memory, "in MiB"),
    )
}

/// A size, which needs a comment unless it says its unit.
fn size(text: &str, comment: &str) -> String {
    let literal = literal(text);
    if literal == text {
        format!("{literal} # {comment}")
    } else {
        literal
    }
}

/// What a role has to allow that the stack doesn't manage.
fn rights(answers: &Answers) -> &'static str {
    if answers.traces {
        "# Somebody else's role: it has to allow aps:RemoteWrite on the workspace, and what AWSXRayDaemonWriteAccess allows.\n"
    } else {
        "# Somebody else's role: it has to allow aps:RemoteWrite on the workspace.\n"
    }
}

fn application(answers: &Answers) -> String {
    let image = if answers.image == DEFAULT_IMAGE {
        "# This one is Prometheus' node exporter, which runs as it is: put your own image here.\n"
    } else {
        ""
    };
    format!(
        "# The application. Ports that others reach it at go into `port_mappings = [{{ container_port = 80 }}]`.\n{image}[task_definitions.{}.containers.app]\nimage = {}\nlogs = \"app\" # the log group above\n",
        key(&answers.name),
        quoted(&answers.image)
    )
}

/// What an OpenTelemetry SDK has to be given (OpenTelemetry specification, "OpenTelemetry Protocol
/// Exporter": an endpoint of one signal is used as it is, that of all signals gets the signals'
/// paths).
fn environment(answers: &Answers) -> String {
    let (signal, path) = match (answers.otlp, answers.traces) {
        (false, false) => return String::new(),
        (true, _) => ("", ""),
        (false, true) => ("TRACES_", "/v1/traces"),
    };
    format!(
        "# What the OpenTelemetry SDK in the application reads.\n[task_definitions.{}.containers.app.environment]\nOTEL_SERVICE_NAME = {}\nOTEL_EXPORTER_OTLP_{signal}ENDPOINT = \"http://localhost:4318{path}\"\nOTEL_EXPORTER_OTLP_{signal}PROTOCOL = \"http/protobuf\"\n",
        key(&answers.name),
        quoted(&answers.name)
    )
}

fn metrics(answers: &Answers) -> String {
    let scrape = answers.scrape.as_ref().map_or_else(String::new, scrape);
    let otlp = if answers.otlp {
        "otlp = true # takes metrics on 4317 (gRPC) and 4318 (HTTP)\n"
    } else {
        ""
    };
    let traces = if answers.traces {
        "traces = \"xray\" # takes traces on 4317 (gRPC) and 4318 (HTTP)\n"
    } else {
        ""
    };
    format!(
        "# Adds the collector, AWS Distro for OpenTelemetry, as a second container; `amp-stack plan` shows it.\n[task_definitions.{}.metrics]\n{scrape}{otlp}{traces}logs = \"app\"\nconfig = \"generated\" # the collector's configuration, which the plan shows\ndepends_on = \"START\" # the application does not wait until the collector is healthy\n",
        key(&answers.name)
    )
}

fn scrape(Scrape { port, path }: &Scrape) -> String {
    let url = format!("http://localhost:{port}{}", path.as_deref().unwrap_or(PATH));
    let path = path
        .as_ref()
        .map(|path| format!(", path = {}", quoted(path)));
    format!(
        "scrape = [{{ port = {}{} }}] # {}\n",
        literal(port),
        path.unwrap_or_default(),
        url.escape_debug()
    )
}

/// The text as a TOML string.
fn quoted(text: &str) -> String {
    let mut string = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => string.extend(['\\', c]),
            c if c.is_control() => string.push_str(&escaped(c)),
            c => string.push(c),
        }
    }
    string + "\""
}

/// A control character as TOML escapes it.
fn escaped(c: char) -> String {
    format!("\\u{:04X}", u32::from(c))
}

/// The text as a TOML integer if it is one, else as a string.
fn literal(text: &str) -> String {
    let is_integer = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_integer && (text == "0" || !text.starts_with('0')) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// The text as a TOML key.
fn key(text: &str) -> String {
    if Address::is_key(text) {
        text.to_owned()
    } else {
        quoted(text)
    }
}
