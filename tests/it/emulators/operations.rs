//! Every operation that the sandbox knows, through boto3, whose own models read each answer.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::Path,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::{
    emulators::server::{ACCOUNT, Emulator, Kind},
    prometheus::server::{Labels, remote_write},
};

/// The services by boto3's names, with the files under `src/sandbox/` that dispatch their
/// operations.
const SERVICES: &[(&str, &str)] = &[
    ("amp", "amp.rs"),
    ("cloudwatch", "cloudwatch.rs"),
    ("ecs", "ecs.rs"),
    ("iam", "iam.rs"),
    ("logs", "logs.rs"),
    ("resourcegroupstaggingapi", "tagging.rs"),
    ("sts", "sts.rs"),
];

/// A sandbox, and what was asked of it.
struct Record {
    aws: Emulator,
    called: BTreeSet<(&'static str, String)>,
}

impl Record {
    /// Calls the operation, which must succeed.
    fn ok(&mut self, service: &'static str, operation: &str, arguments: Value) -> Value {
        self.called.insert((service, operation.to_owned()));
        self.aws.boto(service, operation, arguments)
    }

    /// Calls the operation, which must fail, and returns the code of its error.
    fn refused(&mut self, service: &'static str, operation: &str, arguments: Value) -> String {
        match self.aws.try_boto(service, operation, arguments) {
            Ok(answer) => panic!("{operation} should fail: {answer}"),
            Err(code) => code,
        }
    }

    /// Calls the operation until `is_done`.
    fn until(
        &mut self,
        service: &'static str,
        operation: &str,
        arguments: &Value,
        is_done: impl Fn(&Value) -> bool,
    ) -> Value {
        for _ in 0..100 {
            let answer = self.ok(service, operation, arguments.clone());
            if is_done(&answer) {
                return answer;
            }
            thread::sleep(Duration::from_millis(200));
        }
        panic!("{operation} has not got there in twenty seconds");
    }
}

/// The operations that the sources dispatch: the arms of the form `"Operation" =>`.
fn known() -> BTreeSet<(&'static str, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox/src");
    let mut known = BTreeSet::new();
    for (service, file) in SERVICES {
        let text = fs::read_to_string(root.join(file)).unwrap();
        let operations = text.lines().filter_map(|line| {
            let (name, rest) = line.trim().strip_prefix('"')?.split_once('"')?;
            let is_arm = rest.starts_with(" =>") && name.starts_with(char::is_uppercase);
            is_arm.then_some((*service, name.to_owned()))
        });
        known.extend(operations);
    }
    known
}

#[test]
fn boto3_understands_every_answer() {
    let Some(aws) = Emulator::start(Kind::Sandbox, "boto3_understands_every_answer") else {
        return;
    };
    let mut record = Record {
        aws,
        called: BTreeSet::new(),
    };
    let who = record.ok("sts", "GetCallerIdentity", json!({}));
    assert_eq!(who["Account"], ACCOUNT);
    roles(&mut record);
    policies(&mut record);
    instance_profiles(&mut record);
    simulations(&mut record);
    sessions(&mut record);
    log_groups(&mut record);
    log_events(&mut record);
    account_policies(&mut record);
    workspaces(&mut record);
    parts_of_workspaces(&mut record);
    counts(&mut record);
    task_definitions(&mut record);
    services(&mut record);
    express_services(&mut record);
    container_instances(&mut record);
    tags(&mut record);
    let known = known();
    assert!(known.len() > 100, "the operations were found");
    let uncalled: Vec<_> = known.difference(&record.called).collect();
    assert!(uncalled.is_empty(), "{uncalled:?}");
}

fn trust(service: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}).to_string()
}

fn grant(action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}).to_string()
}

