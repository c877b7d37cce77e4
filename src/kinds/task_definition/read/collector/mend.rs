//! A configuration as it is meant, where that is plain: what a misspelt word is reported for is
//! reported once, at the word, and nothing that only follows from it.

use crate::{
    collector::{
        components::{Section, type_of},
        keys::{self, Takes},
        version::{NEWEST_KNOWN, Version},
    },
    file::{
        problem::nearest,
        yaml::{Value, Yaml},
    },
    kinds::task_definition::read::collector::config::Config,
};

/// Spells the keys of a mapping as they are known, if one is near that is not there.
pub(super) fn keys(map: &mut Yaml, known: &[&str]) {
    let Value::Map(entries) = &mut map.value else {
        return;
    };
    for index in 0..entries.len() {
        let text = entries[index].0.text.as_str();
        if known.contains(&text) {
            continue;
        }
        let near = nearest(text, known.iter().copied());
        let is_free = |near: &&str| entries.iter().all(|(key, _)| key.text != *near);
        if let Some(near) = near.filter(is_free) {
            entries[index].0.text = near.to_owned();
        }
    }
}

/// The same of `service` and of every pipeline.
pub(super) fn service(root: &mut Yaml) {
    let Some(service) = value(root, "service") else {
        return;
    };
    keys(service, keys::SERVICE);
    let pipelines = value(service, "pipelines").map(|pipelines| &mut pipelines.value);
    if let Some(Value::Map(pipelines)) = pipelines {
        for (_, body) in pipelines {
            keys(body, keys::PIPELINE);
        }
    }
}

/// The same of the components of an image of this version, and of the ids by which pipelines and
/// the service name them.
pub(super) fn components(config: &mut Config, version: Option<Version>) {
    if version.is_some_and(|version| version <= NEWEST_KNOWN) {
        for section in Section::ALL {
            let defined = value(&mut config.root, section.key()).map(|section| &mut section.value);
            let Some(Value::Map(defined)) = defined else {
                continue;
            };
            for (key, body) in defined {
                if let Some(takes) = keys::of(section, type_of(&key.text)) {
                    within(body, takes);
                }
            }
        }
    }
    let defined = |section: Section| -> Vec<String> {
        let defined = config.defined(section).iter();
        defined.map(|(key, _)| key.text.trim().to_owned()).collect()
    };
    let joining = defined(Section::Connectors);
    let [extensions, receivers, processors, exporters] = [
        Section::Extensions,
        Section::Receivers,
        Section::Processors,
        Section::Exporters,
    ]
    .map(defined);
    let Some(service) = value(&mut config.root, "service") else {
        return;
    };
    if let Some(list) = value(service, Section::Extensions.key()) {
        ids(list, &extensions, &[]);
    }
    let pipelines = value(service, "pipelines").map(|pipelines| &mut pipelines.value);
    let Some(Value::Map(pipelines)) = pipelines else {
        return;
    };
    for (_, body) in pipelines {
        for (section, defined, joining) in [
            (Section::Receivers, &receivers, joining.as_slice()),
            (Section::Processors, &processors, &[]),
            (Section::Exporters, &exporters, joining.as_slice()),
        ] {
            if let Some(list) = value(body, section.key()) {
                ids(list, defined, joining);
            }
        }
    }
}

fn value<'y>(map: &'y mut Yaml, key: &str) -> Option<&'y mut Yaml> {
    let Value::Map(entries) = &mut map.value else {
        return None;
    };
    let mut entries = entries.iter_mut();
    let (_, value) = entries.find(|(name, _)| name.text == key)?;
    Some(value)
}

/// Spells the keys within what a key takes.
fn within(body: &mut Yaml, takes: &Takes) {
    match (takes, &mut body.value) {
        (Takes::Table(tables), Value::Map(_)) => {
            let entries = || tables.iter().copied().flatten();
            let known: Vec<&str> = entries().map(|entry| entry.0).collect();
            keys(body, &known);
            if let Value::Map(inner) = &mut body.value {
                for (key, element) in inner {
                    if let Some((_, takes)) = entries().find(|entry| entry.0 == key.text) {
                        within(element, takes);
                    }
                }
            }
        }
        (Takes::Map(takes), Value::Map(inner)) => {
            for (_, element) in inner {
                within(element, takes);
            }
        }
        (Takes::List(takes), Value::List(inner)) => {
            for element in inner {
                within(element, takes);
            }
        }
        // What takes something else is reported where it stands.
        _ => {}
    }
}

/// Spells what a list names that is not defined like the nearest that is.
fn ids(list: &mut Yaml, defined: &[String], joining: &[String]) {
    let Value::List(elements) = &mut list.value else {
        return;
    };
    for element in elements {
        let Value::Text(id) = &mut element.value else {
            continue;
        };
        let is_there = |known: &String| known == id.trim();
        if defined.iter().chain(joining).any(is_there) {
            continue;
        }
        if let Some(near) = nearest(id.trim(), defined.iter().map(String::as_str)) {
            *id = near.to_owned();
        }
    }
}
