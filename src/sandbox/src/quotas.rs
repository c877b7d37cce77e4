//! Service Quotas: how much the account may have. The services hold everybody to these numbers.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Answer, Context, Refusal, World,
    service::{Input, Outcome},
};

/// A quota that the sandbox knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    service: &'static str,
    pub(crate) code: &'static str,
    name: &'static str,
    /// What an account has that never asked for more.
    pub(crate) default: usize,
}

// AWS General Reference, "AWS Identity and Access Management endpoints and quotas" and "Amazon
// Managed Service for Prometheus endpoints and quotas".
pub(crate) const ROLES: Quota = Quota {
    service: "iam",
    code: "L-FE177D64",
    name: "Roles per account",
    default: 1_000,
};
pub(crate) const POLICIES_PER_ROLE: Quota = Quota {
    service: "iam",
    code: "L-0DA4ABF3",
    name: "Managed policies per role",
    default: 10,
};
pub(crate) const TRUST_LENGTH: Quota = Quota {
    service: "iam",
    code: "L-C07B4B0D",
    name: "Role trust policy length",
    default: 2_048,
};
pub(crate) const WORKSPACES: Quota = Quota {
    service: "aps",
    code: "L-8873DB23",
    name: "Workspaces per region per account",
    default: 25,
};
// AMP user guide, "Amazon Managed Service for Prometheus service quotas". What AWS adapts by itself
// up to this number is not acted out.
pub(crate) const ACTIVE_SERIES: Quota = Quota {
    service: "aps",
    code: "L-5A151448",
    name: "Active series per workspace",
    default: 50_000_000,
};
const ALL: [Quota; 5] = [
    ROLES,
    POLICIES_PER_ROLE,
    TRUST_LENGTH,
    WORKSPACES,
    ACTIVE_SERIES,
];

/// How large a quota is: `iam:L-FE177D64=3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    service: String,
    code: String,
    most: usize,
}

/// A text that says of no quota how large it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is spelled SERVICE:CODE=NUMBER; there are {}", known())]
pub struct NoLimit;

/// The quotas, as people read them.
fn known() -> String {
    let known = ALL.map(|quota| format!("{}:{} ({})", quota.service, quota.code, quota.name));
    known.join(", ")
}

impl FromStr for Limit {
    type Err = NoLimit;

    fn from_str(text: &str) -> Result<Self, NoLimit> {
        let (named, most) = text.split_once('=').ok_or(NoLimit)?;
        let (service, code) = named.split_once(':').ok_or(NoLimit)?;
        find(service, code).ok_or(NoLimit)?;
        Ok(Self {
            service: service.to_owned(),
            code: code.to_owned(),
            most: most.parse().map_err(|_| NoLimit)?,
        })
    }
}

fn find(service: &str, code: &str) -> Option<Quota> {
    let mut all = ALL.into_iter();
    all.find(|quota| (quota.service, quota.code) == (service, code))
}

/// The quotas that are not as AWS's defaults, by code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    applied: BTreeMap<String, usize>,
}

impl State {
    pub(crate) fn is_empty(&self) -> bool {
        self.applied.is_empty()
    }

    /// From now on quotas are so large.
    pub(crate) fn set(&mut self, limits: Vec<Limit>) {
        let limits = limits.into_iter();
        self.applied
            .extend(limits.map(|limit| (limit.code, limit.most)));
    }

    /// How much the account may have.
    pub(crate) fn most(&self, quota: Quota) -> usize {
        let applied = self.applied.get(quota.code);
        applied.copied().unwrap_or(quota.default)
    }
}

/// Performs `operation`. The quotas of IAM are known in one region only (Service Quotas user guide,
/// "Requesting a quota increase").
pub(crate) fn call(world: &World, cx: &Context<'_>, operation: &str, input: &Input) -> Outcome {
    let applied = |quota: Quota| world.quotas.most(quota);
    let default = |quota: Quota| quota.default;
    match operation {
        "GetServiceQuota" => one(cx, input, applied),
        "GetAWSDefaultServiceQuota" => one(cx, input, default),
        "ListServiceQuotas" => list(cx, input, applied),
        "ListAWSDefaultServiceQuotas" => list(cx, input, default),
        unknown => Err(Refusal::new(400, "UnknownOperationException", unknown)),
    }
}

fn text<'a>(input: &'a Input, member: &str) -> Result<&'a str, Refusal> {
    let text = input.get(member).and_then(Value::as_str);
    text.filter(|text| !text.is_empty()).ok_or_else(|| {
        let message = format!("{member} is missing");
        Refusal::new(400, "IllegalArgumentException", message)
    })
}

fn is_known_in(cx: &Context<'_>, quota: Quota) -> bool {
    quota.service != "iam" || cx.partition != "aws" || cx.region == "us-east-1"
}

