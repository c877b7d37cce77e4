//! What people are shown of task definition families and of the calls that alter them.

use crate::{
    kinds::{
        kind::{ApiCall, Shape, Shown, TextVisitor, TreeNames, tag_keys},
        task_definition::{
            Change, Document, TaskDefinition,
            document::{KEYED, VERBATIM_KEYS, rules::READ_ONLY, stack_key},
            state::DELETE_BATCH,
        },
    },
    model::{diff::Path, rate::Share, rule::Rule, service::ServiceName, words},
};

impl Shown for TaskDefinition {
    const SHAPE: Shape = Shape {
        dot: "component",
        mermaid: ("[", "]"),
    };

    const MINOR_RULE: Option<Rule> = Some(READ_ONLY);

    fn visit_texts(&mut self, visitor: &mut dyn TextVisitor) {
        let Self {
            family: _,
            document,
            tags,
            revision: _,
            older: _,
            inactive: _,
            services: _,
            express: _,
            newer,
            served,
        } = self;
        // Plans show the newest one under the names of the fields themselves.
        let (of_newer, tags_of_newer) = newer
            .as_mut()
            .map(|n| (&mut n.document, &mut n.tags))
            .unzip();
        let places = [
            (document.as_mut(), None),
            (of_newer, Some("newer")),
            (served.as_deref_mut(), Some("served")),
        ];
        for (document, place) in places {
            let Some(document) = document else {
                continue;
            };
            let names = TreeNames {
                name: stack_key,
                keyed: KEYED,
                verbatim: VERBATIM_KEYS,
            };
            let mut written = document.written().clone();
            let path = place.map_or_else(Path::default, |place| Path::of_keys(&[place]));
            visitor.tree(&path, names, &mut written);
            *document = Document::new(written);
        }
        visitor.tags(tags);
        if let Some(tags) = tags_of_newer {
            visitor.tags(tags);
        }
    }
}

impl ApiCall for Change {
    fn operation(&self) -> &'static str {
        match self {
            Self::Register { .. } => "ecs:RegisterTaskDefinition",
            Self::Tag { .. } => "ecs:TagResource",
            Self::Untag { .. } => "ecs:UntagResource",
            Self::UpdateService { .. } => "ecs:UpdateService",
            Self::UpdateExpressService { .. } => "ecs:UpdateExpressGatewayService",
            Self::Deregister(_) => "ecs:DeregisterTaskDefinition",
            Self::Delete(_) => "ecs:DeleteTaskDefinitions",
        }
    }

    fn share(&self) -> Share {
        match self {
            Self::Delete(revisions) => Share {
                things: revisions.len(),
                of: DELETE_BATCH,
            },
            Self::Register { .. }
            | Self::Tag { .. }
            | Self::Untag { .. }
            | Self::UpdateService { .. }
            | Self::UpdateExpressService { .. }
            | Self::Deregister(_) => Share::WHOLE,
        }
    }

    fn sets_tags(&self) -> bool {
        matches!(self, Self::Tag { .. })
    }

    /// Revisions go while their family stays.
    fn takes_away(&self) -> bool {
        matches!(self, Self::Deregister(_) | Self::Delete(_))
    }

    fn rolls_out(&self) -> Option<(&ServiceName, Option<u32>)> {
        match self {
            Self::UpdateService { service, from, .. }
            | Self::UpdateExpressService { service, from } => Some((service, *from)),
            Self::Register { .. }
            | Self::Tag { .. }
            | Self::Untag { .. }
            | Self::Deregister(_)
            | Self::Delete(_) => None,
        }
    }

    fn subject(&self) -> String {
        match self {
            Self::Register { family, .. } => format!("{family}, a new revision"),
            Self::Tag { tags, .. } => tag_keys(tags),
            Self::Untag { keys, .. } => keys.join(", "),
            Self::UpdateService {
                service,
                is_forced: true,
                ..
            } => format!("service {service}, a new deployment"),
            Self::UpdateService { service, .. } | Self::UpdateExpressService { service, .. } => {
                format!("service {service}")
            }
            Self::Deregister(Some(revision)) => format!("revision {revision}"),
            Self::Deregister(None) => "the revision that is registered now".to_owned(),
            Self::Delete(revisions) => {
                let noun = if revisions.len() == 1 {
                    "revision"
                } else {
                    "revisions"
                };
                let numbers: Vec<String> = revisions.iter().map(ToString::to_string).collect();
                format!("{noun} {}", words::list(&numbers))
            }
        }
    }
}
