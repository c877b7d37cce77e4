//! The page about CloudFormation as a whole: a stack made by the calls that CloudFormation's
//! resource types make, with AWS's own tags on what it makes; imported, let go as the page says,
//! taken over, and deleted.
//!
//! CloudFormation itself is acted out as far as the page uses it; whatever else is in a template
//! fails. moto has it too, but leaves out tags, managed policies and the roles of task definitions.

use std::{collections::BTreeMap, fs};

use serde_json::{Map, Value, json};

use crate::{
    emulators::server::{ACCOUNT, Emulator},
    guide::pages::pages,
    recipes::{TAGGING, operations, repository::yaml},
    run::{Bench, Run},
};

const NAME: &str = "checkout-prod";

const TEMPLATE: &str = r#"
Resources:
  Workspace:
    Type: AWS::APS::Workspace
    Properties:
      Alias: checkout
  Logs:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: /ecs/checkout
      RetentionInDays: 30
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: { Service: ecs-tasks.amazonaws.com }
            Action: sts:AssumeRole
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: { Service: [ecs-tasks.amazonaws.com] }
            Action: sts:AssumeRole
      Policies:
        - PolicyName: write
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: aps:RemoteWrite
                Resource: { "Fn::GetAtt": [Workspace, Arn] }
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: checkout
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: "512"
      Memory: "1024"
      TaskRoleArn: { "Fn::GetAtt": [TaskRole, Arn] }
      ExecutionRoleArn: { "Fn::GetAtt": [ExecutionRole, Arn] }
      ContainerDefinitions:
        - Name: checkout
          Image: public.ecr.aws/docker/library/nginx:1.29
          Essential: true
          PortMappings:
            - ContainerPort: 8080
          Environment:
            - Name: MODE
              Value: prod
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-group: { Ref: Logs }
              awslogs-region: us-east-1
              awslogs-stream-prefix: checkout
"#;

/// Dependencies first.
const ORDER: [&str; 5] = [
    "Workspace",
    "Logs",
    "ExecutionRole",
    "TaskRole",
    "TaskDefinition",
];

/// A stack of CloudFormation.
struct CloudFormation {
    template: Value,
    /// What `Ref` gives, and what `Fn::GetAtt` gives for `Arn`, by logical id.
    made: BTreeMap<String, (String, String)>,
}

/// What became of a resource that left: its logical id, and the status of the event.
type Events = Vec<(String, &'static str)>;

impl CloudFormation {
    fn create(template: &str, aws: &mut Emulator) -> Self {
        let mut stack = Self {
            template: yaml(template),
            made: BTreeMap::new(),
        };
        for id in ORDER {
            let resource = stack.template["Resources"][id].clone();
            let properties = stack.resolved(&resource["Properties"]);
            let made = make(id, &resource["Type"], &properties, aws);
            stack.made.insert(id.to_owned(), made);
        }
        stack
    }

    /// The value with what references mean.
    fn resolved(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                if let Some(id) = members.get("Ref").and_then(Value::as_str) {
                    return json!(self.made[id].0);
                }
                if let Some(attribute) = members.get("Fn::GetAtt") {
                    assert_eq!(attribute[1], "Arn");
                    return json!(self.made[attribute[0].as_str().unwrap()].1);
                }
                let members = members.iter();
                members
                    .map(|(k, v)| (k.clone(), self.resolved(v)))
                    .collect()
            }
            Value::Array(elements) => elements.iter().map(|e| self.resolved(e)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        }
    }

    /// Updates the stack. A new `DeletionPolicy` alone is no update, as the page says; and of what
    /// leaves, the policy counts that it had before.
    fn update(&mut self, template: Value, aws: &mut Emulator) -> Result<Events, &'static str> {
        let without_policies = |template: &Value| {
            let mut template = template.clone();
            for resource in template["Resources"].as_object_mut().unwrap().values_mut() {
                resource.as_object_mut().unwrap().remove("DeletionPolicy");
            }
            template
        };
        if without_policies(&template) == without_policies(&self.template) {
            return Err("No updates are to be performed.");
        }
        let mut events = Vec::new();
        for id in ORDER.into_iter().rev() {
            let before = &self.template["Resources"][id];
            let after = &template["Resources"][id];
            if after.is_null() && !before.is_null() {
                events.push((id.to_owned(), self.let_go(id, aws)));
            } else {
                assert_eq!(before["Properties"], after["Properties"], "{id}");
            }
        }
        self.template = template;
        Ok(events)
    }

    fn delete(self, aws: &mut Emulator) -> Events {
        let present = ORDER.into_iter().rev();
        let present = present.filter(|id| !self.template["Resources"][id].is_null());
        let events = present.map(|id| (id.to_owned(), self.let_go(id, aws)));
        events.collect()
    }

    fn let_go(&self, id: &str, aws: &mut Emulator) -> &'static str {
        let resource = &self.template["Resources"][id];
        match resource["DeletionPolicy"].as_str() {
            Some("Retain") => return "DELETE_SKIPPED",
            Some("Delete") | None => {}
            Some(other) => panic!("{id} has the policy {other}"),
        }
        match resource["Type"].as_str().unwrap() {
            "AWS::Logs::LogGroup" => {
                let group = json!({"logGroupName": self.made[id].0});
                aws.boto("logs", "delete_log_group", group);
            }
            other => panic!("the page deletes no {other}"),
        }
        "DELETE_COMPLETE"
    }
}

