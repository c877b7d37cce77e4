//! The names in a stack file, as far as it can be parsed, for those who don't need it to be right:
//! shells that complete a line.

use toml::{
    Spanned, Table, Value,
    de::{DeTable, DeValue},
};

use crate::model::address::{Address, Kind};

/// The names in a stack file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The stack, if it has a name.
    pub stack: Option<String>,
    /// The resources, by kind.
    pub resources: Vec<Address>,
    /// The variables that are declared.
    pub variables: Vec<String>,
    /// The outputs.
    pub outputs: Vec<String>,
    /// The role as which its calls are made, if it names one.
    pub role: Option<String>,
    /// The profile with which they are made, if it names one.
    pub profile: Option<String>,
}

/// The names in the stack file `text`; none of a file that is no TOML.
pub fn names(text: &str) -> Option<Names> {
    let file: Table = text.parse().ok()?;
    let of_stack = |key: &str| file.get("stack").and_then(|stack| stack.get(key));
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(ToOwned::to_owned);
    let role = of_stack("assume_role");
    let role = role.map(|role| role.get("role_arn").unwrap_or(role));
    let of_kind = |kind: Kind| {
        if kind.is_single() {
            let is_there = file.contains_key(kind.table());
            return is_there
                .then(|| Address::new(kind, ""))
                .into_iter()
                .collect();
        }
        let keys = keys(&file, kind.table()).into_iter();
        keys.map(|key| Address::new(kind, key)).collect::<Vec<_>>()
    };
    Some(Names {
        stack: text(of_stack("name")),
        resources: Kind::ALL.into_iter().flat_map(of_kind).collect(),
        variables: keys(&file, "variables"),
        outputs: keys(&file, "outputs"),
        role: text(role),
        profile: text(of_stack("profile")),
    })
}

/// The names in `text` as far as it can be parsed, which is being written and need not be TOML.
pub fn names_so_far(text: &str) -> Names {
    let (root, _) = DeTable::parse_recoverable(text);
    let root = root.get_ref();
    let keys = |section: &str| -> Vec<String> {
        match root.get(section).map(Spanned::get_ref) {
            Some(DeValue::Table(table)) => {
                table.keys().map(|key| key.get_ref().to_string()).collect()
            }
            Some(_) | None => Vec::new(),
        }
    };
    let of_kind = |kind: Kind| {
        if kind.is_single() {
            let address = root.get(kind.table()).map(|_| Address::new(kind, ""));
            return address.into_iter().collect::<Vec<_>>();
        }
        let keys = keys(kind.table()).into_iter();
        keys.map(|key| Address::new(kind, key)).collect()
    };
    Names {
        stack: None,
        resources: Kind::ALL.into_iter().flat_map(of_kind).collect(),
        variables: keys("variables"),
        outputs: keys("outputs"),
        role: None,
        profile: None,
    }
}

/// Returns whether `text` is a file of variables and no stack file: it has values, and no table at
/// all.
pub fn are_only_values(text: &str) -> bool {
    let file: Option<Table> = text.parse().ok();
    file.is_some_and(|file| !file.is_empty() && !file.values().any(Value::is_table))
}

fn keys(file: &Table, section: &str) -> Vec<String> {
    let section = file.get(section).and_then(Value::as_table);
    section.map_or_else(Vec::new, |section| section.keys().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_a_file_with_mistakes() {
        let text = "[stack]\nname = \"Shop!\"\n[workspace]\nbogus = 1\n[roles.task]\n[outputs]\nx = 1\n\
                    [variables]\ntag = {}\n";
        let names = names(text).expect("it is TOML");
        assert_eq!(names.stack.as_deref(), Some("Shop!"));
        let resources = [Address::workspace(), Address::new(Kind::Role, "task")];
        assert_eq!(names.resources, resources);
        assert_eq!((names.variables.len(), names.outputs.len()), (1, 1));
        assert_eq!(super::names("[stack"), None);
        for (text, role, profile) in [
            ("assume_role = \"arn:a\"", Some("arn:a"), None),
            (
                "assume_role = { role_arn = \"arn:a\" }",
                Some("arn:a"),
                None,
            ),
            ("profile = \"prod\"", None, Some("prod")),
        ] {
            let names = super::names(&format!("[stack]\n{text}\n")).expect("it is TOML");
            assert_eq!(
                (names.role.as_deref(), names.profile.as_deref()),
                (role, profile)
            );
        }
    }

    #[test]
    fn a_file_with_a_table_is_no_file_of_variables() {
        assert!(are_only_values("image_tag = \"1\"\n"));
        for text in ["", "[stak]\nname = \"x\"\n", "a = 1\n[roles.x]\n", "a = "] {
            assert!(!are_only_values(text), "{text:?}");
        }
    }
}
