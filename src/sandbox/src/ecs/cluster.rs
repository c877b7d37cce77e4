//! Clusters: `CreateCluster`, `DescribeClusters`, `ListClusters`, `DeleteCluster`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    Region, arn,
    definition::TAGS,
    instance::Instances,
    members::{Members, invalid, is_name},
    page::{Element, Order, page},
    service::{Service, Status},
    shape::{
        Member,
        Shape::{Choice, Integer, List, Opaque, Structure, Text},
        check, optional, required,
    },
    tag::{self, Tags},
    task::life::Task,
};
use crate::{
    Answer, Context, Refusal,
    service::{Input, Outcome},
};

/// One cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Cluster {
    pub(super) arn: String,
    pub(super) name: String,
    /// Whether it has been deleted, after which it can still be described.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    /// What the caller chose: settings, configuration, capacity providers.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    choices: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tags: Tags,
    /// By name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) services: BTreeMap<String, Service>,
    /// By id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) tasks: BTreeMap<String, Task>,
    /// By id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) instances: Instances,
}

const CREATE: &[Member] = &[
    optional("clusterName", Text),
    optional("tags", TAGS),
    optional("settings", List(&Structure(SETTING))),
    optional("configuration", Opaque),
    optional("capacityProviders", List(&Text)),
    optional("defaultCapacityProviderStrategy", Opaque),
    optional("serviceConnectDefaults", Opaque),
];
const SETTING: &[Member] = &[
    optional("name", Choice(&["containerInsights"])),
    optional("value", Choice(&["enabled", "disabled", "enhanced"])),
];
const DESCRIBE: &[Member] = &[
    optional("clusters", List(&Text)),
    optional("include", List(&Choice(FIELDS))),
];
const FIELDS: &[&str] = &[
    "ATTACHMENTS",
    "CONFIGURATIONS",
    "SETTINGS",
    "STATISTICS",
    "TAGS",
];
const LIST: &[Member] = &[optional("nextToken", Text), optional("maxResults", Integer)];
const DELETE: &[Member] = &[required("cluster", Text)];

impl Cluster {
    /// Whether the cluster can be used.
    pub(super) fn is_active(&self) -> bool {
        !self.deleted
    }

    /// The ARNs of the task definitions that its services and tasks use.
    pub(super) fn revisions_in_use(&self, now_millis: u64) -> impl Iterator<Item = String> {
        let services = self.services.values().flat_map(Service::revisions_in_use);
        let tasks = self
            .tasks
            .values()
            .filter(move |task| !task.is_gone(now_millis));
        services.chain(tasks.map(|task| task.definition_arn.clone()))
    }

    /// The cluster as the API shows it, with the fields that were asked for.
    fn shown(&self, now_millis: u64, asked: impl Fn(&str) -> bool) -> Value {
        let count = |status: &str| {
            let mut tasks = self.tasks.values().map(|task| task.status(now_millis));
            tasks.by_ref().filter(|last| *last == status).count()
        };
        let services = self.services.values().filter(|service| service.is_listed());
        let mut shown = json!({
            "clusterArn": self.arn,
            "clusterName": self.name,
            "status": if self.deleted { "INACTIVE" } else { "ACTIVE" },
            "registeredContainerInstancesCount": self.instances.len(),
            "runningTasksCount": count("RUNNING"),
            "pendingTasksCount": count("PENDING") + count("PROVISIONING"),
            "activeServicesCount": services.count(),
            "statistics": [],
            "tags": [],
            "settings": [],
            "capacityProviders": self.choices.list("capacityProviders"),
            "defaultCapacityProviderStrategy": self.choices.list("defaultCapacityProviderStrategy"),
        });
        if asked("TAGS") {
            shown["tags"] = tag::listed(&self.tags);
        }
        if asked("STATISTICS") {
            shown["statistics"] = self.statistics(now_millis);
        }
        if asked("SETTINGS") {
            // API reference, ClusterSetting: disabled unless chosen otherwise.
            let default = json!([{"name": "containerInsights", "value": "disabled"}]);
            let settings = self.choices.get("settings").cloned();
            shown["settings"] = settings.unwrap_or(default);
        }
        let configured = [
            ("CONFIGURATIONS", "configuration"),
            ("", "serviceConnectDefaults"),
        ];
        for (field, member) in configured {
            if let Some(choice) = self.choices.get(member)
                && (field.is_empty() || asked(field))
            {
                shown[member] = choice.clone();
            }
        }
        shown
    }
}