fn roles(record: &mut Record) {
    let mut iam = |operation: &str, arguments: Value| record.ok("iam", operation, arguments);
    let named = json!({"RoleName": "Task"});
    let managed = "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess";
    let made = iam(
        "CreateRole",
        json!({"RoleName": "Task", "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com"), "Tags": [{"Key": "a", "Value": "b"}]}),
    );
    assert_eq!(
        made["Role"]["Arn"],
        format!("arn:aws:iam::{ACCOUNT}:role/Task")
    );
    iam(
        "UpdateRole",
        json!({"RoleName": "Task", "MaxSessionDuration": 7200}),
    );
    iam(
        "UpdateRoleDescription",
        json!({"RoleName": "Task", "Description": "é"}),
    );
    iam(
        "UpdateAssumeRolePolicy",
        json!({"RoleName": "Task", "PolicyDocument": trust("ec2.amazonaws.com")}),
    );
    iam(
        "TagRole",
        json!({"RoleName": "Task", "Tags": [{"Key": "c", "Value": "d"}]}),
    );
    iam("UntagRole", json!({"RoleName": "Task", "TagKeys": ["a"]}));
    let tags = iam("ListRoleTags", named.clone());
    assert_eq!(tags["Tags"], json!([{"Key": "c", "Value": "d"}]));
    iam(
        "PutRolePolicy",
        json!({"RoleName": "Task", "PolicyName": "own", "PolicyDocument": grant("s3:GetObject")}),
    );
    let inline = iam(
        "GetRolePolicy",
        json!({"RoleName": "Task", "PolicyName": "own"}),
    );
    assert_eq!(
        inline["PolicyDocument"]["Statement"][0]["Action"],
        "s3:GetObject"
    );
    assert_eq!(
        iam("ListRolePolicies", named.clone())["PolicyNames"],
        json!(["own"])
    );
    iam(
        "AttachRolePolicy",
        json!({"RoleName": "Task", "PolicyArn": managed}),
    );
    let attached = iam("ListAttachedRolePolicies", named.clone());
    assert_eq!(attached["AttachedPolicies"][0]["PolicyArn"], managed);
    let entities = iam("ListEntitiesForPolicy", json!({"PolicyArn": managed}));
    assert_eq!(entities["PolicyRoles"][0]["RoleName"], "Task");
    iam(
        "PutRolePermissionsBoundary",
        json!({"RoleName": "Task", "PermissionsBoundary": managed}),
    );
    let role = iam("GetRole", named.clone())["Role"].take();
    assert_eq!(
        role["PermissionsBoundary"]["PermissionsBoundaryArn"],
        managed
    );
    assert_eq!(role["MaxSessionDuration"], 7200);
    assert_eq!(role["Description"], "é");
    iam("DeleteRolePermissionsBoundary", named.clone());
    assert_eq!(iam("ListRoles", json!({}))["Roles"][0]["RoleName"], "Task");
    let all = iam(
        "GetAccountAuthorizationDetails",
        json!({"Filter": ["Role"]}),
    );
    assert_eq!(
        all["RoleDetailList"][0]["RolePolicyList"][0]["PolicyName"],
        "own"
    );
    assert_eq!(
        iam("GetAccountSummary", json!({}))["SummaryMap"]["Roles"],
        1
    );
    let other = json!({"RoleName": "TASK", "Path": "/x/", "AssumeRolePolicyDocument": trust("ec2.amazonaws.com")});
    assert_eq!(
        record.refused("iam", "CreateRole", other),
        "EntityAlreadyExists"
    );
    assert_eq!(
        record.refused("iam", "DeleteRole", named.clone()),
        "DeleteConflict"
    );
    let mut iam = |operation: &str, arguments: Value| record.ok("iam", operation, arguments);
    iam(
        "DetachRolePolicy",
        json!({"RoleName": "Task", "PolicyArn": managed}),
    );
    iam(
        "DeleteRolePolicy",
        json!({"RoleName": "Task", "PolicyName": "own"}),
    );
    iam("DeleteRole", named.clone());
    assert_eq!(record.refused("iam", "GetRole", named), "NoSuchEntity");
}

fn policies(record: &mut Record) {
    let mut iam = |operation: &str, arguments: Value| record.ok("iam", operation, arguments);
    let made = iam(
        "CreatePolicy",
        json!({"PolicyName": "Own", "PolicyDocument": grant("s3:GetObject")}),
    );
    let arn = made["Policy"]["Arn"].clone();
    let named = json!({"PolicyArn": arn});
    let version = |id: &str| json!({"PolicyArn": arn, "VersionId": id});
    iam(
        "CreatePolicyVersion",
        json!({"PolicyArn": arn, "PolicyDocument": grant("s3:PutObject"), "SetAsDefault": true}),
    );
    let second = iam("GetPolicyVersion", version("v2"))["PolicyVersion"].take();
    assert_eq!(second["Document"]["Statement"][0]["Action"], "s3:PutObject");
    iam("SetDefaultPolicyVersion", version("v1"));
    iam("DeletePolicyVersion", version("v2"));
    let versions = iam("ListPolicyVersions", named.clone());
    assert_eq!(versions["Versions"][0]["VersionId"], "v1");
    iam(
        "TagPolicy",
        json!({"PolicyArn": arn, "Tags": [{"Key": "a", "Value": "b"}]}),
    );
    assert_eq!(iam("ListPolicyTags", named.clone())["Tags"][0]["Key"], "a");
    iam("UntagPolicy", json!({"PolicyArn": arn, "TagKeys": ["a"]}));
    assert_eq!(iam("GetPolicy", named.clone())["Policy"]["Tags"], json!([]));
    let own = iam("ListPolicies", json!({"Scope": "Local"}));
    assert_eq!(own["Policies"][0]["Arn"], arn);
    iam("DeletePolicy", named);
}

