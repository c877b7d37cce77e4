//! Looks up what stacks name and do not make: of everything but what the kinds list anyway.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    aws::{Aws, all, error::is_denied},
    model::{
        call::CallError,
        mention::{Mention, Presence, Unfit, What},
        query::Query,
    },
};

/// What is known of what `queries` mention. Nothing fails because something could not be seen.
pub(crate) async fn observe(
    aws: &Aws,
    queries: &[Query],
) -> Result<BTreeMap<Mention, Presence>, CallError> {
    let mentions: BTreeSet<Mention> = queries
        .iter()
        .flat_map(|query| query.mentions.iter().cloned())
        .collect();
    let known = all(mentions, |mention| {
        let aws = aws.clone();
        async move {
            let presence = look_up(&aws, &mention).await;
            Ok(presence.map(|presence| (mention, presence)))
        }
    });
    Ok(known.await?.into_iter().flatten().collect())
}

/// What is known of one, unless the kind that it is of says that.
async fn look_up(aws: &Aws, mention: &Mention) -> Option<Presence> {
    match mention.what {
        What::LogGroup | What::Role | What::Workspace => None,
        What::Policy => Some(policy(aws, &mention.name).await),
    }
}

/// IAM API reference, `GetPolicy`.
async fn policy(aws: &Aws, arn: &str) -> Presence {
    let request = aws.iam.client.get_policy().policy_arn(arn).send();
    match aws.iam.call("iam:GetPolicy", request).await {
        Ok(answer) => match answer.policy() {
            Some(policy) if !policy.is_attachable() => Presence::Unfit(Unfit::NotAttachable),
            Some(_) | None => Presence::Fits,
        },
        Err(error) if error.code.as_deref() == Some("NoSuchEntity") => Presence::Missing,
        Err(error) => Presence::Unseen(unseen(&error)),
    }
}

/// Why something could not be seen.
pub(crate) fn unseen(error: &CallError) -> String {
    if is_denied(error.code.as_deref()) {
        format!("{} is denied", error.operation)
    } else {
        error.to_string()
    }
}