impl Cluster {
    /// What there is by launch type (API reference, Cluster, statistics).
    fn statistics(&self, now_millis: u64) -> Value {
        let tasks = |launch_type: &str, wanted: &[&str]| {
            let tasks = self.tasks.values();
            let tasks = tasks.filter(|task| task.launch_type == launch_type);
            tasks
                .filter(|task| wanted.contains(&task.status(now_millis)))
                .count()
        };
        let services = |launch_type: &str, wanted: Status| {
            let services = self.services.values();
            let services = services.filter(|service| service.launch().launch_type == launch_type);
            services.filter(|service| service.status == wanted).count()
        };
        let counts = [("EC2", "EC2"), ("Fargate", "FARGATE")].map(|(name, launch_type)| {
            let pending = tasks(launch_type, &["PENDING", "PROVISIONING"]);
            [
                (
                    format!("running{name}TasksCount"),
                    tasks(launch_type, &["RUNNING"]),
                ),
                (format!("pending{name}TasksCount"), pending),
                (
                    format!("active{name}ServiceCount"),
                    services(launch_type, Status::Active),
                ),
                (
                    format!("draining{name}ServiceCount"),
                    services(launch_type, Status::Draining),
                ),
            ]
        });
        let counts = counts.into_iter().flatten();
        counts
            .map(|(name, count)| json!({"name": name, "value": count.to_string()}))
            .collect()
    }
}

/// The error for a cluster that isn't there.
pub(super) fn not_found() -> Refusal {
    Refusal::new(400, "ClusterNotFoundException", "Cluster not found.")
}

/// The active cluster that the member `cluster` of a request names.
pub(super) fn named<'a>(
    region: &'a mut Region,
    cx: &Context<'_>,
    input: &Input,
) -> Result<&'a mut Cluster, Refusal> {
    let name = arn::cluster_name(cx, input.text("cluster"))?;
    let cluster = region.clusters.get_mut(&name);
    cluster
        .filter(|cluster| cluster.is_active())
        .ok_or_else(not_found)
}

/// `CreateCluster`: a name that is taken by an active cluster gives that cluster back as it is.
pub(super) fn create(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let mut choices = check(input, CREATE, "InvalidParameterException")?;
    let tags = tag::parse(&choices, |message| invalid(message))?;
    choices.remove("tags");
    let name = match choices.remove("clusterName") {
        Some(Value::String(name)) if !name.is_empty() => name,
        // API reference, CreateCluster, clusterName: a cluster without a name is called default.
        Some(_) | None => "default".to_owned(),
    };
    if !is_name(&name) {
        let message = "Cluster names have up to 255 letters, numbers, underscores, and hyphens.";
        return Err(invalid(message));
    }
    // Without an Auto Scaling group of its own, an account has these two (API reference,
    // CreateCluster, capacityProviders).
    let known = |provider: &str| ["FARGATE", "FARGATE_SPOT"].contains(&provider);
    if choices
        .texts("capacityProviders")
        .any(|provider| !known(provider))
    {
        return Err(invalid("The specified capacity provider was not found."));
    }
    let fresh = Cluster {
        arn: arn::arn(cx, &format!("cluster/{name}")),
        name: name.clone(),
        deleted: false,
        choices,
        tags,
        services: BTreeMap::new(),
        tasks: BTreeMap::new(),
        instances: BTreeMap::new(),
    };
    let cluster = region.clusters.entry(name).or_insert_with(|| fresh.clone());
    if cluster.deleted {
        *cluster = fresh;
    }
    Ok(Answer::ok(
        json!({ "cluster": cluster.shown(cx.now_millis, |field| field != "STATISTICS") }),
    ))
}

/// `DescribeClusters`.
pub(super) fn describe(region: &Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, DESCRIBE, "InvalidParameterException")?;
    // API reference, DescribeClusters, clusters: at most 100, and the default cluster if none is
    // named.
    if input.list("clusters").len() > 100 {
        return Err(invalid("Specify up to 100 clusters."));
    }
    let mut names: Vec<&str> = input.texts("clusters").collect();
    if names.is_empty() {
        names.push("default");
    }
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for text in names {
        let name = arn::cluster_name(cx, Some(text))?;
        let asked = |field: &str| input.texts("include").any(|asked| asked == field);
        match region.clusters.get(&name) {
            Some(cluster) => clusters.push(cluster.shown(cx.now_millis, asked)),
            None => failures.push(json!({
                "arn": arn::arn(cx, &format!("cluster/{name}")),
                "reason": "MISSING",
            })),
        }
    }
    Ok(Answer::ok(
        json!({ "clusters": clusters, "failures": failures }),
    ))
}

/// `ListClusters`.
pub(super) fn list(region: &Region, input: &Input) -> Outcome {
    let input = check(input, LIST, "InvalidParameterException")?;
    let clusters = region
        .clusters
        .values()
        .filter(|cluster| cluster.is_active());
    let elements = clusters.map(|cluster| Element::plain(cluster.arn.as_str()));
    page(&input, "clusterArns", elements.collect(), Order::Ascending).map(Answer::ok)
}

