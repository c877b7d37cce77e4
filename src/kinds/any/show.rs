//! What people are shown of a resource of any kind.

use crate::{
    kinds::{
        any::{Resource, same},
        kind::{Shape, Shown, TextVisitor},
    },
    model::{address::Kind, rule::Rule},
};

impl Resource {
    /// How graphs draw something of `kind`.
    pub fn shape(kind: Kind) -> Shape {
        with_kind!(kind, K => K::SHAPE)
    }

    /// The rule behind so many differences of something of `kind` that mean nothing that they are
    /// shown only on request.
    pub fn minor_rule(kind: Kind) -> Option<Rule> {
        with_kind!(kind, K => K::MINOR_RULE)
    }

    /// The same state, with what means the same in `from` spelled as it is spelled there, because
    /// no call changes the spelling.
    #[must_use]
    pub fn spelled_as(&self, from: &Self) -> Self {
        let mut spelled = self.clone();
        with_state!(&mut spelled, state => {
            if let Some(from) = same(state, from) {
                state.spell_as(from);
            }
        });
        spelled
    }

    /// Visits every text that can be a secret: names, and ARNs of policies, can't.
    pub fn visit_texts(&mut self, visitor: &mut dyn TextVisitor) {
        with_state!(self, state => state.visit_texts(visitor));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::{
        kinds::{Change, log_group, role, task_definition, workspace},
        model::template::Template,
    };

    #[test]
    fn calls_say_what_they_are_about() {
        for (change, subject_of) in [
            (
                Change::LogGroup(log_group::Change::PutRetention(1)),
                "1 day",
            ),
            (
                Change::Role(role::Change::Attach(Template::from(
                    "arn:aws:iam::aws:policy/service-role/X",
                ))),
                "service-role/X",
            ),
            (
                Change::TaskDefinition(task_definition::Change::Delete(vec![3, 4])),
                "revisions 3 and 4",
            ),
            (
                Change::Workspace(workspace::Change::Configure(workspace::Configuration {
                    retention_days: Some(30),
                    limits: Some(BTreeMap::new()),
                    ..Default::default()
                })),
                "retention_days, limits",
            ),
        ] {
            assert_eq!(change.subject(), subject_of);
        }
    }

    #[test]
    fn values_of_tags_are_not_shown() {
        let tags = BTreeMap::from([("ApiToken".to_owned(), Template::from("hunter2"))]);
        assert_eq!(
            Change::LogGroup(log_group::Change::Tag(tags)).subject(),
            "ApiToken"
        );
    }
}
