//! The policy simulator: what the policies of a role, or policies that are given, would allow.

use serde_json::{Map, Value, json};

use crate::{
    Refusal,
    caller::USER,
    iam::{
        Role, State,
        evaluate::{Policies, Source},
        grammar::Kind,
        input::{ACTION_NAME, ARN, CONTEXT_KEY, POLICY_DOCUMENT, RESOURCE_NAME, Reader},
        invalid_input, no_such_entity,
        page::Page,
        pattern::RequestContext,
        policy, position,
    },
    service::{Input, Outcome},
};

/// The types of context entries (botocore model iam 2010-05-08, `ContextKeyTypeEnum`).
const CONTEXT_TYPES: [&str; 12] = [
    "string",
    "stringList",
    "numeric",
    "numericList",
    "boolean",
    "booleanList",
    "ip",
    "ipList",
    "binary",
    "binaryList",
    "date",
    "dateList",
];

/// What is asked: everything that a simulation is about.
struct Simulation {
    actions: Vec<String>,
    resources: Vec<String>,
    policies: Policies,
    page: Page,
}

/// IAM API reference, `SimulateCustomPolicy`.
pub(super) fn custom(_iam: &State, input: &Input) -> Outcome {
    if !input.contains_key("PolicyInputList") {
        let mut reader = Reader::new(input);
        reader.missing("PolicyInputList");
        reader.done()?;
    }
    read(Reader::new(input), "SimulateCustomPolicy")?.run()
}

/// IAM API reference, `SimulatePrincipalPolicy`: the policies of a role, and those given besides.
pub(super) fn principal(iam: &State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let arn = reader.required("PolicySourceArn", &ARN);
    let mut simulation = read(reader, "SimulatePrincipalPolicy")?;
    // The same page: a session of a role is no principal that can be simulated.
    if arn.contains(":assumed-role/") {
        return Err(invalid_input(format!("Invalid Entity Arn: {arn}")));
    }
    if let Some(policy) = iam.user_policy.as_ref().filter(|_| is_user(arn)) {
        let source = Source::new("CallerPolicy".to_owned(), "user", policy, Kind::Identity)?;
        simulation.policies.identity.push(source);
        return simulation.run();
    }
    let role = iam
        .roles
        .values()
        .find(|role| role.arn == arn)
        .ok_or_else(|| {
            no_such_entity(format!(
                "The principal {arn} cannot be found. Only roles can be simulated here."
            ))
        })?;
    simulation
        .policies
        .identity
        .extend(identity_policies(iam, role)?);
    // A boundary that is given takes the place of the role's own.
    if simulation.policies.boundary.is_empty()
        && let Some(boundary) = &role.boundary
        && let Some(policy) = policy::find(iam, boundary)
    {
        let kind = if policy.is_aws {
            "aws-managed"
        } else {
            "user-managed"
        };
        let source = Source::new(
            policy.name.to_owned(),
            kind,
            policy.document(),
            Kind::Identity,
        )?;
        simulation.policies.boundary.push(source);
    }
    simulation
        .policies
        .caller
        .get_or_insert_with(|| arn.to_owned());
    simulation.run()
}

/// Returns whether this is the ARN of the user that calls.
fn is_user(arn: &str) -> bool {
    arn.rsplit(':').next() == Some(&format!("user/{USER}"))
}

/// The policies that say what a role may do.
pub(super) fn identity_policies(iam: &State, role: &Role) -> Result<Vec<Source>, Refusal> {
    let inline = role
        .inline
        .iter()
        .map(|(name, text)| Source::new(name.clone(), "role", text, Kind::Identity));
    let attached = role
        .attached
        .iter()
        .filter_map(|arn| policy::find(iam, arn))
        .map(|policy| {
            let kind = if policy.is_aws {
                "aws-managed"
            } else {
                "user-managed"
            };
            Source::new(
                policy.name.to_owned(),
                kind,
                policy.document(),
                Kind::Identity,
            )
        });
    inline.chain(attached).collect()
}

