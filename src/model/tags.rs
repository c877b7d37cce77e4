//! Tags, and what they say about who owns a resource.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::model::{
    address::{Address, StackName},
    template::{Reference, Template},
};

/// The tag whose value is the name of the stack that owns a resource.
pub const STACK_TAG: &str = "amp-stack:stack";
/// The tag whose value is the address of a resource in its stack.
pub const ADDRESS_TAG: &str = "amp-stack:address";
/// The tag on roles, which are global, whose value is the region of the stack that owns them.
pub const REGION_TAG: &str = "amp-stack:region";
/// The tag, with the value `true`, on resources that the stack file protects. It keeps the
/// protection when the table has left the file.
pub const PREVENT_DESTROY_TAG: &str = "amp-stack:prevent-destroy";
/// The tag on revisions whose document says something that amp-stack does not know; the value
/// stands for what it says. With it, a revision says what it was registered with, although AWS may
/// not have kept it.
pub const VERBATIM_TAG: &str = "amp-stack:verbatim";
/// The tag on revisions that stands for what their documents mean, and for which revision it was
/// made. It is no part of a state: it only saves the call that describes the revision.
pub const DIGEST_TAG: &str = "amp-stack:digest";
/// What every tag of ours begins with; stack files can't use it.
pub const PREFIX: &str = "amp-stack:";

/// The most tags that a resource can have (IAM user guide, "IAM and AWS STS quotas"; API models of
/// Amazon Managed Service for Prometheus 2020-08-01, CloudWatch Logs 2014-03-28 and ECS
/// 2014-11-13).
pub const MOST: usize = 50;

/// Tags by key.
pub type Tags = BTreeMap<String, Template>;

/// Who, by its tags, owns something that lives in AWS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Owner {
    /// This stack, under this address.
    Ours(Address),
    /// A stack of the same name, in another region (roles only, for they are global).
    OtherRegion {
        /// That region.
        region: String,
    },
    /// Another amp-stack stack.
    OtherStack(String),
    /// A CloudFormation stack.
    CloudFormation(String),
    /// Something that tags its resources as Terraform users do; the value is the tag that says so.
    Terraform(String),
    /// AWS itself, for a service-linked role.
    Aws,
    /// Nobody that says so.
    Unknown,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours(address) => write!(f, "this stack, as {address}"),
            Self::OtherRegion { region } => write!(f, "the same stack in {region}"),
            Self::OtherStack(stack) => write!(f, "the amp-stack stack `{stack}`"),
            Self::CloudFormation(stack) => write!(f, "the CloudFormation stack `{stack}`"),
            Self::Terraform(tag) => write!(f, "Terraform, it seems (tag `{tag}`)"),
            Self::Aws => f.write_str("AWS (a service-linked role)"),
            Self::Unknown => f.write_str("somebody who left no tag"),
        }
    }
}

/// Reads the owner from the tags of something in `region`.
///
/// CloudFormation tags what it makes with `aws:cloudformation:stack-name` (CloudFormation user
/// guide, "Resource tag"); for Terraform there is only custom: a tag key or value that names it.
pub fn owner(tags: &BTreeMap<String, String>, stack: &StackName, region: &str) -> Owner {
    if let Some(name) = tags.get(STACK_TAG) {
        if name != stack.as_str() {
            return Owner::OtherStack(name.clone());
        }
        if let Some(other) = tags.get(REGION_TAG).filter(|other| *other != region) {
            return Owner::OtherRegion {
                region: other.clone(),
            };
        }
        // A stack tag without a readable address was not written by us.
        return match tags.get(ADDRESS_TAG).map(|address| address.parse()) {
            Some(Ok(address)) => Owner::Ours(address),
            Some(Err(_)) | None => Owner::Unknown,
        };
    }
    if let Some(name) = tags.get("aws:cloudformation:stack-name") {
        return Owner::CloudFormation(name.clone());
    }
    tags.iter()
        .find(|(key, value)| names_terraform(key, value))
        .map_or(Owner::Unknown, |(key, value)| {
            Owner::Terraform(format!("{key} = {value}"))
        })
}

