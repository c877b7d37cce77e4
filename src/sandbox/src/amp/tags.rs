//! Tags on workspaces and rule groups namespaces, by ARN.

use serde_json::json;

use crate::{
    Answer, Context, Refusal, World,
    logs::arn::Arn,
    service::{Input, Outcome},
};

use super::{
    input::{self, TAGS_MAX, Tags},
    refusal::{Kind, Subject, cannot_parse, invalid},
    rule_groups,
    workspace::Workspace,
};

/// `TagResource`: adds tags and replaces the values of those that are there.
pub(super) fn tag(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let resource = Resource::of(cx, input)?;
    let new = input::tags(input, "tags")?.ok_or_else(|| invalid("tags", "must not be null"))?;
    let tags = resource.tags(world, cx)?;
    let added = new.keys().filter(|key| !tags.contains_key(*key)).count();
    if tags.len() + added > TAGS_MAX {
        return Err(invalid("tags", "would give the resource more than 50 tags"));
    }
    tags.extend(new);
    Ok(Answer::ok(json!({})))
}

/// `UntagResource`: keys that are not there are no error.
pub(super) fn untag(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    const NAME: &str = "tagKeys";
    let resource = Resource::of(cx, input)?;
    let items = input::list(input, NAME)?.ok_or_else(|| invalid(NAME, "must not be null"))?;
    let mut keys = Vec::new();
    for item in items {
        let key = item
            .as_str()
            .ok_or_else(|| cannot_parse(NAME, "must be a list of strings"))?;
        input::require_tag_key(NAME, key)?;
        keys.push(key);
    }
    let tags = resource.tags(world, cx)?;
    for key in keys {
        tags.remove(key);
    }
    Ok(Answer::ok(json!({})))
}

/// `ListTagsForResource`.
pub(super) fn list(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let tags = Resource::of(cx, input)?.tags(world, cx)?;
    Ok(Answer::ok(json!({"tags": tags})))
}

/// The ARN and tags of the workspace and of everything in it that can have tags, but for what is
/// being deleted.
pub(super) fn of_workspace_and_parts(workspace: &Workspace) -> Vec<(String, Tags)> {
    if workspace.life.is_ending() {
        return Vec::new();
    }
    let parts = workspace
        .rule_groups
        .iter()
        .filter(|(_, part)| !part.life.is_ending())
        .map(|(name, part)| {
            let arn = rule_groups::arn(workspace, name);
            (arn, part.content.tags.clone())
        });
    let itself = (workspace.arn.clone(), workspace.tags.clone());
    std::iter::once(itself).chain(parts).collect()
}

/// A resource that can have tags.
#[derive(Clone, Copy, Debug)]
struct Resource<'a> {
    arn: &'a str,
    workspace_id: &'a str,
    rule_groups: Option<&'a str>,
}

impl<'a> Resource<'a> {
    /// Reads `resourceArn`. Only workspaces, rule groups namespaces and scrapers can have tags (API
    /// reference, `TagResource`); there are no scrapers here, so theirs are not found.
    fn of(cx: &Context<'_>, input: &'a Input) -> Result<Self, Refusal> {
        let arn = input::required_text(input, "resourceArn")?;
        let parsed = Arn::parse(arn)
            .filter(|arn| arn.service == "aps" && arn.is_located())
            .ok_or_else(|| invalid("resourceArn", "is not the ARN of a resource of the service"))?;
        let missing = |kind| Err(Subject::new(kind, arn).not_found());
        if parsed.region != cx.region || parsed.account != cx.account {
            return missing(Kind::Workspace);
        }
        match parsed.resource.split_once('/') {
            Some(("workspace", workspace_id)) => Ok(Self {
                arn,
                workspace_id,
                rule_groups: None,
            }),
            Some(("rulegroupsnamespace", path)) => match path.split_once('/') {
                Some((workspace_id, name)) => Ok(Self {
                    arn,
                    workspace_id,
                    rule_groups: Some(name),
                }),
                None => missing(Kind::RuleGroupsNamespace),
            },
            Some(_) | None => missing(Kind::Workspace),
        }
    }

