//! Revisions that boto3 registers as a pipeline does, without our tags: what the real binary makes
//! of them.

use serde_json::{Value, json};

use super::{World, assert_says};

/// The members that `RegisterTaskDefinition` takes, of those that these tests use.
const REGISTERED: [&str; 5] = [
    "family",
    "cpu",
    "memory",
    "requiresCompatibilities",
    "containerDefinitions",
];

impl World {
    fn describe(&mut self, name: &str) -> Value {
        let asked = json!({"taskDefinition": name, "include": ["TAGS"]});
        self.aws.boto("ecs", "DescribeTaskDefinition", asked)
    }

    /// Registers what the newest revision says with another image, as pipelines do, and returns its
    /// name.
    fn register(&mut self, image: &str) -> String {
        let newest = self.describe("checkout");
        let mut asked = json!({"networkMode": "awsvpc"});
        for member in REGISTERED {
            asked[member] = newest["taskDefinition"][member].clone();
        }
        asked["containerDefinitions"][0]["image"] = json!(image);
        let answer = self.aws.boto("ecs", "RegisterTaskDefinition", asked);
        let arn = answer["taskDefinition"]["taskDefinitionArn"].as_str();
        arn.unwrap().rsplit('/').next().unwrap().to_owned()
    }

    fn image(&mut self, name: &str) -> String {
        let described = self.describe(name);
        let image = &described["taskDefinition"]["containerDefinitions"][0]["image"];
        image.as_str().unwrap().to_owned()
    }

    pub(super) fn deploy(&mut self, service: &str, name: &str) {
        let asked = json!({"cluster": "prod", "service": service, "taskDefinition": name});
        self.aws.boto("ecs", "UpdateService", asked);
    }

    fn status(&mut self, name: &str) -> String {
        let described = self.describe(name);
        let status = described["taskDefinition"]["status"].as_str();
        status.unwrap().to_owned()
    }
}

#[test]
fn what_somebody_else_registered_is_drift_or_adopted_and_never_deregistered() {
    let Some(mut world) = World::new("foreign-drift") else {
        return;
    };
    assert_eq!(world.register("app:ci"), "checkout:2");
    let drift = world.run(&["plan", "--detailed-exitcode"]).expect(2);
    assert_says(
        &drift,
        &[
            "containers.app.image",
            "app:ci",
            "registered the newest revision, checkout:2, which the differences are from",
            "arn:aws:",
        ],
    );
    // A plan that was saved before is no longer the plan once there is another revision.
    world.run(&["plan", "--out", "old.json"]).expect(0);
    assert_eq!(world.register("app:ci-2"), "checkout:3");
    let moved = world.run(&["apply", "old.json", "--yes"]).expect(1);
    assert_says(&moved, &["app:ci-2"]);

    let repaired = world.run(&["apply", "--yes"]).expect(0);
    assert_says(
        &repaired,
        &[
            "checkout:3 was the newest revision before",
            "aws ecs update-service --cluster CLUSTER --service SERVICE --task-definition checkout:3",
        ],
    );
    assert_eq!(world.image("checkout"), "app:1");
    world.run(&["plan", "--detailed-exitcode"]).expect(0);
    for name in ["checkout:2", "checkout:3"] {
        assert_eq!(world.status(name), "ACTIVE");
    }

    // One that says what the file says becomes ours by its tags, and no more is done.
    assert_eq!(world.register("app:1"), "checkout:5");
    let adopted = world.run(&["plan", "--detailed-exitcode"]).expect(2);
    assert_says(
        &adopted,
        &["ecs:TagResource", "becomes this stack's by its tags"],
    );
    let imported = world
        .run(&["import", "--stack", "shop", "--out", "shop.toml"])
        .expect(0);
    assert_says(&imported, &["task_definitions.checkout"]);
    world.run(&["apply", "--yes"]).expect(0);
    let tags = world.describe("checkout:5")["tags"].to_string();
    assert!(tags.contains("amp-stack:stack"), "{tags}");
    world.run(&["plan", "--detailed-exitcode"]).expect(0);

    world.register("app:last");
    world.run(&["destroy", "--yes"]).expect(0);
    for (name, status) in [
        ("checkout:2", "ACTIVE"),
        ("checkout:3", "ACTIVE"),
        ("checkout:6", "ACTIVE"),
    ] {
        assert_eq!(world.status(name), status);
    }
    let theirs = world.run(&["plan"]).expect(1);
    assert_says(&theirs, &["exists already", "adopt = true"]);
}