fn read(mut reader: Reader<'_>, operation: &'static str) -> Result<Simulation, Refusal> {
    let actions = reader.texts("ActionNames", &ACTION_NAME);
    if actions.is_empty() {
        reader.missing("ActionNames");
    }
    let mut resources = reader.texts("ResourceArns", &RESOURCE_NAME);
    let policies = reader.texts("PolicyInputList", &POLICY_DOCUMENT);
    let boundaries = reader.texts("PermissionsBoundaryPolicyInputList", &POLICY_DOCUMENT);
    let resource_policy = reader.optional("ResourcePolicy", &POLICY_DOCUMENT);
    let caller = reader.optional("CallerArn", &RESOURCE_NAME);
    let request = context_entries(&mut reader);
    let page = Page::read(&mut reader, operation);
    reader.done()?;

    check_names(&actions, &resources)?;
    if resources.is_empty() {
        resources.push("*");
    }
    if resource_policy.is_some() && caller.is_none() && operation == "SimulateCustomPolicy" {
        return Err(invalid_input(
            "CallerArn is required if a ResourcePolicy is given.",
        ));
    }
    let sources = |texts: Vec<&str>, list: &str| -> Result<Vec<Source>, Refusal> {
        let numbered = texts.into_iter().enumerate();
        numbered
            .map(|(index, text)| {
                Source::new(
                    format!("{list}.{}", index + 1),
                    "none",
                    text,
                    Kind::Identity,
                )
            })
            .collect()
    };
    let resource = resource_policy
        .map(|text| {
            Source::new(
                "ResourcePolicy".to_owned(),
                "resource",
                text,
                Kind::Resource,
            )
        })
        .transpose()?;
    Ok(Simulation {
        actions: actions.into_iter().map(str::to_owned).collect(),
        resources: resources.into_iter().map(str::to_owned).collect(),
        policies: Policies {
            request,
            caller: caller.map(str::to_owned),
            identity: sources(policies, "PolicyInputList")?,
            boundary: sources(boundaries, "PermissionsBoundaryPolicyInputList")?,
            resource,
        },
        page,
    })
}

fn context_entries(reader: &mut Reader<'_>) -> RequestContext {
    let mut request = RequestContext::new();
    for (index, entry) in reader.list("ContextEntries").iter().enumerate() {
        let place = format!("contextEntries.{}.member", index + 1);
        let key = reader.part(entry, "ContextKeyName", &place, &CONTEXT_KEY);
        if let Some(kind) = entry.get("ContextKeyType").and_then(Value::as_str) {
            reader.check_enum(kind, &format!("{place}.contextKeyType"), &CONTEXT_TYPES);
        }
        let values = entry.get("ContextKeyValues").and_then(Value::as_array);
        let values = values.into_iter().flatten().filter_map(Value::as_str);
        if let Some(key) = key {
            request.insert(key.to_lowercase(), values.map(str::to_owned).collect());
        }
    }
    request
}

/// IAM API reference, `SimulateCustomPolicy`: an action names its service and has no wildcards; a
/// resource is an ARN or `*`.
fn check_names(actions: &[&str], resources: &[&str]) -> Result<(), Refusal> {
    for action in actions {
        let named = action.split_once(':');
        if named.is_none_or(|(service, name)| service.is_empty() || name.is_empty())
            || action.contains(['*', '?'])
        {
            return Err(invalid_input(format!("Invalid Action Name: {action}")));
        }
    }
    for resource in resources {
        if *resource != "*"
            && (!resource.starts_with("arn:") || resource.splitn(6, ':').count() < 6)
        {
            return Err(invalid_input(format!("Invalid resource ARN: {resource}")));
        }
    }
    Ok(())
}

impl Simulation {
    fn run(&self) -> Outcome {
        let missing = self.policies.missing_keys();
        let mut results = Vec::new();
        for action in &self.actions {
            let per_resource = self.resources.iter();
            let per_resource: Vec<Value> = per_resource
                .map(|resource| self.result(action, resource, &missing))
                .collect();
            results.push((format!("{:06}", results.len()), merged(per_resource)));
        }
        self.page.answer("EvaluationResults", results)
    }