fn instance_profiles(record: &mut Record) {
    let mut iam = |operation: &str, arguments: Value| record.ok("iam", operation, arguments);
    let role = json!({"RoleName": "Host"});
    let profile = json!({"InstanceProfileName": "Hosts"});
    let both = json!({"InstanceProfileName": "Hosts", "RoleName": "Host"});
    iam(
        "CreateRole",
        json!({"RoleName": "Host", "AssumeRolePolicyDocument": trust("ec2.amazonaws.com")}),
    );
    iam("CreateInstanceProfile", profile.clone());
    iam("AddRoleToInstanceProfile", both.clone());
    let got = iam("GetInstanceProfile", profile.clone());
    assert_eq!(got["InstanceProfile"]["Roles"][0]["RoleName"], "Host");
    let all = iam("ListInstanceProfiles", json!({}));
    assert_eq!(all["InstanceProfiles"][0]["InstanceProfileName"], "Hosts");
    let of_role = iam("ListInstanceProfilesForRole", role.clone());
    assert_eq!(
        of_role["InstanceProfiles"][0]["InstanceProfileName"],
        "Hosts"
    );
    iam("RemoveRoleFromInstanceProfile", both);
    iam("DeleteInstanceProfile", profile);
    iam("DeleteRole", role);
}

fn simulations(record: &mut Record) {
    let mut iam = |operation: &str, arguments: Value| record.ok("iam", operation, arguments);
    let decisions = |answer: &Value| -> Vec<String> {
        let results = answer["EvaluationResults"].as_array().unwrap();
        results
            .iter()
            .map(|result| result["EvalDecision"].as_str().unwrap().to_owned())
            .collect()
    };
    let custom = iam(
        "SimulateCustomPolicy",
        json!({"PolicyInputList": [grant("s3:Get*")], "ActionNames": ["s3:GetObject", "s3:PutObject"]}),
    );
    assert_eq!(decisions(&custom), ["allowed", "implicitDeny"]);
    iam(
        "CreateRole",
        json!({"RoleName": "Writer", "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com")}),
    );
    iam(
        "PutRolePolicy",
        json!({"RoleName": "Writer", "PolicyName": "write", "PolicyDocument": grant("aps:RemoteWrite")}),
    );
    let principal = iam(
        "SimulatePrincipalPolicy",
        json!({"PolicySourceArn": format!("arn:aws:iam::{ACCOUNT}:role/Writer"), "ActionNames": ["aps:RemoteWrite"]}),
    );
    assert_eq!(decisions(&principal), ["allowed"]);
}

/// The root user, who calls here, may not assume roles (STS API reference, `AssumeRole`), and boto3
/// reads that as the refusal that it is; sessions of others are in `callers.rs`.
fn sessions(record: &mut Record) {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/Writer");
    let arguments = json!({"RoleArn": role, "RoleSessionName": "here"});
    let code = record.refused("sts", "AssumeRole", arguments);
    assert_eq!(code, "AccessDenied");
    record.called.insert(("sts", "AssumeRole".to_owned()));
}

