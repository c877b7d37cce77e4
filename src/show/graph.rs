//! A stack as a graph: its resources, and an arrow from each to those that it mentions.

mod dot;
mod mermaid;

use std::collections::{BTreeMap, BTreeSet};

pub use dot::dot;
pub use mermaid::mermaid;

use crate::{
    model::{address::Address, template::Attribute},
    stack::Stack,
};

/// The resources of a stack and what mentions what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The name of the stack.
    pub stack: String,
    /// The resources, each with the name that AWS knows it by.
    pub nodes: BTreeMap<Address, String>,
    /// Which resource mentions which other one, and what of it.
    pub edges: BTreeMap<(Address, Address), BTreeSet<Attribute>>,
}

/// The graph of what `stack` wants. A resource that mentions itself has no arrow.
pub fn graph(stack: &Stack) -> Graph {
    let mut graph = Graph {
        stack: stack.name.to_string(),
        nodes: BTreeMap::new(),
        edges: BTreeMap::new(),
    };
    for (address, declared) in &stack.resources {
        let Some(want) = &declared.want else {
            continue;
        };
        graph.nodes.insert(address.clone(), want.name().to_owned());
        want.each_template(&mut |text| {
            for reference in text.references() {
                graph.mention(address, &reference.address, reference.attribute);
            }
        });
        if let Some(arn) = want.account_wide_arn(&stack.identity) {
            for place in stack.role_arns.get(&arn).into_iter().flatten() {
                graph.mention(place, address, Attribute::Arn);
            }
        }
    }
    graph
}

impl Graph {
    fn mention(&mut self, from: &Address, to: &Address, attribute: Attribute) {
        if from != to {
            let edge = (from.clone(), to.clone());
            self.edges.entry(edge).or_default().insert(attribute);
        }
    }
}

/// What an arrow says.
fn label(attributes: &BTreeSet<Attribute>) -> String {
    let attributes: Vec<&str> = attributes.iter().map(|a| a.as_str()).collect();
    attributes.join(", ")
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::model::address::Kind;

    /// Two resources with every character that means something to one of the languages.
    pub(crate) fn awkward() -> Graph {
        let role = Address::new(Kind::Role, "end");
        let mut graph = Graph {
            stack: "demo".to_owned(),
            nodes: BTreeMap::from([
                (Address::workspace(), "a \"b\" \\n <c> #1; & `d`".to_owned()),
                (role.clone(), "Task".to_owned()),
            ]),
            edges: BTreeMap::new(),
        };
        for attribute in [Attribute::Id, Attribute::Arn] {
            graph.mention(&role, &Address::workspace(), attribute);
            graph.mention(&role, &role, attribute);
        }
        graph
    }
}
