//! The page about Terraform as a whole, with Terraform and its provider for AWS themselves, which
//! nobody here wrote: it makes the resources in the served sandbox, and finds them as it made them.
//! Each command of the page is run as it stands there.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;

use crate::{
    emulators::server::{ACCOUNT, Emulator, Kind},
    guide::pages::pages,
    recipes::{TAGGING, operations},
    run::{Bench, Run},
};

/// Where the provider may lie unpacked, for nothing is downloaded here: where Terraform itself looks
/// (its CLI documentation, "Implied Local Mirror Directories"), and what a variable names.
const MIRRORS: [&str; 2] = [
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
];
const MIRROR: &str = "AMP_STACK_TERRAFORM_PLUGINS";

/// What every configuration begins with. The rest is in the environment.
const PROVIDER: &str = r#"
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  default_tags {
    tags = {
      Managed-By = "terraform"
      app        = "checkout"
    }
  }
}

data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}
"#;

/// An application with the collector of AWS beside it, as a module for ECS would have it.
const RESOURCES: &str = r#"
resource "aws_prometheus_workspace" "checkout" {
  alias = "checkout"
}

resource "aws_cloudwatch_log_group" "app" {
  name              = "/ecs/checkout/app"
  retention_in_days = 14
}

resource "aws_iam_role" "execution" {
  name               = "CheckoutExecution"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role" "task" {
  name               = "CheckoutTask"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy" "write" {
  name = "write"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["aps:RemoteWrite"]
      Resource = aws_prometheus_workspace.checkout.arn
    }]
  })
}

resource "aws_ecs_task_definition" "checkout" {
  family                   = "checkout"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions = jsonencode([
    {
      name         = "checkout"
      image        = "public.ecr.aws/docker/library/nginx:1.29"
      essential    = true
      portMappings = [{ containerPort = 8080 }]
      environment  = [{ name = "MODE", value = "prod" }]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.app.name
          awslogs-region        = "us-east-1"
          awslogs-stream-prefix = "checkout"
        }
      }
    },
    {
      name      = "aws-otel-collector"
      image     = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.0"
      essential = false
      command   = ["--config=/etc/ecs/ecs-amp.yaml"]
      environment = [{
        name  = "AWS_PROMETHEUS_ENDPOINT"
        value = "${aws_prometheus_workspace.checkout.prometheus_endpoint}api/v1/remote_write"
      }]
    },
  ])
}
"#;

/// The addresses of the above.
const ADDRESSES: [&str; 7] = [
    "aws_prometheus_workspace.checkout",
    "aws_cloudwatch_log_group.app",
    "aws_iam_role.execution",
    "aws_iam_role_policy_attachment.execution",
    "aws_iam_role.task",
    "aws_iam_role_policy.write",
    "aws_ecs_task_definition.checkout",
];

/// The stack file of the page.
const FILE: &str = "checkout.toml";

/// Terraform in the directory of a bench, for the same account.
struct Terraform<'a> {
    bench: &'a Bench,
    endpoint: &'a str,
}

impl<'a> Terraform<'a> {
    /// Makes the resources. `mirror` is where the provider lies.
    fn with_resources(mirror: &Path, bench: &'a Bench, endpoint: &'a str) -> Self {
        let terraform = Self { bench, endpoint };
        terraform.declare(RESOURCES);
        let mirror = format!("-plugin-dir={}", mirror.display());
        terraform.run(&["init", &mirror]).expect(0);
        assert!(terraform.apply().says("7 added, 0 changed, 0 destroyed"));
        // What the sandbox answers is what the provider expects to have made.
        terraform.expect_no_changes();
        terraform
    }

    fn declare(&self, text: &str) {
        self.bench.write("main.tf", &format!("{PROVIDER}{text}"));
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let nowhere = self.bench.path("none");
        let output = Command::new("terraform")
            .args(arguments)
            .current_dir(self.bench.path(""))
            .env_remove("AWS_PROFILE")
            .env("AWS_CONFIG_FILE", &nowhere)
            .env("AWS_SHARED_CREDENTIALS_FILE", &nowhere)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", self.endpoint)
            .env("AWS_ACCESS_KEY_ID", "sandbox")
            .env("AWS_SECRET_ACCESS_KEY", "sandbox")
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_CLI_CONFIG_FILE", "/dev/null")
            .env("TF_CLI_ARGS", "-no-color")
            .env("TF_IN_AUTOMATION", "1")
            .output()
            .unwrap();
        Run::from(output)
    }