/// Service Quotas API reference, `GetServiceQuota` and `GetAWSDefaultServiceQuota`.
fn one(cx: &Context<'_>, input: &Input, most: impl Fn(Quota) -> usize) -> Outcome {
    let (service, code) = (text(input, "ServiceCode")?, text(input, "QuotaCode")?);
    let quota = find(service, code).filter(|quota| is_known_in(cx, *quota));
    let quota = quota.ok_or_else(|| {
        let message = "The request failed because the specified service does not exist.";
        Refusal::new(400, "NoSuchResourceException", message)
    })?;
    Ok(Answer::ok(json!({"Quota": shown(cx, quota, most(quota))})))
}

/// Same reference, `ListServiceQuotas` and `ListAWSDefaultServiceQuotas`: one page.
fn list(cx: &Context<'_>, input: &Input, most: impl Fn(Quota) -> usize) -> Outcome {
    let service = text(input, "ServiceCode")?;
    let code = input.get("QuotaCode").and_then(Value::as_str);
    let of_service = ALL.into_iter().filter(|quota| quota.service == service);
    let quotas = of_service.filter(|quota| is_known_in(cx, *quota));
    let quotas = quotas.filter(|quota| code.is_none_or(|code| code == quota.code));
    let shown: Vec<Value> = quotas.map(|quota| shown(cx, quota, most(quota))).collect();
    Ok(Answer::ok(json!({"Quotas": shown})))
}

/// Model service-quotas 2019-06-24, `ServiceQuota`.
fn shown(cx: &Context<'_>, quota: Quota, most: usize) -> Value {
    let Quota {
        service,
        code,
        name,
        default: _,
    } = quota;
    let is_global = service == "iam";
    json!({
        "ServiceCode": service, "QuotaCode": code, "QuotaName": name,
        "QuotaArn": format!("arn:{}:servicequotas:{}:{}:{service}/{code}", cx.partition, cx.region, cx.account),
        "Value": most, "Unit": "None", "Adjustable": true, "GlobalQuota": is_global,
        "QuotaAppliedAtLevel": "ACCOUNT",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(region: &str, limits: &[&str], operation: &str, input: &Value) -> Outcome {
        let mut world = World::default();
        let limits = limits.iter().map(|text| text.parse().expect("a limit"));
        world.quotas.set(limits.collect());
        let cx = Context {
            account: "111122223333",
            region,
            partition: "aws",
            now_millis: 0,
        };
        call(
            &world,
            &cx,
            operation,
            input.as_object().expect("an object"),
        )
    }

    #[test]
    fn a_quota_is_the_default_until_it_is_set() {
        let workspaces = json!({"ServiceCode": "aps", "QuotaCode": "L-8873DB23"});
        let value = |limits: &[&str], operation: &str| {
            let outcome = asked("eu-west-1", limits, operation, &workspaces);
            outcome.expect("it is known").body["Quota"]["Value"].clone()
        };
        assert_eq!(value(&[], "GetServiceQuota"), 25);
        let set = ["aps:L-8873DB23=1"];
        assert_eq!(value(&set, "GetServiceQuota"), 1);
        assert_eq!(value(&set, "GetAWSDefaultServiceQuota"), 25);
    }

    #[test]
    fn quotas_of_iam_are_known_in_one_region() {
        let roles = json!({"ServiceCode": "iam", "QuotaCode": "L-FE177D64"});
        let of_iam = json!({"ServiceCode": "iam"});
        let listed = |region: &str| {
            let outcome = asked(region, &[], "ListServiceQuotas", &of_iam);
            outcome.expect("a list").body["Quotas"]
                .as_array()
                .map(Vec::len)
        };
        assert!(asked("us-east-1", &[], "GetServiceQuota", &roles).is_ok());
        let elsewhere = asked("eu-west-1", &[], "GetServiceQuota", &roles);
        let refusal = elsewhere.expect_err("IAM has no quotas there");
        assert_eq!(refusal.code, "NoSuchResourceException");
        assert_eq!(listed("us-east-1"), Some(3));
        assert_eq!(listed("eu-west-1"), Some(0));
    }

    #[test]
    fn a_limit_is_spelled_in_one_way() {
        assert!("iam:L-FE177D64=0".parse::<Limit>().is_ok());
        for text in [
            "",
            "iam:L-FE177D64",
            "iam:L-FE177D64=",
            "iam:L-FE177D64=-1",
            "aps:L-FE177D64=1",
            "L-FE177D64=1",
        ] {
            let refused = text.parse::<Limit>().expect_err(text);
            assert!(refused.to_string().contains("aps:L-8873DB23 (Workspaces"));
        }
    }
}
