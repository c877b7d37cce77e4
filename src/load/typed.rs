//! Gives a string that is exactly one reference to a variable the type that its place takes.
//!
//! What a place takes is what its field is declared to take, so this holds for every field alike,
//! and whoever reads the tables afterwards finds numbers and truth values where they belong.

use crate::{
    ecs_shape::{KEYED, Member, Shape, Structure},
    file::{
        document::{Document, Poisoned},
        fields::{Fields, Type},
        problem::Problems,
        tree::{Span, Table, Tree, Value},
    },
    kinds::declare::of_structure,
    load::{
        root::ROOT,
        variables::{Scalar, Variable, Variables},
    },
    model::template::Template,
};

/// What a place takes, of what a variable can be.
#[expect(
    clippy::struct_excessive_bools,
    reason = "a place may take any of these, whichever others it takes"
)]
#[derive(Clone, Copy, Debug, Default)]
struct Takes {
    /// Any string: then a variable stands there as its text.
    any_text: bool,
    /// Some strings.
    words: bool,
    integer: bool,
    boolean: bool,
    /// Whatever is written.
    verbatim: bool,
}

/// Types the strings of `root`, which is all of the file but `[variables]` and `[stack]`. What has
/// another type than its place takes is reported at both places.
pub(super) fn apply(
    root: &mut Table,
    document: &Document<'_>,
    variables: &Variables,
    poisoned: &mut Poisoned,
    problems: &mut Problems,
) {
    let mut typer = Typer {
        document,
        variables,
        poisoned,
        problems,
    };
    typer.table(root, &ROOT);
}

struct Typer<'a, 'd> {
    document: &'a Document<'d>,
    variables: &'a Variables,
    poisoned: &'a mut Poisoned,
    problems: &'a mut Problems,
}

impl Typer<'_, '_> {
    fn table(&mut self, table: &mut Table, fields: &'static Fields) {
        for (key, tree) in &mut table.entries {
            if let Some(field) = fields.get(&key.text) {
                self.tree(tree, &key.text, &field.value, fields.member_of(field));
            }
        }
    }

    fn tree(&mut self, tree: &mut Tree, key: &str, takes: &Type, member: Option<&'static Member>) {
        if let Value::Text(text) = &tree.value {
            let accepted = accepted(takes, member);
            if let Some(value) = self.value(text, &tree.span, key, accepted) {
                tree.value = value;
            }
            return;
        }
        match (takes, &mut tree.value) {
            (Type::List(inner), Value::List(elements)) => {
                for element in elements {
                    self.tree(element, key, inner, None);
                }
            }
            (Type::Table(fields), Value::Table(table)) => self.table(table, fields),
            (Type::Named(inner) | Type::Map(inner), Value::Table(table)) => {
                for (key, value) in &mut table.entries {
                    self.tree(value, &key.text, inner, None);
                }
            }
            (Type::ByName(fields, _), Value::Table(table)) => {
                let tables = table.entries.iter_mut();
                for table in tables.filter_map(|(_, value)| value.as_table_mut()) {
                    self.table(table, fields);
                }
            }
            (Type::ByName(fields, _), Value::List(elements)) => {
                for table in elements.iter_mut().filter_map(Tree::as_table_mut) {
                    self.table(table, fields);
                }
            }
            (Type::OneOf(alternatives), _) => {
                for takes in *alternatives {
                    self.tree(tree, key, takes, None);
                }
            }
            (Type::Member, _) => {
                if let Some(member) = member {
                    self.member(tree, key, member);
                }
            }
            (Type::MemberOr(other), _) => {
                if let Some(member) = member {
                    self.member(tree, key, member);
                }
                self.tree(tree, key, other, None);
            }
            (Type::Verbatim, Value::List(elements)) => {
                for element in elements {
                    self.tree(element, key, takes, None);
                }
            }
            (Type::Verbatim, Value::Table(table)) => {
                for (key, value) in &mut table.entries {
                    self.tree(value, &key.text, takes, None);
                }
            }
            // What can't stand there is reported by whoever reads it.
            (_, _) => {}
        }
    }

