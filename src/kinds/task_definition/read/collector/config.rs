//! A collector's configuration taken apart, without judging it.

use crate::{
    collector::components::{Section, is_same, type_of},
    file::{
        tree::{Key, Span},
        yaml::Yaml,
    },
    kinds::task_definition::read::collector::text::ConfigText,
};

/// A configuration that is YAML.
pub(crate) struct Config {
    /// The document.
    pub(crate) root: Yaml,
    /// Its text.
    pub(crate) text: ConfigText,
}

/// Something that is mentioned: an id and where it stands.
pub(crate) type Mention<'c> = (&'c str, &'c Span);

/// A pipeline.
pub(crate) struct Pipeline<'c> {
    /// Its id.
    pub(crate) key: &'c Key,
    /// What it says.
    pub(crate) body: &'c Yaml,
}

impl<'c> Pipeline<'c> {
    /// What it carries: `metrics`, `traces` or `logs`.
    pub(crate) fn carries(&self) -> &'c str {
        type_of(&self.key.text)
    }

    /// The ids under one of its keys.
    pub(crate) fn ids(&self, section: Section) -> Vec<Mention<'c>> {
        mentions(self.body.get(section.key()))
    }

    /// Its components of a section that are called by one of these types.
    pub(crate) fn uses(&self, section: Section, types: &[&str]) -> bool {
        self.ids(section).iter().any(|(id, _)| is_of(id, types))
    }
}

/// Returns whether an id is of one of these types.
pub(crate) fn is_of(id: &str, types: &[&str]) -> bool {
    types.iter().any(|known| is_same(type_of(id), known))
}

/// The ids in a list.
fn mentions(list: Option<&Yaml>) -> Vec<Mention<'_>> {
    let elements = list.map(Yaml::elements).unwrap_or_default().iter();
    elements
        .filter_map(|element| Some((element.text()?.trim(), &element.span)))
        .collect()
}

impl Config {
    /// What is defined in a section.
    pub(crate) fn defined(&self, section: Section) -> &[(Key, Yaml)] {
        let section = self.root.get(section.key());
        section.map(Yaml::entries).unwrap_or_default()
    }

    /// The component of a section with this id.
    pub(crate) fn component(&self, section: Section, id: &str) -> Option<&(Key, Yaml)> {
        let mut defined = self.defined(section).iter();
        defined.find(|(key, _)| key.text.trim() == id)
    }

    /// The extensions that the service names.
    pub(crate) fn enabled(&self) -> Vec<Mention<'_>> {
        mentions(self.root.at(&["service", "extensions"]))
    }

    /// The pipelines.
    pub(crate) fn pipelines(&self) -> Vec<Pipeline<'_>> {
        let pipelines = self.root.at(&["service", "pipelines"]);
        let entries = pipelines.map(Yaml::entries).unwrap_or_default().iter();
        entries.map(|(key, body)| Pipeline { key, body }).collect()
    }

    /// What is defined in a section and used by a pipeline, or of extensions by the service.
    pub(crate) fn in_use(&self, section: Section) -> Vec<&(Key, Yaml)> {
        let pipelines = self.pipelines();
        let enabled = self.enabled();
        let is_used = |id: &str| match section {
            Section::Extensions => enabled.iter().any(|(name, _)| *name == id),
            Section::Receivers | Section::Processors | Section::Exporters => pipelines
                .iter()
                .any(|pipeline| pipeline.ids(section).iter().any(|(name, _)| *name == id)),
            Section::Connectors => {
                let named = |section| {
                    pipelines
                        .iter()
                        .any(|p| p.ids(section).iter().any(|(name, _)| *name == id))
                };
                named(Section::Receivers) && named(Section::Exporters)
            }
        };
        let defined = self.defined(section).iter();
        defined
            .filter(|(key, _)| is_used(key.text.trim()))
            .collect()
    }

    /// What is in use in a section and of one of these types.
    pub(crate) fn of_type(&self, section: Section, types: &[&str]) -> Vec<&(Key, Yaml)> {
        let in_use = self.in_use(section).into_iter();
        in_use.filter(|(key, _)| is_of(&key.text, types)).collect()
    }
}