/// Makes a resource as its type does; returns what `Ref` and `Arn` give.
fn make(id: &str, kind: &Value, properties: &Value, aws: &mut Emulator) -> (String, String) {
    // Without `aws:`, which AWS takes from nobody: it is put before them in the file.
    let tags = [
        ("cloudformation:logical-id", id.to_owned()),
        (
            "cloudformation:stack-id",
            format!("arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/{NAME}/1"),
        ),
        ("cloudformation:stack-name", NAME.to_owned()),
        ("team", "payments".to_owned()),
    ];
    let map: Map<String, Value> = tags
        .iter()
        .map(|(k, v)| ((*k).to_owned(), json!(v)))
        .collect();
    let list = |key: &str, value: &str| -> Value {
        tags.iter()
            .map(|(k, v)| json!({key: k, value: v}))
            .collect()
    };
    match kind.as_str().unwrap() {
        "AWS::APS::Workspace" => {
            let request = json!({"alias": properties["Alias"], "tags": map});
            let made = aws.boto("amp", "create_workspace", request);
            aws.settle();
            let text = |key: &str| made[key].as_str().unwrap().to_owned();
            (text("arn"), text("arn"))
        }
        "AWS::Logs::LogGroup" => {
            let name = &properties["LogGroupName"];
            aws.boto(
                "logs",
                "create_log_group",
                json!({"logGroupName": name, "tags": map}),
            );
            let days = &properties["RetentionInDays"];
            let retention = json!({"logGroupName": name, "retentionInDays": days});
            aws.boto("logs", "put_retention_policy", retention);
            let name = name.as_str().unwrap();
            let arn = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{name}:*");
            (name.to_owned(), arn)
        }
        "AWS::IAM::Role" => role(id, properties, &list("Key", "Value"), aws),
        "AWS::ECS::TaskDefinition" => {
            let mut request = in_lower_case(properties);
            request["tags"] = list("key", "value");
            let made = aws.boto("ecs", "register_task_definition", request);
            let arn = made["taskDefinition"]["taskDefinitionArn"]
                .as_str()
                .unwrap();
            (arn.to_owned(), arn.to_owned())
        }
        other => panic!("the page has no {other}"),
    }
}

/// A role, whose name CloudFormation makes of the stack's, the logical id and something random.
fn role(id: &str, properties: &Value, tags: &Value, aws: &mut Emulator) -> (String, String) {
    let name = format!("{NAME}-{id}-1A2B3C4D5E6F");
    let trust = properties["AssumeRolePolicyDocument"].to_string();
    let request = json!({"RoleName": name, "AssumeRolePolicyDocument": trust, "Tags": tags});
    let made = aws.boto("iam", "create_role", request);
    for policy in properties["Policies"].as_array().into_iter().flatten() {
        let document = policy["PolicyDocument"].to_string();
        let request = json!({"RoleName": name, "PolicyName": policy["PolicyName"], "PolicyDocument": document});
        aws.boto("iam", "put_role_policy", request);
    }
    for arn in properties["ManagedPolicyArns"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let request = json!({"RoleName": name, "PolicyArn": arn});
        aws.boto("iam", "attach_role_policy", request);
    }
    let arn = made["Role"]["Arn"].as_str().unwrap();
    (name, arn.to_owned())
}

/// Members as ECS's API spells them.
fn in_lower_case(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let lower = |key: &String| key[..1].to_lowercase() + &key[1..];
            let members = members.iter();
            members.map(|(k, v)| (lower(k), in_lower_case(v))).collect()
        }
        Value::Array(elements) => elements.iter().map(in_lower_case).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// A sandbox that is kept in a file of the bench.
fn served(bench: &Bench) -> Option<Emulator> {
    let file = bench.path("account.json");
    Emulator::of_sandbox("the page about CloudFormation", &[file.to_str().unwrap()])
}

/// The stack, with AWS's own tags on what it made, and the account, served.
fn made(bench: &mut Bench) -> Option<(CloudFormation, Emulator)> {
    let mut aws = served(bench)?;
    let stack = CloudFormation::create(TEMPLATE, &mut aws);
    aws.stop();
    let text = fs::read_to_string(bench.path("account.json")).unwrap();
    let tagged = text.replace("\"cloudformation:", "\"aws:cloudformation:");
    assert!(tagged.matches("aws:cloudformation:logical-id").count() >= ORDER.len());
    bench.write("account.json", &tagged);
    let aws = served(bench)?;
    bench.work_on(&aws.endpoint);
    Some((stack, aws))
}

