//! Workspaces: create, describe, list, rename, delete.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    Answer, Context, Refusal, World,
    quotas::WORKSPACES,
    service::{Input, Outcome},
};

use super::{
    Region,
    content::{Configuration, Definition, Logging, QueryLogging, RuleGroups},
    input::{self, Tags},
    life::{Life, Status, WORKSPACE_CREATION_MILLIS, WORKSPACE_DELETION_MILLIS},
    page::Page,
    part::Part,
    refusal::{Kind, Subject},
};

/// A workspace with everything that is deleted along with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Workspace {
    pub(super) arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kms_key_arn: Option<String>,
    pub(super) tags: Tags,
    pub(super) life: Life,
    pub(super) configuration: Part<Configuration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) logging: Option<Part<Logging>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) query_logging: Option<Part<QueryLogging>>,
    /// By name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) rule_groups: BTreeMap<String, Part<RuleGroups>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) alert_manager: Option<Part<Definition>>,
}

/// `CreateWorkspace`. An alias need not be unique, so that only the client token distinguishes a
/// repetition from a second workspace.
pub(super) fn create(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let alias = alias(input)?;
    let kms_key_arn = input::kms_key_arn(input)?.map(str::to_owned);
    let tags = input::tags(input, "tags")?.unwrap_or_default();
    let count = region(world, cx).map_or(0, |region| region.workspaces.len());
    let most = world.quotas.most(WORKSPACES);
    if count >= most {
        let message = format!("The account has reached its {most} workspaces in the region.");
        return Err(
            Subject::new(Kind::Workspace, cx.account).quota_exceeded(WORKSPACES.code, message)
        );
    }
    let id = format!("ws-{}", world.fresh_uuid());
    let workspace = Workspace {
        arn: format!(
            "arn:{}:aps:{}:{}:workspace/{id}",
            cx.partition, cx.region, cx.account
        ),
        alias,
        kms_key_arn,
        tags,
        life: Life::begin(cx.now_millis, WORKSPACE_CREATION_MILLIS),
        configuration: Part::settled(Configuration::default(), cx.now_millis),
        logging: None,
        query_logging: None,
        rule_groups: BTreeMap::new(),
        alert_manager: None,
    };
    let mut body = json!({
        "workspaceId": id,
        "arn": workspace.arn,
        "status": workspace.life.status_member(cx.now_millis),
        "tags": workspace.tags,
    });
    if let Some(arn) = &workspace.kms_key_arn {
        body["kmsKeyArn"] = json!(arn);
    }
    let region = world.amp.regions.entry(cx.region.to_owned()).or_default();
    region.workspaces.insert(id, workspace);
    Ok(accepted(body))
}

/// `DescribeWorkspace`.
pub(super) fn describe(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let public_url = world.amp.public_url.clone();
    let (id, workspace) = find(world, cx, input)?;
    let mut description = workspace.summary(id, cx);
    // The model leaves the endpoint optional; that it is missing until the workspace is ready is
    // inferred, and clients must cope.
    if workspace.life.status(cx.now_millis) != Status::Creating {
        description.insert(
            "prometheusEndpoint".into(),
            json!(endpoint(public_url.as_deref(), cx, id)),
        );
    }
    Ok(Answer::ok(json!({"workspace": description})))
}

/// `ListWorkspaces`: those whose alias starts with the filter, including workspaces being created
/// or deleted (API reference). Whether upper and lower case differ is not documented; here they do.
pub(super) fn list(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let page = Page::of(input)?;
    let prefix = alias(input)?.unwrap_or_default();
    let workspaces = region(world, cx)
        .into_iter()
        .flat_map(|region| &region.workspaces)
        .filter(|(_, workspace)| {
            let alias = workspace.alias.as_deref().unwrap_or_default();
            alias.starts_with(&prefix)
        });
    let (found, next) = page.of_sorted(workspaces);
    let summaries: Vec<_> = found
        .into_iter()
        .map(|(id, workspace)| workspace.summary(id, cx))
        .collect();
    let mut body = json!({"workspaces": summaries});
    if let Some(token) = next {
        body["nextToken"] = json!(token);
    }
    Ok(Answer::ok(body))
}

/// `UpdateWorkspaceAlias`. A request without alias is valid by the model but can't unset it
/// (Terraform AWS provider, `aws_prometheus_workspace`: "once set, alias cannot be unset").
pub(super) fn update_alias(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let alias = alias(input)?;
    let (_, workspace) = find_active(world, cx, input)?;
    if let Some(alias) = alias {
        workspace.alias = Some(alias);
        workspace.life.update(cx.now_millis);
    }
    Ok(Answer {
        status: 204,
        body: json!({}),
    })
}

