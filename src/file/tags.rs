//! `tags` tables: the rules of AWS for tags, and the tags that say who owns a resource.

use crate::{
    file::{
        context::Context,
        problem::Problems,
        reader::text_of,
        tree::{Key, Span, Table},
    },
    model::{
        address::Address,
        tags::{
            ADDRESS_TAG, MOST, PREFIX, PREVENT_DESTROY_TAG, REGION_TAG, STACK_TAG, Tags,
            is_reserved,
        },
        template::{Reference, Template},
    },
};

/// A tag of the stack file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// Its key.
    pub(crate) key: Key,
    /// Its value.
    pub(crate) value: Template,
}

impl Tag {
    /// Fills in what `lookup` knows.
    pub(crate) fn resolve(&mut self, lookup: &dyn Fn(&Reference) -> Option<String>) {
        self.value = self.value.resolve(lookup);
    }
}

/// Reads a table of tags.
pub(crate) fn read(table: &Table, problems: &mut Problems) -> Vec<Tag> {
    let mut tags = Vec::new();
    for (key, tree) in &table.entries {
        let Some(value) = text_of(tree, &key.text, problems) else {
            continue;
        };
        check_key(key, problems);
        check_value(&key.text, &value, &tree.span, problems);
        let key = key.clone();
        tags.push(Tag { key, value });
    }
    tags
}

/// Keys take 1 to 128 letters, digits, blanks and `_.:/=+-@` in all four services (the API models'
/// `tagKeyType` and `TagKey`), and none that begins with `aws:` (AWS tagging user guide, "Best
/// practices and strategies").
fn check_key(key: &Key, problems: &mut Problems) {
    let lowered = key.text.to_lowercase();
    if is_reserved(&key.text) || lowered.starts_with(PREFIX) {
        let owner = if is_reserved(&key.text) {
            "AWS"
        } else {
            "amp-stack"
        };
        let message = format!("the tag `{}` belongs to {owner}", key.text);
        let label = format!("reserved for {owner}");
        problems.add("reserved-tag", &key.span, label, message);
    } else if !(1..=128).contains(&key.text.chars().count())
        || !key.text.chars().all(is_tag_character)
    {
        let message = format!("`{}` cannot be the key of a tag", key.text);
        problems
            .add("invalid-tag", &key.span, "not a tag key", message)
            .help("keys are 1 to 128 of letters, digits, blanks and `_.:/=+-@`");
    }
}

/// Values take up to 256 of the same characters.
fn check_value(key: &str, value: &Template, span: &Span, problems: &mut Problems) {
    let Some(known) = value.known() else {
        return;
    };
    if known.chars().count() > 256 || !known.chars().all(is_tag_character) {
        let message = format!("the tag `{key}` cannot have this value");
        problems
            .add("invalid-tag", span, "not a tag value", message)
            .help("values are up to 256 of letters, digits, blanks and `_.:/=+-@`");
    }
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`, as the API models say.
fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}

/// All tags of one resource: those of the stack, its own, which win, and those of ownership.
pub(crate) fn merged(
    context: &Context<'_>,
    address: &Address,
    own: &[Tag],
    prevent_destroy: bool,
    place: &Span,
    problems: &mut Problems,
) -> Tags {
    let given = given(&context.tags, own);
    let mut tags = ownership(context, address, prevent_destroy);
    let ours = tags.len();
    tags.extend(
        given
            .iter()
            .map(|tag| (tag.key.text.clone(), tag.value.clone())),
    );
    if tags.len() > MOST {
        let message = format!(
            "`{address}` has {} tags, but a resource can have {MOST}",
            tags.len()
        );
        problems
            .add("too-many-tags", place, "too many tags", message)
            .help(format!("{ours} of them say who owns the resource"));
    }
    tags
}

/// The tags of one resource that the file gives: those of the stack, and its own, which win.
pub(crate) fn given<'a>(common: &'a [Tag], own: &'a [Tag]) -> Vec<&'a Tag> {
    let is_overridden = |tag: &Tag| own.iter().any(|other| other.key.text == tag.key.text);
    let common = common.iter().filter(|tag| !is_overridden(tag));
    common.chain(own).collect()
}

/// The tags that make a resource ours.
fn ownership(context: &Context<'_>, address: &Address, prevent_destroy: bool) -> Tags {
    let mut tags = Tags::from([
        (STACK_TAG.to_owned(), Template::from(context.stack.as_str())),
        (ADDRESS_TAG.to_owned(), Template::from(address.to_string())),
    ]);
    if address.kind.is_global() {
        let region = Template::from(context.identity.region.as_str());
        tags.insert(REGION_TAG.to_owned(), region);
    }
    if prevent_destroy {
        tags.insert(PREVENT_DESTROY_TAG.to_owned(), Template::from("true"));
    }
    tags
}
