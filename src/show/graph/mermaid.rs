//! A graph in Mermaid, which GitHub and GitLab draw in Markdown.

use std::collections::BTreeMap;

use crate::{
    kinds::Resource,
    model::address::Address,
    show::graph::{Graph, label},
};

/// The graph in Mermaid (Mermaid documentation, "Flowcharts").
pub fn mermaid(graph: &Graph) -> String {
    // Numbers, because an address may hold what means something in an id: `end`, `-` or `.`.
    let ids: BTreeMap<&Address, String> = graph
        .nodes
        .keys()
        .enumerate()
        .map(|(number, address)| (address, format!("n{number}")))
        .collect();
    let nodes = graph.nodes.iter().zip(ids.values());
    let nodes = nodes.map(|((address, name), id)| {
        let (open, close) = Resource::shape(address.kind).mermaid;
        let address_text = escaped(&address.to_string());
        format!(
            "  {id}{open}\"{address_text}<br/>{}\"{close}\n",
            escaped(name)
        )
    });
    let edges = graph.edges.iter().filter_map(|((from, to), attributes)| {
        let (from, to) = (ids.get(from)?, ids.get(to)?);
        let label = escaped(&label(attributes));
        Some(format!("  {from} -->|\"{label}\"| {to}\n"))
    });
    let body: String = nodes.chain(edges).collect();
    format!("---\ntitle: \"{}\"\n---\nflowchart LR\n{body}", graph.stack)
}

/// Characters that mean something within quotes, as entities of Mermaid: `#` and the number of the
/// character.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' | ';' => format!("#{};", u32::from(c)),
            c => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::graph::testing::awkward;

    #[test]
    fn what_means_something_to_mermaid_is_escaped() {
        insta::assert_snapshot!(mermaid(&awkward()), @r#"
        ---
        title: "demo"
        ---
        flowchart LR
          n0[("workspace<br/>a #34;b#34; #92;n #60;c#62; #35;1#59; #38; #96;d#96;")]
          n1(["roles.end<br/>Task"])
          n1 -->|"arn, id"| n0
        "#);
    }
}
