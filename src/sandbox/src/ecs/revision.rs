//! Task definitions that are registered: describing, listing, deregistering and deleting their
//! revisions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    Region, arn,
    members::{Members, client, invalid},
    page::{Element, Order, page},
    shape::{
        Member,
        Shape::{Choice, Integer, List, Text},
        check, optional, required,
    },
    tag::{self, Tags},
};
use crate::{
    Answer, Context, Refusal,
    service::{Input, Outcome},
};

/// How often ECS looks for revisions that can go: AWS publishes no number, only that it looks from
/// time to time (developer guide, Amazon ECS task definition states).
const SWEEP_MILLIS: u64 = 60_000;

/// How many revisions `DeleteTaskDefinitions` takes.
const MAX_DELETIONS: usize = 10;

/// All revisions of one name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Family {
    /// The highest number ever given: it stays when the revision goes, so that no number is given
    /// twice.
    pub(super) last_revision: u64,
    /// What is there, by revision number.
    pub(super) revisions: BTreeMap<u64, Revision>,
}

/// One registered task definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Revision {
    /// The members that never change.
    pub(super) definition: Map<String, Value>,
    pub(super) status: Status,
    /// Milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deregistered_at: Option<u64>,
    /// Milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) delete_requested_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tags: Tags,
}

/// Where a revision is in its life (developer guide, Amazon ECS task definition states).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Status {
    /// New tasks and services can use it.
    Active,
    /// Deregistered: what uses it goes on.
    Inactive,
    /// Goes when nothing uses it any longer.
    DeleteInProgress,
}

impl Status {
    const fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
        }
    }
}

impl Family {
    /// Gives the next number: one higher than any before, deleted or not.
    pub(super) fn next_revision(&mut self) -> u64 {
        self.last_revision += 1;
        self.last_revision
    }

    /// What a family without a revision stands for (API reference, `DescribeTaskDefinition`,
    /// taskDefinition).
    pub(super) fn latest_active(&self) -> Option<&Revision> {
        self.revisions
            .values()
            .rev()
            .find(|revision| revision.status == Status::Active)
    }
}

impl Revision {
    /// The revision's ARN.
    pub(super) fn arn(&self) -> String {
        let arn = self.definition.text("taskDefinitionArn");
        arn.unwrap_or_default().to_owned()
    }

    /// The revision as the API shows it.
    pub(super) fn shown(&self) -> Value {
        let mut shown = self.definition.clone();
        shown.insert("status".to_owned(), json!(self.status.name()));
        for (member, time) in [
            ("deregisteredAt", self.deregistered_at),
            ("deleteRequestedAt", self.delete_requested_at),
        ] {
            if let Some(millis) = time {
                shown.insert(member.to_owned(), super::seconds(millis));
            }
        }
        Value::from(shown)
    }
}

const STATUSES: &[&str] = &["ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"];

const DESCRIBE: &[Member] = &[
    required("taskDefinition", Text),
    optional("include", List(&Choice(&["TAGS"]))),
];
const DEREGISTER: &[Member] = &[required("taskDefinition", Text)];
const DELETE: &[Member] = &[required("taskDefinitions", List(&Text))];
const LIST: &[Member] = &[
    optional("familyPrefix", Text),
    optional("status", Choice(STATUSES)),
    optional("sort", Choice(&["ASC", "DESC"])),
    optional("nextToken", Text),
    optional("maxResults", Integer),
];
const LIST_FAMILIES: &[Member] = &[
    optional("familyPrefix", Text),
    optional("status", Choice(&["ACTIVE", "INACTIVE", "ALL"])),
    optional("nextToken", Text),
    optional("maxResults", Integer),
];

/// The revision that `text` names: a family's latest active one, or any by number or ARN.
pub(super) fn find<'a>(region: &'a Region, cx: &Context<'_>, text: &str) -> Option<&'a Revision> {
    let (family, number) = arn::revision(cx, text)?;
    let family = region.families.get(family)?;
    match number {
        Some(number) => family.revisions.get(&number),
        None => family.latest_active(),
    }
}

