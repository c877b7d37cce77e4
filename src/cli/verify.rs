//! `amp-stack verify`: whether samples of every running task really arrive, and if not, why not.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use tokio::time::{Instant, sleep};

use crate::{
    aws::Aws,
    cli::{
        args::{AccountArgs, LoadArgs, StackArgs},
        candidates::toml_file,
        command_line::typed,
        console::Console,
        exit::Exit,
        failure::Failure,
        files,
        interrupt::{Interrupts, unless_interrupted},
        session::{self, Session},
    },
    collector::Period,
    run::{self, PlanRequest, StackTarget},
    show::{
        events::Event,
        verify::{self as shown, Frame},
        words,
    },
    verify::{self, Facts, Findings, PlanFacts, State, Verdict},
};

/// How it can end.
pub(super) const EXITS: &[Exit] = &[Exit::Done, Exit::Error, Exit::NotProven, Exit::Disproven];

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack verify                        look at everything between the stack file and the samples
  amp-stack verify stacks/prod.toml --wait 5m
                                          after a deployment: look again until samples arrive
  amp-stack verify --json | jq '.checks[] | select(.state == \"fails\")'";

/// How often is looked again.
const PAUSE: Duration = Duration::from_secs(5);

/// `verify`.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The stack file [default: ./stack.toml, else the only file in ./stacks/]
    #[arg(value_name = "STACK.toml", add = toml_file())]
    pub(super) file: Option<PathBuf>,
    /// While something is not so yet, look again for as long as this: `90s`, `5m`
    #[arg(long, value_name = "TIME", value_parser = wait)]
    pub(super) wait: Option<Duration>,
    /// Print a JSON object
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) load: LoadArgs,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}

pub(super) fn wait(text: &str) -> Result<Duration, String> {
    let period = Period::parse(text);
    let period = period.ok_or_else(|| "takes a time such as 90s or 5m".to_owned())?;
    Ok(Duration::from_millis(period.millis()))
}

/// `amp-stack verify`.
pub(super) async fn verify(
    args: &Verify,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let path = files::one(args.file.as_deref(), Path::new("."))?;
    let stacks = StackArgs {
        files: vec![path],
        load: args.load.clone(),
        account: args.account.clone(),
    };
    let work = async {
        let Session {
            targets,
            sandbox,
            places: _,
        } = session::open(&stacks, console).await?;
        let plan_command = |target: &StackTarget<Aws>| typed("plan", &[&target.path], &stacks);
        let request = VerifyRequest {
            plan_commands: targets.iter().map(plan_command).collect(),
            targets: &targets,
            sandbox: sandbox.as_deref(),
            wait: args.wait.unwrap_or_default(),
        };
        let found = request.look(console).await?;
        for (target, findings) in targets.iter().zip(&found) {
            let frame = &request.frame(target);
            let text = if args.json {
                format!("{:#}\n", shown::json(findings, frame))
            } else {
                shown::render(findings, frame, console.out_style)
            };
            console.print(&text)?;
        }
        Ok(exit(&found))
    };
    unless_interrupted(work, interrupts).await
}

/// Stacks to look at.
pub(super) struct VerifyRequest<'a> {
    /// The stacks; of one that is narrowed, only what it is narrowed to is looked at.
    pub(super) targets: &'a [StackTarget<Aws>],
    /// For each of them the command that shows what is left to do.
    pub(super) plan_commands: Vec<String>,
    /// The name of the sandbox that stands in for AWS, if one does.
    pub(super) sandbox: Option<&'a str>,
    /// For how long to look again.
    pub(super) wait: Duration,
}

impl<'a> VerifyRequest<'a> {
    /// Looks at the stacks, one after another.
    async fn look(&self, console: &mut Console) -> Result<Vec<Findings>, Failure> {
        let mut found = Vec::new();
        for (target, plan_command) in self.targets.iter().zip(&self.plan_commands) {
            found.push(look(target, plan_command.clone(), self.wait, console).await?);
        }
        Ok(found)
    }

    fn frame(&self, target: &'a StackTarget<Aws>) -> Frame<'a> {
        Frame {
            stack: target.stack.name.as_str(),
            identity: &target.stack.identity,
            access: target.stack.access.as_ref(),
            sandbox: self.sandbox,
            only: target.only.as_ref(),
        }
    }
}

/// Looks at what has just been applied, as a part of what that prints.
pub(super) async fn verify_applied(
    request: &VerifyRequest<'_>,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    if !console.prints_json() {
        console.eprint("\n")?;
    }
    let found = unless_interrupted(request.look(console), interrupts).await?;
    let mut texts = Vec::new();
    for (target, findings) in request.targets.iter().zip(&found) {
        let frame = request.frame(target);
        if console.prints_json() {
            console.events_are_about(Some(&target.path));
            console.emit(&Event::Verified(shown::verified(findings, &frame)))?;
        } else {
            texts.push(shown::render(findings, &frame, console.out_style));
        }
    }
    if !texts.is_empty() {
        console.print(&texts.join("\n"))?;
    }
    Ok(exit(&found))
}

/// How the program ends with these findings.
fn exit(found: &[Findings]) -> Exit {
    match Verdict::of(found.iter().flat_map(|findings| &findings.checks)) {
        Verdict::Proven => Exit::Done,
        Verdict::Undecided => Exit::NotProven,
        Verdict::Disproven => Exit::Disproven,
    }
}

/// Looks at everything, and again while something is not so yet and there is time.
pub(super) async fn look(
    target: &StackTarget<Aws>,
    plan_command: String,
    wait: Duration,
    console: &mut Console,
) -> Result<Findings, Failure> {
    let request = PlanRequest {
        targets: std::slice::from_ref(target),
        destroy: false,
        explain: false,
    };
    let planned = run::plan_without_quotas(&request).await?.remove(0);
    let steps = planned.plan.steps.iter().map(|step| &step.id.address);
    let plan = PlanFacts {
        changes: steps.collect::<std::collections::BTreeSet<_>>().len(),
        decisions: planned.plan.refusals.len(),
        plan_command,
        is_narrowed: target.only.is_some(),
    };
    let mut subjects = verify::subjects(&target.stack, &planned.live);
    if let Some(only) = &target.only {
        subjects.retain(|subject| only.contains(&subject.address));
    }
    let began = Instant::now();
    let mut said = String::new();
    loop {
        let evidence = target.cloud.evidence(&subjects).await;
        let families = subjects.iter().cloned().zip(evidence).collect();
        let plan = plan.clone();
        let findings = Findings::of(&Facts { plan, families });
        let checks = &findings.checks;
        let waits = checks.iter().find(|check| check.state == State::NotYet);
        let Some(waits) = waits.filter(|_| began.elapsed() + PAUSE <= wait) else {
            return Ok(findings);
        };
        let why = waits.because.first().unwrap_or(&waits.what);
        let elapsed = words::elapsed(began.elapsed());
        let counts = shown::counts(checks);
        if said != counts && !console.prints_json() {
            let text = format!("{counts}; {why}");
            let line = words::wrap(&format!("[{elapsed}] "), &text, console.err_style.width);
            console.eprint(&line)?;
            said = counts;
        }
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_a_time() {
        assert_eq!(wait("5m"), Ok(Duration::from_mins(5)));
        assert_eq!(wait("1m30s"), Ok(Duration::from_secs(90)));
        for text in ["", "5", "soon", "0s"] {
            wait(text).expect_err(text);
        }
    }
}
