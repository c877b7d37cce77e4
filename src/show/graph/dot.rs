//! A graph in DOT, the language of Graphviz.

use crate::{
    kinds::Resource,
    show::graph::{Graph, label},
};

/// The graph in DOT (Graphviz documentation, "DOT Language" and "Node Shapes").
pub fn dot(graph: &Graph) -> String {
    let head = format!("digraph {} {{\n  rankdir=LR;\n", quoted(&graph.stack));
    let nodes = graph.nodes.iter().map(|(address, name)| {
        let shape = Resource::shape(address.kind).dot;
        let address = address.to_string();
        let label = format!("{}\\n{}", escaped(&address), escaped(name));
        format!(
            "  {} [label=\"{label}\", shape={shape}];\n",
            quoted(&address)
        )
    });
    let edges = graph.edges.iter().map(|((from, to), attributes)| {
        let (from, to) = (from.to_string(), to.to_string());
        format!(
            "  {} -> {} [label={}];\n",
            quoted(&from),
            quoted(&to),
            quoted(&label(attributes))
        )
    });
    let body: String = nodes.chain(edges).collect();
    format!("{head}{body}}}\n")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// In labels a backslash begins an escape, and an ampersand an entity of HTML (Graphviz
/// documentation, "escString" and "Character Encodings").
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('\\', r"\\")
        .replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::graph::testing::awkward;

    #[test]
    fn what_means_something_to_dot_is_escaped() {
        insta::assert_snapshot!(dot(&awkward()), @r#"
        digraph "demo" {
          rankdir=LR;
          "workspace" [label="workspace\na \"b\" \\n <c> #1; &amp; `d`", shape=cylinder];
          "roles.end" [label="roles.end\nTask", shape=ellipse];
          "roles.end" -> "workspace" [label="arn, id"];
        }
        "#);
    }
}
