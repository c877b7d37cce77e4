//! Spells the strings of one live resource.

use crate::{
    file::write::{
        layout::{Table, Value},
        mentions::Mentions,
        secrets::{Secrets, is_hidden},
    },
    model::{address::Address, node::Node, secret::is_secret_flag},
};

/// What the strings of a resource are spelled with.
pub(crate) struct Speller<'a> {
    pub(crate) address: &'a Address,
    pub(crate) mentions: &'a Mentions,
    pub(crate) secrets: &'a mut Secrets,
}

impl Speller<'_> {
    /// The string at `path` within the resource: a variable if it is a secret, else with references
    /// to what is in the file.
    pub(crate) fn text(&mut self, path: &[&str], text: &str) -> String {
        if is_hidden(path, text) {
            return self.variable(path, text);
        }
        self.mentions.spell(text, self.address.kind)
    }

    fn variable(&mut self, path: &[&str], text: &str) -> String {
        let name = self.secrets.variable(self.address, path, text);
        format!("${{var.{name}}}")
    }

    /// The strings at `path`, of which one that follows a flag such as `--token` is a secret.
    pub(crate) fn texts<'t>(
        &mut self,
        path: &[&str],
        texts: impl IntoIterator<Item = &'t str>,
    ) -> Vec<Value> {
        let mut flag: Option<&str> = None;
        let mut spelled = Vec::new();
        for text in texts {
            spelled.push(Value::Text(match flag {
                Some(flag) => {
                    let path: Vec<&str> = path.iter().copied().chain([flag]).collect();
                    self.variable(&path, text)
                }
                None => self.text(path, text),
            }));
            flag = is_secret_flag(text).then_some(text);
        }
        spelled
    }

    /// A document at `path`, as it stands but for `null`, which TOML has no word for.
    pub(crate) fn node(&mut self, path: &[&str], node: &Node) -> Option<Value> {
        Some(match node {
            Node::Null => return None,
            Node::Bool(value) => Value::Bool(*value),
            Node::Number(number) => Value::Number(number.clone()),
            Node::Text(text) => Value::Text(self.text(path, &text.to_string())),
            Node::List(elements) => {
                let texts: Option<Vec<&str>> = elements.iter().map(Node::as_str).collect();
                Value::List(match texts {
                    Some(texts) => self.texts(path, texts),
                    None => elements
                        .iter()
                        .filter_map(|element| self.node(path, element))
                        .collect(),
                })
            }
            Node::Map(members) => {
                let mut table = Table::default();
                for (key, member) in members {
                    let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
                    if let Some(value) = self.node(&path, member) {
                        table.put(key, value);
                    }
                }
                Value::Table(table)
            }
        })
    }
}
