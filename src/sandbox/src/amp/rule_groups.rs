//! Rule groups namespaces: files of recording and alerting rules.

use serde_json::{Map, Value, json};

use crate::{
    Answer, Context, Refusal, World,
    service::{Input, Outcome},
};

use super::{
    content::RuleGroups,
    document, input,
    page::Page,
    part::Part,
    refusal::{Kind, Subject},
    workspace::{self, Workspace, accepted},
};

/// The top-level key of a rules file (AMP user guide, "Create a rules file").
const TOP_LEVEL_KEY: &str = "groups";

/// `CreateRuleGroupsNamespace`: for new namespaces only (API reference).
pub(super) fn create(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let name = name(input)?;
    let data = document::data(input, TOP_LEVEL_KEY)?;
    let tags = input::tags(input, "tags")?.unwrap_or_default();
    let (id, workspace) = workspace::find_active(world, cx, input)?;
    if workspace.rule_groups.contains_key(name) {
        return Err(subject(id, name).exists());
    }
    let part = Part::begin(RuleGroups { data, tags }, cx.now_millis);
    let body = brief(workspace, name, &part, cx);
    workspace.rule_groups.insert(name.to_owned(), part);
    Ok(accepted(body))
}

/// `PutRuleGroupsNamespace`: for existing namespaces only; tags can't be given (API reference).
pub(super) fn put(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let name = name(input)?;
    let data = document::data(input, TOP_LEVEL_KEY)?;
    let (id, workspace) = workspace::find_active(world, cx, input)?;
    let subject = subject(id, name);
    let part = workspace
        .rule_groups
        .get_mut(name)
        .ok_or_else(|| subject.not_found())?;
    part.update(cx.now_millis, &subject)?.data = data;
    let body = brief(workspace, name, &workspace.rule_groups[name], cx);
    Ok(accepted(body))
}

/// `DescribeRuleGroupsNamespace`.
pub(super) fn describe(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let name = name(input)?;
    let (id, workspace) = workspace::find(world, cx, input)?;
    let part = workspace
        .rule_groups
        .get(name)
        .ok_or_else(|| subject(id, name).not_found())?;
    let mut description = summary(workspace, name, part, cx);
    description.insert("data".into(), json!(part.content.data));
    Ok(Answer::ok(json!({"ruleGroupsNamespace": description})))
}

/// `ListRuleGroupsNamespaces`: those whose name begins with the filter.
pub(super) fn list(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let page = Page::of(input)?;
    let prefix = match input::text(input, "name")? {
        Some(_) => name(input)?,
        None => "",
    };
    let (_, workspace) = workspace::find(world, cx, input)?;
    let matching = workspace
        .rule_groups
        .iter()
        .filter(|(name, _)| name.starts_with(prefix));
    let (found, next) = page.of_sorted(matching);
    let summaries: Vec<_> = found
        .into_iter()
        .map(|(name, part)| summary(workspace, name, part, cx))
        .collect();
    let mut body = json!({"ruleGroupsNamespaces": summaries});
    if let Some(token) = next {
        body["nextToken"] = json!(token);
    }
    Ok(Answer::ok(body))
}

/// `DeleteRuleGroupsNamespace`.
pub(super) fn delete(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let name = name(input)?;
    let (id, workspace) = workspace::find_active(world, cx, input)?;
    let subject = subject(id, name);
    workspace
        .rule_groups
        .get_mut(name)
        .ok_or_else(|| subject.not_found())?
        .delete(cx.now_millis, &subject)?;
    Ok(accepted(json!({})))
}

/// The ARN of a namespace of the workspace.
pub(super) fn arn(workspace: &Workspace, name: &str) -> String {
    let base = workspace
        .arn
        .replacen(":workspace/", ":rulegroupsnamespace/", 1);
    format!("{base}/{name}")
}

/// `name`: 1 to 128 characters with a letter or digit among them (API model,
/// `RuleGroupsNamespaceName`).
fn name(input: &Input) -> Result<&str, Refusal> {
    let name = input::required_text(input, "name")?;
    input::require_length("name", name, 1, 128)?;
    input::require_alphanumeric("name", name)?;
    Ok(name)
}

/// What creation and update answer.
fn brief(workspace: &Workspace, name: &str, part: &Part<RuleGroups>, cx: &Context<'_>) -> Value {
    json!({
        "name": name,
        "arn": arn(workspace, name),
        "status": part.life.status_member(cx.now_millis),
        "tags": part.content.tags,
    })
}

/// The members of `RuleGroupsNamespaceSummary`.
fn summary(
    workspace: &Workspace,
    name: &str,
    part: &Part<RuleGroups>,
    cx: &Context<'_>,
) -> Map<String, Value> {
    let mut summary = Map::new();
    summary.insert("arn".into(), json!(arn(workspace, name)));
    summary.insert("name".into(), json!(name));
    summary.insert("status".into(), part.life.status_member(cx.now_millis));
    summary.insert("createdAt".into(), part.life.created_at());
    summary.insert("modifiedAt".into(), part.life.modified_at());
    summary.insert("tags".into(), json!(part.content.tags));
    summary
}

