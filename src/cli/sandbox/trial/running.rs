//! The part of a trial in which the stack runs: services are started, samples are looked for, and
//! the services are stopped.

use std::time::Duration;

use crate::{
    cli::{
        console::Console,
        failure::Failure,
        interrupt::{Interrupts, unless_interrupted},
        sandbox::trial::{
            Trial,
            service::{self, AwsCommand},
        },
        verify::look,
    },
    cloud::Cloud as _,
    show::verify::{self as shown, Frame},
    verify::{self, Subject, Verdict},
};

impl Trial<'_> {
    /// The families that live.
    pub(super) async fn subjects(
        &self,
        interrupts: &mut Interrupts,
    ) -> Result<Vec<Subject>, Failure> {
        let target = self.target(&self.stack);
        let query = target.stack.query(false);
        let live = async { Ok(target.cloud.observe(&query).await?) };
        let live = unless_interrupted(live, interrupts).await?;
        Ok(verify::subjects(&target.stack, &live))
    }

    /// Runs a service of each family, verifies that samples arrive, and stops them.
    pub(super) async fn run_services(
        &mut self,
        subjects: &[Subject],
        console: &mut Console,
        interrupts: &mut Interrupts,
    ) -> Result<(), Failure> {
        if let Some(breaks) = self.breaks {
            let commands: Vec<AwsCommand> = subjects
                .iter()
                .flat_map(|s| breaks.commands(s, &self.stack))
                .collect();
            self.perform("Break something by hand", &commands, console)?;
        }
        let starts = subjects.iter().map(|s| service::start(s, &self.stack));
        let starts: Vec<AwsCommand> = [service::cluster()]
            .into_iter()
            .chain(service::instances(subjects, &self.stack))
            .chain(starts)
            .collect();
        self.perform("Run it, as whoever deploys does", &starts, console)?;
        self.scene.let_samples_arrive();

        let command = self.typed("verify", &["--wait 5m".to_owned()]);
        self.begin("See whether samples arrive", &command, console)?;
        let target = self.target(&self.stack);
        let looking = look(&target, self.typed("plan", &[]), Duration::ZERO, console);
        let findings = unless_interrupted(looking, interrupts).await?;
        let frame = Frame {
            stack: target.stack.name.as_str(),
            identity: &target.stack.identity,
            access: target.stack.access.as_ref(),
            sandbox: Some(self.sandbox),
            only: None,
        };
        console.print(&shown::render(&findings, &frame, console.out_style))?;
        let is_wrong = Verdict::of(&findings.checks) == Verdict::Disproven;
        if self.breaks.is_some() && !is_wrong {
            let text = "something was broken, and nothing is found to be wrong";
            return Err(Failure::internal(text));
        }

        let stops: Vec<AwsCommand> = subjects.iter().map(service::stop).collect();
        self.perform("Stop it", &stops, console)?;
        self.scene.let_tasks_stop();
        Ok(())
    }

    /// Does in the sandbox what somebody would do with the AWS CLI.
    fn perform(
        &mut self,
        title: &str,
        commands: &[AwsCommand],
        console: &mut Console,
    ) -> Result<(), Failure> {
        let text: Vec<&str> = commands
            .iter()
            .map(|command| command.text.as_str())
            .collect();
        if text.is_empty() {
            let text = "the stack has nothing of the kind that is to be broken";
            return Err(Failure::before(text));
        }
        self.begin(title, &text.join("\n$ "), console)?;
        commands
            .iter()
            .try_for_each(|command| self.scene.perform(command))?;
        Ok(console.print("(done, in the sandbox)\n")?)
    }
}
