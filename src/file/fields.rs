//! Every field of a stack file, declared once: the parser, the JSON Schema, the reference and
//! `explain` read from here.

pub mod lifecycle;

use crate::{
    ecs_shape::{self, Member},
    file::foreign::Foreign,
    model::address::Kind,
};

/// What a table of a stack file can hold.
#[derive(Debug)]
pub struct Fields {
    /// Its name, which no other table has: `log_group`, or that of a structure of the API,
    /// `PortMapping`.
    pub name: &'static str,
    /// Where it stands, with `NAME` for names of the user's own: `log_groups.NAME`.
    pub path: &'static str,
    /// What it is, in one or two sentences.
    pub doc: &'static str,
    /// Whose rules it follows: a page or a model of AWS, or amp-stack itself.
    pub source: &'static str,
    /// The structure of ECS whose members are among its fields: `PortMapping`.
    pub structure: Option<&'static str>,
    /// The fields, in the order in which they are explained.
    pub fields: &'static [Field],
    /// Keys that people know from elsewhere and that are not among the fields.
    pub foreign: &'static [Foreign],
}

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key.
    pub key: &'static str,
    /// What its value has to be.
    pub value: Type,
    /// Whether it may be left out.
    pub requirement: Requirement,
    /// What it is for, in one or two sentences.
    pub doc: &'static str,
    /// Whose rules it follows, if not those of the table.
    pub source: Option<&'static str>,
    /// A value in TOML, as one would write it.
    pub example: Option<&'static str>,
    /// The kind of resources of the stack of which it takes the key of one.
    pub names: Option<Kind>,
}

/// What a value has to be.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// A string, which may mention what is known only after apply.
    Text,
    /// A string that has to be known before anything is applied.
    Known,
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// One of these strings, or one that AWS has added since, in capitals like them.
    OpenChoice(&'static [&'static str]),
    /// A truth value.
    Boolean,
    /// A whole number from the first to the second, which is `i64::MAX` where there is no end.
    Integer(i64, i64),
    /// One of these whole numbers.
    Numbers(&'static [i64]),
    /// A string, a number or a truth value.
    Scalar,
    /// An array.
    List(&'static Type),
    /// A table of known keys.
    Table(&'static Fields),
    /// A table whose keys are logical names, which other parts of the file refer to.
    Named(&'static Type),
    /// A table of tables by the names that they hold under this key, or an array of them with that
    /// key.
    ByName(&'static Fields, &'static str),
    /// A table whose keys are the user's own.
    Map(&'static Type),
    /// Any of these.
    OneOf(&'static [Type]),
    /// What the member of ECS with the same name takes.
    Member,
    /// What the member of ECS with the same name takes, or this.
    MemberOr(&'static Type),
    /// A table that nobody looks into.
    Verbatim,
}

/// Whether a field may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// It may not.
    Required,
    /// It may not, which a rule with a code of its own reports.
    RequiredByRule,
    /// It may not unless the field `key` is there and, if `is` says so, has that value; then it may
    /// not be given. A rule reports both.
    RequiredUnless {
        /// The other field.
        key: &'static str,
        /// Its value, if not any will do.
        is: Option<&'static str>,
    },
    /// It may.
    Optional,
    /// It may, and then it is this value of TOML.
    Default(&'static str),
    /// It may, and then this is so.
    DefaultNote(&'static str),
    /// It may, and where it is given nothing else is.
    Alone,
}

impl Field {
    /// A field that may be left out.
    pub const fn new(key: &'static str, value: Type, doc: &'static str) -> Self {
        Self {
            key,
            value,
            requirement: Requirement::Optional,
            doc,
            source: None,
            example: None,
            names: None,
        }
    }

    /// A member of ECS that may be left out.
    pub const fn member(key: &'static str, doc: &'static str) -> Self {
        Self::new(key, Type::Member, doc)
    }

    /// The same field, whose rules stand on another page than those of its table.
    #[must_use]
    pub const fn source(self, page: &'static str) -> Self {
        Self {
            source: Some(page),
            ..self
        }
    }

    /// The same field with another requirement.
    #[must_use]
    pub const fn is(self, requirement: Requirement) -> Self {
        Self {
            requirement,
            ..self
        }
    }

    /// The same field, which may not be left out.
    #[must_use]
    pub const fn required(self) -> Self {
        self.is(Requirement::Required)
    }

    /// The same field, which is this value of TOML where it is left out.
    #[must_use]
    pub const fn default(self, value: &'static str) -> Self {
        self.is(Requirement::Default(value))
    }

    /// The same field, with what it means to leave it out.
    #[must_use]
    pub const fn default_note(self, means: &'static str) -> Self {
        self.is(Requirement::DefaultNote(means))
    }

    /// The same field with an example of its value.
    #[must_use]
    pub const fn example(self, value: &'static str) -> Self {
        Self {
            example: Some(value),
            ..self
        }
    }

    /// The same field, which takes the key of a resource of this kind.
    #[must_use]
    pub const fn names(self, kind: Kind) -> Self {
        Self {
            names: Some(kind),
            ..self
        }
    }

    /// A line of a stack file that gives it.
    pub fn line(&self) -> Option<String> {
        self.example.map(|value| format!("{} = {value}", self.key))
    }
}

impl Fields {
    /// The field `key`.
    pub fn get(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// All keys.
    pub fn keys(&self) -> Vec<&'static str> {
        self.fields.iter().map(|field| field.key).collect()
    }

    /// The keys that are no members of its structure of ECS, or that are read in a way of their
    /// own.
    pub fn own_keys(&self) -> Vec<&'static str> {
        let own = |field: &&Field| !self.is_member(field);
        self.fields.iter().filter(own).map(|f| f.key).collect()
    }

    /// Returns whether the value of `field` is read as the member of ECS of that name.
    pub fn is_member(&self, field: &Field) -> bool {
        match field.value {
            Type::Member | Type::MemberOr(_) => true,
            Type::Integer(..) => self.member_of(field).is_some(),
            Type::Text
            | Type::Known
            | Type::Choice(_)
            | Type::OpenChoice(_)
            | Type::Boolean
            | Type::Numbers(_)
            | Type::Scalar
            | Type::List(_)
            | Type::Table(_)
            | Type::Named(_)
            | Type::ByName(..)
            | Type::Map(_)
            | Type::OneOf(_)
            | Type::Verbatim => false,
        }
    }

    /// The member of ECS with the name of `field`, as the SDK describes it.
    pub fn member_of(&self, field: &Field) -> Option<&'static Member> {
        let structure = ecs_shape::structure(self.structure?)?;
        let mut members = structure.members.iter();
        members.find(|member| member.key == field.key)
    }

    /// Returns whether a table without `field` is refused, as far as that does not depend on other
    /// fields.
    pub fn requires(&self, field: &Field) -> bool {
        match field.requirement {
            Requirement::Required | Requirement::RequiredByRule => true,
            Requirement::Optional => {
                let member = self.member_of(field);
                self.is_member(field) && member.is_some_and(|member| member.required)
            }
            Requirement::RequiredUnless { .. }
            | Requirement::Default(_)
            | Requirement::DefaultNote(_)
            | Requirement::Alone => false,
        }
    }
}