/// The revision that a new task or deployment is to use, which must be active (API reference,
/// `DeregisterTaskDefinition`).
pub(super) fn usable<'a>(
    region: &'a Region,
    cx: &Context<'_>,
    text: &str,
) -> Result<&'a Revision, Refusal> {
    let revision = find(region, cx, text).ok_or_else(|| client("TaskDefinition not found."))?;
    match revision.status {
        Status::Active => Ok(revision),
        Status::Inactive | Status::DeleteInProgress => Err(client("TaskDefinition is inactive")),
    }
}

/// `DescribeTaskDefinition`.
pub(super) fn describe(region: &Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, DESCRIBE, "ClientException")?;
    let revision = find(region, cx, input.text("taskDefinition").unwrap_or_default())
        .ok_or_else(|| client("Unable to describe task definition."))?;
    // Without being asked for, the tags are an empty list, as in the answers that the AWS CLI's
    // reference shows.
    let tags = if input.texts("include").any(|field| field == "TAGS") {
        tag::listed(&revision.tags)
    } else {
        json!([])
    };
    Ok(Answer::ok(
        json!({ "taskDefinition": revision.shown(), "tags": tags }),
    ))
}

/// The named revision, of which the number must be given.
fn numbered<'a>(
    region: &'a mut Region,
    cx: &Context<'_>,
    text: &str,
) -> Result<Option<&'a mut Revision>, Refusal> {
    match arn::revision(cx, text) {
        None => Err(client(format!(
            "Invalid task definition identifier: {text}"
        ))),
        Some((_, None)) => Err(client("Revision is missing.")),
        Some((family, Some(number))) => Ok(region
            .families
            .get_mut(family)
            .and_then(|family| family.revisions.get_mut(&number))),
    }
}

/// `DeregisterTaskDefinition`: the revision becomes INACTIVE. Once more changes nothing.
pub(super) fn deregister(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, DEREGISTER, "ClientException")?;
    let revision = numbered(region, cx, input.text("taskDefinition").unwrap_or_default())?
        .ok_or_else(|| client("The specified task definition does not exist."))?;
    match revision.status {
        Status::Active => {
            revision.status = Status::Inactive;
            revision.deregistered_at = Some(cx.now_millis);
        }
        Status::Inactive => {}
        Status::DeleteInProgress => {
            return Err(client(
                "The task definition could not be deregistered because it is in the process of being deleted.",
            ));
        }
    }
    Ok(Answer::ok(json!({ "taskDefinition": revision.shown() })))
}

/// `DeleteTaskDefinitions`: marks inactive revisions, and answers a failure for each that can't be
/// deleted.
pub(super) fn delete(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, DELETE, "InvalidParameterException")?;
    match input.list("taskDefinitions").len() {
        0 => return Err(invalid("taskDefinitions should not be null or empty.")),
        count if count > MAX_DELETIONS => {
            let message = format!("Specify up to {MAX_DELETIONS} task definitions.");
            return Err(invalid(message));
        }
        _ => {}
    }
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for text in input.texts("taskDefinitions") {
        match mark_deleted(region, cx, text) {
            Ok(revision) => deleted.push(revision),
            Err(reason) => failures.push(json!({"arn": named_arn(cx, text), "reason": reason})),
        }
    }
    Ok(Answer::ok(
        json!({ "taskDefinitions": deleted, "failures": failures }),
    ))
}

/// The ARN of what `text` names, whether it exists or not.
fn named_arn(cx: &Context<'_>, text: &str) -> String {
    match arn::revision(cx, text) {
        Some((family, Some(number))) => arn::arn(cx, &format!("task-definition/{family}:{number}")),
        Some((_, None)) | None => text.to_owned(),
    }
}

