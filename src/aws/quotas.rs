//! Reads how large the quotas of an account are.
//!
//! Nothing here fails a plan: what can't be read is said.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::SummaryKeyType;
use serde_json::json;

use crate::{
    aws::{Aws, json::QUOTAS, mentions::unseen},
    model::{
        number,
        quota::{Known, Quota, Source},
    },
};

/// What is known of the quotas that were asked for: one call answers for all of IAM, and one for
/// each of another service. They are made at once.
pub(crate) async fn observe(aws: &Aws, asked: &BTreeSet<Quota>) -> BTreeMap<Quota, Known> {
    let of = |source: Source| {
        let quotas = asked.iter().copied();
        quotas.filter(move |quota| quota.facts().source == Some(source))
    };
    let (mut known, others) = tokio::join!(
        of_iam(aws, of(Source::AccountSummary).collect()),
        of_service_quotas(aws, of(Source::ServiceQuotas).collect()),
    );
    known.extend(others);
    known
}

/// IAM API reference, `GetAccountSummary`, which says what there is as well as how much there may
/// be: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html>.
async fn of_iam(aws: &Aws, quotas: Vec<Quota>) -> BTreeMap<Quota, Known> {
    if quotas.is_empty() {
        return BTreeMap::new();
    }
    let request = aws.iam.client.get_account_summary().send();
    let operation = Source::AccountSummary.operation();
    let answer = aws.iam.call(operation, request).await;
    let known = quotas.into_iter().map(|quota| {
        let known = match &answer {
            Err(error) => unread(unseen(error)),
            Ok(answer) => {
                let number = |key: &SummaryKeyType| {
                    let number = answer.summary_map()?.get(key)?;
                    u64::try_from(*number).ok()
                };
                let used = (quota == Quota::Roles).then(|| number(&SummaryKeyType::Roles));
                key_of(quota).and_then(|key| number(&key)).map_or_else(
                    || unread(format!("{operation} says nothing of it")),
                    |most| Known {
                        used: used.flatten(),
                        most: Some(most),
                        unread: None,
                    },
                )
            }
        };
        (quota, known)
    });
    known.collect()
}

/// What `GetAccountSummary` calls a quota.
fn key_of(quota: Quota) -> Option<SummaryKeyType> {
    match quota {
        Quota::InlinePolicies => Some(SummaryKeyType::RolePolicySizeQuota),
        Quota::ManagedPolicies => Some(SummaryKeyType::AttachedPoliciesPerRoleQuota),
        Quota::Roles => Some(SummaryKeyType::RolesQuota),
        Quota::TrustPolicy => Some(SummaryKeyType::AssumeRolePolicySizeQuota),
        Quota::Revisions | Quota::Workspaces => None,
    }
}

/// Service Quotas API reference, `GetServiceQuota`: the value that is applied to the account. Of
/// some quotas there are only defaults, and that is an error:
/// <https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html>.
async fn of_service_quotas(aws: &Aws, quotas: Vec<Quota>) -> BTreeMap<Quota, Known> {
    let mut known = BTreeMap::new();
    for quota in quotas {
        known.insert(quota, of_service_quota(aws, quota).await);
    }
    known
}

async fn of_service_quota(aws: &Aws, quota: Quota) -> Known {
    let facts = quota.facts();
    let operation = Source::ServiceQuotas.operation();
    let region = match aws.region() {
        Ok(region) => region,
        Err(error) => return unread(error.to_string()),
    };
    let input = json!({"ServiceCode": facts.service, "QuotaCode": facts.code});
    let answer = aws.json.ask((QUOTAS, &region), operation, input).await;
    match answer {
        Err(error) => unread(unseen(&error)),
        Ok(answer) => whole(&answer["Quota"]["Value"]).map_or_else(
            || unread(format!("{operation} says nothing of it")),
            |most| Known {
                most: Some(most),
                ..Known::default()
            },
        ),
    }
}

fn unread(why: String) -> Known {
    Known {
        unread: Some(why),
        ..Known::default()
    }
}

/// A count, which Service Quotas gives as a floating-point number: `25.0`.
fn whole(value: &serde_json::Value) -> Option<u64> {
    let count = value.as_f64().filter(|count| *count >= 0.0)?;
    Some(number::whole(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::script::{Answer, Script};

    async fn seen(script: &Script, asked: &[Quota]) -> BTreeMap<Quota, Known> {
        observe(&script.aws(), &asked.iter().copied().collect()).await
    }

    fn entry(key: &str, value: u64) -> String {
        format!("<entry><key>{key}</key><value>{value}</value></entry>")
    }

    #[tokio::test]
    async fn one_call_answers_for_all_of_iam_and_one_for_workspaces() {
        let script = Script::new(|asked| match asked.operation.as_str() {
            "GetAccountSummary" => {
                let entries = [
                    entry("Roles", 998),
                    entry("RolesQuota", 1000),
                    entry("AttachedPoliciesPerRoleQuota", 20),
                    entry("AssumeRolePolicySizeQuota", 4096),
                    entry("RolePolicySizeQuota", 10_240),
                ];
                let map = format!("<SummaryMap>{}</SummaryMap>", entries.concat());
                Answer::xml("GetAccountSummary", &map)
            }
            "GetServiceQuota" => {
                assert_eq!(
                    asked.json(),
                    json!({"ServiceCode": "aps", "QuotaCode": "L-8873DB23"})
                );
                Answer::json(&json!({"Quota": {"QuotaCode": "L-8873DB23", "Value": 30.0}}))
            }
            other => panic!("{other}"),
        });
        let known = seen(&script, &Quota::ALL).await;
        let most: Vec<_> = known.values().map(|known| known.most).collect();
        let expected = [10_240, 20, 1000, 4096, 30];
        assert_eq!(most, expected.map(Some), "revisions are nobody's to say");
        assert_eq!(known[&Quota::Roles].used, Some(998));
        assert_eq!(script.operations().len(), 2);
        assert_eq!(seen(&script, &[Quota::Revisions]).await, BTreeMap::new());
        assert_eq!(script.operations().len(), 2, "nobody is asked for nothing");
    }

    #[tokio::test]
    async fn what_is_denied_or_not_said_is_unread() {
        for (answers, why) in [
            (
                [
                    Answer::xml_error(403, "AccessDenied"),
                    Answer::error(400, "AccessDeniedException", "no"),
                ],
                "is denied",
            ),
            (
                [
                    Answer::xml("GetAccountSummary", "<SummaryMap/>"),
                    Answer::json(&json!({"Quota": {"Value": "many"}})),
                ],
                "says nothing of it",
            ),
        ] {
            let script = Script::new(move |asked| {
                let [iam, other] = answers.clone();
                if asked.operation == "GetAccountSummary" {
                    iam
                } else {
                    other
                }
            });
            for (quota, known) in seen(&script, &[Quota::Roles, Quota::Workspaces]).await {
                let source = quota.facts().source.unwrap();
                let expected = format!("{} {why}", source.operation());
                assert_eq!(known, unread(expected));
            }
        }
    }
}
