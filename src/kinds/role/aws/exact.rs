//! Reading what is attached to one role, when the list of all roles does not have it yet.

use aws_sdk_iam::types::{PolicyDetail, Role, RoleDetail};

use crate::{aws::Aws, model::call::CallError};

/// The details of `role`, as `GetAccountAuthorizationDetails` would report them.
pub(crate) async fn detail(aws: &Aws, role: &Role) -> Result<RoleDetail, CallError> {
    let (attached, inline, profiles) = tokio::try_join!(
        async {
            let request = aws.iam.client.list_attached_role_policies();
            let pages = request.role_name(&role.role_name).into_paginator();
            let operation = "iam:ListAttachedRolePolicies";
            aws.iam
                .call(operation, pages.items().send().try_collect())
                .await
        },
        inline(aws, &role.role_name),
        async {
            let request = aws.iam.client.list_instance_profiles_for_role();
            let pages = request.role_name(&role.role_name).into_paginator();
            let operation = "iam:ListInstanceProfilesForRole";
            aws.iam
                .call(operation, pages.items().send().try_collect())
                .await
        },
    )?;
    Ok(RoleDetail::builder()
        .role_id(&role.role_id)
        .role_name(&role.role_name)
        .set_assume_role_policy_document(role.assume_role_policy_document.clone())
        .set_permissions_boundary(role.permissions_boundary.clone())
        .set_tags(role.tags.clone())
        .set_attached_managed_policies(Some(attached))
        .set_role_policy_list(Some(inline))
        .set_instance_profile_list(Some(profiles))
        .build())
}

async fn inline(aws: &Aws, role: &str) -> Result<Vec<PolicyDetail>, CallError> {
    let pages = aws.iam.client.list_role_policies().role_name(role);
    let names = pages.into_paginator().items().send();
    let names = aws.iam.call("iam:ListRolePolicies", names.try_collect());
    let mut policies = Vec::new();
    for name in names.await? {
        let request = aws.iam.client.get_role_policy().role_name(role);
        let request = request.policy_name(&name).send();
        let policy = aws.iam.call("iam:GetRolePolicy", request).await?;
        policies.push(
            PolicyDetail::builder()
                .policy_name(name)
                .policy_document(policy.policy_document)
                .build(),
        );
    }
    Ok(policies)
}