    fn apply(&self) -> Run {
        self.run(&["apply", "-auto-approve"]).expect(0)
    }

    /// Terraform takes what is there for what its configuration says.
    #[track_caller]
    fn expect_no_changes(&self) {
        self.run(&["plan", "-detailed-exitcode"]).expect(0);
    }
}

/// Where the provider lies; says on standard error that the test is left out if Terraform or the
/// provider is not there.
fn mirror(test: &str) -> Option<PathBuf> {
    let provider = "registry.terraform.io/hashicorp/aws";
    let named = env::var_os(MIRROR).map(PathBuf::from);
    let mut mirrors = named.into_iter().chain(MIRRORS.map(PathBuf::from));
    let mirror = mirrors.find(|mirror| mirror.join(provider).exists());
    let missing = match Command::new("terraform").arg("version").output() {
        Err(_) => "Terraform is not installed",
        Ok(_) if mirror.is_none() => {
            "no provider for AWS lies unpacked where Terraform looks, and AMP_STACK_TERRAFORM_PLUGINS names no other place"
        }
        Ok(_) => return mirror,
    };
    // Not `eprintln!`, which the test runner would swallow.
    let says = format!("skipped: {test}, because {missing}\n");
    io::stderr().write_all(says.as_bytes()).unwrap();
    None
}

/// The blocks of the page in a language, in their order.
fn blocks(language: &str) -> Vec<String> {
    let mut pages = pages().into_iter();
    let page = pages.find(|page| page.path.ends_with("from-terraform.md"));
    let blocks = page.expect("the page is there").blocks().into_iter();
    let blocks = blocks.filter(|block| block.language == language);
    blocks.map(|block| block.text).collect()
}

/// What the page has typed, command by command.
struct Typed(Vec<String>);

impl Typed {
    fn on_the_page() -> Self {
        let console = blocks("console").concat();
        let typed = console
            .lines()
            .filter_map(|line| line.strip_prefix("$ amp-stack "));
        Self(typed.map(str::to_owned).collect())
    }

    /// Runs the first command that begins with `verb` and is not run yet.
    fn run(&mut self, verb: &str, bench: &Bench) -> Run {
        let is_meant = |command: &String| command.starts_with(verb);
        let index = self.0.iter().position(is_meant).expect(verb);
        let command = self.0.remove(index);
        bench.run(&command.split(' ').collect::<Vec<_>>()).expect(0)
    }
}

#[test]
fn terraforms_resources_become_a_stack_and_can_go_back() {
    let test = "the page about Terraform";
    let (Some(mirror), Some(mut aws)) = (mirror(test), Emulator::start(Kind::Sandbox, test)) else {
        return;
    };
    let endpoint = aws.endpoint.clone();
    let bench = Bench::with_endpoint("terraform", &endpoint);
    let terraform = Terraform::with_resources(&mirror, &bench, &endpoint);
    let mut typed = Typed::on_the_page();

    let imported = typed.run("import", &bench);
    assert!(imported.says("owned by Terraform, it seems (tag `Managed-By = terraform`)"));
    let drop = "drop from the file what names it in tags: `Managed-By`";
    assert!(imported.says(drop), "{}", imported.stderr);
    let plan = typed.run("plan", &bench);
    assert!(plan.says("5 to take over: 5 calls"), "{}", plan.stdout);
    assert_eq!(operations(&bench, FILE), TAGGING);
    // A word of amp-stack in AWS is none of Terraform's business before it has let go.
    terraform.expect_no_changes();

    // One of them as somebody does who does not change code, the others as the page does.
    let (one, others) = (
        ADDRESSES[1],
        ADDRESSES.iter().filter(|a| **a != ADDRESSES[1]),
    );
    let removed = &blocks("hcl")[0];
    let forget =
        others.map(|address| removed.replace("aws_prometheus_workspace.checkout", address));
    let forget = forget.collect::<String>();
    terraform.run(&["state", "rm", one]).expect(0);
    terraform.declare(&forget);
    assert!(
        terraform
            .apply()
            .says("Plan: 0 to add, 0 to change, 0 to destroy.")
    );
    terraform.declare("");

    let applied = typed.run("apply", &bench);
    assert!(applied.says("Done: 5 taken over"), "{}", applied.stderr);
    assert!(typed.run("plan", &bench).says("Nothing to do"));
    assert!(typed.0.is_empty(), "{:?} was not run", typed.0);
    terraform.expect_no_changes();

    without_terraforms_tag(&bench);
    refers_and_goes_back(&terraform, &mut aws);
}

