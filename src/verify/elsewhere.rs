//! What nobody looks at: networks, what AWS counts of a workspace elsewhere, and where metrics go
//! besides the workspace.

use std::collections::BTreeSet;

use crate::{
    model::identity::workspace_of,
    series::{Destination, Format},
    verify::Subject,
};

/// What can't be seen of any stack.
const ALWAYS: &str = "whether subnets, VPC endpoints and their policies let tasks reach AWS: that is proven only by the samples";

/// What is not looked at of these families: each a sentence without a full stop.
pub(super) fn not_looked_at<'a>(subjects: impl Iterator<Item = &'a Subject>) -> Vec<String> {
    let mut elsewhere = BTreeSet::new();
    for subject in subjects {
        let target = subject.target.as_ref();
        if let Some(target) = target.filter(|target| !target.is_of(&subject.identity.account)) {
            elsewhere.insert(format!(
                "what the workspace {} discards, which CloudWatch counts in its own account",
                target.id
            ));
        }
        let measures = subject.measures.iter();
        for destination in measures.flat_map(|measures| &measures.destinations) {
            elsewhere.extend(arrival(subject, destination));
        }
    }
    let always = std::iter::once(ALWAYS.to_owned());
    always.chain(elsewhere).collect()
}

/// What can't be seen of what goes to `destination`; nothing of the workspace that is asked.
fn arrival(subject: &Subject, destination: &Destination) -> Option<String> {
    let endpoint = &destination.endpoint;
    match destination.format {
        Format::CloudWatch => Some(
            "whether metrics arrive in CloudWatch: only the right to send them there is asked for"
                .to_owned(),
        ),
        Format::Emf => Some(format!(
            "what CloudWatch makes of the log group {endpoint}: only the right to write to it is asked for"
        )),
        Format::RemoteWrite => {
            let asked = subject.target.as_ref().map(|target| target.id.as_str());
            let id = workspace_of(endpoint).map(|(_, id)| id);
            (asked.is_none() || id != asked)
                .then(|| format!("whether samples arrive at {endpoint}"))
        }
        Format::Otlp => Some(format!("whether metrics arrive at {endpoint}")),
    }
}