    /// What ECS has under a name; a list of named things may be a table by their names.
    fn member(&mut self, tree: &mut Tree, key: &str, member: &'static Member) {
        let keyed = KEYED.iter().find(|(list, ..)| *list == member.name);
        if let (Some((_, _, content)), Value::Table(table), Shape::List(element)) =
            (keyed, &mut tree.value, &member.shape)
            && let Shape::Struct(structure) = element.as_ref()
        {
            let content = content.and_then(|content| structure.member(content));
            for (key, value) in &mut table.entries {
                match (content, &value.value) {
                    (_, Value::Table(_)) => self.shape(value, &key.text, element),
                    (Some(content), _) => self.shape(value, &key.text, &content.shape),
                    (None, _) => {}
                }
            }
            return;
        }
        self.shape(tree, key, &member.shape);
    }

    fn shape(&mut self, tree: &mut Tree, key: &str, shape: &'static Shape) {
        match (shape, &mut tree.value) {
            (_, Value::Text(text)) => {
                let accepted = accepted_by(shape);
                if let Some(value) = self.value(text, &tree.span, key, accepted) {
                    tree.value = value;
                }
            }
            (Shape::Struct(structure), Value::Table(table)) => self.structure(table, structure),
            (Shape::List(inner), Value::List(elements)) => {
                for element in elements {
                    self.shape(element, key, inner);
                }
            }
            (Shape::Map(inner), Value::Table(table)) => {
                for (key, value) in &mut table.entries {
                    self.shape(value, &key.text, inner);
                }
            }
            (_, _) => {}
        }
    }

    fn structure(&mut self, table: &mut Table, structure: &'static Structure) {
        if let Some(fields) = of_structure(&structure.name) {
            return self.table(table, fields);
        }
        for (key, value) in &mut table.entries {
            let mut members = structure.members.iter();
            if let Some(member) = members.find(|member| member.key == key.text) {
                self.member(value, &key.text, member);
            }
        }
    }

    /// The value to read instead of `text`, which stands at `span` as the value of `key`; `None` if
    /// it is to stay.
    fn value(&mut self, text: &Template, span: &Span, key: &str, takes: Takes) -> Option<Value> {
        if takes.any_text {
            return None;
        }
        let name = variable(self.document.written(span))?;
        let variable = self.variables.declared.get(name)?;
        let known = text.known()?;
        // A variable of no declared type is what its place takes.
        let is = |scalar: Scalar| variable.is.is_none_or(|is| is == scalar);
        let integer = || known.parse().ok().map(Value::Integer);
        let boolean = || known.parse().ok().map(Value::Bool);
        if takes.verbatim {
            return match variable.is {
                Some(Scalar::Number) => integer().or_else(|| known.parse().ok().map(Value::Float)),
                Some(Scalar::Boolean) => boolean(),
                Some(Scalar::Text) | None => None,
            };
        }
        // Where both a number and a word may stand, what was given decides.
        let is_number = is(Scalar::Number) || takes.words && is(Scalar::Text);
        if takes.integer
            && is_number
            && let Some(integer) = integer()
        {
            return Some(integer);
        }
        if takes.boolean
            && is(Scalar::Boolean)
            && let Some(boolean) = boolean()
        {
            return Some(boolean);
        }
        if (takes.integer || takes.boolean) && !(takes.words && is(Scalar::Text)) {
            self.mismatch((name, variable, known), span, key, takes);
        }
        None
    }

