//! `TagResource`, `UntagResource` and `ListTagsForResource`, and the tags of everything that has
//! some.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    Region, arn,
    cluster::{self, Cluster},
    definition::TAGS,
    members::{Members, invalid},
    shape::{Member, Shape, check, required},
    tag::{self, MAX_TAGS, Tags},
};
use crate::{
    Answer, Context, Refusal, World,
    service::{Input, Outcome},
};

const TAG: &[Member] = &[required("resourceArn", Shape::Text), required("tags", TAGS)];
const UNTAG: &[Member] = &[
    required("resourceArn", Shape::Text),
    required("tagKeys", Shape::List(&Shape::Text)),
];
const LIST: &[Member] = &[required("resourceArn", Shape::Text)];

/// `TagResource`: adds tags and overwrites the values of keys that are there.
pub(super) fn tag(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, TAG, "InvalidParameterException")?;
    let added = tag::parse(&input, |message| invalid(message))?.unwrap_or_default();
    let tags = tags_of(region, cx, &input)?.ok_or_else(not_found)?;
    let mut all = tags.clone().unwrap_or_default();
    all.extend(added);
    if all.len() > MAX_TAGS {
        let message = format!("Too many tags. The maximum number of tags is {MAX_TAGS}.");
        return Err(Refusal::new(400, "LimitExceededException", message));
    }
    *tags = Some(all);
    Ok(Answer::ok(json!({})))
}

/// `UntagResource`: removes keys; keys that are not there are passed over.
pub(super) fn untag(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, UNTAG, "InvalidParameterException")?;
    if input.list("tagKeys").is_empty() {
        return Err(invalid("Tag keys can not be empty."));
    }
    let tags = tags_of(region, cx, &input)?.ok_or_else(not_found)?;
    for key in input.texts("tagKeys") {
        if let Some(tags) = tags {
            tags.remove(key);
        }
    }
    Ok(Answer::ok(json!({})))
}

/// `ListTagsForResource`.
pub(super) fn list(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, LIST, "InvalidParameterException")?;
    // The API model gives this operation no ResourceNotFoundException.
    let tags = tags_of(region, cx, &input)?
        .ok_or_else(|| invalid("The specified resource does not exist."))?;
    Ok(Answer::ok(json!({ "tags": tag::listed(tags) })))
}

fn not_found() -> Refusal {
    Refusal::new(
        400,
        "ResourceNotFoundException",
        "The specified resource wasn't found.",
    )
}

/// The tags of the resource that the request names, if there is one.
fn tags_of<'a>(
    region: &'a mut Region,
    cx: &Context<'_>,
    input: &Input,
) -> Result<Option<&'a mut Tags>, Refusal> {
    let text = input.text("resourceArn").unwrap_or_default();
    let path = arn::resource(cx, text).ok_or_else(|| invalid(format!("Invalid arn: {text}")))?;
    let segments: Vec<&str> = path.split('/').collect();
    match segments.as_slice() {
        ["task-definition", _] => Ok(arn::revision(cx, text)
            .and_then(|(family, number)| {
                region.families.get_mut(family)?.revisions.get_mut(&number?)
            })
            .map(|revision| &mut revision.tags)),
        ["cluster", name] => Ok(Some(&mut active_cluster(region, name)?.tags)),
        ["service", cluster, name] => Ok(active_cluster(region, cluster)?
            .services
            .get_mut(*name)
            .map(|service| &mut service.tags)),
        ["container-instance", cluster, id] => Ok(active_cluster(region, cluster)?
            .instances
            .get_mut(*id)
            .map(|instance| &mut instance.tags)),
        ["task", cluster, id] => Ok(active_cluster(region, cluster)?
            .tasks
            .get_mut(*id)
            .map(|task| &mut task.tags)),
        _ => Err(invalid(format!("Invalid arn: {text}"))),
    }
}

fn active_cluster<'a>(region: &'a mut Region, name: &str) -> Result<&'a mut Cluster, Refusal> {
    region
        .clusters
        .get_mut(name)
        .filter(|cluster| cluster.is_active())
        .ok_or_else(cluster::not_found)
}

