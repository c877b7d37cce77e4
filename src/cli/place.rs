//! Which resource is meant where a command may be about several stacks: `roles.task`,
//! `checkout:roles.task`.

use std::{collections::BTreeSet, fmt, str::FromStr};

use crate::{
    cli::failure::Failure,
    file::problem::nearest,
    model::address::{Address, NotAnAddress, StackName},
    stack::Stack,
};

/// A resource, or something else with an address in a stack, as it is named on the command line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place<A = Address> {
    /// The stack; it may be left out where there is only one.
    pub(super) stack: Option<StackName>,
    /// The resource in it.
    pub(super) address: A,
}

impl<A: Clone + PartialEq> Place<A> {
    /// How to name `address` of `stack` where `stacks` are there to choose from.
    pub(super) fn of(stack: &StackName, address: &A, stacks: usize) -> Self {
        Self {
            stack: (stacks > 1).then(|| stack.clone()),
            address: address.clone(),
        }
    }

    /// Returns whether it names `address` of `stack`.
    pub(super) fn is(&self, stack: &StackName, address: &A) -> bool {
        self.address == *address && self.stack.as_ref().is_none_or(|named| named == stack)
    }
}

impl<A: fmt::Display> fmt::Display for Place<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stack {
            None => self.address.fmt(f),
            Some(stack) => write!(f, "{stack}:{}", self.address),
        }
    }
}

impl<A: FromStr<Err = NotAnAddress>> FromStr for Place<A> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (stack, address) = match text.split_once(':') {
            None => (None, text),
            Some((stack, address)) => {
                let stack = stack.parse::<StackName>();
                (Some(stack.map_err(|error| error.to_string())?), address)
            }
        };
        let address = address.parse();
        Ok(Self {
            stack,
            address: address.map_err(|error: NotAnAddress| error.to_string())?,
        })
    }
}

/// Fails if a place that `option` names is in none of `stacks`, or could be in several of them.
pub(super) fn check<A: fmt::Display>(
    option: &str,
    places: &[Place<A>],
    stacks: &[&Stack],
) -> Result<(), Failure> {
    for place in places {
        let named: Vec<String> = stacks.iter().map(|stack| stack.name.to_string()).collect();
        match &place.stack {
            None if stacks.len() > 1 => {
                let address = &place.address;
                return Err(Failure::before(format!(
                    "{option} {address}: which stack's resource is meant is not clear, because there are several"
                ))
                .hint(format!("write {option} {}:{address}, or the name of another stack", named[0])));
            }
            Some(stack) if !stacks.iter().any(|s| s.name == *stack) => {
                let failure = Failure::before(format!(
                    "{option} {place}: none of the stack files is of a stack `{stack}`"
                ));
                let meant = nearest(stack.as_str(), named.iter().map(String::as_str));
                return Err(meant_by(failure, meant));
            }
            None | Some(_) => {}
        }
    }
    Ok(())
}

/// The places that are in `stack`.
pub(super) fn within(places: &[Place], stack: &Stack) -> BTreeSet<Address> {
    places
        .iter()
        .filter(|place| place.is(&stack.name, &place.address))
        .map(|place| place.address.clone())
        .collect()
}

/// Fails if `address`, which `option` names, is none of `there`.
pub(super) fn ensure_there<'a>(
    option: &str,
    address: &Address,
    stack: &StackName,
    there: impl IntoIterator<Item = &'a Address>,
) -> Result<(), Failure> {
    let there: Vec<&Address> = there.into_iter().collect();
    if there.contains(&address) {
        return Ok(());
    }
    let names: Vec<String> = there.iter().map(ToString::to_string).collect();
    let failure = Failure::before(format!(
        "{option} {address}: the stack `{stack}` has no such resource"
    ));
    let meant = nearest(&address.to_string(), names.iter().map(String::as_str));
    Err(meant_by(failure, meant))
}

fn meant_by(failure: Failure, meant: Option<&str>) -> Failure {
    match meant {
        Some(meant) => failure.hint(format!("did you mean {meant}?")),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_print_as_they_parse() {
        for text in ["workspace", "roles.task", "checkout:log_groups.app"] {
            let place: Place = text.parse().expect("a place");
            assert_eq!(place.to_string(), text);
        }
    }

    #[test]
    fn what_is_wrong_with_a_place_is_said_of_its_part() {
        for (text, what) in [
            ("role.task", "roles.NAME"),
            ("Checkout:workspace", "is not a stack name"),
            ("checkout:", "is not the address"),
        ] {
            let error = text.parse::<Place>().expect_err("no place");
            assert!(error.contains(what), "{error}");
        }
    }

    #[test]
    fn a_place_without_a_stack_is_in_every_stack() {
        let place: Place = "workspace".parse().expect("a place");
        let named: Place = "a:workspace".parse().expect("a place");
        let (a, b) = ("a".parse().expect("a name"), "b".parse().expect("a name"));
        let workspace = Address::workspace();
        assert!(place.is(&a, &workspace) && place.is(&b, &workspace));
        assert!(named.is(&a, &workspace) && !named.is(&b, &workspace));
        assert_eq!(Place::of(&a, &workspace, 1), place);
        assert_eq!(Place::of(&a, &workspace, 2), named);
    }
}
