//! `UpdateService` and `UpdateExpressGatewayService`, and following the service deployment that it
//! starts to its end.

mod ends;
mod follow;
mod reasons;

use aws_sdk_ecs::operation::RequestId;

use crate::{
    aws::{Aws, error},
    kinds::live::Target,
    model::{
        call::{CallError, Reply},
        service::ServiceName,
    },
};

pub(crate) use follow::follow;

/// Brings the service to the newest revision of the family, without waiting for its tasks.
///
/// `UpdateService` with a revision that the service runs already starts no deployment unless that
/// is asked for (ECS API reference, `UpdateService`, `forceNewDeployment`): it may be sent twice.
/// If `is_forced` asks for one, a second one takes the place of the first and leads to the same.
pub(super) async fn start(
    aws: &Aws,
    target: &Target<'_>,
    service: &ServiceName,
    is_forced: bool,
) -> Result<Reply, CallError> {
    let Some(revision) = target.revision else {
        return Err(unnumbered(target));
    };
    let request = aws.ecs.client.update_service();
    let request = request.cluster(&service.cluster).service(&service.service);
    let request = request.task_definition(format!("{}:{revision}", target.name));
    let request = request.set_force_new_deployment(is_forced.then_some(true));
    let answer = aws.ecs.call(target.operation, request.send()).await?;
    let deployment = answer
        .service()
        .and_then(|service| service.current_service_deployment());
    Ok(Reply {
        deployment: deployment.map(str::to_owned),
        request_id: answer.request_id().map(str::to_owned),
        ..Reply::default()
    })
}

/// The same for a service of ECS Express Mode, by the ARN of the revision. The answer does not name
/// the service deployment that begins, which is then found by its target.
///
/// Source: ECS API reference, `UpdateExpressGatewayService`, `taskDefinitionArn`.
pub(super) async fn start_express(
    aws: &Aws,
    target: &Target<'_>,
    service: &ServiceName,
) -> Result<Reply, CallError> {
    let Some(revision) = target.revision else {
        return Err(unnumbered(target));
    };
    let identity = aws.identity().await?;
    let request = aws.ecs.client.update_express_gateway_service();
    let request = request
        .service_arn(identity.service_arn(&service.cluster, &service.service))
        .task_definition_arn(identity.task_definition_arn(target.name, revision));
    let answer = aws.ecs.call(target.operation, request.send()).await?;
    Ok(Reply {
        request_id: answer.request_id().map(str::to_owned),
        ..Reply::default()
    })
}

/// That nobody knows which revision is meant.
fn unnumbered(target: &Target<'_>) -> CallError {
    let message = format!("the newest revision of {} is not known", target.name);
    error::unexpected(target.operation, message)
}
