//! Log groups: create and delete, retention, encryption, deletion protection, and how other
//! requests name them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Answer, Context, Refusal,
    service::{Input, Outcome},
};

use super::{
    Region,
    arn::Arn,
    input::{self, Tags, log_group_identifier, log_group_name, required, required_text},
    refusal::{constraint, exists, invalid, no_log_group, validation},
    stored::Stream,
};

/// The retentions that can be chosen, in days (API model, `Days`).
pub(super) const RETENTION_DAYS: [i64; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// What log groups of the class DELIVERY report as their retention (Terraform AWS provider, issue
/// 42657), although the API reference says that their events are kept for one day.
const DELIVERY_RETENTION_DAYS: i64 = 2;

/// The classes by name (API model, `LogGroupClass`; `ESSENTIALS` since botocore 1.44).
pub(super) const CLASSES: [&str; 4] = ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"];

/// A log group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct LogGroup {
    /// The form without `:*`.
    pub(super) arn: String,
    pub(super) created_millis: u64,
    /// One of [`CLASSES`]. It can't be changed.
    pub(super) class: String,
    /// The group's own retention; absent if events never expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) retention_days: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kms_key_id: Option<String>,
    pub(super) deletion_protection: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) tags: Tags,
    /// By name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) streams: BTreeMap<String, Stream>,
}

impl LogGroup {
    pub(super) fn is_delivery(&self) -> bool {
        self.class == "DELIVERY"
    }

    /// Refuses what deletes the group or anything in it while deletion protection blocks all
    /// deletion operations (API reference, `PutLogGroupDeletionProtection`). `DeleteLogGroup` and
    /// `DeleteLogStream` model `ValidationException`, and only they.
    pub(super) fn require_unprotected(&self) -> Result<(), Refusal> {
        if self.deletion_protection {
            return Err(validation(
                "The log group has deletion protection enabled, which must be disabled first.",
            ));
        }
        Ok(())
    }

    /// Refuses changes of the retention where the class fixes it (Terraform AWS provider, issue
    /// 42657).
    fn require_own_retention(&self) -> Result<(), Refusal> {
        if self.is_delivery() {
            return Err(validation(
                "This operation is not supported for Delivery log class",
            ));
        }
        Ok(())
    }
}

/// `CreateLogGroup`. Retention is no parameter of it.
pub(super) fn create(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let name = required("logGroupName", log_group_name(input, "logGroupName")?)?;
    let class = input::choice(input, "logGroupClass", &CLASSES)?.unwrap_or("STANDARD");
    let protection = input::boolean(input, "deletionProtectionEnabled")?.unwrap_or(false);
    let tags = input::tags(input)?.unwrap_or_default();
    let kms_key_id = match input::text(input, "kmsKeyId")? {
        Some(key) => Some(require_kms_key(cx, key)?),
        None => None,
    };
    // API reference, CreateLogGroup: names can't start with `aws/`. The service says `AWS/`
    // (Terraform, issue 10739), hence any case.
    if name.to_lowercase().starts_with("aws/") {
        return Err(invalid(
            "Log groups starting with AWS/ are reserved for AWS.",
        ));
    }
    if region.groups.contains_key(name) {
        return Err(exists("The specified log group already exists"));
    }
    let group = LogGroup {
        arn: format!(
            "arn:{}:logs:{}:{}:log-group:{name}",
            cx.partition, cx.region, cx.account
        ),
        created_millis: cx.now_millis,
        class: class.to_owned(),
        retention_days: (class == "DELIVERY").then_some(DELIVERY_RETENTION_DAYS),
        kms_key_id,
        deletion_protection: protection,
        tags,
        streams: BTreeMap::new(),
    };
    region.groups.insert(name.to_owned(), group);
    Ok(Answer::ok(json!({})))
}

/// `DeleteLogGroup`.
pub(super) fn delete(region: &mut Region, input: &Input) -> Outcome {
    named(region, input)?.require_unprotected()?;
    region.groups.remove(required_text(input, "logGroupName")?);
    Ok(Answer::ok(json!({})))
}

/// `PutRetentionPolicy`. It succeeds also where an account-level policy overrides it (API
/// reference).
pub(super) fn put_retention(region: &mut Region, input: &Input) -> Outcome {
    let days = required("retentionInDays", input::integer(input, "retentionInDays")?)?;
    let group = named(region, input)?;
    if !RETENTION_DAYS.contains(&days) {
        let choices = RETENTION_DAYS.map(|days| days.to_string()).join(", ");
        let message = format!("Invalid retention value. Valid values are: [{choices}]");
        return Err(invalid(message));
    }
    group.require_own_retention()?;
    group.retention_days = Some(days);
    Ok(Answer::ok(json!({})))
}

