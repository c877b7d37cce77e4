//! What whoever runs amp-stack has to be allowed, kind by kind.

use crate::{
    kinds::kind::State,
    model::{
        address::StackName,
        identity::Identity,
        lifecycle::Lifecycle,
        node::Node,
        permission::{Permissions, Purpose},
        tags::STACK_TAG,
    },
};

/// What a collector has to do with permissions of those who look after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Collector {
    /// The log group in the region of the stack that it writes to, if it does.
    pub(crate) log_group: Option<String>,
    /// The URL that it sends samples to, if that is known.
    pub(crate) endpoint: Option<String>,
}

/// For whom, where and for what permissions are worked out.
#[derive(Clone, Copy)]
pub(crate) struct Occasion<'a> {
    pub(crate) purpose: Purpose,
    /// The names by which tags say that something is the stack's: its own comes first.
    pub(crate) names: &'a [&'a StackName],
    pub(crate) identity: &'a Identity,
    /// Finds the collector in what a task definition says.
    pub(crate) collector: &'a dyn Fn(&Node) -> Option<Collector>,
}

impl Occasion<'_> {
    /// An ARN of `service` in the region of the stack.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        let Identity {
            account,
            region,
            partition,
        } = self.identity;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// The values of the tag that a resource of the stack has.
    pub(crate) fn owners(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| name.as_str())
    }

    /// The tag that a resource of the stack has, as conditions ask for it.
    pub(crate) fn resource_tag() -> String {
        format!("aws:ResourceTag/{STACK_TAG}")
    }
}

/// A kind that takes permissions to read and to alter.
pub(crate) trait Permitted: State {
    /// Adds what every run takes, whatever its stack declares.
    fn always(_occasion: Occasion<'_>, _permissions: &mut Permissions) {}

    /// Adds what this state, which is declared, takes. References in it are filled in as far as
    /// they follow from names.
    fn permissions(
        &self,
        lifecycle: &Lifecycle,
        occasion: Occasion<'_>,
        permissions: &mut Permissions,
    );
}