fn log_groups(record: &mut Record) {
    let mut logs = |operation: &str, arguments: Value| record.ok("logs", operation, arguments);
    let named = json!({"logGroupName": "/app"});
    let arn = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/app");
    let key = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab");
    logs(
        "CreateLogGroup",
        json!({"logGroupName": "/app", "logGroupClass": "INFREQUENT_ACCESS", "tags": {"t": "1"}}),
    );
    logs(
        "PutRetentionPolicy",
        json!({"logGroupName": "/app", "retentionInDays": 30}),
    );
    logs(
        "AssociateKmsKey",
        json!({"logGroupName": "/app", "kmsKeyId": key}),
    );
    logs(
        "PutLogGroupDeletionProtection",
        json!({"logGroupIdentifier": "/app", "deletionProtectionEnabled": true}),
    );
    let group =
        logs("DescribeLogGroups", json!({"logGroupNamePrefix": "/app"}))["logGroups"][0].take();
    assert_eq!(group["logGroupClass"], "INFREQUENT_ACCESS");
    assert_eq!(group["retentionInDays"], 30);
    assert_eq!(group["kmsKeyId"], key);
    assert_eq!(group["deletionProtectionEnabled"], true);
    assert_eq!(group["arn"], format!("{arn}:*"));
    // What is asked for by name is described like anything else; what is not there is left out.
    let by_name = json!({"logGroupIdentifiers": ["/absent", "/app"]});
    let described = logs("DescribeLogGroups", by_name)["logGroups"].take();
    assert_eq!(described, json!([group]));
    logs("DeleteRetentionPolicy", named.clone());
    logs("DisassociateKmsKey", named.clone());
    logs(
        "TagResource",
        json!({"resourceArn": arn, "tags": {"t": "2", "u": "3"}}),
    );
    logs(
        "UntagResource",
        json!({"resourceArn": arn, "tagKeys": ["u"]}),
    );
    let tags = logs("ListTagsForResource", json!({"resourceArn": arn}));
    assert_eq!(tags["tags"], json!({"t": "2"}));
    logs(
        "TagLogGroup",
        json!({"logGroupName": "/app", "tags": {"v": "4"}}),
    );
    logs(
        "UntagLogGroup",
        json!({"logGroupName": "/app", "tags": ["t"]}),
    );
    assert_eq!(
        logs("ListTagsLogGroup", named.clone())["tags"],
        json!({"v": "4"})
    );
    let listed = logs("ListLogGroups", json!({"logGroupNamePattern": "app"}));
    assert_eq!(listed["logGroups"][0]["logGroupName"], "/app");
    let refused = record.refused("logs", "DeleteLogGroup", named.clone());
    assert_eq!(refused, "ValidationException", "it is protected");
    let mut logs = |operation: &str, arguments: Value| record.ok("logs", operation, arguments);
    logs(
        "PutLogGroupDeletionProtection",
        json!({"logGroupIdentifier": "/app", "deletionProtectionEnabled": false}),
    );
    logs("DeleteLogGroup", named);
    assert_eq!(logs("DescribeLogGroups", json!({}))["logGroups"], json!([]));
}

fn log_events(record: &mut Record) {
    let mut logs = |operation: &str, arguments: Value| record.ok("logs", operation, arguments);
    let now = logs("CreateLogGroup", json!({"logGroupName": "/events"}));
    assert_eq!(now, json!({}));
    let stream = json!({"logGroupName": "/events", "logStreamName": "s"});
    logs("CreateLogStream", stream.clone());
    let streams = logs("DescribeLogStreams", json!({"logGroupName": "/events"}));
    let created = streams["logStreams"][0]["creationTime"].as_i64().unwrap();
    logs(
        "PutLogEvents",
        json!({"logGroupName": "/events", "logStreamName": "s", "logEvents": [{"timestamp": created, "message": "hello"}]}),
    );
    let got = logs(
        "GetLogEvents",
        json!({"logGroupName": "/events", "logStreamName": "s", "startFromHead": true}),
    );
    assert_eq!(got["events"][0]["message"], "hello");
    let found = logs(
        "FilterLogEvents",
        json!({"logGroupName": "/events", "filterPattern": "hello"}),
    );
    assert_eq!(found["events"][0]["logStreamName"], "s");
    logs("DeleteLogStream", stream);
    logs("DeleteLogGroup", json!({"logGroupName": "/events"}));
}

fn account_policies(record: &mut Record) {
    let mut logs = |operation: &str, arguments: Value| record.ok("logs", operation, arguments);
    let document = json!({"retentionInDays": 90, "enforcementMode": "RETROACTIVE"});
    let put = logs(
        "PutAccountPolicy",
        json!({"policyName": "keep", "policyType": "RETENTION_POLICY", "policyDocument": document.to_string()}),
    );
    assert_eq!(put["accountPolicy"]["accountId"], ACCOUNT);
    let typed = json!({"policyType": "RETENTION_POLICY"});
    let policies = logs("DescribeAccountPolicies", typed);
    assert_eq!(policies["accountPolicies"][0]["policyName"], "keep");
    logs(
        "DeleteAccountPolicy",
        json!({"policyName": "keep", "policyType": "RETENTION_POLICY"}),
    );
}

/// A workspace that takes changes.
fn workspace(record: &mut Record, alias: &str) -> Value {
    let made = record.ok("amp", "CreateWorkspace", json!({"alias": alias}));
    assert_eq!(made["status"]["statusCode"], "CREATING");
    let id = made["workspaceId"].clone();
    await_active(record, &id);
    id
}

/// Waits until the workspace takes changes.
fn await_active(record: &mut Record, id: &Value) {
    let named = json!({"workspaceId": id});
    record.until("amp", "DescribeWorkspace", &named, |answer| {
        answer["workspace"]["status"]["statusCode"] == "ACTIVE"
    });
}