    fn mismatch(
        &mut self,
        (name, variable, known): (&str, &Variable, &str),
        span: &Span,
        key: &str,
        takes: Takes,
    ) {
        let (wanted, right) = if takes.integer {
            ("an integer", Scalar::Number)
        } else {
            ("`true` or `false`", Scalar::Boolean)
        };
        let is = match variable.is {
            Some(is) if is != right => format!("is {}", is.in_words()),
            Some(_) | None if takes.integer => format!("is `{known}` here"),
            Some(_) | None => "is neither".to_owned(),
        };
        let message = format!("`{key}` takes {wanted}, and the variable `{name}` {is}");
        let problem = self
            .problems
            .add("wrong-type", span, format!("takes {wanted}"), message);
        problem.and(&variable.span, "the variable is declared here");
        if variable.is == Some(Scalar::Text) {
            let right = right.name();
            problem.help(format!(
                "declare it with `type = \"{right}\"`, or with a default without quotes"
            ));
        }
        self.poisoned.add(span);
    }
}

/// The variable that a string, as it is written with its quotes, is one reference to.
fn variable(written: &str) -> Option<&str> {
    let inner = written.trim_matches(|c| c == '"' || c == '\'');
    inner.strip_prefix("${var.")?.strip_suffix('}')
}

fn accepted(takes: &Type, member: Option<&'static Member>) -> Takes {
    let none = Takes::default();
    match takes {
        Type::Text | Type::Known | Type::OpenChoice(_) | Type::Scalar => Takes {
            any_text: true,
            ..none
        },
        Type::Choice(_) => Takes {
            words: true,
            ..none
        },
        Type::Boolean => Takes {
            boolean: true,
            ..none
        },
        Type::Integer(..) | Type::Numbers(_) => Takes {
            integer: true,
            ..none
        },
        Type::Verbatim => Takes {
            verbatim: true,
            ..none
        },
        Type::OneOf(alternatives) => {
            let each = alternatives.iter().map(|takes| accepted(takes, None));
            let all = each.fold(none, Takes::or);
            // Where something else may stand as well as a string, what was given decides.
            let is_mixed = all.integer || all.boolean;
            Takes {
                any_text: all.any_text && !is_mixed,
                words: all.words || all.any_text && is_mixed,
                ..all
            }
        }
        Type::Member => member.map_or(none, |member| accepted_by(&member.shape)),
        Type::MemberOr(other) => {
            let own = member.map_or(none, |member| accepted_by(&member.shape));
            own.or(accepted(other, None))
        }
        Type::List(_) | Type::Table(_) | Type::Named(_) | Type::ByName(..) | Type::Map(_) => none,
    }
}

fn accepted_by(shape: &Shape) -> Takes {
    let none = Takes::default();
    match shape {
        Shape::Text([]) => Takes {
            any_text: true,
            ..none
        },
        Shape::Text(_) => Takes {
            words: true,
            ..none
        },
        Shape::Integer => Takes {
            integer: true,
            ..none
        },
        Shape::Boolean => Takes {
            boolean: true,
            ..none
        },
        Shape::Struct(_) | Shape::List(_) | Shape::Map(_) => none,
    }
}

