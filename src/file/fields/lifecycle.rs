//! The fields that every resource has: what AWS can't hold back by itself, and tags.

use crate::file::fields::{Field, Type};

/// Whose rules these are.
const OURS: &str = "amp-stack";

/// `prevent_destroy` of a resource that holds no data.
pub const PREVENT_DESTROY: Field = Field::new(
    "prevent_destroy",
    Type::Boolean,
    "Refuses every plan that deletes or replaces this resource. The resource is tagged so, and is protected by its tag even where it has left the file.",
)
.source(OURS)
.default("false")
.example("true");

/// `adopt`.
pub const ADOPT: Field = Field::new(
    "adopt",
    Type::Boolean,
    "Takes the resource over if one of this name exists and carries no stack's tags. Without it, such a resource is refused and left as it is.",
)
.source(OURS)
.default("false")
.example("true");

/// `adopt` of a workspace, whose alias others may have, too.
pub const ADOPT_BY_ID: Field = Field::new(
    "adopt",
    Type::OneOf(&[Type::Boolean, Type::Known]),
    "Takes over a workspace that carries no stack's tags: the only one with this alias, or the one with this id, whatever its alias is. Of several that carry this stack's own tags, the id says which one is used.",
)
.source(OURS)
.default("false")
.example("\"ws-12345678-90ab-cdef-1234-567890abcdef\"");

/// `ignore`.
pub const IGNORE: Field = Field::new(
    "ignore",
    Type::List(&Type::Text),
    "What is left to somebody else: fields of this resource, such as `tags.KEY`, whose values in AWS are taken as they are and never changed back.",
)
.source(OURS)
.default("[]")
.example("[\"tags.CostCenter\"]");

/// `tags` of a resource.
pub const TAGS: Field = Field::new(
    "tags",
    Type::Map(&Type::Text),
    "The tags of this resource. They are added to those of `[tags]` and win over them; a tag in AWS that neither mentions is removed.",
).source("AWS tagging user guide, \"Best practices and strategies\"")
.default("{}")
.example("{ team = \"payments\" }");