fn workspaces(record: &mut Record) {
    let token = json!({"alias": "twice", "clientToken": "one-token"});
    let first = record.ok("amp", "CreateWorkspace", token.clone());
    let again = record.ok("amp", "CreateWorkspace", token);
    assert_eq!(
        first["workspaceId"], again["workspaceId"],
        "a client token makes one"
    );
    let id = workspace(record, "metrics");
    let named = json!({"workspaceId": id});
    let renamed = json!({"workspaceId": id, "alias": "renamed"});
    record.ok("amp", "UpdateWorkspaceAlias", renamed);
    await_active(record, &id);
    let configuration = json!({
        "workspaceId": id, "retentionPeriodInDays": 60,
        "limitsPerLabelSet": [{"labelSet": {"team": "a"}, "limits": {"maxSeries": 1000}}],
    });
    record.ok("amp", "UpdateWorkspaceConfiguration", configuration);
    let is_configured = |answer: &Value| {
        let configuration = &answer["workspaceConfiguration"];
        configuration["status"]["statusCode"] == "ACTIVE"
            && configuration["retentionPeriodInDays"] == 60
    };
    record.until(
        "amp",
        "DescribeWorkspaceConfiguration",
        &named,
        is_configured,
    );
    let arn = format!(
        "arn:aws:aps:us-east-1:{ACCOUNT}:workspace/{}",
        id.as_str().unwrap()
    );
    let mut amp = |operation: &str, arguments: Value| record.ok("amp", operation, arguments);
    amp(
        "TagResource",
        json!({"resourceArn": arn, "tags": {"a": "1", "b": "2"}}),
    );
    amp(
        "UntagResource",
        json!({"resourceArn": arn, "tagKeys": ["a"]}),
    );
    assert_eq!(
        amp("ListTagsForResource", json!({"resourceArn": arn}))["tags"],
        json!({"b": "2"})
    );
    amp("DeleteWorkspace", named.clone());
    record.until(
        "amp",
        "ListWorkspaces",
        &json!({"alias": "renamed"}),
        |answer| answer["workspaces"] == json!([]),
    );
    let gone = record.refused("amp", "DescribeWorkspace", named);
    assert_eq!(gone, "ResourceNotFoundException");
}

fn parts_of_workspaces(record: &mut Record) {
    let id = workspace(record, "parts");
    let named = json!({"workspaceId": id});
    let group = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/parts:*");
    record.ok("logs", "CreateLogGroup", json!({"logGroupName": "/parts"}));
    let settled = |member: &'static str| {
        move |answer: &Value| answer[member]["status"]["statusCode"] == "ACTIVE"
    };
    let logging = json!({"workspaceId": id, "logGroupArn": group});
    for operation in ["CreateLoggingConfiguration", "UpdateLoggingConfiguration"] {
        record.ok("amp", operation, logging.clone());
        let is_settled = settled("loggingConfiguration");
        record.until("amp", "DescribeLoggingConfiguration", &named, is_settled);
    }
    record.ok("amp", "DeleteLoggingConfiguration", named.clone());
    let queries = json!({"workspaceId": id, "destinations": [{"cloudWatchLogs": {"logGroupArn": group}, "filters": {"qspThreshold": 10}}]});
    for operation in [
        "CreateQueryLoggingConfiguration",
        "UpdateQueryLoggingConfiguration",
    ] {
        record.ok("amp", operation, queries.clone());
        let is_settled = settled("queryLoggingConfiguration");
        record.until(
            "amp",
            "DescribeQueryLoggingConfiguration",
            &named,
            is_settled,
        );
    }
    record.ok("amp", "DeleteQueryLoggingConfiguration", named.clone());
    // boto3 encodes blobs itself; on this way to it they are text.
    let rules = json!({"workspaceId": id, "name": "rules", "data": "groups: []"});
    let one = json!({"workspaceId": id, "name": "rules"});
    for operation in ["CreateRuleGroupsNamespace", "PutRuleGroupsNamespace"] {
        record.ok("amp", operation, rules.clone());
        let is_settled = settled("ruleGroupsNamespace");
        record.until("amp", "DescribeRuleGroupsNamespace", &one, is_settled);
    }
    let listed = record.ok("amp", "ListRuleGroupsNamespaces", named.clone());
    assert_eq!(listed["ruleGroupsNamespaces"][0]["name"], "rules");
    record.ok("amp", "DeleteRuleGroupsNamespace", one);
    let alerts = json!({"workspaceId": id, "data": "alertmanager_config: |\n  route:\n    receiver: 'default'\n  receivers:\n    - name: 'default'\n"});
    for operation in ["CreateAlertManagerDefinition", "PutAlertManagerDefinition"] {
        record.ok("amp", operation, alerts.clone());
        let is_settled = settled("alertManagerDefinition");
        record.until("amp", "DescribeAlertManagerDefinition", &named, is_settled);
    }
    record.ok("amp", "DeleteAlertManagerDefinition", named);
}

