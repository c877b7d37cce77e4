//! Reads where the configuration of a collector comes from.

use std::path::Path;

use crate::{
    collector::{self, Source},
    file::{
        arn::{self, Arn},
        problem::nearest,
        reader::{Located, TableReader, did_you_mean, string_of},
        tree::Span,
    },
    kinds::task_definition::{
        fields::metrics::{BUILT_IN, GENERATED},
        read::{Scope, collector::ConfigText},
    },
    model::template::Template,
};

/// What `config` says.
#[derive(Default)]
pub(crate) struct Configured {
    pub(crate) source: Option<Source>,
    /// Where it names a file.
    pub(crate) span: Option<Span>,
    /// The file, with its places, if it can be read.
    pub(crate) text: Option<ConfigText>,
    /// The file as the collector gets it, or nothing in its stead.
    pub(crate) template: Option<Template>,
}

/// Reads `config`: where the configuration comes from, or a file that holds one.
pub(crate) fn configuration(reader: &mut TableReader<'_, '_>, scope: &Scope<'_>) -> Configured {
    let nothing = Configured::default;
    let Some(value) = reader.value("config") else {
        return nothing();
    };
    let problems = reader.problems();
    let Some(named) = string_of(value, "config", problems) else {
        return nothing();
    };
    let from = |source| Configured {
        source: Some(source),
        ..nothing()
    };
    match named.as_str() {
        GENERATED => return from(Source::Generated),
        BUILT_IN => return from(Source::Image),
        _ => {}
    }
    let path = Path::new(&named);
    let unread = || Configured {
        span: Some(value.span.clone()),
        template: Some(Template::default()),
        ..nothing()
    };
    let text = match (scope.read)(path) {
        Ok(text) => text,
        Err(error) => {
            let near = nearest(&named, [GENERATED, BUILT_IN]);
            problems
                .add(
                    "unreadable-file",
                    &value.span,
                    error.to_string(),
                    format!("cannot read `{named}`"),
                )
                .help(near.map_or_else(
                    || format!("`config` takes `{GENERATED}`, `{BUILT_IN}` or a file"),
                    did_you_mean,
                ));
            return unread();
        }
    };
    let source = scope.source.beside(path, text);
    match ConfigText::in_file(source, &value.span, scope.names, problems) {
        Some((text, template)) => Configured {
            text: Some(text),
            template: Some(template.resolve(scope.existing)),
            ..unread()
        },
        None => unread(),
    }
}

/// The configuration that the variable of the collector holds.
pub(crate) fn own_text(reader: &TableReader<'_, '_>, scope: &Scope<'_>) -> Option<ConfigText> {
    let name = collector::CONFIG_VARIABLE;
    let value = reader.peek("environment")?.as_table()?.get(name)?;
    let label = format!("{name} of `{}`", reader.name());
    let text = value.as_text()?;
    Some(ConfigText::in_stack(
        text,
        &value.span,
        scope.source,
        &label,
    ))
}

/// The parameter that `config_parameter` names, with its place.
pub(crate) fn parameter(reader: &mut TableReader<'_, '_>) -> Option<Located<String>> {
    let found = reader.string("config_parameter")?;
    let is_parameter = Arn::parse(&found.value)
        .is_some_and(|arn| arn.service == "ssm" && arn.resource.starts_with("parameter/"));
    if !is_parameter {
        let example = "arn:aws:ssm:REGION:ACCOUNT:parameter/NAME";
        let problems = reader.problems();
        arn::invalid(&found.span, &found.value, "a parameter", example, problems);
    }
    Some(found)
}
