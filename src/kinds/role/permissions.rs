//! The permissions that roles take.

use crate::{
    kinds::{
        permitted::{Occasion, Permitted},
        role::Role,
    },
    model::{
        identity::Identity,
        lifecycle::Lifecycle,
        permission::{Permission, Permissions, Purpose},
    },
};

impl Permitted for Role {
    fn always(occasion: Occasion<'_>, permissions: &mut Permissions) {
        // No resource can be named for these (service authorization reference, "AWS Identity and
        // Access Management").
        permissions.add(
            Permission::new(
                "ListRoles",
                "the names of roles are compared with all of the account, which IAM lists whole",
                &["iam:GetAccountAuthorizationDetails", "iam:ListRoles"],
            )
            .on_everything(),
        );
        permissions.add(
            Permission::new(
                "ReadNewRoles",
                "a role that was made a moment ago may be in only one of IAM's two lists, and is then read by itself",
                &["iam:GetRole"],
            )
            .on([occasion.identity.role_arn("/", "*")]),
        );
    }

    fn permissions(
        &self,
        _lifecycle: &Lifecycle,
        occasion: Occasion<'_>,
        permissions: &mut Permissions,
    ) {
        let arn = [occasion.identity.role_arn(&self.path, &self.name)];
        permissions.add(
            Permission::new(
                "ReadNewRolesOfTheStack",
                "as above, with what is attached to it",
                &[
                    "iam:GetRolePolicy",
                    "iam:ListAttachedRolePolicies",
                    "iam:ListInstanceProfilesForRole",
                    "iam:ListRolePolicies",
                ],
            )
            .on(arn.clone()),
        );
        if matches!(occasion.purpose, Purpose::Plan | Purpose::Apply) {
            permissions.add(
                Permission::new(
                    "ReadQuotasOfIam",
                    "whether the account may have more roles, and as large ones, is seen before anything is made",
                    &["iam:GetAccountSummary"],
                )
                .on_everything(),
            );
        }
        match occasion.purpose {
            Purpose::Plan | Purpose::Verify => {}
            Purpose::Apply => self.to_apply(arn, permissions),
            Purpose::Destroy => {
                let Identity {
                    account, partition, ..
                } = occasion.identity;
                permissions.add(
                    Permission::new(
                        "RemoveRoles",
                        "IAM deletes a role only once nothing is attached to it",
                        &[
                            "iam:DeleteRole",
                            "iam:DeleteRolePolicy",
                            "iam:DetachRolePolicy",
                        ],
                    )
                    .on(arn),
                );
                // The service authorization reference names no other resource for it.
                permissions.add(
                    Permission::new(
                        "TakeRolesOutOfInstanceProfiles",
                        "nor does it delete one that an instance profile holds, which somebody has to accept by name",
                        &["iam:RemoveRoleFromInstanceProfile"],
                    )
                    .on([format!("arn:{partition}:iam::{account}:instance-profile/*")]),
                );
            }
        }
    }
}

impl Role {
    fn to_apply(&self, arn: [String; 1], permissions: &mut Permissions) {
        permissions.add(
            Permission::new(
                "MakeRoles",
                "roles are made with their tags, and brought back to what the stack file says",
                &[
                    "iam:CreateRole",
                    "iam:DeleteRolePolicy",
                    "iam:DetachRolePolicy",
                    "iam:TagRole",
                    "iam:UntagRole",
                    "iam:UpdateAssumeRolePolicy",
                    "iam:UpdateRole",
                ],
            )
            .on(arn.clone()),
        );
        if !self.inline_policies.is_empty() {
            let put = &["iam:PutRolePolicy"];
            let reason = "inline policies, those of `metrics` among them, are put on roles";
            permissions.add(Permission::new("PutPoliciesOnRoles", reason, put).on(arn.clone()));
        }
        let managed = self.managed_policies.iter().map(ToString::to_string);
        if !self.managed_policies.is_empty() {
            let reason = "managed policies are attached, and no others";
            let attach = Permission::new("AttachPolicies", reason, &["iam:AttachRolePolicy"]);
            permissions.add(
                attach
                    .on(arn.clone())
                    .only_if("ArnLike", "iam:PolicyARN", managed),
            );
        }
        let (sid, reason, action): (_, _, &[_]) = match &self.permissions_boundary {
            Some(_) => (
                "PutBoundaries",
                "a role keeps the boundary that the stack file gives it",
                &["iam:PutRolePermissionsBoundary"],
            ),
            None => (
                "DeleteBoundaries",
                "a boundary that the stack file does not mention is drift",
                &["iam:DeleteRolePermissionsBoundary"],
            ),
        };
        permissions.add(Permission::new(sid, reason, action).on(arn));
    }
}