    fn tags<'w>(&self, world: &'w mut World, cx: &Context<'_>) -> Result<&'w mut Tags, Refusal> {
        let workspace = world
            .amp
            .regions
            .get_mut(cx.region)
            .and_then(|region| region.workspaces.get_mut(self.workspace_id))
            .ok_or_else(|| Subject::new(Kind::Workspace, self.arn).not_found())?;
        match self.rule_groups {
            None => Ok(&mut workspace.tags),
            Some(name) => workspace
                .rule_groups
                .get_mut(name)
                .map(|part| &mut part.content.tags)
                .ok_or_else(|| Subject::new(Kind::RuleGroupsNamespace, self.arn).not_found()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::amp::testing::{Bench, verdict};

    fn arn(id: &str) -> String {
        format!("arn:aws:aps:eu-west-1:111122223333:workspace/{id}")
    }

    #[test]
    fn tags_come_and_go() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({"tags": {"a": "1", "b": "2"}}));
        let arn = arn(&id);
        let tagged = bench.amp(
            "TagResource",
            json!({"resourceArn": arn, "tags": {"b": "3", "c": "4"}}),
        );
        assert_eq!(verdict(&tagged), (200, ""));
        bench.amp_ok(
            "UntagResource",
            json!({"resourceArn": arn, "tagKeys": ["a", "never-there"]}),
        );
        let listed = bench.amp_ok("ListTagsForResource", json!({"resourceArn": arn}));
        assert_eq!(listed, json!({"tags": {"b": "3", "c": "4"}}));
        let described = bench.amp_ok("DescribeWorkspace", json!({"workspaceId": id}));
        assert_eq!(described["workspace"]["tags"], listed["tags"]);
    }

    #[test]
    fn rule_groups_namespaces_have_tags_too() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({}));
        let created = bench.amp_ok(
            "CreateRuleGroupsNamespace",
            json!({"workspaceId": id, "name": "a/b", "data": "Z3JvdXBzOiBbXQ=="}),
        );
        let arn = created["arn"].clone();
        bench.amp_ok(
            "TagResource",
            json!({"resourceArn": arn, "tags": {"k": "v"}}),
        );
        let listed = bench.amp_ok("ListTagsForResource", json!({"resourceArn": arn}));
        assert_eq!(listed, json!({"tags": {"k": "v"}}));
    }

    #[test]
    fn arns_have_a_form_and_stand_for_something() {
        let invalid = (400, "ValidationException");
        let missing = (404, "ResourceNotFoundException");
        let mut bench = Bench::new();
        let id = bench.workspace(json!({}));
        for (name, arn, expected) in [
            ("no ARN", "ws-1".to_owned(), invalid),
            (
                "another service",
                arn(&id).replace(":aps:", ":logs:"),
                invalid,
            ),
            ("another workspace", arn("ws-1"), missing),
            (
                "another region",
                arn(&id).replace("eu-west-1", "eu-west-2"),
                missing,
            ),
            ("another account", arn(&id).replace("1111", "2222"), missing),
            (
                "a scraper",
                arn(&id).replace("workspace/ws", "scraper/s"),
                missing,
            ),
            (
                "another namespace",
                format!("{}/r", arn(&id).replace("workspace", "rulegroupsnamespace")),
                missing,
            ),
        ] {
            for operation in ["TagResource", "UntagResource", "ListTagsForResource"] {
                let input = json!({"resourceArn": arn, "tags": {"k": "v"}, "tagKeys": ["k"]});
                assert_eq!(
                    verdict(&bench.amp(operation, input)),
                    expected,
                    "{operation}: {name}"
                );
            }
        }
    }

    #[test]
    fn what_untag_resource_refuses() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({}));
        for (name, keys) in [
            ("no keys", json!(null)),
            ("no list", json!("k")),
            ("a number", json!([1])),
            ("an empty key", json!([""])),
            ("a reserved key", json!(["aws:k"])),
            ("a long key", json!(["k".repeat(129)])),
        ] {
            let input = json!({"resourceArn": arn(&id), "tagKeys": keys});
            let outcome = bench.amp("UntagResource", input);
            assert_eq!(verdict(&outcome), (400, "ValidationException"), "{name}");
        }
    }

    #[test]
    fn what_tag_resource_refuses() {
        let mut bench = Bench::new();
        let forty: Value = (0..40).map(|n| (format!("k{n}"), json!("v"))).collect();
        let eleven: Value = (40..51).map(|n| (format!("k{n}"), json!("v"))).collect();
        let id = bench.workspace(json!({"tags": forty}));
        for (name, tags) in [
            ("no tags", json!(null)),
            ("the 51st tag", eleven),
            ("a reserved key", json!({"aws:k": "v"})),
            ("an empty key", json!({"": "v"})),
        ] {
            let outcome = bench.amp(
                "TagResource",
                json!({"resourceArn": arn(&id), "tags": tags}),
            );
            assert_eq!(verdict(&outcome), (400, "ValidationException"), "{name}");
        }
        let ten: Value = (40..50).map(|n| (format!("k{n}"), json!("v"))).collect();
        bench.amp_ok("TagResource", json!({"resourceArn": arn(&id), "tags": ten}));
        bench.amp_ok(
            "TagResource",
            json!({"resourceArn": arn(&id), "tags": {"k0": "w"}}),
        );
    }
}