impl Takes {
    fn or(self, other: Self) -> Self {
        Self {
            any_text: self.any_text || other.any_text,
            words: self.words || other.words,
            integer: self.integer || other.integer,
            boolean: self.boolean || other.boolean,
            verbatim: self.verbatim || other.verbatim,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::variable;
    use crate::{
        file::source::Source,
        load::{LoadContext, load},
        model::identity::Identity,
        stack::Stack,
    };

    fn read(variables: &str, rest: &str, given: &[(&str, &str)]) -> Result<Stack, Vec<String>> {
        let source = Source {
            path: "stack.toml".into(),
            text: format!("[stack]\nname = \"s\"\n[variables]\n{variables}\n{rest}"),
        };
        let given = given
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let around = LoadContext {
            variables: given.collect::<BTreeMap<String, String>>(),
            ..LoadContext::new(Identity::new("111122223333", "us-east-1"))
        };
        load(&source, &around).map_err(|problems| {
            let found = problems.iter();
            found
                .map(|p| format!("{}: {} ({} places)", p.code, p.message, p.labels.len()))
                .collect()
        })
    }

    #[test]
    fn only_a_whole_string_is_a_variable() {
        for (written, name) in [
            ("\"${var.days}\"", Some("days")),
            ("'${var.days}'", Some("days")),
            ("\"\"\"${var.days}\"\"\"", Some("days")),
            ("\"${env.days}\"", None),
            ("\" ${var.days}\"", None),
            ("\"7\"", None),
        ] {
            assert_eq!(variable(written), name, "{written}");
        }
    }

    /// A place, and what it is with a variable in it: the value written out, or what is said.
    #[test]
    fn a_variable_is_what_its_place_takes() {
        let group = "[log_groups.a]\nname = \"/a\"\nretention_days = ";
        let guard = "[log_groups.a]\nname = \"/a\"\nretention_days = 7\nprevent_destroy = ";
        let port = "[task_definitions.a.containers.a]\nimage = \"a\"\nmemory = 64\nport_mappings = [{ container_port = VALUE }]\n";
        let size = "[task_definitions.a.containers.a]\nimage = \"a\"\nmemory = ";
        let text = "[task_definitions.a.containers.a]\nimage = \"a\"\nmemory = 64\nenvironment = { A = VALUE }\n";
        for (variable, given, place, expected) in [
            ("x = { default = 30 }", None, group, Ok("30")),
            ("x = { default = \"never\" }", None, group, Ok("\"never\"")),
            ("x = { type = \"number\" }", Some("30"), group, Ok("30")),
            ("x = {}", Some("30"), group, Ok("30")),
            ("x = {}", Some("never"), group, Ok("\"never\"")),
            (
                "x = { type = \"number\", default = \"7\" }",
                None,
                group,
                Ok("7"),
            ),
            ("x = { default = true }", None, guard, Ok("true")),
            (
                "x = { type = \"boolean\" }",
                Some("false"),
                guard,
                Ok("false"),
            ),
            ("x = { default = 80 }", Some("8080"), port, Ok("8080")),
            ("x = { default = 64 }", None, size, Ok("64")),
            // Where text may stand, a variable is its text.
            ("x = { default = 80 }", None, text, Ok("\"80\"")),
            (
                "x = { default = 80 }",
                Some("1.27.1"),
                text,
                Ok("\"1.27.1\""),
            ),
            (
                "x = { default = \"64\" }",
                None,
                size,
                Err(
                    "wrong-type: `memory` takes an integer, and the variable `x` is a string (2 places)",
                ),
            ),
            (
                "x = { default = 1 }",
                None,
                guard,
                Err(
                    "wrong-type: `prevent_destroy` takes `true` or `false`, and the variable `x` is a number (2 places)",
                ),
            ),
            (
                "x = {}",
                Some("many"),
                port,
                Err(
                    "wrong-type: `container_port` takes an integer, and the variable `x` is `many` here (2 places)",
                ),
            ),
            (
                "x = { type = \"number\" }",
                Some("many"),
                port,
                Err(
                    "variable-not-allowed: `x` cannot be `many`, which `--var` gives it (1 places)",
                ),
            ),
            (
                "x = { type = \"number\", default = \"many\" }",
                None,
                group,
                Err("variable-not-allowed: `x` is a number, and not `many` (2 places)"),
            ),
        ] {
            let put = |value: &str| {
                if place.contains("VALUE") {
                    place.replace("VALUE", value)
                } else {
                    format!("{place}{value}\n")
                }
            };
            let given: Vec<_> = given.map(|value| ("x", value)).into_iter().collect();
            let got = read(variable, &put("\"${var.x}\""), &given);
            match expected {
                Ok(written) => assert_eq!(
                    got.as_ref().map(|stack| &stack.resources),
                    read("", &put(written), &[])
                        .as_ref()
                        .map(|stack| &stack.resources),
                    "{variable} in {place}"
                ),
                Err(said) => {
                    let reported = got.expect_err("it does not fit");
                    assert_eq!(
                        reported.first().map(String::as_str),
                        Some(said),
                        "{reported:?}"
                    );
                }
            }
        }
    }
}