/// `DeleteWorkspace`.
pub(super) fn delete(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let (_, workspace) = find_active(world, cx, input)?;
    workspace
        .life
        .delete(cx.now_millis, WORKSPACE_DELETION_MILLIS);
    Ok(accepted(json!({})))
}

/// The workspace that the request names by `workspaceId`.
pub(super) fn find<'w>(
    world: &'w World,
    cx: &Context<'_>,
    input: &Input,
) -> Result<(&'w str, &'w Workspace), Refusal> {
    let id = input::workspace_id(input)?;
    region(world, cx)
        .and_then(|region| region.workspaces.get_key_value(id))
        .map(|(id, workspace)| (id.as_str(), workspace))
        .ok_or_else(|| Subject::new(Kind::Workspace, id).not_found())
}

/// The workspace that the request names, to be changed.
pub(super) fn find_active<'w, 'i>(
    world: &'w mut World,
    cx: &Context<'_>,
    input: &'i Input,
) -> Result<(&'i str, &'w mut Workspace), Refusal> {
    let id = input::workspace_id(input)?;
    let subject = Subject::new(Kind::Workspace, id);
    let workspace = world
        .amp
        .regions
        .get_mut(cx.region)
        .and_then(|region| region.workspaces.get_mut(id))
        .ok_or_else(|| subject.not_found())?;
    workspace.life.require_active(cx.now_millis, &subject)?;
    Ok((id, workspace))
}

/// An answer with the status 202, which the model gives to everything that goes on after the
/// answer.
pub(super) fn accepted(body: Value) -> Answer {
    Answer { status: 202, body }
}

impl Workspace {
    /// Removes the parts that have finished being deleted.
    pub(super) fn sweep(&mut self, now_millis: u64) {
        self.logging.take_if(|part| part.life.is_over(now_millis));
        self.query_logging
            .take_if(|part| part.life.is_over(now_millis));
        self.alert_manager
            .take_if(|part| part.life.is_over(now_millis));
        self.rule_groups
            .retain(|_, part| !part.life.is_over(now_millis));
    }

    /// The members of `WorkspaceSummary`. It has no endpoint: only `DescribeWorkspace` gives that.
    fn summary(&self, id: &str, cx: &Context<'_>) -> Map<String, Value> {
        let mut summary = Map::new();
        summary.insert("workspaceId".into(), json!(id));
        if let Some(alias) = &self.alias {
            summary.insert("alias".into(), json!(alias));
        }
        summary.insert("arn".into(), json!(self.arn));
        summary.insert("status".into(), self.life.status_member(cx.now_millis));
        summary.insert("createdAt".into(), self.life.created_at());
        summary.insert("tags".into(), json!(self.tags));
        if let Some(arn) = &self.kms_key_arn {
            summary.insert("kmsKeyArn".into(), json!(arn));
        }
        summary
    }
}

fn region<'w>(world: &'w World, cx: &Context<'_>) -> Option<&'w Region> {
    world.amp.regions.get(cx.region)
}

/// `alias`: 1 to 100 characters, blanks at either end trimmed (API reference, `CreateWorkspace`).
fn alias(input: &Input) -> Result<Option<String>, Refusal> {
    let Some(alias) = input::text(input, "alias")? else {
        return Ok(None);
    };
    let alias = alias.trim();
    input::require_length("alias", alias, 1, 100)?;
    Ok(Some(alias.to_owned()))
}

