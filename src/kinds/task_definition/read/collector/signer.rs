//! The extension `sigv4auth` that signs what an exporter sends, and what is wrong with it.

use crate::{
    collector::components::Section,
    file::{
        tree::{Key, Span},
        yaml::Yaml,
    },
    kinds::task_definition::read::collector::config::{Config, is_of},
};

/// The signer of requests.
const SIGNER: &[&str] = &["sigv4auth"];

/// The extension that signs what an exporter sends.
pub(super) fn signer<'c>(config: &'c Config, body: &Yaml) -> Option<&'c (Key, Yaml)> {
    let named = body.at(&["auth", "authenticator"])?.text()?;
    let signer = config.component(Section::Extensions, named.trim())?;
    is_of(&signer.0.text, SIGNER).then_some(signer)
}

/// The extension that signs what goes to `whose`, which the exporter has `named`. One that is not
/// defined or not enabled is refused by its place, a label, a message and what to do.
pub(super) fn checked_signer<'c>(
    config: &'c Config,
    body: &Yaml,
    named: &Yaml,
    whose: &str,
    refuse: &mut impl FnMut(&Span, &str, String, &str),
) -> Option<&'c (Key, Yaml)> {
    let Some(found) = signer(config, body) else {
        let name = named.text().unwrap_or_default();
        refuse(
            &named.span,
            "signs nothing",
            format!("`{name}` is no extension `sigv4auth` that is defined"),
            &format!("{whose} takes only what is signed: define `sigv4auth` under `extensions`"),
        );
        return None;
    };
    let key = &found.0;
    let enabled = config.enabled();
    if !enabled.iter().any(|(name, _)| *name == key.text.trim()) {
        refuse(
            &key.span,
            "not enabled",
            format!("`service.extensions` does not name `{}`", key.text),
            "the collector exits as soon as it starts: name it there",
        );
    }
    Some(found)
}