/// `DeleteRetentionPolicy`: events no longer expire. A group that has no retention is no error.
pub(super) fn delete_retention(region: &mut Region, input: &Input) -> Outcome {
    let group = named(region, input)?;
    group.require_own_retention()?;
    group.retention_days = None;
    Ok(Answer::ok(json!({})))
}

/// `PutLogGroupDeletionProtection`.
pub(super) fn put_deletion_protection(
    region: &mut Region,
    cx: &Context<'_>,
    input: &Input,
) -> Outcome {
    const NAME: &str = "deletionProtectionEnabled";
    let enabled = required(NAME, input::boolean(input, NAME)?)?;
    let identifier = log_group_identifier(cx, input)?;
    let name = required("logGroupIdentifier", identifier)?;
    let group = region.groups.get_mut(name).ok_or_else(no_log_group)?;
    group.deletion_protection = enabled;
    Ok(Answer::ok(json!({})))
}

/// `AssociateKmsKey`: overrides a key that is there (API reference).
pub(super) fn associate_kms_key(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let key = required_text(input, "kmsKeyId")?;
    let place = kms_place(region, cx, input)?;
    *place = Some(require_kms_key(cx, key)?);
    Ok(Answer::ok(json!({})))
}

/// `DisassociateKmsKey`. Where there is no key it is no error.
pub(super) fn disassociate_kms_key(
    region: &mut Region,
    cx: &Context<'_>,
    input: &Input,
) -> Outcome {
    *kms_place(region, cx, input)? = None;
    Ok(Answer::ok(json!({})))
}

/// What a key is associated with: exactly one of `logGroupName` and `resourceIdentifier`, the
/// latter being the ARN of a log group without `:*` or of the account's query results (API
/// reference, `AssociateKmsKey`).
fn kms_place<'r>(
    region: &'r mut Region,
    cx: &Context<'_>,
    input: &Input,
) -> Result<&'r mut Option<String>, Refusal> {
    let name = log_group_name(input, "logGroupName")?;
    let resource = input::text(input, "resourceIdentifier")?;
    let name = match (name, resource) {
        (Some(name), None) => name,
        (None, Some(resource)) => {
            let arn = Arn::parse(resource).filter(Arn::is_located);
            let arn = arn.ok_or_else(|| invalid("The resourceIdentifier is not a valid ARN."))?;
            let is_own = arn.region == cx.region && arn.account == cx.account;
            if is_own && arn.service == "logs" && arn.resource == "query-result:*" {
                return Ok(&mut region.query_result_key);
            }
            input::own_log_group(cx, &arn).ok_or_else(no_log_group)?
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(invalid(
                "Exactly one of logGroupName and resourceIdentifier must be given.",
            ));
        }
    };
    let group = region.groups.get_mut(name).ok_or_else(no_log_group)?;
    Ok(&mut group.kms_key_id)
}

/// Refuses what is not the ARN of a key or of an alias of one in the region (API model, `KmsKeyId`,
/// at most 256 characters; CloudFormation schema `AWS::Logs::LogGroup`, `KmsKeyId`, has the
/// pattern). Every key of that form is taken to exist.
fn require_kms_key(cx: &Context<'_>, key: &str) -> Result<String, Refusal> {
    if key.chars().count() > 256 {
        return Err(constraint("kmsKeyId", "have a length of at most 256"));
    }
    let is_key = Arn::parse(key).is_some_and(|arn| {
        let id = arn
            .resource
            .strip_prefix("key/")
            .or_else(|| arn.resource.strip_prefix("alias/"));
        arn.service == "kms"
            && arn.is_located()
            && arn.region == cx.region
            && id.is_some_and(|id| !id.is_empty())
    });
    if is_key {
        Ok(key.to_owned())
    } else {
        // API reference, CreateLogGroup: a key that does not exist or is disabled is an
        // InvalidParameterException.
        Err(invalid(
            "The specified KMS key does not exist or can't be used with the log group.",
        ))
    }
}

/// The log group of the required member `logGroupName`.
pub(super) fn named<'r>(
    region: &'r mut Region,
    input: &Input,
) -> Result<&'r mut LogGroup, Refusal> {
    let name = required("logGroupName", log_group_name(input, "logGroupName")?)?;
    region.groups.get_mut(name).ok_or_else(no_log_group)
}

