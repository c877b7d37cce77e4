//! Gives live resources short names within a file.

use std::collections::BTreeSet;

use crate::{
    kinds::Resource,
    model::{
        address::{Address, Kind, StackName},
        tags::Owner,
    },
    snapshot::LiveResource,
};

/// The addresses of `found`, in the same order: what the stack owns keeps the address that its tags
/// name.
pub(crate) fn addresses(found: &[&LiveResource], stack: &StackName) -> Vec<Address> {
    let mut taken: BTreeSet<Address> = found.iter().filter_map(|found| owned(found)).collect();
    let uses = Uses::of(found);
    found
        .iter()
        .map(|found| {
            owned(found).unwrap_or_else(|| {
                let address = free(&candidates(found, stack, &uses), found, &taken);
                taken.insert(address.clone());
                address
            })
        })
        .collect()
}

fn owned(found: &LiveResource) -> Option<Address> {
    match &found.owner {
        Owner::Ours(address) => Some(address.clone()),
        Owner::OtherRegion { .. }
        | Owner::OtherStack(_)
        | Owner::CloudFormation(_)
        | Owner::Terraform(_)
        | Owner::Aws
        | Owner::Unknown => None,
    }
}

/// The roles of the only family that there is, by ARN.
#[derive(Default)]
struct Uses {
    task: Option<String>,
    execution: Option<String>,
}

impl Uses {
    fn of(found: &[&LiveResource]) -> Self {
        let mut documents = found.iter().filter_map(|found| match &found.resource {
            Resource::TaskDefinition(family) => family.document.as_ref(),
            Resource::LogGroup(_) | Resource::Workspace(_) | Resource::Role(_) => None,
        });
        let (Some(only), None) = (documents.next(), documents.next()) else {
            return Self::default();
        };
        let role = |member: &str| Some(only.normal().get(member)?.as_str()?.to_owned());
        let (task, execution) = (role("taskRoleArn"), role("executionRoleArn"));
        // One role for both is neither.
        if task == execution {
            return Self::default();
        }
        Self { task, execution }
    }
}

/// Names for `found`, from the shortest to the longest.
fn candidates(found: &LiveResource, stack: &StackName, uses: &Uses) -> Vec<String> {
    let name = found.resource.name();
    match found.resource.kind() {
        Kind::Workspace => Vec::new(),
        Kind::Role => {
            let arn = found.arn();
            let by_use = [("task", &uses.task), ("execution", &uses.execution)]
                .into_iter()
                .find(|(_, role)| role.as_deref() == Some(arn))
                .map(|(key, _)| key.to_owned());
            let whole = words(name);
            let short = without_prefix(&whole, stack);
            let short: Vec<String> = match short.split_last() {
                Some((last, rest)) if last == "role" && !rest.is_empty() => rest.to_vec(),
                Some(_) | None => short,
            };
            let names = by_use.into_iter();
            names.chain([short.join("-"), whole.join("-")]).collect()
        }
        Kind::LogGroup => {
            let last = name.rsplit('/').find(|part| !part.is_empty());
            let last = without_prefix(&words(last.unwrap_or(name)), stack);
            vec![last.join("-"), words(name).join("-")]
        }
        Kind::TaskDefinition if Address::is_key(name) => vec![name.to_owned()],
        Kind::TaskDefinition => vec![words(name).join("-")],
    }
}

fn free(candidates: &[String], found: &LiveResource, taken: &BTreeSet<Address>) -> Address {
    let kind = found.resource.kind();
    if kind == Kind::Workspace {
        return Address::workspace();
    }
    let address = |key: &str| Address::new(kind, key);
    let mut candidates = candidates
        .iter()
        .map(|name| cut(name))
        .filter(|n| !n.is_empty());
    let first = candidates
        .clone()
        .next()
        .unwrap_or_else(|| "main".to_owned());
    if let Some(free) = candidates.find(|key| !taken.contains(&address(key))) {
        return address(&free);
    }
    let mut number = 2;
    loop {
        let key = format!("{first}-{number}");
        if !taken.contains(&address(&key)) {
            return address(&key);
        }
        number += 1;
    }
}

/// Keys have up to 64 letters, of which a number may need some.
fn cut(name: &str) -> String {
    let name: String = name.chars().take(56).collect();
    name.trim_matches('-').to_owned()
}

/// The words of a name, `CheckoutTaskRole` and `checkout_task-role` alike, without what
/// CloudFormation adds at random.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let parts: Vec<&str> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 && index + 1 == parts.len() && is_random(part) {
            continue;
        }
        words.push(String::new());
        let mut before = ' ';
        for letter in part.chars() {
            if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.push(letter.to_ascii_lowercase());
            }
            before = letter;
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns whether CloudFormation made the word up: the ends of its names are 12 or 13 upper-case
/// letters and digits (CloudFormation user guide, "Name type", shows such names), since lately also
/// of lower case.
fn is_random(part: &str) -> bool {
    (12..=13).contains(&part.len()) && part.bytes().any(|b| b.is_ascii_digit())
}

fn without_prefix(words: &[String], stack: &StackName) -> Vec<String> {
    let mut rest = words;
    for word in self::words(stack.as_str()) {
        match rest.split_first() {
            Some((first, others)) if *first == word && !others.is_empty() => rest = others,
            Some(_) | None => break,
        }
    }
    rest.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_words() {
        for (name, expected) in [
            ("CheckoutTaskRole", "checkout task role"),
            ("my-stack-TaskRole-1A2B3C4D5E6F", "my stack task role"),
            ("/ecs/checkout/app", "ecs checkout app"),
            ("ecsTaskExecutionRole", "ecs task execution role"),
            ("a_b=c", "a b c"),
        ] {
            assert_eq!(words(name).join(" "), expected);
        }
    }

    #[test]
    fn the_name_of_the_stack_is_left_out() {
        let stack = "my-stack".parse().unwrap();
        let short = |name: &str| without_prefix(&words(name), &stack).join("-");
        assert_eq!(short("my-stack-TaskRole-1A2B3C4D5E6F"), "task-role");
        assert_eq!(short("MyStack"), "stack");
        assert_eq!(short("mystack"), "mystack");
    }
}