#[test]
fn the_image_that_was_deployed_stays_where_it_is_ignored() {
    let Some(mut world) = World::new("foreign-image") else {
        return;
    };
    let declare = |world: &World, memory: u32, services: &str| {
        let text = format!(
            "[stack]\nname = \"shop\"\n\n[task_definitions.checkout]\nrequires_compatibilities = [\"FARGATE\"]\ncpu = 256\nmemory = {memory}\nservices = {services}\nignore = [\"containers.app.image\"]\n\n[task_definitions.checkout.containers.app]\nimage = \"app:file\"\n"
        );
        world.bench.write("stack.toml", &text);
    };
    // Without a declared service, the newest one counts.
    declare(&world, 512, "[]");
    world.run(&["plan", "--detailed-exitcode"]).expect(0);
    world.register("app:ci");
    let adopted = world.run(&["plan", "--detailed-exitcode"]).expect(2);
    assert_says(&adopted, &["ecs:TagResource"]);
    assert!(
        !adopted.says("RegisterTaskDefinition"),
        "{}",
        adopted.stdout
    );
    declare(&world, 1024, "[]");
    world.run(&["apply", "--yes"]).expect(0);
    assert_eq!(world.image("checkout:3"), "app:ci");

    // With one, what it runs counts, also when a pipeline has registered more than it deployed.
    world.service("checkout", json!({}));
    let deployed = world.register("app:deployed");
    world.deploy("checkout", &deployed);
    let registered = world.register("app:only-registered");
    assert_eq!(registered, "checkout:5");
    declare(&world, 2048, "[\"prod/checkout\"]");
    world.run(&["apply", "--yes"]).expect(0);
    assert_eq!(world.image("checkout:6"), "app:deployed");
    assert_eq!(world.runs("checkout"), "checkout:6");
    world.run(&["plan", "--detailed-exitcode"]).expect(0);
    assert_eq!(world.status("checkout:5"), "ACTIVE");
}

/// The way back to another tool: each revision has a tag of its own, and one that keeps it goes.
#[test]
fn revisions_that_have_lost_their_tag_outlive_their_table() {
    let Some(mut world) = World::new("foreign-back") else {
        return;
    };
    world.declare("app:2", "[]");
    world.run(&["apply", "--yes"]).expect(0);
    world.declare("app:3", "[]");
    world.run(&["apply", "--yes"]).expect(0);
    let without_table = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n";
    world.bench.write("left.toml", without_table);
    let let_go = |world: &mut World, name: &str| {
        let described = world.describe(name);
        let arn = &described["taskDefinition"]["taskDefinitionArn"];
        let asked = json!({"resourceArn": arn, "tagKeys": ["amp-stack:stack"]});
        world.aws.boto("ecs", "UntagResource", asked);
    };
    let_go(&mut world, "checkout:3");
    let plan = world.run(&["plan", "left.toml"]).expect(0);
    assert_says(&plan, &["DeleteTaskDefinitions revisions 1 and 2"]);
    let_go(&mut world, "checkout:1");
    let_go(&mut world, "checkout:2");
    world
        .run(&["plan", "left.toml", "--detailed-exitcode"])
        .expect(0);
    assert_eq!(world.status("checkout:3"), "ACTIVE");
}
