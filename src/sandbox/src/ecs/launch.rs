//! How tasks are started: the parameters that `CreateService`, `UpdateService` and `RunTask` share,
//! and what they demand of the task definition.

use serde_json::{Map, Value};

use super::{
    members::{Members, invalid},
    revision::Revision,
};
use crate::service::Refusal;

/// Where a task runs.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_field_names, reason = "it is the API's word")]
pub(super) struct Launch {
    /// The launch type, as in the API.
    pub(super) launch_type: String,
    /// The capacity provider, if a strategy chose one.
    pub(super) capacity_provider: Option<String>,
    /// The first subnet that tasks may be in.
    pub(super) subnet: Option<String>,
}

impl Launch {
    /// Reads `launchType` and `capacityProviderStrategy`, of which one can be given; the default is
    /// EC2 (API reference, `CreateService` and `RunTask`).
    pub(super) fn new(input: &Map<String, Value>) -> Result<Self, Refusal> {
        let providers: Vec<&str> = input
            .objects("capacityProviderStrategy")
            .filter_map(|item| item.text("capacityProvider"))
            .collect();
        let network = input.object("networkConfiguration");
        let network = network.and_then(|network| network.object("awsvpcConfiguration"));
        let subnet = network.and_then(|network| network.texts("subnets").next());
        let subnet = subnet.map(str::to_owned);
        let Some(provider) = providers.first() else {
            return Ok(Self {
                subnet,
                launch_type: input.text("launchType").unwrap_or("EC2").to_owned(),
                capacity_provider: None,
            });
        };
        if input.contains_key("launchType") {
            return Err(invalid(
                "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
            ));
        }
        if providers
            .iter()
            .any(|name| !["FARGATE", "FARGATE_SPOT"].contains(name))
        {
            return Err(invalid("The specified capacity provider was not found."));
        }
        Ok(Self {
            subnet,
            launch_type: "FARGATE".to_owned(),
            capacity_provider: Some((*provider).to_owned()),
        })
    }

    /// Returns whether tasks run on Fargate, which has room for all, and not on instances.
    pub(super) fn is_fargate(&self) -> bool {
        self.launch_type == "FARGATE"
    }

    /// Checks that the task definition can be started this way.
    pub(super) fn check(
        &self,
        input: &Map<String, Value>,
        revision: &Revision,
    ) -> Result<(), Refusal> {
        let launch_type = self.launch_type.as_str();
        let supported = |name: &str| {
            revision
                .definition
                .texts("compatibilities")
                .any(|c| c == name)
        };
        if !supported(launch_type) {
            let message = format!("Task definition does not support launch_type {launch_type}.");
            return Err(invalid(message));
        }
        let network = input
            .object("networkConfiguration")
            .and_then(|network| network.object("awsvpcConfiguration"));
        match (revision.definition.text("networkMode"), network) {
            (Some("awsvpc"), None) => Err(invalid(
                "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
            )),
            (Some("awsvpc"), Some(network)) => check_network(network),
            (_, Some(_)) => Err(invalid(
                "Network Configuration is not valid for the given networkMode of this task definition.",
            )),
            (_, None) => Ok(()),
        }
    }
}

/// API reference, `AwsVpcConfiguration`: at most 16 subnets, of which there must be one, and 5
/// security groups.
fn check_network(network: &Map<String, Value>) -> Result<(), Refusal> {
    match network.list("subnets").len() {
        0 => Err(invalid("subnets can not be empty.")),
        count if count > 16 => Err(invalid("subnets can have at most 16 items.")),
        _ if network.list("securityGroups").len() > 5 => {
            Err(invalid("securityGroups can have at most 5 items."))
        }
        _ => Ok(()),
    }
}

/// API reference, `LoadBalancer`, containerName.
pub(super) fn check_load_balancers(
    input: &Map<String, Value>,
    revision: &Revision,
) -> Result<(), Refusal> {
    let known = |name: &str| {
        let mut containers = revision.definition.objects("containerDefinitions");
        containers.any(|container| container.text("name") == Some(name))
    };
    let mut names = input
        .objects("loadBalancers")
        .filter_map(|lb| lb.text("containerName"));
    match names.find(|name| !known(name)) {
        Some(name) => Err(invalid(format!(
            "The container {name} does not exist in the task definition."
        ))),
        None => Ok(()),
    }
}
