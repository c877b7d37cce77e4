//! The active revisions of the whole account in one list, where that is quicker than to ask for
//! each family.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use aws_sdk_ecs::types::TaskDefinitionStatus;
use tokio::time::Instant;

use crate::{
    aws::{Aws, tagging::family_and_revision},
    kinds::task_definition::aws::revision::{LIST, PAGE},
    model::call::CallError,
};

/// So many families are asked for one by one: their answers come all at once, and the pages of a
/// list one after another.
const FEW: usize = 2;
/// For how long pages are read at least.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many families a second can be asked for (ECS developer guide, "Request throttling for the
/// Amazon ECS API").
const FAMILIES_A_SECOND: u32 = 20;

/// The numbers of revisions, by family.
pub(crate) type Revisions = BTreeMap<String, BTreeSet<u32>>;

/// Reads the revisions of all families with `status`, of which `families` are wanted; `None` if
/// there are so many others that it is quicker to ask for each.
///
/// The list has no end that could be seen from its beginning, and its pages come one after another:
/// an account with 100,000 revisions has a thousand of them. So they are read only as long as the
/// families could be asked for, and no more of them than there are families.
pub(crate) async fn in_bulk(
    aws: &Aws,
    status: TaskDefinitionStatus,
    families: usize,
) -> Result<Option<Revisions>, CallError> {
    if families <= FEW {
        return Ok(None);
    }
    let pages = u32::try_from(families).unwrap_or(u32::MAX);
    let until = Instant::now() + PATIENCE.max(Duration::from_secs(1) * pages / FAMILIES_A_SECOND);
    let mut revisions = Revisions::new();
    let mut token: Option<String> = None;
    for _ in 0..pages {
        let request = aws.ecs.client.list_task_definitions();
        let request = request.status(status.clone()).max_results(PAGE);
        let request = request.set_next_token(token.clone()).send();
        let answer = aws.ecs.call(LIST, request).await?;
        for arn in answer.task_definition_arns() {
            if let Some((family, number)) = family_and_revision(arn) {
                let numbers = revisions.entry(family.to_owned()).or_default();
                numbers.insert(number);
            }
        }
        let next = answer.next_token.filter(|next| !next.is_empty());
        if next.is_none() {
            return Ok(Some(revisions));
        }
        if next == token || Instant::now() >= until {
            break;
        }
        token = next;
    }
    tracing::debug!(
        revisions = revisions.values().map(BTreeSet::len).sum::<usize>(),
        "the account has too many revisions to list them all: each family is asked for"
    );
    Ok(None)
}
