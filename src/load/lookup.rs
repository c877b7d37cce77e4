//! Finds fields by their paths: `log_groups.retention_days`, `task_definitions.containers.image`.

use crate::{
    ecs_shape::{KEYED, Shape, stack_key},
    file::{
        fields::{Field, Fields, Type},
        problem::nearest,
    },
    kinds::declare::of_structure,
    load::root::ROOT,
};

/// A field, and the table that it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct FieldAt {
    /// The table.
    pub of: &'static Fields,
    /// The field.
    pub field: &'static Field,
}

/// Why there is no field at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// The part of the path that no field is called.
    pub part: String,
    /// The path with this part spelled right, if one is close.
    pub meant: Option<String>,
    /// What there is in its place.
    pub keys: Vec<&'static str>,
}

/// How a table stands in a field.
#[derive(Clone, Copy, Debug)]
pub struct Within {
    /// The table.
    pub fields: &'static Fields,
    /// Whether names of the user's own stand between the field and the table.
    pub is_named: bool,
    /// The key of the table that the name stands for, where it is named.
    pub given: Option<&'static str>,
    /// Whether the field may be an array of such tables.
    pub is_listed: bool,
}

/// The field at `path`. Names of the user's own may stand in it or be left out.
pub fn find(path: &str) -> Result<FieldAt, NotFound> {
    let mut found: Option<FieldAt> = None;
    let mut fields = Some(&ROOT);
    let mut may_be_named = false;
    let parts: Vec<&str> = path.split('.').collect();
    for (index, part) in parts.iter().enumerate() {
        let field = fields.and_then(|fields| fields.get(part));
        if let (Some(of), Some(field)) = (fields, field) {
            let inner = tables(of, field);
            may_be_named = inner.iter().any(|inner| inner.is_named);
            fields = inner.first().map(|inner| inner.fields);
            found = Some(FieldAt { of, field });
        } else if may_be_named && !(index + 1 == parts.len() && is_misspelt(part, fields)) {
            may_be_named = false;
        } else {
            return Err(not_found(&parts, index, fields));
        }
    }
    found.ok_or_else(|| not_found(&parts, 0, Some(&ROOT)))
}

/// Returns whether `part` is nearly one of the keys of `fields`, so that it is hardly a name.
fn is_misspelt(part: &str, fields: Option<&'static Fields>) -> bool {
    let keys = fields.map(Fields::keys).unwrap_or_default();
    nearest(part, keys).is_some()
}

fn not_found(parts: &[&str], index: usize, fields: Option<&'static Fields>) -> NotFound {
    let keys = fields.map(Fields::keys).unwrap_or_default();
    let part = parts.get(index).copied().unwrap_or_default();
    let meant = nearest(part, keys.iter().copied()).map(|right| {
        let mut parts = parts.to_vec();
        parts[index] = right;
        parts.join(".")
    });
    let part = part.to_owned();
    NotFound { part, meant, keys }
}

/// The tables that can stand in `field` of `of`, the one that is written most often first.
pub fn tables(of: &Fields, field: &Field) -> Vec<Within> {
    match (of.is_member(field), of.member_of(field)) {
        (true, Some(member)) => of_shape(&member.name, &member.shape),
        (true | false, _) => of_takes(&field.value),
    }
}

fn of_takes(takes: &Type) -> Vec<Within> {
    match takes {
        Type::Table(fields) => vec![plain(fields)],
        Type::List(inner) => each(inner, |within| within.is_listed = true),
        Type::Named(inner) | Type::Map(inner) => each(inner, |within| within.is_named = true),
        Type::ByName(fields, key) => vec![
            Within {
                is_named: true,
                given: Some(key),
                ..plain(fields)
            },
            Within {
                is_listed: true,
                ..plain(fields)
            },
        ],
        Type::OneOf(alternatives) => alternatives.iter().flat_map(of_takes).collect(),
        Type::Text
        | Type::Known
        | Type::Choice(_)
        | Type::OpenChoice(_)
        | Type::Boolean
        | Type::Integer(..)
        | Type::Numbers(_)
        | Type::Scalar
        | Type::Member
        | Type::MemberOr(_)
        | Type::Verbatim => Vec::new(),
    }
}

fn each(inner: &Type, mark: impl Fn(&mut Within)) -> Vec<Within> {
    let mut tables = of_takes(inner);
    tables.iter_mut().for_each(mark);
    tables
}

fn of_shape(member: &str, shape: &Shape) -> Vec<Within> {
    match shape {
        Shape::Struct(structure) => {
            let fields = of_structure(&structure.name);
            fields.map(plain).into_iter().collect()
        }
        Shape::List(element) => {
            let listed = |within| Within {
                is_listed: true,
                ..within
            };
            let lists = of_shape("", element).into_iter().map(listed);
            let keyed = KEYED.iter().find(|(list, ..)| *list == member);
            let Some((_, name, _)) = keyed else {
                return lists.collect();
            };
            let by_name = |within: Within| Within {
                is_named: true,
                given: within.fields.get(&stack_key(name)).map(|field| field.key),
                ..within
            };
            let named = of_shape("", element).into_iter().map(by_name);
            named.chain(lists).collect()
        }
        Shape::Map(inner) => of_shape("", inner),
        Shape::Text(_) | Shape::Integer | Shape::Boolean => Vec::new(),
    }
}

fn plain(fields: &'static Fields) -> Within {
    Within {
        fields,
        is_named: false,
        given: None,
        is_listed: false,
    }
}

/// All tables of a stack file, each once, every one after the one in which it is first written.
pub fn all() -> Vec<&'static Fields> {
    let mut all = Vec::new();
    visit(&ROOT, &mut all);
    all
}

fn visit(fields: &'static Fields, all: &mut Vec<&'static Fields>) {
    if all.iter().any(|other| other.name == fields.name) {
        return;
    }
    all.push(fields);
    for field in fields.fields {
        for within in tables(fields, field) {
            visit(within.fields, all);
        }
    }
}