/// What CloudWatch counts of a workspace: four series are written, one of which has more labels than
/// a series may have.
#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox counts by the time that it is"
)]
fn counts(record: &mut Record) {
    let id = workspace(record, "counted");
    await_active(record, &id);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let millis = u64::try_from(now.as_millis()).unwrap();
    let labels = |name: &str, more: usize| -> Labels {
        let more = (0..more).map(|n| (format!("l{n}"), "x".to_owned()));
        let name = ("__name__".to_owned(), name.to_owned());
        more.chain([name]).collect()
    };
    for (name, more) in [("a", 0), ("b", 0), ("c", 0), ("d", 150)] {
        let written = vec![(labels(name, more), vec![(millis, 1.0)])];
        let body = remote_write(&written);
        let body = body.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        });
        let asked = json!({"workspace": id, "secret": "sandbox", "body": body});
        let refused = record.aws.try_boto("prometheus", "remote_write", asked);
        assert_eq!(refused.is_err(), name == "d", "{refused:?}");
    }
    let asked = json!({"Namespace": "AWS/Prometheus", "MetricName": "DiscardedSamples"});
    let listed = record.ok("cloudwatch", "ListMetrics", asked);
    let discarded = listed["Metrics"][0].clone();
    let reason = json!({"Name": "Reason", "Value": "max_label_names_per_series"});
    assert!(
        discarded["Dimensions"]
            .as_array()
            .unwrap()
            .contains(&reason),
        "{listed}"
    );
    let dimensions = [
        ("Type", "Resource"),
        ("ResourceId", id.as_str().unwrap()),
        ("Resource", "ActiveSeries"),
        ("Service", "Prometheus"),
        ("Class", "None"),
    ];
    let dimensions = dimensions.map(|(name, value)| json!({"Name": name, "Value": value}));
    let active =
        json!({"Namespace": "AWS/Usage", "MetricName": "ResourceCount", "Dimensions": dimensions});
    let queries = json!([
        {"Id": "d", "MetricStat": {"Metric": discarded, "Period": 3600, "Stat": "Sum"}},
        {"Id": "a", "MetricStat": {"Metric": active, "Period": 3600, "Stat": "Maximum"}},
        {"Id": "q", "Expression": "SERVICE_QUOTA(a)"},
    ]);
    let (start, end) = (now.as_secs() - 7_200, now.as_secs() + 60);
    let asked = json!({"StartTime": start, "EndTime": end, "MetricDataQueries": queries});
    let data = record.ok("cloudwatch", "GetMetricData", asked);
    let results = data["MetricDataResults"].as_array().unwrap();
    let newest: Vec<&Value> = results.iter().map(|result| &result["Values"][0]).collect();
    assert_eq!(newest, [1.0, 3.0, 50_000_000.0], "{data}");
}