/// The lines with `adopt`, and the tag that says whose these are, go.
fn without_terraforms_tag(bench: &Bench) {
    let text = fs::read_to_string(bench.path("checkout.toml")).unwrap();
    let is_left = |line: &&str| !line.starts_with("adopt ") && !line.starts_with("Managed-By ");
    let lines: Vec<&str> = text.lines().filter(is_left).collect();
    bench.write("checkout.toml", &lines.join("\n"));
    let untagging = TAGGING.map(|operation| operation.replace(":Tag", ":Untag"));
    assert_eq!(operations(bench, FILE), untagging);
    bench.run(&["apply", "checkout.toml", "--yes"]).expect(0);
    assert_eq!(operations(bench, FILE), [""; 0]);
}

/// What stays in Terraform reads what amp-stack owns; and a role goes back.
fn refers_and_goes_back(terraform: &Terraform<'_>, aws: &mut Emulator) {
    let bench = terraform.bench;
    let block = &blocks("hcl")[1];
    let (data, service) = block.split_once("resource \"aws_ecs_service\"").unwrap();
    let reference = "data.aws_ecs_task_definition.checkout.arn";
    assert!(service.contains(reference), "{service}");
    let output = format!("output \"revision\" {{\n  value = {reference}\n}}\n");
    terraform.declare(&format!("{data}{output}"));
    let read = terraform.apply();
    assert!(
        read.says(":task-definition/checkout:1\""),
        "{}",
        read.stdout
    );

    let untag = json!({"RoleName": "CheckoutTask", "TagKeys": ["amp-stack:stack"]});
    aws.boto("iam", "untag_role", untag);
    let text = fs::read_to_string(bench.path("checkout.toml")).unwrap();
    let mut file: toml_edit::DocumentMut = text.parse().unwrap();
    file["roles"].as_table_mut().unwrap().remove("task");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/CheckoutTask");
    file["task_definitions"]["checkout"]["task_role"] = toml_edit::value(role);
    bench.write("checkout.toml", &file.to_string());
    assert_eq!(operations(bench, FILE), [""; 0]);
    let (_, role) = RESOURCES
        .split_once("resource \"aws_iam_role\" \"task\"")
        .unwrap();
    let (role, _) = role.split_once("\n}\n").unwrap();
    let import = "import {\n  to = aws_iam_role.task\n  id = \"CheckoutTask\"\n}\n";
    terraform.declare(&format!(
        "{import}resource \"aws_iam_role\" \"task\"{role}\n}}\n"
    ));
    let taken = terraform.apply();
    assert!(
        taken.says("1 imported, 0 added, 1 changed, 0 destroyed"),
        "{}",
        taken.stdout
    );
    assert_eq!(operations(bench, FILE), [""; 0], "the role is whole");
}

/// Who takes over before Terraform has let go loses nothing: Terraform's next run takes the tags of
/// ownership away, and no more.
#[test]
fn terraform_that_has_not_let_go_takes_only_tags_away() {
    let test = "Terraform that has not let go";
    let (Some(mirror), Some(aws)) = (mirror(test), Emulator::start(Kind::Sandbox, test)) else {
        return;
    };
    let bench = Bench::with_endpoint("terraform-holds", &aws.endpoint);
    let terraform = Terraform::with_resources(&mirror, &bench, &aws.endpoint);
    let mut typed = Typed::on_the_page();
    typed.run("import", &bench);
    typed.run("apply", &bench);
    assert_eq!(operations(&bench, FILE), [""; 0]);

    assert!(terraform.apply().says("0 added, 5 changed, 0 destroyed"));
    // With `adopt` it takes over once more.
    assert_eq!(operations(&bench, FILE), TAGGING);
    let written = fs::read_to_string(bench.path("checkout.toml")).unwrap();
    let kept = written.lines().filter(|line| !line.starts_with("adopt "));
    bench.write("checkout.toml", &kept.collect::<Vec<_>>().join("\n"));
    let refused = bench.run(&["plan", "checkout.toml"]).expect(1);
    assert!(
        refused.says("Blocked: 4 decisions needed"),
        "{}",
        refused.stdout
    );
    assert!(refused.says("+ create workspace"), "{}", refused.stdout);
}
