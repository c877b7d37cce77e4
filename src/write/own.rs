//! What the file says that AWS does not know: how resources are treated, their tags, and the
//! variables.

use std::collections::BTreeMap;

use crate::{
    file::write::{
        layout::{Table, Value, escaped},
        mentions::Mentions,
        secrets::Secrets,
        spell::Speller,
    },
    kinds::{Resource, declare, kind::IdentifiedBy},
    model::{
        address::Address,
        tags::{Owner, PREFIX, PREVENT_DESTROY_TAG, Tags, names_terraform},
        template::Template,
    },
    snapshot::LiveResource,
};

/// What amp-stack does about a resource.
pub(crate) fn lifecycle(table: &mut Table, found: &LiveResource, ignored: Vec<(String, String)>) {
    let kind = found.resource.kind();
    if !is_ours(found) {
        match Resource::identified_by(kind) {
            IdentifiedBy::Name => table.put("adopt", Value::Bool(true)),
            // Others may have the same alias, or it may have none.
            IdentifiedBy::Tags => {
                table.put_literal("adopt", &found.resource.target(Some(&found.attributes)));
            }
        }
    }
    let tag = found.resource.tags().get(PREVENT_DESTROY_TAG);
    let is_protected = tag.and_then(|value| value.known()) == Some("true");
    if is_protected || (!is_ours(found) && declare::holds_data(kind)) {
        table.put("prevent_destroy", Value::Bool(true));
    } else if declare::is_protected(kind) {
        table.put("prevent_destroy", Value::Bool(false));
    }
    if !ignored.is_empty() {
        table.put("ignore", Value::Noted(ignored));
    }
}

pub(crate) fn is_ours(found: &LiveResource) -> bool {
    matches!(found.owner, Owner::Ours(_))
}

pub(crate) fn variables(secrets: &Secrets) -> Table {
    let mut table = Table::section();
    table.notes.push(
        "These look like secrets, so their values are not written here. Keep them in Secrets Manager or in the Parameter Store, and name them under `secrets` of the \
         container; until then let each come from the environment, as in `default = \"${env.NAME}\"`."
            .to_owned(),
    );
    for (name, secret) in secrets.iter() {
        let mut variable = Table::default();
        variable.put("description", Value::Text(escaped(&secret.place)));
        table.put(name, Value::Table(variable));
    }
    table
}

/// Tags as the file spells them.
pub(crate) fn tag_table(tags: &Tags, address: &Address, secrets: &mut Secrets) -> Table {
    let mut speller = Speller {
        address,
        mentions: &Mentions::default(),
        secrets,
    };
    let mut table = Table::section();
    for (key, value) in tags {
        let value = value.to_string();
        if names_terraform(key, &value) {
            table.notes.push(format!(
                "Drop `{key}` once Terraform has let go. While it stands here, what loses amp-stack's own tags is taken for Terraform's."
            ));
        }
        let value = speller.text(&["tags", key], &value);
        table.put(key, Value::Text(value));
    }
    table
}

/// The tags of a resource that are the user's to choose.
pub(crate) fn own_tags(resource: &Resource) -> impl Iterator<Item = (&String, &Template)> {
    let tags = resource.tags().iter();
    tags.filter(|(key, _)| !key.to_lowercase().starts_with(PREFIX))
}

/// The tags that all of several resources have.
pub(crate) fn common(found: &BTreeMap<Address, &LiveResource>) -> Tags {
    let mut all = found.values().map(|found| &found.resource);
    let (Some(first), Some(_)) = (all.next(), all.clone().next()) else {
        return Tags::new();
    };
    let everywhere = |key: &String, value| {
        let mut others = all.clone();
        others.all(|other| other.tags().get(key) == Some(value))
    };
    own_tags(first)
        .filter(|(key, value)| everywhere(key, *value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}