/// The commands of the page that are amp-stack's: import, plan, apply.
fn typed() -> Vec<String> {
    let mut pages = pages().into_iter();
    let page = pages.find(|page| page.path.ends_with("from-cloudformation.md"));
    let blocks = page.expect("the page is there").blocks().into_iter();
    let text: String = blocks
        .filter(|b| b.language == "sh")
        .map(|b| b.text)
        .collect();
    let commands = text
        .lines()
        .filter_map(|line| line.strip_prefix("amp-stack "));
    commands.map(str::to_owned).collect()
}

fn run(bench: &Bench, command: &str) -> Run {
    bench.run(&command.split(' ').collect::<Vec<_>>())
}

/// What the update of step 3 gives to each resource.
fn retained(template: &Value) -> Value {
    let mut template = template.clone();
    for resource in template["Resources"].as_object_mut().unwrap().values_mut() {
        resource["DeletionPolicy"] = json!("Retain");
    }
    template
}

#[test]
fn what_cloudformation_made_becomes_a_stack_and_outlives_its_own() {
    let mut bench = Bench::new("cloudformation");
    let Some((mut stack, mut aws)) = made(&mut bench) else {
        return;
    };
    fs::create_dir(bench.path("stacks")).unwrap();
    let commands = typed();
    let [import, plan, apply] = &commands[..] else {
        panic!("{commands:?}");
    };
    let imported = run(&bench, import).expect(0);
    assert!(imported.says("owned by the CloudFormation stack `checkout-prod`"));
    let plan = || run(&bench, plan);
    let planned = plan().expect(0);
    assert!(
        planned.says("5 to take over: 5 calls"),
        "{}",
        planned.stdout
    );
    assert!(planned.says("currently belongs to the CloudFormation stack `checkout-prod`"));
    assert_eq!(operations(&bench, "stacks/checkout.toml"), TAGGING);

    let mut retaining = retained(&stack.template);
    let only_policies = stack.update(retaining.clone(), &mut aws);
    assert_eq!(only_policies, Err("No updates are to be performed."));
    retaining["Resources"]["Logs"]["Metadata"] = json!({"moved": true});
    assert_eq!(stack.update(retaining, &mut aws), Ok(Vec::new()));
    // Two leave the template, the others go with the stack.
    let mut smaller = stack.template.clone();
    let resources = smaller["Resources"].as_object_mut().unwrap();
    resources.remove("TaskDefinition");
    resources.remove("ExecutionRole");
    let skipped = |id: &str| (id.to_owned(), "DELETE_SKIPPED");
    let left = stack.update(smaller, &mut aws);
    assert_eq!(
        left,
        Ok(vec![skipped("TaskDefinition"), skipped("ExecutionRole")])
    );

    let applied = run(&bench, &format!("{apply} --yes")).expect(0);
    assert!(applied.says("Done: 5 taken over"), "{}", applied.stderr);
    assert!(plan().expect(0).says("Nothing to do"));
    let deleted = stack.delete(&mut aws);
    assert_eq!(
        deleted,
        [skipped("TaskRole"), skipped("Logs"), skipped("Workspace")]
    );
    assert!(plan().expect(0).says("Nothing to do"));

    // AWS's tags stay, and mean nothing any more.
    let role = json!({"RoleName": format!("{NAME}-TaskRole-1A2B3C4D5E6F")});
    let tags = aws.boto("iam", "list_role_tags", role)["Tags"].to_string();
    assert!(tags.contains("aws:cloudformation:stack-name"), "{tags}");
    assert!(tags.contains("amp-stack:stack"), "{tags}");
}

/// The page warns of it: what leaves without the policy is deleted.
#[test]
fn what_leaves_without_the_policy_is_gone() {
    let mut bench = Bench::new("cloudformation-gone");
    let Some((mut stack, mut aws)) = made(&mut bench) else {
        return;
    };
    fs::create_dir(bench.path("stacks")).unwrap();
    let commands = typed();
    run(&bench, &commands[0]).expect(0);
    // The policy arrives with the same update that takes the resource away.
    let mut without = retained(&stack.template);
    let resources = without["Resources"].as_object_mut().unwrap();
    resources.remove("Logs");
    // What refers to it names it.
    let options = "/Resources/TaskDefinition/Properties/ContainerDefinitions/0/LogConfiguration/Options/awslogs-group";
    for template in [&mut without, &mut stack.template] {
        *template.pointer_mut(options).unwrap() = json!("/ecs/checkout");
    }
    let events = stack.update(without, &mut aws);
    assert_eq!(events, Ok(vec![("Logs".to_owned(), "DELETE_COMPLETE")]));
    let planned = run(&bench, &commands[1]).expect(0);
    assert!(
        planned.says("+ create log_groups.checkout"),
        "{}",
        planned.stdout
    );
}
