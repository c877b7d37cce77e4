//! The account as a whole: everything in it at once, and how much of it there is.

use serde_json::{Value, json};

use crate::{
    Answer, World,
    iam::{
        Role, State,
        attachment::{self, ENTITIES},
        boundary, encoded, inline,
        input::Reader,
        page::Page,
        policy::{self, Found},
        profile, role, tag, version,
    },
    quotas::{POLICIES_PER_ROLE, ROLES, TRUST_LENGTH},
    service::{Input, Outcome},
};

/// IAM API reference, `GetAccountAuthorizationDetails`: one list of users, groups, roles and
/// policies, cut into pages.
pub(super) fn authorization_details(iam: &State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let filter = reader.list_of("Filter", &ENTITIES);
    let page = Page::read(&mut reader, "GetAccountAuthorizationDetails");
    reader.done()?;
    let wanted = |entity: &str| filter.is_empty() || filter.contains(&entity);

    let roles = iam
        .roles
        .iter()
        .filter(|_| wanted("Role"))
        .map(|(key, role)| (format!("role/{key}"), Detail::Role(role)));
    let mut policies: Vec<(String, Detail<'_>)> = policy::in_use(iam)
        .filter(|policy| {
            wanted(if policy.is_aws {
                "AWSManagedPolicy"
            } else {
                "LocalManagedPolicy"
            })
        })
        // After the roles, by any order of letters.
        .map(|policy| (format!("s-policy/{}", policy.key()), Detail::Policy(policy)))
        .collect();
    policies.sort_by(|a, b| a.0.cmp(&b.0));

    let (page, mut body) = page.cut(roles.chain(policies))?;
    let (mut role_details, mut policy_details) = (Vec::new(), Vec::new());
    for (_, detail) in page {
        match detail {
            Detail::Role(role) => role_details.push(role_detail(iam, role)),
            Detail::Policy(policy) => policy_details.push(policy_detail(iam, &policy)),
        }
    }
    body.insert("UserDetailList".to_owned(), json!([]));
    body.insert("GroupDetailList".to_owned(), json!([]));
    body.insert("RoleDetailList".to_owned(), Value::Array(role_details));
    body.insert("Policies".to_owned(), Value::Array(policy_details));
    Ok(Answer::ok(Value::Object(body)))
}

enum Detail<'a> {
    Role(&'a Role),
    Policy(Found<'a>),
}

/// Botocore model iam 2010-05-08, `RoleDetail`: it has neither description nor session length.
fn role_detail(iam: &State, role: &Role) -> Value {
    let mut members = role::head(role);
    let profiles: Vec<Value> = profile::of_role(iam, &role.name)
        .map(|(_, profile)| profile::listed(iam, profile))
        .collect();
    let inline: Vec<Value> = role
        .inline
        .iter()
        .map(|(name, document)| json!({ "PolicyName": name, "PolicyDocument": encoded(document) }))
        .collect();
    members.insert("InstanceProfileList".to_owned(), Value::Array(profiles));
    members.insert("RolePolicyList".to_owned(), Value::Array(inline));
    members.insert(
        "AttachedManagedPolicies".to_owned(),
        attachment::shown(iam, role),
    );
    if let Some(arn) = &role.boundary {
        members.insert("PermissionsBoundary".to_owned(), boundary::shown(arn));
    }
    members.insert("Tags".to_owned(), tag::shown(&role.tags));
    members.insert("RoleLastUsed".to_owned(), json!({}));
    Value::Object(members)
}

/// The same model, `ManagedPolicyDetail`: it has no tags.
fn policy_detail(iam: &State, policy: &Found<'_>) -> Value {
    let mut members = policy.listed(iam);
    if let Some(description) = policy.description {
        members.insert("Description".to_owned(), json!(description));
    }
    let versions = policy.versions.iter().rev();
    let versions = versions.map(|(number, document, created)| {
        Value::Object(version::shown(
            *number,
            *number == policy.default_version,
            *created,
            document,
        ))
    });
    members.insert("PolicyVersionList".to_owned(), versions.collect());
    Value::Object(members)
}

/// IAM API reference, `GetAccountSummary`: what there is, and the quotas of the account (IAM User
/// Guide, "IAM and AWS STS quotas": the defaults).
pub(super) fn summary(world: &World) -> Answer {
    let iam = &world.iam;
    let versions: usize = iam
        .policies
        .values()
        .map(|policy| policy.versions.len())
        .sum();
    Answer::ok(json!({ "SummaryMap": {
        "AccessKeysPerUserQuota": 2,
        "AccountAccessKeysPresent": 0,
        "AccountMFAEnabled": 0,
        "AccountPasswordPresent": 1,
        "AccountSigningCertificatesPresent": 0,
        "AssumeRolePolicySizeQuota": world.quotas.most(TRUST_LENGTH),
        "AttachedPoliciesPerGroupQuota": 10,
        "AttachedPoliciesPerRoleQuota": world.quotas.most(POLICIES_PER_ROLE),
        "AttachedPoliciesPerUserQuota": 10,
        "GlobalEndpointTokenVersion": 1,
        "GroupPolicySizeQuota": 5_120,
        "Groups": 0,
        "GroupsPerUserQuota": 10,
        "GroupsQuota": 300,
        "InstanceProfiles": iam.profiles.len(),
        "InstanceProfilesQuota": profile::MAX_PROFILES,
        "MFADevices": 0,
        "MFADevicesInUse": 0,
        "Policies": iam.policies.len(),
        "PoliciesQuota": policy::MAX_POLICIES,
        "PolicySizeQuota": policy::MAX_SIZE,
        "PolicyVersionsInUse": versions,
        "PolicyVersionsInUseQuota": 10_000,
        "Providers": 0,
        "RolePolicySizeQuota": inline::MAX_SUM,
        "Roles": iam.roles.len(),
        "RolesQuota": world.quotas.most(ROLES),
        "ServerCertificates": 0,
        "ServerCertificatesQuota": 20,
        "SigningCertificatesPerUserQuota": 2,
        "UserPolicySizeQuota": 2_048,
        "Users": 0,
        "UsersQuota": 5_000,
        "VersionsPerPolicyQuota": version::MAX_VERSIONS,
    } }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::iam::testing::{Account, POLICY, TRUST};

    const QUERY: &str = "arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess";

    fn populated() -> Account {
        let mut account = Account::default();
        let own = account.policy("Own");
        account.answered(
            "CreateRole",
            json!({
                "RoleName": "a",
                "AssumeRolePolicyDocument": TRUST,
                "Description": "d",
                "PermissionsBoundary": own,
                "Tags": [{ "Key": "k", "Value": "v" }],
            }),
        );
        account.role("b");
        account.answered(
            "AttachRolePolicy",
            json!({ "RoleName": "a", "PolicyArn": QUERY }),
        );
        account.answered(
            "PutRolePolicy",
            json!({ "RoleName": "a", "PolicyName": "i", "PolicyDocument": POLICY }),
        );
        account.answered(
            "CreateInstanceProfile",
            json!({ "InstanceProfileName": "p" }),
        );
        account.answered(
            "AddRoleToInstanceProfile",
            json!({ "InstanceProfileName": "p", "RoleName": "a" }),
        );
        account
    }

    #[test]
    fn details_have_everything_but_description_and_session_length() {
        let mut account = populated();
        let details = account.answered(
            "GetAccountAuthorizationDetails",
            json!({ "Filter": ["Role"] }),
        );
        let role = &details["RoleDetailList"][0];
        assert_eq!(role["Tags"], json!([{ "Key": "k", "Value": "v" }]));
        assert_eq!(role["RolePolicyList"][0]["PolicyName"], json!("i"));
        assert_eq!(
            role["AttachedManagedPolicies"][0]["PolicyArn"],
            json!(QUERY)
        );
        assert_eq!(
            role["InstanceProfileList"][0]["InstanceProfileName"],
            json!("p")
        );
        assert!(role["PermissionsBoundary"].is_object());
        assert_eq!(
            (role.get("Description"), role.get("MaxSessionDuration")),
            (None, None)
        );
        assert_eq!(details["RoleDetailList"][1]["Tags"], json!([]));
        assert_eq!(details["Policies"], json!([]));
    }

    #[test]
    fn details_are_filtered_and_paged() {
        let mut account = populated();
        let names = |details: &Value| -> Vec<String> {
            let list = |member: &str| details[member].as_array().expect("a list").clone();
            let roles = list("RoleDetailList")
                .into_iter()
                .map(|role| role["RoleName"].clone());
            let policies = list("Policies")
                .into_iter()
                .map(|policy| policy["PolicyName"].clone());
            roles
                .chain(policies)
                .map(|name| name.as_str().expect("a name").to_owned())
                .collect()
        };
        let local = account.answered(
            "GetAccountAuthorizationDetails",
            json!({ "Filter": ["LocalManagedPolicy"] }),
        );
        assert_eq!(names(&local), ["Own"]);
        assert_eq!(
            local["Policies"][0]["PolicyVersionList"][0]["IsDefaultVersion"],
            json!(true)
        );
        let aws = account.answered(
            "GetAccountAuthorizationDetails",
            json!({ "Filter": ["AWSManagedPolicy"] }),
        );
        assert_eq!(names(&aws), ["AmazonPrometheusQueryAccess"]);
        let users = account.answered(
            "GetAccountAuthorizationDetails",
            json!({ "Filter": ["User", "Group"] }),
        );
        assert!(names(&users).is_empty());

        let mut found = Vec::new();
        let mut input = json!({ "MaxItems": "1" });
        loop {
            let page = account.answered("GetAccountAuthorizationDetails", input.clone());
            found.extend(names(&page));
            if page["IsTruncated"] == json!(false) {
                break;
            }
            input["Marker"] = page["Marker"].clone();
        }
        assert_eq!(found, ["a", "b", "AmazonPrometheusQueryAccess", "Own"]);
        account.refuses([(
            "GetAccountAuthorizationDetails",
            json!({ "Filter": ["Robot"] }),
            400,
            "ValidationError",
            "filter.1.member",
        )]);
    }

    #[test]
    fn the_summary_counts() {
        let mut account = populated();
        let summary = account.answered("GetAccountSummary", json!({}));
        for (name, value) in [
            ("Roles", 2),
            ("Policies", 1),
            ("InstanceProfiles", 1),
            ("PolicyVersionsInUse", 1),
            ("AttachedPoliciesPerRoleQuota", 10),
            ("AssumeRolePolicySizeQuota", 2_048),
        ] {
            assert_eq!(summary["SummaryMap"][name], json!(value), "{name}");
        }
    }
}
