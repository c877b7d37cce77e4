//! The daemons of a cluster: on Managed Instances each instance runs one task of them. A daemon has
//! task definitions of its own, which are none of the families that a stack declares, but name
//! roles, log groups and workspaces as others do.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{DaemonContainerDefinition, DaemonDetail, DaemonTaskDefinition};

use crate::{
    aws::Aws,
    kinds::task_definition::{aws::running::cluster::Cluster, needs},
    model::{
        call::CallError,
        identity::Identity,
        node::Node,
        running::{RunningRevision, User},
    },
};

/// The most revisions of daemons that `DescribeDaemonRevisions` takes (ECS API reference).
const REVISIONS: usize = 20;
const PAGE: i32 = 100;
/// What a region or partition answers in which there are no daemons (ECS API reference,
/// `ListDaemons`, and what the JSON protocols of AWS answer to an operation that they don't know).
const NO_DAEMONS: [&str; 2] = ["UnsupportedFeatureException", "UnknownOperationException"];

/// What the daemons of a cluster run, and what of it could not be seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Daemons {
    pub(super) revisions: Vec<RunningRevision>,
    pub(super) unseen: BTreeSet<String>,
}

/// Reads the daemons of `cluster`.
pub(super) async fn of(
    aws: &Aws,
    identity: &Identity,
    cluster: &Cluster,
) -> Result<Daemons, CallError> {
    let mut found = Daemons::default();
    let mut token = None;
    loop {
        let request = aws.ecs.client.list_daemons().cluster_arn(&cluster.arn);
        let request = request.max_results(PAGE).set_next_token(token);
        let answer = match aws.ecs.call("ecs:ListDaemons", request.send()).await {
            Err(error) if is_without_daemons(&error) => return Ok(found),
            other => found.seen(cluster, other)?,
        };
        let Some(answer) = answer else {
            return Ok(found);
        };
        let daemons = answer.daemon_summaries_list().iter();
        for daemon in daemons.filter_map(|summary| summary.daemon_arn()) {
            found.of_daemon(aws, identity, cluster, daemon).await?;
        }
        token = answer.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(found);
        }
    }
}

fn is_without_daemons(error: &CallError) -> bool {
    let code = error.code.as_deref();
    code.is_some_and(|code| NO_DAEMONS.contains(&code))
}

impl Daemons {
    /// The answer; `None` if the permission for it is missing, which is noted.
    #[expect(
        clippy::result_large_err,
        reason = "a failed call is passed on as every call returns it"
    )]
    fn seen<T>(
        &mut self,
        cluster: &Cluster,
        answer: Result<T, CallError>,
    ) -> Result<Option<T>, CallError> {
        super::seen(
            &format!("the daemons in cluster {}", cluster.name()),
            answer,
            &mut self.unseen,
        )
    }

    /// Adds what one daemon runs: each of its current revisions.
    async fn of_daemon(
        &mut self,
        aws: &Aws,
        identity: &Identity,
        cluster: &Cluster,
        daemon: &str,
    ) -> Result<(), CallError> {
        let request = aws.ecs.client.describe_daemon().daemon_arn(daemon).send();
        let answer = aws.ecs.call("ecs:DescribeDaemon", request).await;
        let Some(answer) = self.seen(cluster, answer)? else {
            return Ok(());
        };
        let revisions = answer.daemon().map(DaemonDetail::current_revisions);
        let revisions = revisions.unwrap_or_default().iter();
        let arns: Vec<String> = revisions
            .filter_map(|revision| revision.arn().map(str::to_owned))
            .collect();
        let mut definitions = BTreeSet::new();
        for batch in arns.chunks(REVISIONS) {
            let request = aws.ecs.client.describe_daemon_revisions();
            let request = request.set_daemon_revision_arns(Some(batch.to_vec()));
            let answer = aws
                .ecs
                .call("ecs:DescribeDaemonRevisions", request.send())
                .await;
            let Some(answer) = self.seen(cluster, answer)? else {
                return Ok(());
            };
            let revisions = answer.daemon_revisions().iter();
            let named = revisions.filter_map(|revision| revision.daemon_task_definition_arn());
            definitions.extend(named.map(str::to_owned));
        }
        for definition in definitions {
            let request = aws.ecs.client.describe_daemon_task_definition();
            let request = request.daemon_task_definition(&definition).send();
            let answer = aws
                .ecs
                .call("ecs:DescribeDaemonTaskDefinition", request)
                .await;
            let Some(answer) = self.seen(cluster, answer)? else {
                return Ok(());
            };
            let user = User::Daemon {
                cluster: cluster.name().to_owned(),
                daemon: daemon.rsplit('/').next().unwrap_or(daemon).to_owned(),
            };
            let read = answer.daemon_task_definition();
            self.revisions.extend(read.map(|read| RunningRevision {
                family: read.family().unwrap_or_default().to_owned(),
                revision: u32::try_from(read.revision()).unwrap_or_default(),
                needs: needs::of(&document(read), identity),
                users: [user].into(),
            }));
        }
        Ok(())
    }
}

/// What of a daemon's task definition can name something, as a task definition says it.
fn document(definition: &DaemonTaskDefinition) -> Node {
    let roles = [
        ("taskRoleArn", definition.task_role_arn()),
        ("executionRoleArn", definition.execution_role_arn()),
    ];
    let roles = roles
        .into_iter()
        .filter_map(|(member, role)| Some((member, text(role?))));
    let containers = definition.container_definitions().iter().map(container);
    let containers = ("containerDefinitions", Node::List(containers.collect()));
    map(roles.chain([containers]))
}

fn container(container: &DaemonContainerDefinition) -> Node {
    let logging = container.log_configuration();
    let options = logging.and_then(|logging| logging.options());
    let options = options.into_iter().flatten();
    let options = map(options.map(|(name, value)| (name.as_str(), text(value))));
    let variables = container.environment().iter();
    let variables = variables.filter_map(|variable| Some(text(variable.value()?)));
    let words = container.entry_point().iter().chain(container.command());
    map([
        ("logConfiguration", map([("options", options)])),
        ("environment", Node::List(variables.collect())),
        (
            "command",
            Node::List(words.map(|word| text(word)).collect()),
        ),
    ])
}

fn text(value: &str) -> Node {
    Node::from(value)
}

fn map<'a>(members: impl IntoIterator<Item = (&'a str, Node)>) -> Node {
    let members = members.into_iter();
    Node::Map(
        members
            .map(|(name, node)| (name.to_owned(), node))
            .collect(),
    )
}
