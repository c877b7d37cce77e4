//! The order in which people are shown resources: that in which their stack file declares them.
//!
//! It says nothing of the order in which calls are made, which is that of what depends on what.

use std::collections::BTreeMap;

use crate::model::address::Address;

/// `items` in the order of the stack file. What is declared nowhere comes last, and whatever is
/// about the same resource stays in its order.
pub(super) fn in_file_order<T>(
    items: impl IntoIterator<Item = T>,
    order: &[Address],
    address: impl Fn(&T) -> &Address,
) -> Vec<T> {
    let places: BTreeMap<&Address, usize> = order.iter().zip(0..).collect();
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort_by_key(|item| places.get(address(item)).copied().unwrap_or(usize::MAX));
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::address::Kind;

    #[test]
    fn what_no_file_declares_comes_last_and_in_its_order() {
        let role = |key: &str| Address::new(Kind::Role, key);
        let order = [role("g2"), Address::workspace(), role("g10")];
        let items = [
            (role("gone"), 1),
            (Address::workspace(), 2),
            (role("g10"), 3),
            (role("g2"), 4),
            (role("also_gone"), 5),
            (role("g2"), 6),
        ];
        let sorted = in_file_order(items, &order, |(address, _)| address);
        let numbers: Vec<i32> = sorted.into_iter().map(|(_, number)| number).collect();
        assert_eq!(numbers, [4, 6, 2, 3, 1, 5]);
    }
}