fn task_definitions(record: &mut Record) {
    let mut ecs = |operation: &str, arguments: Value| record.ok("ecs", operation, arguments);
    let registered = json!({
        "family": "app", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512",
        "containerDefinitions": [{"name": "a", "image": "i"}],
    });
    let named = |name: &str| json!({"taskDefinition": name});
    for revision in 1..=3 {
        let answer = ecs("RegisterTaskDefinition", registered.clone());
        assert_eq!(answer["taskDefinition"]["revision"], revision);
    }
    let latest = ecs("DescribeTaskDefinition", named("app"));
    assert_eq!(latest["taskDefinition"]["revision"], 3);
    ecs("DeregisterTaskDefinition", named("app:3"));
    let latest = ecs("DescribeTaskDefinition", named("app"));
    assert_eq!(
        latest["taskDefinition"]["revision"], 2,
        "the latest that is active"
    );
    let deleted = ecs(
        "DeleteTaskDefinitions",
        json!({"taskDefinitions": ["app:3", "app:2"]}),
    );
    assert_eq!(
        deleted["taskDefinitions"][0]["status"],
        "DELETE_IN_PROGRESS"
    );
    assert_eq!(
        deleted["failures"].as_array().map(Vec::len),
        Some(1),
        "one is active"
    );
    let active = ecs("ListTaskDefinitions", json!({"familyPrefix": "app"}));
    assert_eq!(
        active["taskDefinitionArns"].as_array().map(Vec::len),
        Some(2)
    );
    let families = ecs("ListTaskDefinitionFamilies", json!({}));
    assert_eq!(families["families"], json!(["app"]));
    let arn = format!("arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/app:2");
    ecs(
        "TagResource",
        json!({"resourceArn": arn, "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}),
    );
    ecs(
        "UntagResource",
        json!({"resourceArn": arn, "tagKeys": ["a"]}),
    );
    let tags = ecs("ListTagsForResource", json!({"resourceArn": arn}));
    assert_eq!(tags["tags"], json!([{"key": "b", "value": "2"}]));
}

/// A deployment that waits for a person and one that is stopped, in a service without tasks.
fn service_deployments(record: &mut Record) {
    let hook = json!({"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]});
    let configuration = json!({"strategy": "BLUE_GREEN", "lifecycleHooks": [hook]});
    for finish in ["ContinueServiceDeployment", "StopServiceDeployment"] {
        let update = json!({"cluster": "c", "service": "s", "forceNewDeployment": true, "deploymentConfiguration": configuration});
        let updated = record.ok("ecs", "UpdateService", update);
        let arn = updated["service"]["currentServiceDeployment"].clone();
        let list = json!({"cluster": "c", "service": "s"});
        let listed = record.ok("ecs", "ListServiceDeployments", list);
        assert_eq!(listed["serviceDeployments"][0]["serviceDeploymentArn"], arn);
        let asked = json!({"serviceDeploymentArns": [arn]});
        let described = record.ok("ecs", "DescribeServiceDeployments", asked.clone());
        let deployment = &described["serviceDeployments"][0];
        assert_eq!(deployment["lifecycleStage"], "PRE_SCALE_UP");
        let revision = json!({"serviceRevisionArns": [deployment["targetServiceRevision"]["arn"]]});
        let revisions = record.ok("ecs", "DescribeServiceRevisions", revision);
        assert_eq!(revisions["failures"], json!([]));
        let mut input = json!({"serviceDeploymentArn": arn});
        if finish == "ContinueServiceDeployment" {
            input["hookId"] = deployment["lifecycleHookDetails"][0]["hookId"].clone();
            input["action"] = json!("ROLLBACK");
        }
        record.ok("ecs", finish, input);
        record.until("ecs", "DescribeServiceDeployments", &asked, |answer| {
            answer["serviceDeployments"][0]["status"] == "ROLLBACK_SUCCESSFUL"
        });
    }
}

fn services(record: &mut Record) {
    let mut ecs = |operation: &str, arguments: Value| record.ok("ecs", operation, arguments);
    let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}});
    ecs("CreateCluster", json!({"clusterName": "c"}));
    let clusters = ecs("DescribeClusters", json!({"clusters": ["c"]}));
    assert_eq!(clusters["clusters"][0]["status"], "ACTIVE");
    let listed = ecs("ListClusters", json!({}));
    assert_eq!(listed["clusterArns"].as_array().map(Vec::len), Some(1));
    ecs(
        "CreateService",
        json!({"cluster": "c", "serviceName": "s", "taskDefinition": "app:1", "desiredCount": 0, "launchType": "FARGATE", "networkConfiguration": network}),
    );
    ecs(
        "UpdateService",
        json!({"cluster": "c", "service": "s", "taskDefinition": "app:2"}),
    );
    let service = ecs(
        "DescribeServices",
        json!({"cluster": "c", "services": ["s"]}),
    );
    let of_service = service["services"][0]["taskDefinition"].as_str().unwrap();
    assert!(of_service.ends_with("/app:2"), "{of_service}");
    let listed = ecs("ListServices", json!({"cluster": "c"}));
    assert_eq!(listed["serviceArns"].as_array().map(Vec::len), Some(1));
    service_deployments(record);
    let mut ecs = |operation: &str, arguments: Value| record.ok("ecs", operation, arguments);
    let task = ecs(
        "RunTask",
        json!({"cluster": "c", "taskDefinition": "app:1", "launchType": "FARGATE", "networkConfiguration": network}),
    );
    let arn = task["tasks"][0]["taskArn"].clone();
    let tasks = ecs("ListTasks", json!({"cluster": "c"}));
    assert_eq!(tasks["taskArns"], json!([arn]));
    let described = ecs("DescribeTasks", json!({"cluster": "c", "tasks": [arn]}));
    assert_eq!(described["failures"], json!([]));
    ecs("StopTask", json!({"cluster": "c", "task": arn}));
    ecs(
        "DeleteService",
        json!({"cluster": "c", "service": "s", "force": true}),
    );
    for _ in 0..100 {
        if record
            .aws
            .try_boto("ecs", "DeleteCluster", json!({"cluster": "c"}))
            .is_ok()
        {
            record.called.insert(("ecs", "DeleteCluster".to_owned()));
            return;
        }
        thread::sleep(Duration::from_millis(200));
    }
    panic!("the cluster still holds something after twenty seconds");
}

/// Services whose tasks run on container instances.
fn container_instances(record: &mut Record) {
    let mut ecs = |operation: &str, arguments: Value| record.ok("ecs", operation, arguments);
    ecs("CreateCluster", json!({"clusterName": "ec2"}));
    let container = json!({"name": "app", "image": "app:1", "memory": 128});
    let definition = json!({"family": "ec2", "requiresCompatibilities": ["EC2"], "containerDefinitions": [container]});
    ecs("RegisterTaskDefinition", definition);
    let resource = |name: &str| json!({"name": name, "type": "INTEGER", "integerValue": 2048});
    let joined = ecs(
        "RegisterContainerInstance",
        json!({"cluster": "ec2", "totalResources": [resource("CPU"), resource("MEMORY")]}),
    );
    let instance = joined["containerInstance"]["containerInstanceArn"].clone();
    let listed = ecs("ListContainerInstances", json!({"cluster": "ec2"}));
    assert_eq!(listed["containerInstanceArns"], json!([instance]));
    let daemon = json!({"cluster": "ec2", "serviceName": "d", "taskDefinition": "ec2", "schedulingStrategy": "DAEMON"});
    ecs("CreateService", daemon);
    let asked = json!({"cluster": "ec2", "containerInstances": [instance]});
    record.until("ecs", "DescribeContainerInstances", &asked, |answer| {
        answer["containerInstances"][0]["runningTasksCount"] == 1
    });
    let mut ecs = |operation: &str, arguments: Value| record.ok("ecs", operation, arguments);
    let tasks = ecs("ListTasks", json!({"cluster": "ec2", "serviceName": "d"}));
    let asked = json!({"cluster": "ec2", "tasks": tasks["taskArns"]});
    let tasks = ecs("DescribeTasks", asked);
    assert_eq!(tasks["tasks"][0]["containerInstanceArn"], instance);
    let forced = json!({"cluster": "ec2", "containerInstance": instance, "force": true});
    let gone = ecs("DeregisterContainerInstance", forced);
    assert_eq!(gone["containerInstance"]["status"], "INACTIVE");
}

fn express_services(record: &mut Record) {
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": ["ecs.amazonaws.com", "ecs-tasks.amazonaws.com"]},
    }]});
    let role = json!({"RoleName": "Express", "AssumeRolePolicyDocument": trust.to_string()});
    let role = record.ok("iam", "CreateRole", role)["Role"]["Arn"].clone();
    let mut ecs = |operation: &str, arguments: Value| record.ok("ecs", operation, arguments);
    ecs("CreateCluster", json!({"clusterName": "express"}));
    let made = ecs(
        "CreateExpressGatewayService",
        json!({"cluster": "express", "serviceName": "web", "infrastructureRoleArn": role, "executionRoleArn": role, "primaryContainer": {"image": "app:1", "containerPort": 8080}}),
    );
    let service = made["service"]["serviceArn"].clone();
    assert!(service.is_string(), "{made}");
    ecs(
        "UpdateExpressGatewayService",
        json!({"serviceArn": service, "primaryContainer": {"image": "app:2", "containerPort": 8080}}),
    );
    let asked = json!({"serviceArn": service});
    let described = ecs("DescribeExpressGatewayService", asked.clone());
    assert_eq!(described["service"]["serviceName"], "web");
    let deleted = ecs("DeleteExpressGatewayService", asked);
    assert_eq!(deleted["service"]["serviceArn"], service);
}

fn tags(record: &mut Record) {
    const TAGGING: &str = "resourcegroupstaggingapi";
    let arn = format!("arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/app:2");
    let mut tagging = |operation: &str, arguments: Value| record.ok(TAGGING, operation, arguments);
    let answer = tagging(
        "TagResources",
        json!({"ResourceARNList": [arn], "Tags": {"c": "3"}}),
    );
    assert_eq!(answer["FailedResourcesMap"], json!({}));
    let found = tagging(
        "GetResources",
        json!({"TagFilters": [{"Key": "c", "Values": ["3"]}]}),
    );
    assert_eq!(found["ResourceTagMappingList"][0]["ResourceARN"], arn);
    assert_eq!(
        tagging("GetTagKeys", json!({}))["TagKeys"],
        json!(["b", "c"])
    );
    assert_eq!(
        tagging("GetTagValues", json!({"Key": "b"}))["TagValues"],
        json!(["2"])
    );
    tagging(
        "UntagResources",
        json!({"ResourceARNList": [arn], "TagKeys": ["c"]}),
    );
    assert_eq!(tagging("GetTagKeys", json!({}))["TagKeys"], json!(["b"]));
}