/// Returns whether a tag says that what carries it is Terraform's, as far as custom goes.
pub fn names_terraform(key: &str, value: &str) -> bool {
    let names = |text: &str| text.to_ascii_lowercase().contains("terraform");
    names(key) || names(value)
}

/// Reads the owner from the tags of a role, which every region of the account sees.
///
/// Without the tag that names the region it could be the role of the same stack in any region, and
/// what may be another's is not ours.
pub fn owner_of_role(tags: &BTreeMap<String, String>, stack: &StackName, region: &str) -> Owner {
    let owner = owner(tags, stack, region);
    if matches!(owner, Owner::Ours(_)) && !tags.contains_key(REGION_TAG) {
        return Owner::Unknown;
    }
    owner
}

/// Returns whether AWS owns the tag: such tags can be neither set nor removed, so they are no part
/// of a resource's state.
pub fn is_reserved(key: &str) -> bool {
    key.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}

/// What tag calls lead from one set of tags to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct TagChanges {
    /// To add or to overwrite.
    set: Tags,
    /// To remove.
    remove: Vec<String>,
}

/// Compares tags. With `fold_case`, as IAM does for roles, keys that differ only by case are the
/// same tag.
fn changes(from: &Tags, to: &Tags, fold_case: bool) -> TagChanges {
    let fold = |key: &str| {
        if fold_case {
            key.to_lowercase()
        } else {
            key.to_owned()
        }
    };
    let kept: BTreeMap<String, &str> = to.keys().map(|key| (fold(key), key.as_str())).collect();
    TagChanges {
        set: to
            .iter()
            .filter(|(key, value)| from.get(*key) != Some(value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        remove: from
            .keys()
            .filter(|key| !kept.contains_key(&fold(key)))
            .cloned()
            .collect(),
    }
}

/// The calls that lead from one set of tags to another, made of what `tag` and `untag` make of
/// their parts. They come before everything else that alters a resource: what is taken over is ours
/// by its tags before it changes, and whoever is stopped half way has altered nothing of somebody
/// else's.
pub fn calls<C>(
    from: &Tags,
    to: &Tags,
    fold_case: bool,
    tag: impl FnOnce(Tags) -> C,
    untag: impl FnOnce(Vec<String>) -> C,
) -> Vec<C> {
    let TagChanges { set, remove } = changes(from, to, fold_case);
    let added = set.keys().filter(|key| !from.contains_key(*key)).count();
    let is_full = from.len() + added > MOST;
    let tag = (!set.is_empty()).then(|| tag(set));
    let untag = (!remove.is_empty()).then(|| untag(remove));
    let (first, second) = if is_full { (untag, tag) } else { (tag, untag) };
    first.into_iter().chain(second).collect()
}

/// The effect of a call that sets tags.
pub fn set(tags: &mut Tags, added: &Tags, fold_case: bool) {
    for (key, value) in added {
        if fold_case {
            tags.retain(|other, _| other == key || other.to_lowercase() != key.to_lowercase());
        }
        tags.insert(key.clone(), value.clone());
    }
}

/// The same tags with everything filled in that `lookup` knows.
pub(crate) fn resolve(tags: &Tags, lookup: &dyn Fn(&Reference) -> Option<String>) -> Tags {
    tags.iter()
        .map(|(key, value)| (key.clone(), value.resolve(lookup)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(keys: impl IntoIterator<Item = String>) -> Tags {
        keys.into_iter()
            .map(|key| (key, Template::from("")))
            .collect()
    }

    /// The order of the calls from `count` tags of somebody else to one of ours.
    fn order(count: usize) -> Vec<&'static str> {
        let from = tags((0..count).map(|n| format!("theirs-{n}")));
        let to = tags([STACK_TAG.to_owned()]);
        calls(&from, &to, false, |_| "tag", |_| "untag")
    }

    #[test]
    fn what_is_taken_over_is_tagged_before_all_else_unless_there_is_no_room() {
        assert_eq!(order(0), ["tag"]);
        assert_eq!(order(MOST - 1), ["tag", "untag"]);
        assert_eq!(order(MOST), ["untag", "tag"]);
    }
}
