//! What people are shown of roles and of the calls that alter them.

use crate::{
    kinds::{
        kind::{ApiCall, Shape, Shown, TextVisitor, TreeNames, known_text, tag_keys},
        role::{Change, Role},
    },
    model::{diff::Path, policy::Policy, template::Template},
};

impl Shown for Role {
    const SHAPE: Shape = Shape {
        dot: "ellipse",
        mermaid: ("([", "])"),
    };

    fn spell_as(&mut self, from: &Self) {
        if self.trust == from.trust {
            self.trust = from.trust.clone();
        }
        for (name, policy) in &mut self.inline_policies {
            let same = from.inline_policies.get(name);
            if let Some(same) = same.filter(|same| *same == policy) {
                *policy = same.clone();
            }
        }
    }

    fn visit_texts(&mut self, visitor: &mut dyn TextVisitor) {
        let Self {
            name: _,
            path: _,
            description,
            trust,
            max_session_seconds: _,
            permissions_boundary,
            managed_policies: _,
            inline_policies,
            instance_profiles: _,
            tags,
        } = self;
        let mut text = Template::from(std::mem::take(description));
        visitor.text(&Path::of_keys(&["description"]), &mut text);
        *description = text.to_string();
        visit_policy(&["trust"], trust, visitor);
        visitor.optional("permissions_boundary", permissions_boundary.as_mut());
        for (name, policy) in inline_policies {
            visit_policy(&["inline_policies", name], policy, visitor);
        }
        visitor.tags(tags);
    }
}

fn visit_policy(path: &[&str], policy: &mut Policy, visitor: &mut dyn TextVisitor) {
    let mut written = policy.written().clone();
    visitor.tree(&Path::of_keys(path), TreeNames::VERBATIM, &mut written);
    *policy = Policy::new(written);
}

impl ApiCall for Change {
    fn operation(&self) -> &'static str {
        match self {
            Self::Create(_) => "iam:CreateRole",
            Self::Update { .. } => "iam:UpdateRole",
            Self::UpdateTrust(_) => "iam:UpdateAssumeRolePolicy",
            Self::PutBoundary(_) => "iam:PutRolePermissionsBoundary",
            Self::DeleteBoundary => "iam:DeleteRolePermissionsBoundary",
            Self::Attach(_) => "iam:AttachRolePolicy",
            Self::Detach(_) => "iam:DetachRolePolicy",
            Self::PutInline { .. } => "iam:PutRolePolicy",
            Self::DeleteInline(_) => "iam:DeleteRolePolicy",
            Self::Tag(_) => "iam:TagRole",
            Self::Untag(_) => "iam:UntagRole",
            Self::RemoveFromInstanceProfile(_) => "iam:RemoveRoleFromInstanceProfile",
            Self::Delete => "iam:DeleteRole",
        }
    }

    fn sets_tags(&self) -> bool {
        matches!(self, Self::Tag(_))
    }

    fn subject(&self) -> String {
        match self {
            Self::Create(role) => role.name.clone(),
            Self::Update { .. } => "description, max_session_seconds".to_owned(),
            Self::UpdateTrust(_) => "trust".to_owned(),
            Self::PutBoundary(arn) => known_text(arn),
            Self::Attach(arn) | Self::Detach(arn) => policy_name(arn),
            Self::PutInline { name, .. }
            | Self::DeleteInline(name)
            | Self::RemoveFromInstanceProfile(name) => name.clone(),
            Self::Tag(tags) => tag_keys(tags),
            Self::Untag(keys) => keys.join(", "),
            Self::DeleteBoundary | Self::Delete => String::new(),
        }
    }
}

/// The name of a managed policy without what is the same in all of their ARNs.
fn policy_name(arn: &Template) -> String {
    let arn = known_text(arn);
    match arn.split_once(":policy/") {
        Some((_, name)) => name.to_owned(),
        None => arn,
    }
}
