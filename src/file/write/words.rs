//! Makes short names of the names that resources have in AWS.

use crate::model::address::StackName;

/// The words of a name, `CheckoutTaskRole` and `checkout_task-role` alike, without what
/// CloudFormation adds at random.
pub(crate) fn words(name: &str) -> Vec<String> {
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

/// `words` without those of the name of the stack, which they begin with.
pub(crate) fn without_prefix(words: &[String], stack: &StackName) -> Vec<String> {
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