    /// The model says where missing keys go: to the result for `*`, to the part about the resource
    /// otherwise.
    fn result(&self, action: &str, resource: &str, missing: &[String]) -> Value {
        let decision = self.policies.decide(action, resource);
        let matched: Vec<Value> = decision
            .matched
            .iter()
            .map(|matched| shown(*matched))
            .collect();
        let is_specific = resource != "*";
        let mut members = Map::from_iter([
            ("EvalActionName".to_owned(), json!(action)),
            ("EvalResourceName".to_owned(), json!(resource)),
            ("EvalDecision".to_owned(), json!(decision.result)),
            ("MatchedStatements".to_owned(), json!(matched)),
            (
                "MissingContextValues".to_owned(),
                json!(if is_specific { &[] } else { missing }),
            ),
        ]);
        let boundary = decision
            .within_boundary
            .map(|allowed| json!({ "AllowedByPermissionsBoundary": allowed }));
        if is_specific {
            let mut specific = json!({
                "EvalResourceName": resource,
                "EvalResourceDecision": decision.result,
                "MatchedStatements": matched,
                "MissingContextValues": missing,
            });
            if let Some(boundary) = &boundary {
                specific["PermissionsBoundaryDecisionDetail"] = boundary.clone();
            }
            members.insert("ResourceSpecificResults".to_owned(), json!([specific]));
            members.insert("EvalDecisionDetails".to_owned(), json!({}));
        }
        if let Some(boundary) = boundary {
            members.insert("PermissionsBoundaryDecisionDetail".to_owned(), boundary);
        }
        Value::Object(members)
    }
}

/// One result for each action: its decision is the most restrictive one of its resources, of which
/// each has its own in `ResourceSpecificResults` (IAM API reference, `EvaluationResult`).
fn merged(mut results: Vec<Value>) -> Value {
    let severity = |result: &Value| match result["EvalDecision"].as_str() {
        Some("explicitDeny") => 2,
        Some("implicitDeny") => 1,
        _ => 0,
    };
    let specific = results.iter().flat_map(|result| {
        let specific = result["ResourceSpecificResults"].as_array();
        specific.into_iter().flatten().cloned().collect::<Vec<_>>()
    });
    let specific: Vec<Value> = specific.collect();
    let is_one = results.len() == 1;
    results.sort_by_key(|result| std::cmp::Reverse(severity(result)));
    let mut merged = results.into_iter().next().unwrap_or_default();
    if !is_one {
        merged["EvalResourceName"] = json!("*");
        merged["ResourceSpecificResults"] = json!(specific);
    }
    merged
}

