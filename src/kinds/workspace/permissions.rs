//! The permissions that workspaces take.

use crate::{
    kinds::{
        permitted::{Occasion, Permitted},
        workspace::{Configuration, Workspace},
    },
    model::{
        lifecycle::Lifecycle,
        permission::{Permission, Permissions, Purpose},
        tags::STACK_TAG,
    },
};

/// What whoever changes where a workspace logs to needs of CloudWatch Logs (Amazon Managed Service
/// for Prometheus user guide, "Monitor AMP with CloudWatch Logs", on permissions).
const DELIVERY: &[&str] = &[
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
];

/// What a workspace with a key of one's own takes on that key (same guide, "Encryption at rest").
const KEY: &[&str] = &["kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKey"];

impl Permitted for Workspace {
    fn always(_occasion: Occasion<'_>, permissions: &mut Permissions) {
        permissions.add(
            Permission::new(
                "ListWorkspaces",
                "workspaces have no names, so all are listed to find the stack's by its tags",
                &["aps:ListWorkspaces"],
            )
            .on_everything(),
        );
    }

    fn permissions(
        &self,
        lifecycle: &Lifecycle,
        occasion: Occasion<'_>,
        permissions: &mut Permissions,
    ) {
        let any = [occasion.arn("aps", "workspace/*")];
        let mut read = vec!["aps:DescribeLoggingConfiguration"];
        // What is made, altered or deleted is waited for; all else is in the list.
        if matches!(occasion.purpose, Purpose::Apply | Purpose::Destroy) {
            read.push("aps:DescribeWorkspace");
        }
        if self.configuration != Configuration::default() && occasion.purpose != Purpose::Destroy {
            read.push("aps:DescribeWorkspaceConfiguration");
        }
        let reason = "the workspace of the stack is read; its id is known only once it is made";
        permissions.add(Permission::new("ReadWorkspaces", reason, &read).on(any.clone()));
        if matches!(occasion.purpose, Purpose::Plan | Purpose::Apply) {
            let reason =
                "whether the account may have another workspace is seen before one is made";
            let read = Permission::new("ReadQuotas", reason, &["servicequotas:GetServiceQuota"]);
            permissions.add(read.on_everything());
        }
        match occasion.purpose {
            Purpose::Plan | Purpose::Verify => {}
            Purpose::Apply => self.to_apply(lifecycle, occasion, any, permissions),
            Purpose::Destroy => {
                let reason = "the workspace of the stack is deleted, which its tag distinguishes";
                let delete = Permission::new("DeleteWorkspaces", reason, &["aps:DeleteWorkspace"]);
                permissions.add(of_the_stack(delete.on(any), occasion));
            }
        }
    }
}

/// Only on workspaces that carry the stack's tag.
fn of_the_stack(permission: Permission, occasion: Occasion<'_>) -> Permission {
    let key = Occasion::resource_tag();
    permission.only_if("StringEquals", key, occasion.owners())
}

impl Workspace {
    fn to_apply(
        &self,
        lifecycle: &Lifecycle,
        occasion: Occasion<'_>,
        any: [String; 1],
        permissions: &mut Permissions,
    ) {
        let reason = "the workspace is created with the tag of the stack";
        let create = Permission::new("CreateWorkspaces", reason, &["aps:CreateWorkspace"]);
        let key = format!("aws:RequestTag/{STACK_TAG}");
        permissions.add(create.on_everything().only_if(
            "StringEquals",
            key,
            occasion.owners().take(1),
        ));
        // One that is taken over has no tag yet, nor has one that is just being created.
        let reason = "tags are changed, of no workspace that another stack has tagged";
        let tag = Permission::new("TagWorkspaces", reason, &["aps:TagResource"]);
        permissions.add(tag.on(any.clone()).only_if(
            "StringEqualsIfExists",
            Occasion::resource_tag(),
            occasion.owners(),
        ));
        let mut change = vec!["aps:UntagResource"];
        if self.alias.is_some() {
            change.push("aps:UpdateWorkspaceAlias");
        }
        if self.configuration != Configuration::default() {
            change.push("aps:UpdateWorkspaceConfiguration");
        }
        // Logging that the stack file does not mention is drift, as boundaries of roles are.
        let reason = if self.logging.is_some() {
            change.extend([
                "aps:CreateLoggingConfiguration",
                "aps:UpdateLoggingConfiguration",
            ]);
            "whoever sets where a workspace logs to needs these of CloudWatch Logs"
        } else {
            change.push("aps:DeleteLoggingConfiguration");
            "undoing the logging of a workspace that somebody else has set takes these of CloudWatch Logs"
        };
        let delivery = Permission::new("DeliverLogsOfWorkspaces", reason, DELIVERY);
        permissions.add(delivery.on_everything());
        let reason = "the workspace of the stack is brought back to what the stack file says";
        let change = Permission::new("ChangeWorkspaces", reason, &change).on(any);
        // Tags come first when one is taken over, so even then the others find it tagged; AWS may
        // be late to hear of it, which is waited for.
        permissions.add(if lifecycle.adopt {
            change
        } else {
            of_the_stack(change, occasion)
        });
        if let Some(key) = &self.kms_key_arn {
            let reason = "AMP takes a grant on the key of a workspace in the name of its creator";
            let grant = Permission::new("GrantKeysToWorkspaces", reason, KEY);
            permissions.add(grant.on([key.to_string()]));
        }
    }
}