fn mark_deleted(region: &mut Region, cx: &Context<'_>, text: &str) -> Result<Value, &'static str> {
    let revision = numbered(region, cx, text)
        .map_err(|_| {
            "The specified task definition identifier is invalid. Specify a valid name or ARN and try again."
        })?
        .ok_or(
            "The specified task definition does not exist. Specify a valid account, family, revision and try again.",
        )?;
    match revision.status {
        Status::Active => Err(
            "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
        ),
        Status::Inactive => {
            revision.status = Status::DeleteInProgress;
            revision.delete_requested_at = Some(cx.now_millis);
            Ok(revision.shown())
        }
        Status::DeleteInProgress => Ok(revision.shown()),
    }
}

/// Removes the revisions that were to be deleted, once no task and no service uses them (API
/// reference, `DeleteTaskDefinitions`). A family without revisions stays, for its numbers.
pub(super) fn sweep(region: &mut Region, now_millis: u64) {
    let used = region.revisions_in_use(now_millis);
    for family in region.families.values_mut() {
        family.revisions.retain(|_, revision| {
            revision.status != Status::DeleteInProgress
                || used.contains(&revision.arn())
                || revision
                    .delete_requested_at
                    .is_none_or(|at| now_millis < at + SWEEP_MILLIS)
        });
    }
}

/// `ListTaskDefinitions`: lexicographically by family and numerically by revision; `familyPrefix`
/// is a whole family name.
pub(super) fn list(region: &Region, input: &Input) -> Outcome {
    let input = check(input, LIST, "InvalidParameterException")?;
    let status = input.text("status").unwrap_or(Status::Active.name());
    let order = match input.text("sort") {
        Some("DESC") => Order::Descending,
        Some(_) | None => Order::Ascending,
    };
    let wanted = input.text("familyPrefix");
    let families = region
        .families
        .iter()
        .filter(|(name, _)| wanted.is_none_or(|wanted| wanted == *name));
    let elements = families.flat_map(|(name, family)| {
        let revisions = family.revisions.iter();
        let revisions = revisions.filter(|(_, revision)| revision.status.name() == status);
        revisions.map(move |(number, revision)| Element {
            key: format!("{name}\0{number:07}"),
            shown: json!(revision.arn()),
        })
    });
    page(&input, "taskDefinitionArns", elements.collect(), order).map(Answer::ok)
}

/// `ListTaskDefinitionFamilies`: `familyPrefix` is a prefix, and a family whose last revision is
/// gone is gone too.
pub(super) fn list_families(region: &Region, input: &Input) -> Outcome {
    let input = check(input, LIST_FAMILIES, "InvalidParameterException")?;
    let prefix = input.text("familyPrefix").unwrap_or_default();
    let status = input.text("status").unwrap_or("ALL");
    let families = region.families.iter().filter(|(name, family)| {
        let active = family.latest_active().is_some();
        let asked = match status {
            "ACTIVE" => active,
            "INACTIVE" => !active,
            _ => true,
        };
        name.starts_with(prefix) && !family.revisions.is_empty() && asked
    });
    let elements = families.map(|(name, _)| Element::plain(name.as_str()));
    page(&input, "families", elements.collect(), Order::Ascending).map(Answer::ok)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecs::fixture::{ARN, Sandbox};

    #[test]
    fn revisions_are_never_given_twice() {
        let mut sandbox = Sandbox::new();
        for number in 1..=3 {
            assert_eq!(
                sandbox.register("f"),
                format!("{ARN}:task-definition/f:{number}")
            );
        }
        for number in 1..=3 {
            let name = format!("f:{number}");
            sandbox.call("DeregisterTaskDefinition", &json!({"taskDefinition": name}));
        }
        let all = json!({"taskDefinitions": ["f:1", "f:2", "f:3"]});
        sandbox.call("DeleteTaskDefinitions", &all);
        sandbox.now_millis += 3_600_000;
        let families = sandbox.call("ListTaskDefinitionFamilies", &json!({}));
        assert_eq!(families, json!({"families": []}));
        assert_eq!(sandbox.register("f"), format!("{ARN}:task-definition/f:4"));
    }

    #[test]
    fn a_family_is_its_latest_active_revision() {
        let mut sandbox = Sandbox::new();
        let describe = json!({"taskDefinition": "f"});
        sandbox.refuses("DescribeTaskDefinition", &describe, "ClientException");
        let second = {
            sandbox.register("f");
            sandbox.register("f")
        };
        let third = sandbox.register("f");
        sandbox.now_millis += 500;
        let answer = sandbox.call(
            "DeregisterTaskDefinition",
            &json!({"taskDefinition": third}),
        );
        assert_eq!(answer["taskDefinition"]["status"], "INACTIVE");
        assert_eq!(
            answer["taskDefinition"]["deregisteredAt"],
            json!(1_700_000_000.5)
        );
        let latest = sandbox.call("DescribeTaskDefinition", &describe);
        assert_eq!(latest["taskDefinition"]["taskDefinitionArn"], json!(second));
        assert_eq!(sandbox.status("f:3"), "INACTIVE");
        for unknown in [
            "g",
            "f:9",
            "f:x",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/f:1",
            "arn:aws:ecs:us-east-1:111122223333:cluster/f",
        ] {
            let input = json!({"taskDefinition": unknown});
            let (status, code, message) = sandbox.refusal("DescribeTaskDefinition", &input);
            assert_eq!((status, code), (400, "ClientException"), "{unknown}");
            assert_eq!(message, "Unable to describe task definition.");
        }
    }

    #[test]
    fn deregistering_needs_a_revision() {
        let mut sandbox = Sandbox::new();
        sandbox.register("f");
        for wrong in ["f", "f:2", "g:1", "f:one"] {
            let input = json!({"taskDefinition": wrong});
            sandbox.refuses("DeregisterTaskDefinition", &input, "ClientException");
        }
        sandbox.refuses("DeregisterTaskDefinition", &json!({}), "ClientException");
        let first = json!({"taskDefinition": "f:1"});
        let once = sandbox.call("DeregisterTaskDefinition", &first);
        sandbox.now_millis += 1000;
        assert_eq!(sandbox.call("DeregisterTaskDefinition", &first), once);
    }

    #[test]
    fn deleting_answers_a_failure_for_each_that_cannot_go() {
        let mut sandbox = Sandbox::new();
        sandbox.register("f");
        let second = sandbox.register("f");
        sandbox.call(
            "DeregisterTaskDefinition",
            &json!({"taskDefinition": second}),
        );
        let input = json!({"taskDefinitions": ["f:1", "f:2", "f:7", "f"]});
        let answer = sandbox.call("DeleteTaskDefinitions", &input);
        let deleted = &answer["taskDefinitions"];
        assert_eq!(deleted.as_array().map(Vec::len), Some(1));
        assert_eq!(deleted[0]["taskDefinitionArn"], json!(second));
        assert_eq!(deleted[0]["status"], "DELETE_IN_PROGRESS");
        assert_eq!(deleted[0]["deleteRequestedAt"], json!(1_700_000_000.0));
        let arns: Vec<&Value> = (0..3).map(|n| &answer["failures"][n]["arn"]).collect();
        assert_eq!(
            arns,
            [
                &json!(format!("{ARN}:task-definition/f:1")),
                &json!(format!("{ARN}:task-definition/f:7")),
                &json!("f")
            ]
        );
        assert_eq!(
            answer["failures"][0]["reason"],
            "The specified task definition is still in ACTIVE status. Please deregister the target and try again."
        );
        sandbox.refuses(
            "DeregisterTaskDefinition",
            &json!({"taskDefinition": second}),
            "ClientException",
        );
        let many: Vec<String> = (1..=11).map(|n| format!("g:{n}")).collect();
        let most = sandbox.call(
            "DeleteTaskDefinitions",
            &json!({"taskDefinitions": many[..10]}),
        );
        assert_eq!(most["failures"].as_array().map(Vec::len), Some(10));
        for wrong in [
            json!({"taskDefinitions": many}),
            json!({"taskDefinitions": []}),
            json!({}),
        ] {
            sandbox.refuses("DeleteTaskDefinitions", &wrong, "InvalidParameterException");
        }
    }

    #[test]
    fn a_deleted_revision_stays_until_nothing_uses_it() {
        let mut sandbox = Sandbox::new();
        sandbox.call("CreateCluster", &json!({}));
        let (used, unused) = (sandbox.register("f"), sandbox.register("f"));
        sandbox.create_service("s", &used, 1);
        for arn in [&used, &unused] {
            sandbox.call("DeregisterTaskDefinition", &json!({"taskDefinition": arn}));
        }
        sandbox.call(
            "DeleteTaskDefinitions",
            &json!({"taskDefinitions": [used, unused]}),
        );
        assert_eq!(sandbox.status(&unused), "DELETE_IN_PROGRESS");
        sandbox.now_millis += 60_000;
        sandbox.refuses(
            "DescribeTaskDefinition",
            &json!({"taskDefinition": unused}),
            "ClientException",
        );
        assert_eq!(sandbox.status(&used), "DELETE_IN_PROGRESS");
        // The service goes on, and can even be scaled.
        let more = json!({"service": "s", "desiredCount": 2});
        assert_eq!(
            sandbox.call("UpdateService", &more)["service"]["desiredCount"],
            2
        );

        sandbox.call("DeleteService", &json!({"service": "s", "force": true}));
        assert_eq!(sandbox.status(&used), "DELETE_IN_PROGRESS");
        sandbox.now_millis += 3_000;
        assert_eq!(sandbox.service("s")["status"], "INACTIVE");
        sandbox.refuses(
            "DescribeTaskDefinition",
            &json!({"taskDefinition": used}),
            "ClientException",
        );
    }

    #[test]
    fn lists_of_task_definitions() {
        let mut sandbox = Sandbox::new();
        for _ in 0..11 {
            sandbox.register("b");
        }
        sandbox.register("a");
        sandbox.register("bb");
        sandbox.call(
            "DeregisterTaskDefinition",
            &json!({"taskDefinition": "b:2"}),
        );
        let mut names = |input: Value| -> Vec<String> {
            let mut input = input;
            let mut names = Vec::new();
            loop {
                let answer = sandbox.call("ListTaskDefinitions", &input);
                for arn in answer["taskDefinitionArns"].as_array().expect("a list") {
                    let arn = arn.as_str().expect("an ARN");
                    names.push(arn.rsplit('/').next().expect("a name").to_owned());
                }
                match answer.get("nextToken") {
                    Some(token) => input["nextToken"] = token.clone(),
                    None => return names,
                }
            }
        };
        let all = [
            "a:1", "b:1", "b:3", "b:4", "b:5", "b:6", "b:7", "b:8", "b:9", "b:10", "b:11", "bb:1",
        ];
        assert_eq!(names(json!({})), all);
        assert_eq!(names(json!({"maxResults": 5})), all);
        let reversed: Vec<&str> = all.iter().rev().copied().collect();
        assert_eq!(names(json!({"sort": "DESC", "maxResults": 1})), reversed);
        assert_eq!(
            names(json!({"familyPrefix": "b", "status": "INACTIVE"})),
            ["b:2"]
        );
        assert_eq!(names(json!({"familyPrefix": "bb"})), ["bb:1"]);
        assert!(names(json!({"status": "DELETE_IN_PROGRESS"})).is_empty());
        for wrong in [
            json!({"status": "GONE"}),
            json!({"sort": "asc"}),
            json!({"maxResults": 101}),
        ] {
            sandbox.refuses("ListTaskDefinitions", &wrong, "InvalidParameterException");
        }
    }

    #[test]
    fn lists_of_families() {
        let mut sandbox = Sandbox::new();
        for family in ["web", "web-admin", "worker"] {
            sandbox.register(family);
        }
        sandbox.call(
            "DeregisterTaskDefinition",
            &json!({"taskDefinition": "web:1"}),
        );
        let cases = [
            (json!({}), json!(["web", "web-admin", "worker"])),
            (json!({"familyPrefix": "web"}), json!(["web", "web-admin"])),
            (json!({"status": "ACTIVE"}), json!(["web-admin", "worker"])),
            (json!({"status": "INACTIVE"}), json!(["web"])),
            (json!({"status": "ALL", "familyPrefix": "x"}), json!([])),
        ];
        for (input, families) in cases {
            let answer = sandbox.call("ListTaskDefinitionFamilies", &input);
            assert_eq!(answer, json!({ "families": families }), "{input}");
        }
    }
}