/// The log group of `logGroupName` or `logGroupIdentifier`, of which exactly one must be given (API
/// reference, `DescribeLogStreams`, `GetLogEvents` and `FilterLogEvents`).
pub(super) fn either<'r>(
    region: &'r Region,
    cx: &Context<'_>,
    input: &Input,
) -> Result<&'r LogGroup, Refusal> {
    let name = log_group_name(input, "logGroupName")?;
    let identifier = log_group_identifier(cx, input)?;
    let ((Some(name), None) | (None, Some(name))) = (name, identifier) else {
        return Err(invalid(
            "Exactly one of logGroupName and logGroupIdentifier must be given.",
        ));
    };
    region.groups.get(name).ok_or_else(no_log_group)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::amp::testing::{Bench, verdict};

    const INVALID: (u16, &str) = (400, "InvalidParameterException");
    const MISSING: (u16, &str) = (400, "ResourceNotFoundException");
    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const ARN: &str = "arn:aws:logs:eu-west-1:111122223333:log-group:g";

    fn bench() -> Bench {
        let mut bench = Bench::new();
        bench.logs_ok("CreateLogGroup", json!({"logGroupName": "g"}));
        bench
    }

    fn group(bench: &mut Bench) -> Value {
        bench.logs_ok("DescribeLogGroups", json!({}))["logGroups"][0].clone()
    }

    #[test]
    fn what_create_log_group_refuses() {
        let many: Value = (0..51).map(|n| (format!("k{n}"), json!("v"))).collect();
        let serialization = (400, "SerializationException");
        for (name, input, expected) in [
            ("no name", json!({}), INVALID),
            ("an empty name", json!({"logGroupName": ""}), INVALID),
            (
                "a long name",
                json!({"logGroupName": "x".repeat(513)}),
                INVALID,
            ),
            ("a blank", json!({"logGroupName": "a b"}), INVALID),
            (
                "an exclamation mark",
                json!({"logGroupName": "a!"}),
                INVALID,
            ),
            ("a colon", json!({"logGroupName": "a:b"}), INVALID),
            ("a reserved name", json!({"logGroupName": "aws/x"}), INVALID),
            (
                "a reserved name in capitals",
                json!({"logGroupName": "AWS/x"}),
                INVALID,
            ),
            ("a number", json!({"logGroupName": 1}), serialization),
            (
                "a class",
                json!({"logGroupName": "a", "logGroupClass": "CHEAP"}),
                INVALID,
            ),
            (
                "a class in small letters",
                json!({"logGroupName": "a", "logGroupClass": "standard"}),
                INVALID,
            ),
            ("no tags", json!({"logGroupName": "a", "tags": {}}), INVALID),
            (
                "51 tags",
                json!({"logGroupName": "a", "tags": many}),
                INVALID,
            ),
            (
                "a reserved tag",
                json!({"logGroupName": "a", "tags": {"aws:x": "v"}}),
                INVALID,
            ),
            (
                "a tag with a bracket",
                json!({"logGroupName": "a", "tags": {"<": "v"}}),
                INVALID,
            ),
            (
                "a tag with a number",
                json!({"logGroupName": "a", "tags": {"k": 1}}),
                serialization,
            ),
            (
                "a key's id",
                json!({"logGroupName": "a", "kmsKeyId": "1234abcd"}),
                INVALID,
            ),
            (
                "a key of another region",
                json!({"logGroupName": "a", "kmsKeyId": KEY.replace("eu-west-1", "eu-west-2")}),
                INVALID,
            ),
            (
                "a long key",
                json!({"logGroupName": "a", "kmsKeyId": format!("{KEY}{}", "a".repeat(256))}),
                INVALID,
            ),
            (
                "protection as text",
                json!({"logGroupName": "a", "deletionProtectionEnabled": "true"}),
                serialization,
            ),
        ] {
            let outcome = Bench::new().logs("CreateLogGroup", input);
            assert_eq!(verdict(&outcome), expected, "{name}");
        }
    }

    #[test]
    fn what_create_log_group_takes() {
        for (name, input) in [
            (
                "all characters",
                json!({"logGroupName": "/aws/ecs/a-b_c.d#1"}),
            ),
            ("a long name", json!({"logGroupName": "x".repeat(512)})),
            (
                "a name that is nearly reserved",
                json!({"logGroupName": "aws-x"}),
            ),
            (
                "a class",
                json!({"logGroupName": "a", "logGroupClass": "INFREQUENT_ACCESS"}),
            ),
            (
                "the newest class",
                json!({"logGroupName": "a", "logGroupClass": "ESSENTIALS"}),
            ),
            ("a key", json!({"logGroupName": "a", "kmsKeyId": KEY})),
            (
                "a long key",
                json!({"logGroupName": "a", "kmsKeyId": format!("{KEY}{}", "a".repeat(256 - KEY.len()))}),
            ),
            (
                "an alias of a key",
                json!({"logGroupName": "a", "kmsKeyId": "arn:aws:kms:eu-west-1:111122223333:alias/logs"}),
            ),
        ] {
            let outcome = Bench::new().logs("CreateLogGroup", input);
            assert_eq!(verdict(&outcome), (200, ""), "{name}");
        }
    }

    #[test]
    fn names_are_unique_in_a_region_and_case_sensitive() {
        let mut bench = bench();
        let again = bench.logs("CreateLogGroup", json!({"logGroupName": "g"}));
        assert_eq!(verdict(&again), (400, "ResourceAlreadyExistsException"));
        bench.logs_ok("CreateLogGroup", json!({"logGroupName": "G"}));
    }

    #[test]
    fn a_log_group_is_deleted() {
        let mut bench = bench();
        bench.logs_ok("DeleteLogGroup", json!({"logGroupName": "g"}));
        let again = bench.logs("DeleteLogGroup", json!({"logGroupName": "g"}));
        assert_eq!(verdict(&again), MISSING);
        let nameless = bench.logs("DeleteLogGroup", json!({}));
        assert_eq!(verdict(&nameless), INVALID);
    }

    #[test]
    fn deletion_protection_blocks_deletions_until_disabled() {
        let mut bench = Bench::new();
        bench.logs_ok(
            "CreateLogGroup",
            json!({"logGroupName": "g", "deletionProtectionEnabled": true}),
        );
        bench.logs_ok(
            "CreateLogStream",
            json!({"logGroupName": "g", "logStreamName": "s"}),
        );
        let stream = json!({"logGroupName": "g", "logStreamName": "s"});
        for (operation, input) in [
            ("DeleteLogGroup", json!({"logGroupName": "g"})),
            ("DeleteLogStream", stream),
        ] {
            let outcome = bench.logs(operation, input);
            assert_eq!(
                verdict(&outcome),
                (400, "ValidationException"),
                "{operation}"
            );
        }
        bench.logs_ok(
            "PutLogGroupDeletionProtection",
            json!({"logGroupIdentifier": ARN, "deletionProtectionEnabled": false}),
        );
        bench.logs_ok("DeleteLogGroup", json!({"logGroupName": "g"}));
    }

    #[test]
    fn deletion_protection_is_put_by_name_or_arn() {
        let on = json!(true);
        for (name, identifier, enabled, expected) in [
            ("a name", json!("g"), &on, (200, "")),
            ("an ARN", json!(ARN), &on, (200, "")),
            ("an ARN with :*", json!(format!("{ARN}:*")), &on, INVALID),
            ("an unknown name", json!("h"), &on, MISSING),
            (
                "another account",
                json!(ARN.replace("1111", "2222")),
                &on,
                MISSING,
            ),
            ("nothing", json!(null), &on, INVALID),
            ("a long name", json!("x".repeat(2049)), &on, INVALID),
            ("no value", json!("g"), &json!(null), INVALID),
        ] {
            let mut bench = bench();
            let input =
                json!({"logGroupIdentifier": identifier, "deletionProtectionEnabled": enabled});
            let outcome = bench.logs("PutLogGroupDeletionProtection", input);
            assert_eq!(verdict(&outcome), expected, "{name}");
            let protected = group(&mut bench)["deletionProtectionEnabled"] == true;
            assert_eq!(protected, expected.0 == 200, "{name}");
        }
    }

    #[test]
    fn retention_is_one_of_the_choices() {
        for (days, expected) in [
            (json!(1), (200, "")),
            (json!(2), INVALID),
            (json!(0), INVALID),
            (json!(-1), INVALID),
            (json!(30), (200, "")),
            (json!(31), INVALID),
            (json!(730), INVALID),
            (json!(731), (200, "")),
            (json!(1096), (200, "")),
            (json!(3653), (200, "")),
            (json!(3654), INVALID),
            (json!(null), INVALID),
            (json!("30"), (400, "SerializationException")),
        ] {
            let mut bench = bench();
            let input = json!({"logGroupName": "g", "retentionInDays": days});
            let outcome = bench.logs("PutRetentionPolicy", input);
            assert_eq!(verdict(&outcome), expected, "{days}");
            if expected.0 == 200 {
                assert_eq!(group(&mut bench)["retentionInDays"], days);
            }
        }
    }

    #[test]
    fn without_retention_policy_events_never_expire() {
        let mut bench = bench();
        assert!(group(&mut bench).get("retentionInDays").is_none());
        bench.logs_ok(
            "PutRetentionPolicy",
            json!({"logGroupName": "g", "retentionInDays": 7}),
        );
        bench.logs_ok("DeleteRetentionPolicy", json!({"logGroupName": "g"}));
        assert!(group(&mut bench).get("retentionInDays").is_none());
        bench.logs_ok("DeleteRetentionPolicy", json!({"logGroupName": "g"}));
    }

    #[test]
    fn the_delivery_class_fixes_the_retention() {
        let mut bench = Bench::new();
        bench.logs_ok(
            "CreateLogGroup",
            json!({"logGroupName": "g", "logGroupClass": "DELIVERY"}),
        );
        for (operation, input) in [
            (
                "PutRetentionPolicy",
                json!({"logGroupName": "g", "retentionInDays": 7}),
            ),
            ("DeleteRetentionPolicy", json!({"logGroupName": "g"})),
        ] {
            let outcome = bench.logs(operation, input);
            assert_eq!(
                verdict(&outcome),
                (400, "ValidationException"),
                "{operation}"
            );
        }
        assert_eq!(group(&mut bench)["retentionInDays"], 2);
    }

    #[test]
    fn what_does_not_exist_can_not_be_changed() {
        for (operation, input) in [
            (
                "PutRetentionPolicy",
                json!({"logGroupName": "h", "retentionInDays": 7}),
            ),
            ("DeleteRetentionPolicy", json!({"logGroupName": "h"})),
            (
                "AssociateKmsKey",
                json!({"logGroupName": "h", "kmsKeyId": KEY}),
            ),
            ("DisassociateKmsKey", json!({"logGroupName": "h"})),
        ] {
            assert_eq!(
                verdict(&bench().logs(operation, input)),
                MISSING,
                "{operation}"
            );
        }
    }

    #[test]
    fn a_kms_key_comes_and_goes() {
        let mut bench = bench();
        bench.logs_ok(
            "AssociateKmsKey",
            json!({"logGroupName": "g", "kmsKeyId": KEY}),
        );
        assert_eq!(group(&mut bench)["kmsKeyId"], KEY);
        let other = KEY.replace("1234abcd", "99999999");
        bench.logs_ok(
            "AssociateKmsKey",
            json!({"resourceIdentifier": ARN, "kmsKeyId": other}),
        );
        assert_eq!(group(&mut bench)["kmsKeyId"], other);
        bench.logs_ok("DisassociateKmsKey", json!({"logGroupName": "g"}));
        assert!(group(&mut bench).get("kmsKeyId").is_none());
        bench.logs_ok("DisassociateKmsKey", json!({"logGroupName": "g"}));
    }

    #[test]
    fn a_kms_key_has_exactly_one_target() {
        let results = "arn:aws:logs:eu-west-1:111122223333:query-result:*";
        for (name, input, expected) in [
            ("none", json!({"kmsKeyId": KEY}), INVALID),
            (
                "two",
                json!({"kmsKeyId": KEY, "logGroupName": "g", "resourceIdentifier": ARN}),
                INVALID,
            ),
            ("no key", json!({"logGroupName": "g"}), INVALID),
            (
                "a bad key",
                json!({"logGroupName": "g", "kmsKeyId": "key"}),
                INVALID,
            ),
            (
                "query results",
                json!({"kmsKeyId": KEY, "resourceIdentifier": results}),
                (200, ""),
            ),
            (
                "no ARN",
                json!({"kmsKeyId": KEY, "resourceIdentifier": "g"}),
                INVALID,
            ),
            (
                "an ARN with :*",
                json!({"kmsKeyId": KEY, "resourceIdentifier": format!("{ARN}:*")}),
                MISSING,
            ),
        ] {
            let outcome = bench().logs("AssociateKmsKey", input);
            assert_eq!(verdict(&outcome), expected, "{name}");
        }
    }
}