/// The base of the workspace's Prometheus APIs, without `api/v1/` (AMP user guide, "Find your
/// Amazon Managed Service for Prometheus workspace details"; the example in the API model has
/// `api/v1/`, answers seen in public do not).
fn endpoint(public_url: Option<&str>, cx: &Context<'_>, id: &str) -> String {
    if let Some(url) = public_url {
        return format!("{url}/workspaces/{id}/");
    }
    let suffix = match cx.partition {
        "aws-cn" => "amazonaws.com.cn",
        "aws-eusc" => "amazonaws.eu",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-e" => "cloud.adc-e.uk",
        "aws-iso-f" => "csp.hci.ic.gov",
        _ => "amazonaws.com",
    };
    format!(
        "https://aps-workspaces.{}.{suffix}/workspaces/{id}/",
        cx.region
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::amp::testing::{Bench, verdict};

    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn a_workspace_is_created_described_renamed_and_deleted() {
        let mut bench = Bench::new();
        let answer = bench
            .amp(
                "CreateWorkspace",
                json!({"alias": " metrics ", "tags": {"k": "v"}, "kmsKeyArn": KEY}),
            )
            .expect("a valid request");
        assert_eq!(answer.status, 202);
        let id = answer.body["workspaceId"]
            .as_str()
            .expect("an id")
            .to_owned();
        let arn = format!("arn:aws:aps:eu-west-1:111122223333:workspace/{id}");
        assert_eq!(
            answer.body,
            json!({"workspaceId": id, "arn": arn, "status": {"statusCode": "CREATING"},
                   "tags": {"k": "v"}, "kmsKeyArn": KEY})
        );

        let creating = bench.amp_ok("DescribeWorkspace", json!({"workspaceId": id}));
        assert_eq!(
            creating["workspace"],
            json!({"workspaceId": id, "alias": "metrics", "arn": arn,
                   "status": {"statusCode": "CREATING"}, "createdAt": 1_700_000_000.0,
                   "tags": {"k": "v"}, "kmsKeyArn": KEY})
        );

        bench.wait(3_000);
        let active = bench.amp_ok("DescribeWorkspace", json!({"workspaceId": id}));
        assert_eq!(active["workspace"]["status"]["statusCode"], "ACTIVE");
        assert_eq!(
            active["workspace"]["prometheusEndpoint"],
            format!("https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/{id}/")
        );

        let renamed = bench.amp(
            "UpdateWorkspaceAlias",
            json!({"workspaceId": id, "alias": "x"}),
        );
        assert_eq!(verdict(&renamed), (204, ""));
        let updating = bench.amp_ok("DescribeWorkspace", json!({"workspaceId": id}));
        assert_eq!(updating["workspace"]["status"]["statusCode"], "UPDATING");
        assert_eq!(updating["workspace"]["alias"], "x");

        bench.wait(1_000);
        let deleted = bench.amp("DeleteWorkspace", json!({"workspaceId": id}));
        assert_eq!(verdict(&deleted), (202, ""));
        let listed = bench.amp_ok("ListWorkspaces", json!({}));
        assert_eq!(listed["workspaces"][0]["status"]["statusCode"], "DELETING");
        bench.wait(3_000);
        let gone = bench.amp("DescribeWorkspace", json!({"workspaceId": id}));
        assert_eq!(verdict(&gone), (404, "ResourceNotFoundException"));
    }

    #[test]
    fn what_create_workspace_refuses() {
        let many: Value = (0..51).map(|n| (format!("k{n}"), json!("v"))).collect();
        for (name, input, field) in [
            ("empty alias", json!({"alias": ""}), "alias"),
            ("blank alias", json!({"alias": "  "}), "alias"),
            ("long alias", json!({"alias": "x".repeat(101)}), "alias"),
            ("alias of another type", json!({"alias": 1}), "alias"),
            (
                "key id",
                json!({"kmsKeyArn": "1234abcd-12ab-34cd-56ef-1234567890ab"}),
                "kmsKeyArn",
            ),
            (
                "alias of a key",
                json!({"kmsKeyArn": "arn:aws:kms:eu-west-1:111122223333:alias/metrics"}),
                "kmsKeyArn",
            ),
            (
                "long key",
                json!({"kmsKeyArn": format!("{KEY}{}", "a".repeat(2048))}),
                "kmsKeyArn",
            ),
            (
                "multi-Region key",
                json!({"kmsKeyArn": "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"}),
                "kmsKeyArn",
            ),
            ("reserved tag", json!({"tags": {"aws:x": "v"}}), "tags"),
            (
                "reserved tag in capitals",
                json!({"tags": {"AWS:x": "v"}}),
                "tags",
            ),
            (
                "tag with a semicolon",
                json!({"tags": {"a;b": "v"}}),
                "tags",
            ),
            (
                "value with a bracket",
                json!({"tags": {"a": "<v>"}}),
                "tags",
            ),
            ("long key", json!({"tags": {"k".repeat(129): "v"}}), "tags"),
            (
                "long value",
                json!({"tags": {"k": "v".repeat(257)}}),
                "tags",
            ),
            ("51 tags", json!({"tags": many}), "tags"),
            ("tags as a list", json!({"tags": []}), "tags"),
            ("a tag without text", json!({"tags": {"k": null}}), "tags"),
        ] {
            let refusal = Bench::new().amp("CreateWorkspace", input).expect_err(name);
            assert_eq!(
                (refusal.status, refusal.code),
                (400, "ValidationException"),
                "{name}"
            );
            assert_eq!(refusal.members["fieldList"][0]["name"], field, "{name}");
        }
    }

    #[test]
    fn what_create_workspace_takes() {
        for (name, input) in [
            ("nothing", json!({})),
            (
                "100 letters of another script",
                json!({"alias": "é".repeat(100)}),
            ),
            (
                "tags of another script",
                json!({"tags": {"équipe": "données 2"}}),
            ),
            (
                "50 tags",
                json!({"tags": (0..50).map(|n| (format!("k{n}"), json!("v"))).collect::<Value>()}),
            ),
            ("an empty tag value", json!({"tags": {"k": ""}})),
            ("no tags", json!({"tags": {}})),
            (
                "nulls",
                json!({"alias": null, "tags": null, "kmsKeyArn": null}),
            ),
        ] {
            let outcome = Bench::new().amp("CreateWorkspace", input);
            assert_eq!(verdict(&outcome), (202, ""), "{name}");
        }
    }

    #[test]
    fn aliases_need_not_be_unique() {
        let mut bench = Bench::new();
        let first = bench.workspace(json!({"alias": "a"}));
        let second = bench.workspace(json!({"alias": "a"}));
        assert_ne!(first, second);
    }

    #[test]
    fn the_26th_workspace_exceeds_the_quota() {
        let mut bench = Bench::new();
        for _ in 0..25 {
            bench.amp_ok("CreateWorkspace", json!({}));
        }
        let refusal = bench
            .amp("CreateWorkspace", json!({}))
            .expect_err("the quota");
        assert_eq!(
            (refusal.status, refusal.code),
            (402, "ServiceQuotaExceededException")
        );
        assert_eq!(refusal.members["quotaCode"], "L-8873DB23");
        assert_eq!(refusal.members["serviceCode"], "aps");
        assert_eq!(refusal.members["resourceType"], "AWS::APS::Workspace");
        assert_eq!(refusal.members["resourceId"], "111122223333");
    }

    #[test]
    fn a_workspace_can_be_changed_only_while_active() {
        let mut bench = Bench::new();
        let created = bench.amp_ok("CreateWorkspace", json!({}));
        let id = created["workspaceId"].as_str().expect("an id").to_owned();
        let changes = [
            (
                "UpdateWorkspaceAlias",
                json!({"workspaceId": id, "alias": "a"}),
            ),
            ("DeleteWorkspace", json!({"workspaceId": id})),
            (
                "UpdateWorkspaceConfiguration",
                json!({"workspaceId": id, "retentionPeriodInDays": 9}),
            ),
            (
                "CreateAlertManagerDefinition",
                json!({"workspaceId": id, "data": "YWxlcnRtYW5hZ2VyX2NvbmZpZzogfA=="}),
            ),
        ];
        for (operation, input) in changes.clone() {
            let refusal = bench.amp(operation, input).expect_err(operation);
            assert_eq!(
                (refusal.status, refusal.code),
                (409, "ConflictException"),
                "{operation}"
            );
            assert_eq!(refusal.members["resourceId"], id, "{operation}");
        }
        bench.wait(3_000);
        bench.amp_ok("DeleteWorkspace", json!({"workspaceId": id}));
        for (operation, input) in changes {
            let outcome = bench.amp(operation, input);
            assert_eq!(verdict(&outcome), (409, "ConflictException"), "{operation}");
        }
    }

    #[test]
    fn an_unknown_workspace_is_not_found() {
        for operation in [
            "DescribeWorkspace",
            "DeleteWorkspace",
            "UpdateWorkspaceAlias",
        ] {
            let refusal = Bench::new()
                .amp(operation, json!({"workspaceId": "ws-1"}))
                .expect_err(operation);
            assert_eq!(
                (refusal.status, refusal.code),
                (404, "ResourceNotFoundException")
            );
            assert_eq!(refusal.members["resourceId"], "ws-1");
            assert_eq!(refusal.members["resourceType"], "AWS::APS::Workspace");
        }
    }

    #[test]
    fn a_workspace_id_has_a_form() {
        for (name, input) in [
            ("missing", json!({})),
            ("empty", json!({"workspaceId": ""})),
            ("no letter", json!({"workspaceId": "---"})),
            ("too long", json!({"workspaceId": "x".repeat(65)})),
            ("a number", json!({"workspaceId": 1})),
        ] {
            let outcome = Bench::new().amp("DescribeWorkspace", input);
            assert_eq!(verdict(&outcome), (400, "ValidationException"), "{name}");
        }
    }

    #[test]
    fn an_alias_once_set_stays() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({"alias": "a"}));
        bench.amp_ok("UpdateWorkspaceAlias", json!({"workspaceId": id}));
        let described = bench.amp_ok("DescribeWorkspace", json!({"workspaceId": id}));
        assert_eq!(described["workspace"]["alias"], "a");
    }

    fn aliases(body: &Value) -> Vec<&str> {
        let list = body["workspaces"].as_array().expect("a list");
        list.iter()
            .filter_map(|item| item["alias"].as_str())
            .collect()
    }

    #[test]
    fn the_alias_filter_is_a_prefix() {
        let mut bench = Bench::new();
        for alias in ["prod", "prod-2", "staging"] {
            bench.amp_ok("CreateWorkspace", json!({"alias": alias}));
        }
        bench.amp_ok("CreateWorkspace", json!({}));
        for (filter, expected) in [
            (json!({"alias": " prod "}), vec!["prod", "prod-2"]),
            (json!({"alias": "prod-"}), vec!["prod-2"]),
            (json!({"alias": "Prod"}), vec![]),
            (json!({"alias": "rod"}), vec![]),
            (json!({}), vec!["prod", "prod-2", "staging"]),
        ] {
            let body = bench.amp_ok("ListWorkspaces", filter.clone());
            let mut found = aliases(&body);
            found.sort_unstable();
            assert_eq!(found, expected, "{filter}");
        }
    }

    #[test]
    fn a_summary_has_no_endpoint() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({"alias": "a", "tags": {"k": "v"}}));
        let body = bench.amp_ok("ListWorkspaces", json!({}));
        assert_eq!(
            body,
            json!({"workspaces": [{"workspaceId": id, "alias": "a",
                "arn": format!("arn:aws:aps:eu-west-1:111122223333:workspace/{id}"),
                "status": {"statusCode": "ACTIVE"}, "createdAt": 1_700_000_000.0, "tags": {"k": "v"}}]})
        );
    }

    #[test]
    fn pages_cover_everything_once() {
        let mut bench = Bench::new();
        for n in 0..7 {
            bench.amp_ok("CreateWorkspace", json!({"alias": format!("w{n}")}));
        }
        let mut seen = Vec::new();
        let mut request = json!({"maxResults": "3"});
        let mut sizes = Vec::new();
        loop {
            let body = bench.amp_ok("ListWorkspaces", request.clone());
            sizes.push(aliases(&body).len());
            seen.extend(aliases(&body).into_iter().map(str::to_owned));
            let Some(token) = body["nextToken"].as_str() else {
                break;
            };
            request["nextToken"] = json!(token);
        }
        assert_eq!(sizes, [3, 3, 1]);
        seen.sort_unstable();
        assert_eq!(seen, ["w0", "w1", "w2", "w3", "w4", "w5", "w6"]);
    }

    #[test]
    fn pages_have_a_size_and_a_token() {
        for (name, input) in [
            ("none", json!({"maxResults": 0})),
            ("too many", json!({"maxResults": 1001})),
            ("not a number", json!({"maxResults": "many"})),
            ("a token never given", json!({"nextToken": "abc"})),
        ] {
            let outcome = Bench::new().amp("ListWorkspaces", input);
            assert_eq!(verdict(&outcome), (400, "ValidationException"), "{name}");
        }
    }

    #[test]
    fn endpoints_follow_the_partition() {
        use crate::Context;
        for (partition, region, host) in [
            ("aws", "us-east-1", "aps-workspaces.us-east-1.amazonaws.com"),
            (
                "aws-us-gov",
                "us-gov-west-1",
                "aps-workspaces.us-gov-west-1.amazonaws.com",
            ),
            (
                "aws-eusc",
                "eusc-de-east-1",
                "aps-workspaces.eusc-de-east-1.amazonaws.eu",
            ),
        ] {
            let cx = Context {
                account: "111122223333",
                region,
                partition,
                now_millis: 0,
            };
            assert_eq!(
                super::endpoint(None, &cx, "ws-1"),
                format!("https://{host}/workspaces/ws-1/")
            );
        }
    }
}
