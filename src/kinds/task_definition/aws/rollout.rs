//! `UpdateService`, and following the service deployment that it starts to its end.

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
pub(super) async fn start(
    aws: &Aws,
    target: &Target<'_>,
    service: &ServiceName,
) -> Result<Reply, CallError> {
    let Some(revision) = target.revision else {
        let message = format!("the newest revision of {} is not known", target.name);
        return Err(error::unexpected(target.operation, message));
    };
    let request = aws.ecs.client.update_service();
    let request = request.cluster(&service.cluster).service(&service.service);
    let request = request.task_definition(format!("{}:{revision}", target.name));
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