fn shown((source, index): (&Source, usize)) -> Value {
    let mut members = json!({ "SourcePolicyId": source.id, "SourcePolicyType": source.kind });
    if let Some((start, end)) = position::of_statement(&source.text, index) {
        members["StartPosition"] = json!({ "Line": start.line, "Column": start.column });
        members["EndPosition"] = json!({ "Line": end.line, "Column": end.column });
    }
    members
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::iam::testing::{Account, POLICY, with};

    const WORKSPACE: &str = "arn:aws:aps:us-east-1:111122223333:workspace/ws-1";

    fn policy(statements: &Value) -> String {
        json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
    }

    fn allow(action: &str, resource: &str) -> Value {
        json!({ "Effect": "Allow", "Action": action, "Resource": resource })
    }

    fn decision(answer: &Value) -> &str {
        answer["EvaluationResults"][0]["EvalDecision"]
            .as_str()
            .expect("a decision")
    }

    #[test]
    fn what_policies_allow() {
        let deny = json!({ "Effect": "Deny", "Action": "aps:*", "Resource": "*" });
        let table = [
            (json!([allow("aps:RemoteWrite", "*")]), "allowed"),
            (json!([allow("APS:remotewrite", "*")]), "allowed"),
            (json!([allow("aps:*", WORKSPACE)]), "allowed"),
            (
                json!([allow("*", "arn:aws:aps:*:*:workspace/*")]),
                "allowed",
            ),
            (json!([allow("aps:Remote?rite", WORKSPACE)]), "allowed"),
            (json!([allow("aps:QueryMetrics", "*")]), "implicitDeny"),
            (
                json!([allow(
                    "aps:RemoteWrite",
                    "arn:aws:aps:us-east-1:111122223333:workspace/WS-1"
                )]),
                "implicitDeny",
            ),
            (json!([allow("*", "*"), deny]), "explicitDeny"),
            (json!([deny]), "explicitDeny"),
            (
                json!([{ "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" }]),
                "allowed",
            ),
            (
                json!([{ "Effect": "Allow", "NotAction": "aps:*", "Resource": "*" }]),
                "implicitDeny",
            ),
            (
                json!([{ "Effect": "Allow", "Action": "*", "NotResource": WORKSPACE }]),
                "implicitDeny",
            ),
            (
                json!([{ "Effect": "Allow", "Action": "*", "Resource": "*",
                    "Condition": { "StringEquals": { "aws:PrincipalTag/team": "${aws:RequestedRegion}" } } }]),
                "allowed",
            ),
            (
                json!([{ "Effect": "Allow", "Action": "*", "Resource": "*",
                    "Condition": { "StringEquals": { "aws:PrincipalTag/team": "red" } } }]),
                "implicitDeny",
            ),
        ];
        for (statements, expected) in table {
            let answer = Account::default().answered(
                "SimulateCustomPolicy",
                json!({
                    "PolicyInputList": [policy(&statements)],
                    "ActionNames": ["aps:RemoteWrite"],
                    "ResourceArns": [WORKSPACE],
                    "ContextEntries": [
                        { "ContextKeyName": "aws:PrincipalTag/team", "ContextKeyValues": ["us-east-1"], "ContextKeyType": "string" },
                        { "ContextKeyName": "aws:RequestedRegion", "ContextKeyValues": ["us-east-1"], "ContextKeyType": "string" },
                    ],
                }),
            );
            assert_eq!(decision(&answer), expected, "{statements}");
        }
    }

    #[test]
    fn a_boundary_takes_away() {
        let simulate = |boundary: &str| {
            Account::default().answered(
                "SimulateCustomPolicy",
                json!({
                    "PolicyInputList": [POLICY],
                    "PermissionsBoundaryPolicyInputList": [policy(&json!([allow(boundary, "*")]))],
                    "ActionNames": ["aps:RemoteWrite"],
                }),
            )
        };
        let outside = simulate("s3:*");
        assert_eq!(decision(&outside), "implicitDeny");
        let detail = &outside["EvaluationResults"][0]["PermissionsBoundaryDecisionDetail"];
        assert_eq!(detail["AllowedByPermissionsBoundary"], json!(false));
        assert_eq!(decision(&simulate("aps:*")), "allowed");
    }

    #[test]
    fn a_resource_policy_allows_the_caller_it_names() {
        let by = |principal: &str| {
            let text = policy(
                &json!([{ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "*", "Resource": "*" }]),
            );
            let answer = Account::default().answered(
                "SimulateCustomPolicy",
                json!({
                    "PolicyInputList": [],
                    "ResourcePolicy": text,
                    "CallerArn": "arn:aws:iam::111122223333:user/u",
                    "ActionNames": ["s3:GetObject"],
                }),
            );
            decision(&answer).to_owned()
        };
        assert_eq!(by("arn:aws:iam::111122223333:user/u"), "allowed");
        assert_eq!(by("arn:aws:iam::111122223333:root"), "allowed");
        assert_eq!(by("arn:aws:iam::444455556666:root"), "implicitDeny");
    }

    #[test]
    fn each_action_is_answered_once_and_missing_keys_are_named() {
        let statement = json!([{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "Bool": { "aws:X": "true" } } }]);
        let mut input = json!({
            "PolicyInputList": [policy(&statement)],
            "ActionNames": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
            "ResourceArns": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"],
            "MaxItems": "2",
        });
        let mut account = Account::default();
        let first = account.answered("SimulateCustomPolicy", input.clone());
        let results = first["EvaluationResults"].as_array().expect("a list");
        assert_eq!(results.len(), 2);
        for (index, bucket) in ["a", "b"].into_iter().enumerate() {
            let specific = &results[1]["ResourceSpecificResults"][index];
            assert_eq!(
                specific["EvalResourceName"],
                json!(format!("arn:aws:s3:::{bucket}/*"))
            );
            assert_eq!(specific["MissingContextValues"], json!(["aws:X"]));
        }
        input["Marker"] = first["Marker"].clone();
        let rest = account.answered("SimulateCustomPolicy", input);
        assert_eq!(rest["EvaluationResults"].as_array().map(Vec::len), Some(1));

        let anything = json!({
            "PolicyInputList": [policy(&statement)],
            "ActionNames": ["s3:GetObject"],
        });
        let answer = account.answered("SimulateCustomPolicy", anything);
        let missing = &answer["EvaluationResults"][0]["MissingContextValues"];
        assert_eq!(missing, &json!(["aws:X"]));
    }

    #[test]
    fn the_decision_about_several_resources_is_the_most_restrictive() {
        let statements = json!([
            allow("s3:GetObject", "arn:aws:s3:::a/*"),
            allow("s3:PutObject", "*"),
        ]);
        let input = json!({
            "PolicyInputList": [policy(&statements)],
            "ActionNames": ["s3:GetObject", "s3:PutObject"],
            "ResourceArns": ["arn:aws:s3:::a/x", "arn:aws:s3:::b/x"],
        });
        let answer = Account::default().answered("SimulateCustomPolicy", input);
        let results = &answer["EvaluationResults"];
        let of = |action: usize| {
            let specific = &results[action]["ResourceSpecificResults"];
            [
                &results[action]["EvalDecision"],
                &specific[0]["EvalResourceDecision"],
                &specific[1]["EvalResourceDecision"],
            ]
        };
        assert_eq!(of(0), ["implicitDeny", "allowed", "implicitDeny"]);
        assert_eq!(of(1), ["allowed", "allowed", "allowed"]);
    }

    #[test]
    fn a_role_is_simulated_with_all_its_policies() {
        let mut account = Account::default();
        let arn = account.role("r");
        let input = json!({ "PolicySourceArn": arn, "ActionNames": ["aps:RemoteWrite"] });
        let decide =
            |account: &mut Account| account.answered("SimulatePrincipalPolicy", input.clone());
        assert_eq!(decision(&decide(&mut account)), "implicitDeny");
        let managed = "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess";
        account.answered(
            "AttachRolePolicy",
            json!({ "RoleName": "r", "PolicyArn": managed }),
        );
        let allowed = decide(&mut account);
        assert_eq!(decision(&allowed), "allowed");
        assert_eq!(
            allowed["EvaluationResults"][0]["MatchedStatements"][0]["SourcePolicyId"],
            json!("AmazonPrometheusRemoteWriteAccess")
        );
        let boundary = "arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess";
        account.answered(
            "PutRolePermissionsBoundary",
            json!({ "RoleName": "r", "PermissionsBoundary": boundary }),
        );
        assert_eq!(decision(&decide(&mut account)), "implicitDeny");
    }

    #[test]
    fn simulations_that_iam_refuses() {
        let custom = |change: Value| {
            let input = json!({ "PolicyInputList": [POLICY], "ActionNames": ["aps:RemoteWrite"] });
            with(input, change)
        };
        let name = "SimulateCustomPolicy";
        Account::default().refuses([
            (name, json!({ "ActionNames": ["a:b"] }), 400, "ValidationError", "policyInputList"),
            (name, custom(json!({ "ActionNames": [] })), 400, "ValidationError", "actionNames"),
            (name, custom(json!({ "ActionNames": ["aps:*"] })), 400, "InvalidInput", "Invalid Action Name"),
            (name, custom(json!({ "ActionNames": ["RemoteWrite"] })), 400, "InvalidInput", "Invalid Action Name"),
            (name, custom(json!({ "ResourceArns": ["bucket"] })), 400, "InvalidInput", "Invalid resource"),
            (name, custom(json!({ "PolicyInputList": ["{"] })), 400, "InvalidInput", "PolicyInputList.1"),
            (name, custom(json!({ "ResourcePolicy": POLICY })), 400, "InvalidInput", "CallerArn is required"),
            (
                name,
                custom(json!({ "ContextEntries": [{ "ContextKeyName": "aws:x", "ContextKeyType": "text" }] })),
                400,
                "ValidationError",
                "enum value set",
            ),
            (
                "SimulatePrincipalPolicy",
                json!({ "PolicySourceArn": "arn:aws:iam::111122223333:role/x", "ActionNames": ["aps:RemoteWrite"] }),
                404,
                "NoSuchEntity",
                "role/x",
            ),
        ]);
    }
}
