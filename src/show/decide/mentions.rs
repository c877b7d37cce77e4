//! What is wrong with something that a stack names and does not make, in words.

use crate::{
    model::mention::{Mention, Unfit, What},
    show::decide::Explained,
};

/// It is not there.
pub(super) fn missing(mention: &Mention, at: &[String]) -> Explained {
    let Mention { what, name } = mention;
    let mend = match what {
        What::AccessPoint => {
            "correct the id, or create the access point first, of this file system"
        }
        What::FileSystem => "correct the id, or create the file system first, in this region",
        What::Image => "push the image first, or correct its repository or tag",
        What::Key => "correct the ARN, or create the key first",
        What::Parameter => {
            "correct the name, or create the parameter first: `aws ssm put-parameter --type SecureString`"
        }
        What::Secret => {
            "correct the ARN, or create the secret first: `aws secretsmanager create-secret`"
        }
        What::LogGroup => {
            "correct the name, declare it in this stack as [log_groups.NAME], or let the driver make it with awslogs-create-group = \"true\""
        }
        What::Policy => "correct the ARN, or create the policy first",
        What::Role => "correct the ARN, or create the role first",
        What::Workspace => "correct the id, or the region or account that it is looked for in",
    };
    Explained {
        message: format!("there is no {} {name}", what.noun()),
        details: vec![names_it(at)],
        hints: vec![mend.to_owned(), without_looking()],
    }
}

/// It can't be used.
pub(super) fn unfit(mention: &Mention, at: &[String], why: Unfit) -> Explained {
    let name = &mention.name;
    let (message, mend) = match why {
        Unfit::AccessPointElsewhere => (
            format!("the access point {name} belongs to another file system than the volume's"),
            "name an access point of the file system, or the file system of the access point",
        ),
        Unfit::KeyNotEnabled => (
            format!("the KMS key {name} is disabled, or will be deleted"),
            "enable it: `aws kms enable-key`, or `cancel-key-deletion` first; or name another key",
        ),
        Unfit::KeyNotSymmetric => (
            format!("the KMS key {name} is not one that encrypts and decrypts symmetrically"),
            "name a key with the spec SYMMETRIC_DEFAULT",
        ),
        Unfit::KeyOfAnotherRegion => (
            format!("the KMS key {name} is one of another region"),
            "name a key of the stack's region",
        ),
        Unfit::SecretDeleted => (
            format!("the secret {name} is scheduled for deletion, and can't be read"),
            "keep it: `aws secretsmanager restore-secret`; or name another secret",
        ),
        Unfit::NotAttachable => (
            format!("the managed policy {name} can't be attached to a role"),
            "name another policy, or write what it allows as an inline policy",
        ),
        Unfit::OfAnotherAccount => (
            format!("the role {name} is one of another account, which ECS does not take"),
            "name a role of this account; for metrics of another account, let it assume the other one with `assume_role` in `metrics`",
        ),
        Unfit::ShutsOutTasks => (
            format!("the role {name} does not trust ECS tasks, so none would start"),
            "let ecs-tasks.amazonaws.com assume it in its trust policy, or name another role",
        ),
    };
    Explained {
        message,
        details: vec![names_it(at)],
        hints: vec![mend.to_owned(), without_looking()],
    }
}

fn without_looking() -> String {
    "if you know better, `--no-preflight` plans without looking".to_owned()
}

/// Where it is named.
fn names_it(at: &[String]) -> String {
    let places: Vec<String> = at.iter().map(|place| format!("`{place}`")).collect();
    match places.as_slice() {
        [one] => format!("{one} names it"),
        several => format!("{} name it", several.join(", ")),
    }
}
