//! The part of a trial in which the stack runs: services are started and brought to a new revision,
//! samples are looked for and drawn, and the services are stopped.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{
    cli::{
        console::Console,
        failure::Failure,
        interrupt::{Interrupts, unless_interrupted},
        sandbox::trial::{
            Trial,
            service::{self, AwsCommand},
            stacks,
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

    /// Runs the services of each family, brings them to a new revision, verifies that samples
    /// arrive, draws them, and stops the services.
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
        let starts = self.starts(subjects);
        self.perform("Run it, as whoever deploys does", &starts, console)?;
        // What is broken is to be found; a new revision would mend some of it.
        if self.breaks.is_none() {
            self.roll_out(subjects, console, interrupts).await?;
        }
        self.scene.let_samples_arrive();
        let verdict = self.verify(console, interrupts).await?;
        if self.breaks.is_none() {
            self.draw(subjects, verdict, console, interrupts).await?;
        }

        let running = subjects
            .iter()
            .flat_map(|subject| stacks::services(&self.declared, subject));
        let stops: Vec<AwsCommand> = running.map(|name| service::stop(&name)).collect();
        self.perform("Stop it", &stops, console)?;
        self.scene.let_tasks_stop();
        Ok(())
    }

    /// What starts the services: their clusters, the instances there, and themselves.
    fn starts(&self, subjects: &[Subject]) -> Vec<AwsCommand> {
        let mut types: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        let mut starts = Vec::new();
        for subject in subjects {
            let launch_type = service::launch_type(&subject.address, &self.stack);
            for name in stacks::services(&self.declared, subject) {
                starts.push(service::start(&name, subject, &self.stack));
                types.entry(name.cluster).or_default().insert(launch_type);
            }
        }
        let of_clusters = types.iter().flat_map(|(cluster, types)| {
            [service::cluster(cluster)]
                .into_iter()
                .chain(service::instances(cluster, types))
        });
        of_clusters.chain(starts).collect()
    }

    /// Gives each family a new revision, and brings its services to it.
    async fn roll_out(
        &mut self,
        subjects: &[Subject],
        console: &mut Console,
        interrupts: &mut Interrupts,
    ) -> Result<(), Failure> {
        let mut options = vec!["--yes".to_owned()];
        options.extend(
            subjects
                .iter()
                .map(|subject| format!("--replace {}", subject.address)),
        );
        let command = self.typed("apply", &options);
        self.begin("Bring it to a new revision", &command, console)?;
        console.print(&stacks::lines_of_services(&self.declared, subjects))?;
        let rolling = stacks::rolling(&self.declared, subjects);
        let work = Box::pin(self.execute(&rolling, false, false, console, interrupts));
        self.scene.hurry(work).await
    }

    /// Looks whether samples arrive, and shows it.
    async fn verify(
        &mut self,
        console: &mut Console,
        interrupts: &mut Interrupts,
    ) -> Result<Verdict, Failure> {
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
        let verdict = Verdict::of(&findings.checks);
        if self.breaks.is_some() && verdict != Verdict::Disproven {
            let text = "something was broken, and nothing is found to be wrong";
            return Err(Failure::internal(text));
        }
        Ok(verdict)
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
