//! The permissions that log groups take.

use crate::{
    kinds::{
        log_group::LogGroup,
        permitted::{Occasion, Permitted},
    },
    model::{
        lifecycle::Lifecycle,
        permission::{Permission, Permissions, Purpose},
    },
};

impl Permitted for LogGroup {
    fn permissions(
        &self,
        _lifecycle: &Lifecycle,
        occasion: Occasion<'_>,
        permissions: &mut Permissions,
    ) {
        // CloudWatch Logs user guide, "Overview of managing access permissions", on ARNs: the
        // operations on tags take the ARN as it is, all others with `:*` at its end.
        let bare = occasion.identity.log_group_arn(&self.name);
        let whole = format!("{bare}:*");
        let add =
            |permissions: &mut Permissions, sid, reason, actions: &[&'static str], on: &str| {
                permissions.add(Permission::new(sid, reason, actions).on([on]));
            };
        permissions.add(
            Permission::new(
                "ListLogGroups",
                "log groups are looked up by name, for which no resource can be named",
                &["logs:DescribeLogGroups"],
            )
            .on_everything(),
        );
        let reason = "the tags say whose a log group is";
        add(
            permissions,
            "ReadTagsOfLogGroups",
            reason,
            &["logs:ListTagsForResource"],
            &bare,
        );
        if self.retention_days.is_some() && occasion.purpose != Purpose::Destroy {
            let reason =
                "a retention is shortened without being asked about only if the group is empty";
            add(
                permissions,
                "SeeWhetherLogGroupsAreEmpty",
                reason,
                &["logs:DescribeLogStreams"],
                &whole,
            );
        }
        match occasion.purpose {
            Purpose::Plan | Purpose::Verify => {}
            Purpose::Apply => {
                let tags = &["logs:TagResource", "logs:UntagResource"];
                let reason = "log groups carry the tags of the stack";
                add(permissions, "TagLogGroups", reason, tags, &bare);
                let retention = match self.retention_days {
                    Some(_) => "logs:PutRetentionPolicy",
                    None => "logs:DeleteRetentionPolicy",
                };
                let key = match &self.kms_key_arn {
                    Some(_) => "logs:AssociateKmsKey",
                    None => "logs:DisassociateKmsKey",
                };
                let make = &[
                    "logs:CreateLogGroup",
                    "logs:PutLogGroupDeletionProtection",
                    retention,
                    key,
                ];
                let reason = "log groups are made, and brought back to what the stack file says";
                add(permissions, "MakeLogGroups", reason, make, &whole);
            }
            Purpose::Destroy => {
                let reason = "log groups are deleted";
                add(
                    permissions,
                    "DeleteLogGroups",
                    reason,
                    &["logs:DeleteLogGroup"],
                    &whole,
                );
            }
        }
    }
}
