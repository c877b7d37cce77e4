//! Keys that other tools and the API itself have for what a stack file says otherwise.
//!
//! The nearest spelling is the wrong answer to them, or there is none: `launch_type` is near to no
//! key, and `task_role_arn` is ECS's own name for `task_role`. Each table of a stack file declares
//! the foreign keys that people write into it, beside its own.

use crate::{
    ecs_shape::stack_key,
    file::{fields::Fields, problem::nearest},
};

/// Keys that people write, and what to write instead.
#[derive(Clone, Copy, Debug)]
pub struct Foreign {
    /// The keys, in snake case.
    pub keys: &'static [&'static str],
    /// What stands for them in a stack file.
    pub instead: Instead,
}

/// What stands for a foreign key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// Another key of the same table, which takes the same value.
    Key(&'static str),
    /// Something that is written in another way or place: a sentence without its full stop.
    Advice(&'static str),
    /// A key of the same table that takes the value in another shape. The value is read as that key
    /// would have it, so that nothing is reported as missing because of it.
    Reshaped(&'static str, Reshape, &'static str),
}

/// How the value of a foreign key becomes that of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reshape {
    /// One value is a list of it.
    List,
    /// A table of named things is the only one of them.
    Only,
    /// It stays as it is: only how it is written is another.
    Same,
}

impl Foreign {
    /// Keys that mean `key`.
    pub const fn key(key: &'static str, keys: &'static [&'static str]) -> Self {
        Self {
            keys,
            instead: Instead::Key(key),
        }
    }

    /// Keys that need `advice`.
    pub const fn advice(advice: &'static str, keys: &'static [&'static str]) -> Self {
        Self {
            keys,
            instead: Instead::Advice(advice),
        }
    }

    /// Keys that mean `key`, whose value has another shape, as `advice` shows.
    pub const fn reshaped(
        key: &'static str,
        reshape: Reshape,
        advice: &'static str,
        keys: &'static [&'static str],
    ) -> Self {
        Self {
            keys,
            instead: Instead::Reshaped(key, reshape, advice),
        }
    }
}

impl Fields {
    /// What stands for `key` in this table, if it is a foreign one, however it is spelled:
    /// `taskRoleArn`, `TaskRoleArn` and `task-role-arn` are `task_role_arn`, and the API's own
    /// names are those that they have in snake case.
    pub fn foreign(&self, key: &str) -> Option<Instead> {
        let respelled = key.replace('-', "_");
        let mut letters = respelled.chars();
        let first = letters.next()?.to_ascii_lowercase();
        let snake = stack_key(&format!("{first}{}", letters.as_str()));
        if let Some(field) = self.get(&snake) {
            return Some(Instead::Key(field.key));
        }
        let mut foreign = self.foreign.iter();
        foreign
            .find(|foreign| foreign.keys.contains(&snake.as_str()))
            .map(|foreign| foreign.instead)
    }

    /// The key of this table that `written` stands for: a foreign name of it, or a misspelling.
    pub fn meant(&self, written: &str) -> Option<&'static str> {
        match self.foreign(written) {
            Some(Instead::Key(key) | Instead::Reshaped(key, ..)) => Some(key),
            Some(Instead::Advice(_)) => None,
            None => nearest(written, self.keys()),
        }
    }
}
