//! Secrets, parameters, keys and file systems. No value of any secret or parameter is read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    aws::{
        Aws,
        json::{ACCESS_POINTS, FILE_SYSTEMS, KEYS, PARAMETERS, SECRETS},
        mentions::missing_if,
    },
    model::{
        call::CallError,
        mention::{Mention, Presence, Unfit},
    },
};

/// The most names in a filter of `DescribeParameters`, of which each may stand for two, and the
/// most that it answers with (Systems Manager API reference, `DescribeParameters`, and
/// `ParameterStringFilter`, under
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/>).
pub(super) const MOST_PARAMETERS: usize = 25;
const PAGE: usize = 50;
/// More pages than so many names can be on.
const MOST_PAGES: usize = 20;

/// Secrets Manager API reference, `DescribeSecret`, which does not return the value:
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html>.
pub(super) async fn secret(aws: &Aws, region: &str, arn: &str) -> Presence {
    let operation = "secretsmanager:DescribeSecret";
    let input = json!({"SecretId": arn});
    match aws.json.ask((SECRETS, region), operation, input).await {
        // One that is scheduled for deletion can't be read.
        Ok(answer) if !answer["DeletedDate"].is_null() => Presence::Unfit(Unfit::SecretDeleted),
        Ok(_) => Presence::Fits,
        Err(error) => missing_if(&error, &["ResourceNotFoundException"]),
    }
}

/// KMS API reference, `DescribeKey` and `KeyMetadata`. CloudWatch Logs and Amazon Managed Service
/// for Prometheus take symmetric keys only (CloudWatch Logs user guide, "Encrypt log data in
/// CloudWatch Logs using AWS KMS"):
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html>.
pub(super) async fn key(aws: &Aws, region: &str, arn: &str) -> Presence {
    let input = json!({"KeyId": arn});
    match aws.json.ask((KEYS, region), "kms:DescribeKey", input).await {
        Ok(answer) => {
            let metadata = &answer["KeyMetadata"];
            let is = |member: &str, value: &str| {
                metadata[member].as_str().is_none_or(|given| given == value)
            };
            if !is("KeyState", "Enabled") {
                Presence::Unfit(Unfit::KeyNotEnabled)
            } else if !is("KeySpec", "SYMMETRIC_DEFAULT") || !is("KeyUsage", "ENCRYPT_DECRYPT") {
                Presence::Unfit(Unfit::KeyNotSymmetric)
            } else {
                Presence::Fits
            }
        }
        Err(error) => missing_if(&error, &["NotFoundException"]),
    }
}

/// EFS API reference, `DescribeAccessPoints`:
/// <https://docs.aws.amazon.com/efs/latest/ug/API_DescribeAccessPoints.html>.
pub(super) async fn access_point(aws: &Aws, region: &str, id: &str) -> Presence {
    let operation = "elasticfilesystem:DescribeAccessPoints";
    let input = json!({"AccessPointId": id});
    match aws
        .json
        .ask((ACCESS_POINTS, region), operation, input)
        .await
    {
        Ok(answer) => {
            let found = answer["AccessPoints"].as_array();
            let mut staying = found.into_iter().flatten().filter(|found| stays(found));
            match staying.next().map(|found| &found["FileSystemId"]) {
                Some(of) => of
                    .as_str()
                    .map_or(Presence::Fits, |id| Presence::OfFileSystem(id.to_owned())),
                None => Presence::Missing,
            }
        }
        Err(error) => missing_if(&error, &["AccessPointNotFound"]),
    }
}

/// Returns whether a file system or an access point is not being deleted (EFS API reference,
/// `LifeCycleState`).
fn stays(found: &Value) -> bool {
    let state = found["LifeCycleState"].as_str();
    !state.is_some_and(|state| ["deleting", "deleted"].contains(&state))
}

/// EFS API reference, `DescribeFileSystems`:
/// <https://docs.aws.amazon.com/efs/latest/ug/API_DescribeFileSystems.html>.
pub(super) async fn file_system(aws: &Aws, region: &str, id: &str) -> Presence {
    let operation = "elasticfilesystem:DescribeFileSystems";
    let input = json!({"FileSystemId": id});
    match aws.json.ask((FILE_SYSTEMS, region), operation, input).await {
        Ok(answer) => {
            let found = answer["FileSystems"].as_array();
            if found.into_iter().flatten().any(stays) {
                Presence::Fits
            } else {
                Presence::Missing
            }
        }
        Err(error) => missing_if(&error, &["FileSystemNotFound"]),
    }
}

/// `DescribeParameters`, which returns no values and needs no key to decrypt any.
pub(super) async fn parameters(
    aws: &Aws,
    region: &str,
    mentions: &[Mention],
) -> Result<Vec<(Mention, Presence)>, CallError> {
    let names: BTreeSet<String> = mentions.iter().flat_map(|one| names(&one.name)).collect();
    let mut input = json!({
        "MaxResults": PAGE,
        "ParameterFilters": [{"Key": "Name", "Option": "Equals", "Values": names}],
    });
    let mut found: BTreeSet<String> = BTreeSet::new();
    // A page may be empty and not the last one (same reference, on `MaxResults`).
    for _ in 0..MOST_PAGES {
        let operation = "ssm:DescribeParameters";
        let answer = aws
            .json
            .ask((PARAMETERS, region), operation, input.clone())
            .await?;
        let page = answer["Parameters"].as_array().into_iter().flatten();
        found.extend(page.filter_map(|one| Some(one["Name"].as_str()?.to_owned())));
        let Some(next) = answer["NextToken"].as_str() else {
            break;
        };
        input["NextToken"] = json!(next);
    }
    let known = mentions.iter().map(|mention| {
        let is_there = self::names(&mention.name)
            .iter()
            .any(|name| found.contains(name));
        let presence = if is_there {
            Presence::Fits
        } else {
            Presence::Missing
        };
        (mention.clone(), presence)
    });
    Ok(known.collect())
}

/// The names that a parameter can have that is named by its name or its ARN: `parameter/x` is the
/// ARN of `x` and of `/x` (Systems Manager user guide, "Requirements and constraints for parameter
/// names").
fn names(named: &str) -> Vec<String> {
    let Some((_, path)) = named.split_once(":parameter/") else {
        return vec![named.to_owned()];
    };
    if path.contains('/') {
        vec![format!("/{path}")]
    } else {
        vec![path.to_owned(), format!("/{path}")]
    }
}