/// The ARN and tags of everything in the region that has or had tags.
pub fn tagged(world: &World, region: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let Some(region) = world.ecs.regions.get(region) else {
        return Vec::new();
    };
    let revisions = region
        .families
        .values()
        .flat_map(|family| family.revisions.values())
        .map(|revision| (revision.arn(), &revision.tags));
    let clusters = region
        .clusters
        .values()
        .filter(|cluster| cluster.is_active());
    let in_clusters = clusters.flat_map(|cluster| {
        let services = cluster
            .services
            .values()
            .filter(|service| service.is_listed());
        let services = services.map(|service| (service.arn.clone(), &service.tags));
        std::iter::once((cluster.arn.clone(), &cluster.tags)).chain(services)
    });
    revisions
        .chain(in_clusters)
        .filter_map(|(arn, tags)| Some((arn, tags.clone()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::tagged;
    use crate::ecs::fixture::{ARN, Sandbox, fargate};

    #[test]
    fn tags_of_every_kind_of_resource() {
        let mut sandbox = Sandbox::new();
        let tags = json!([{"key": "a", "value": "1"}, {"key": "b", "value": ""}]);
        let definition = sandbox.register("f");
        let cluster = sandbox.call("CreateCluster", &json!({"tags": tags}))["cluster"].clone();
        assert_eq!(cluster["tags"], tags);
        let service = sandbox.create_service("s", &definition, 1);
        let task = sandbox.call("ListTasks", &json!({}))["taskArns"][0].clone();
        for arn in [
            &json!(definition),
            &cluster["clusterArn"],
            &service["serviceArn"],
            &task,
        ] {
            let name = json!({ "resourceArn": arn });
            sandbox.call("TagResource", &json!({"resourceArn": arn, "tags": tags}));
            assert_eq!(
                sandbox.call("ListTagsForResource", &name),
                json!({ "tags": tags })
            );
            let more = json!([{"key": "b", "value": "2"}, {"key": "B", "value": "3"}]);
            sandbox.call("TagResource", &json!({"resourceArn": arn, "tags": more}));
            sandbox.call(
                "UntagResource",
                &json!({"resourceArn": arn, "tagKeys": ["a", "zzz"]}),
            );
            let left = json!([{"key": "B", "value": "3"}, {"key": "b", "value": "2"}]);
            assert_eq!(
                sandbox.call("ListTagsForResource", &name),
                json!({ "tags": left }),
                "{arn}"
            );
        }
        let found: Vec<String> = tagged(&sandbox.world, "us-east-1")
            .into_iter()
            .map(|(arn, _)| arn)
            .collect();
        assert_eq!(
            found,
            [
                definition.as_str(),
                cluster["clusterArn"].as_str().expect("an ARN"),
                service["serviceArn"].as_str().expect("an ARN")
            ]
        );
        assert_eq!(tagged(&sandbox.world, "eu-west-1"), []);
    }

    #[test]
    fn wrong_tags_are_refused() {
        let mut sandbox = Sandbox::new();
        let definition = sandbox.register("f");
        let tags = |count: usize| -> Value {
            (0..count)
                .map(|n| json!({"key": format!("k{n}"), "value": "v"}))
                .collect()
        };
        let tag = |key: &str, value: &str| json!([{"key": key, "value": value}]);
        let cases = [
            (json!([]), "InvalidParameterException"),
            (tags(51), "InvalidParameterException"),
            (tag("", "v"), "InvalidParameterException"),
            (tag(&"k".repeat(129), "v"), "InvalidParameterException"),
            (tag("k", &"v".repeat(257)), "InvalidParameterException"),
            (tag("aws:k", "v"), "InvalidParameterException"),
            (tag("k", "AwS:v"), "InvalidParameterException"),
            (tag("k!", "v"), "InvalidParameterException"),
            (
                json!([{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]),
                "InvalidParameterException",
            ),
            (json!({"k": "v"}), "SerializationException"),
        ];
        for (tags, code) in cases {
            sandbox.refuses(
                "TagResource",
                &json!({"resourceArn": definition, "tags": tags}),
                code,
            );
            let mut input = fargate("g");
            input["tags"] = tags.clone();
            // RegisterTaskDefinition alone calls an empty list a ClientException.
            let code = if tags == json!([]) {
                "ClientException"
            } else {
                code
            };
            sandbox.refuses("RegisterTaskDefinition", &input, code);
        }
        sandbox.call(
            "TagResource",
            &json!({"resourceArn": definition, "tags": tags(50)}),
        );
        sandbox.call(
            "TagResource",
            &json!({"resourceArn": definition, "tags": tag("k0", "한국어")}),
        );
        let more = json!({"resourceArn": definition, "tags": tag("new", "v")});
        sandbox.refuses("TagResource", &more, "LimitExceededException");
        let missing = [
            (
                format!("{ARN}:task-definition/f:2"),
                "ResourceNotFoundException",
            ),
            (
                format!("{ARN}:task-definition/f"),
                "ResourceNotFoundException",
            ),
            (format!("{ARN}:cluster/c"), "ClusterNotFoundException"),
            (format!("{ARN}:service/c/s"), "ClusterNotFoundException"),
            (
                "arn:aws:ecs:eu-west-1:111122223333:cluster/c".to_owned(),
                "InvalidParameterException",
            ),
            (format!("{ARN}:thing/x"), "InvalidParameterException"),
        ];
        for (arn, code) in missing {
            let input = json!({"resourceArn": arn, "tags": tag("k", "v")});
            sandbox.refuses("TagResource", &input, code);
        }
        let list = json!({"resourceArn": format!("{ARN}:task-definition/f:2")});
        sandbox.refuses("ListTagsForResource", &list, "InvalidParameterException");
        let untag = json!({"resourceArn": definition, "tagKeys": []});
        sandbox.refuses("UntagResource", &untag, "InvalidParameterException");
    }
}