/// `DeleteCluster`: the cluster becomes INACTIVE. Nothing may be in use in it.
pub(super) fn delete(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, DELETE, "InvalidParameterException")?;
    let cluster = named(region, cx, &input)?;
    if cluster.services.values().any(Service::is_listed) {
        return Err(Refusal::new(
            400,
            "ClusterContainsServicesException",
            "The Cluster cannot be deleted while Services are active.",
        ));
    }
    if cluster.tasks.values().any(|task| !task.is_stopped()) {
        return Err(Refusal::new(
            400,
            "ClusterContainsTasksException",
            "The Cluster cannot be deleted while Tasks are active.",
        ));
    }
    if !cluster.instances.is_empty() {
        return Err(Refusal::new(
            400,
            "ClusterContainsContainerInstancesException",
            "The Cluster cannot be deleted while Container Instances are active or draining.",
        ));
    }
    cluster.deleted = true;
    cluster.tags = None;
    Ok(Answer::ok(
        json!({ "cluster": cluster.shown(cx.now_millis, |_| false) }),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ecs::fixture::{ARN, Sandbox};

    #[test]
    fn clusters_come_and_go() {
        let mut sandbox = Sandbox::new();
        let missing = sandbox.call("DescribeClusters", &json!({}));
        let failure = json!({"arn": format!("{ARN}:cluster/default"), "reason": "MISSING"});
        assert_eq!(missing, json!({"clusters": [], "failures": [failure]}));
        let created = sandbox.call("CreateCluster", &json!({"clusterName": "main"}));
        assert_eq!(
            created["cluster"],
            json!({
                "clusterArn": format!("{ARN}:cluster/main"), "clusterName": "main", "status": "ACTIVE",
                "registeredContainerInstancesCount": 0, "runningTasksCount": 0, "pendingTasksCount": 0,
                "activeServicesCount": 0, "statistics": [], "tags": [],
                "settings": [{"name": "containerInsights", "value": "disabled"}],
                "capacityProviders": [], "defaultCapacityProviderStrategy": [],
            })
        );
        let again = json!({"clusterName": "main", "tags": [{"key": "k", "value": "v"}]});
        assert_eq!(sandbox.call("CreateCluster", &again), created);
        sandbox.call("CreateCluster", &json!({"clusterName": "other"}));
        let page = sandbox.call("ListClusters", &json!({"maxResults": 1}));
        assert_eq!(page["clusterArns"], json!([format!("{ARN}:cluster/main")]));
        let rest = sandbox.call("ListClusters", &json!({"nextToken": page["nextToken"]}));
        assert_eq!(
            rest,
            json!({"clusterArns": [format!("{ARN}:cluster/other")]})
        );

        let main = json!({"cluster": format!("{ARN}:cluster/main")});
        assert_eq!(
            sandbox.call("DeleteCluster", &main)["cluster"]["status"],
            "INACTIVE"
        );
        sandbox.refuses("DeleteCluster", &main, "ClusterNotFoundException");
        let described = sandbox.call("DescribeClusters", &json!({"clusters": ["main"]}));
        assert_eq!(described["clusters"][0]["status"], "INACTIVE");
        assert_eq!(
            sandbox.call("CreateCluster", &again)["cluster"]["status"],
            "ACTIVE"
        );
        for wrong in [
            json!({"clusterName": "a b"}),
            json!({"capacityProviders": ["mine"]}),
            json!({"settings": [{"name": "x"}]}),
        ] {
            sandbox.refuses("CreateCluster", &wrong, "InvalidParameterException");
        }
    }

    #[test]
    fn what_describing_clusters_includes() {
        let mut sandbox = Sandbox::new();
        let configuration = json!({"executeCommandConfiguration": {"logging": "NONE"}});
        sandbox.call("CreateCluster", &json!({ "configuration": configuration }));
        let bare = sandbox.call("DescribeClusters", &json!({}));
        assert_eq!(bare["clusters"][0].get("configuration"), None);
        assert_eq!(bare["clusters"][0]["settings"], json!([]));
        let asked = json!({"include": ["CONFIGURATIONS", "SETTINGS"]});
        let asked = sandbox.call("DescribeClusters", &asked);
        assert_eq!(asked["clusters"][0]["configuration"], configuration);
        assert_eq!(asked["clusters"][0]["settings"][0]["value"], "disabled");
        let many: Vec<String> = (0..101).map(|n| format!("c{n}")).collect();
        sandbox.call("DescribeClusters", &json!({"clusters": many[..100]}));
        sandbox.refuses(
            "DescribeClusters",
            &json!({ "clusters": many }),
            "InvalidParameterException",
        );
    }
}