fn subject(workspace_id: &str, name: &str) -> Subject {
    Subject::new(Kind::RuleGroupsNamespace, format!("{workspace_id}/{name}"))
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::base64;
    use serde_json::{Value, json};

    use crate::amp::testing::{Bench, verdict};

    fn data(text: &str) -> String {
        base64::encode(text)
    }

    fn request(id: &str, name: &str, data: &str) -> Value {
        json!({"workspaceId": id, "name": name, "data": data})
    }

    #[test]
    fn a_namespace_lives() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({}));
        let arn = format!("arn:aws:aps:eu-west-1:111122223333:rulegroupsnamespace/{id}/rules");
        let mut create = request(&id, "rules", &data("groups: []\n"));
        create["tags"] = json!({"k": "v"});
        let created = bench
            .amp("CreateRuleGroupsNamespace", create)
            .expect("a valid request");
        assert_eq!(created.status, 202);
        assert_eq!(
            created.body,
            json!({"name": "rules", "arn": arn, "status": {"statusCode": "CREATING"}, "tags": {"k": "v"}})
        );
        bench.wait(1_000);
        let newer = data("# newer\ngroups:\n- name: g\n");
        let put = bench.amp_ok("PutRuleGroupsNamespace", request(&id, "rules", &newer));
        assert_eq!(put["status"]["statusCode"], "UPDATING");
        bench.wait(1_000);
        let named = json!({"workspaceId": id, "name": "rules"});
        let described = bench.amp_ok("DescribeRuleGroupsNamespace", named.clone());
        assert_eq!(
            described["ruleGroupsNamespace"],
            json!({"arn": arn, "name": "rules", "status": {"statusCode": "ACTIVE"}, "data": newer,
                   "createdAt": 1_700_000_010.0, "modifiedAt": 1_700_000_011.0, "tags": {"k": "v"}})
        );
        let deleted = bench.amp("DeleteRuleGroupsNamespace", named.clone());
        assert_eq!(verdict(&deleted), (202, ""));
        bench.wait(1_000);
        let gone = bench.amp("DescribeRuleGroupsNamespace", named);
        assert_eq!(verdict(&gone), (404, "ResourceNotFoundException"));
    }

    #[test]
    fn create_makes_new_ones_and_put_changes_old_ones() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({}));
        let input = request(&id, "r", &data("groups: []"));
        let put = bench.amp("PutRuleGroupsNamespace", input.clone());
        assert_eq!(verdict(&put), (404, "ResourceNotFoundException"));
        bench.amp_ok("CreateRuleGroupsNamespace", input.clone());
        let again = bench.amp("CreateRuleGroupsNamespace", input.clone());
        assert_eq!(verdict(&again), (409, "ConflictException"));
        let early = bench.amp("PutRuleGroupsNamespace", input);
        assert_eq!(verdict(&early), (409, "ConflictException"));
    }

    #[test]
    fn what_create_refuses() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({}));
        let good = data("groups: []");
        for (name, input) in [
            ("no name", json!({"workspaceId": id, "data": good})),
            ("an empty name", request(&id, "", &good)),
            ("a name without letters", request(&id, "--", &good)),
            ("a long name", request(&id, &"x".repeat(129), &good)),
            ("no data", json!({"workspaceId": id, "name": "r"})),
            ("data not in base64", request(&id, "r", "groups: []")),
            ("data without groups", request(&id, "r", &data("rules: []"))),
            (
                "groups further in",
                request(&id, "r", &data("a:\n  groups: []")),
            ),
            (
                "data that is not text",
                request(&id, "r", &base64::encode([0xff, 0xfe])),
            ),
            (
                "too much data",
                request(
                    &id,
                    "r",
                    &data(&format!("groups: []{}", " ".repeat(1_000_000))),
                ),
            ),
        ] {
            let outcome = bench.amp("CreateRuleGroupsNamespace", input);
            assert_eq!(verdict(&outcome), (400, "ValidationException"), "{name}");
        }
    }

    #[test]
    fn the_list_is_filtered_by_prefix_and_paged() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({}));
        for name in ["app-b", "app-a", "db"] {
            let input = request(&id, name, &data("groups: []"));
            bench.amp_ok("CreateRuleGroupsNamespace", input);
        }
        let names = |body: &Value| -> Vec<String> {
            let list = body["ruleGroupsNamespaces"].as_array().expect("a list");
            list.iter()
                .map(|item| item["name"].as_str().expect("a name").to_owned())
                .collect()
        };
        let filtered = bench.amp_ok(
            "ListRuleGroupsNamespaces",
            json!({"workspaceId": id, "name": "app-"}),
        );
        assert_eq!(names(&filtered), ["app-a", "app-b"]);
        assert!(filtered["ruleGroupsNamespaces"][0].get("data").is_none());
        assert!(filtered.get("nextToken").is_none());
        let mut input = json!({"workspaceId": id, "maxResults": 2});
        let first = bench.amp_ok("ListRuleGroupsNamespaces", input.clone());
        assert_eq!(names(&first), ["app-a", "app-b"]);
        input["nextToken"] = first["nextToken"].clone();
        let second = bench.amp_ok("ListRuleGroupsNamespaces", input);
        assert_eq!(names(&second), ["db"]);
        assert!(second.get("nextToken").is_none());
    }
}
