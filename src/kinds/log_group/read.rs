//! `[log_groups.NAME]`.

use crate::{
    file::{
        arn,
        context::Context,
        lifecycle,
        problem::{Problems, nearest},
        reader::{Located, TableReader, did_you_mean, either, string_of, wrong_type},
        tags,
        tree::{Key, Table, Tree, Value},
    },
    kinds::{
        Resource,
        declare::ignorable,
        log_group::{
            DEFAULT_CLASS, LogGroup,
            fields::{CLASSES, DELIVERY, LOG_GROUP, LONGEST_NAME, NEVER, RETENTION_DAYS},
        },
        outline::ReadResource,
    },
    model::address::{Address, Kind},
};

/// Reads one log group.
pub(crate) fn read(
    context: &Context<'_>,
    key: &Key,
    table: &Table,
    problems: &mut Problems,
) -> ReadResource {
    let address = Address::new(Kind::LogGroup, &key.text);
    let mut reader = TableReader::new(address.to_string(), table, &LOG_GROUP, problems);
    let name = reader.string("name");
    let class = class(&mut reader);
    let retention_days = retention(&mut reader, &class);
    let kms_key_arn = reader.string("kms_key_arn");
    let deletion_protection = reader.boolean("deletion_protection");
    let lifecycle = lifecycle::read(&mut reader, &ignorable::<LogGroup>(), false);
    let own = reader.table("tags");
    reader.finish();
    if let Some(name) = &name {
        check_name(name, problems);
    }
    if let Some(key) = &kms_key_arn {
        arn::check_kms_key(context, key, true, problems);
    }
    let own = own.map_or_else(Vec::new, |table| tags::read(table, problems));
    let protected = lifecycle.prevent_destroy;
    let group = LogGroup {
        name: name.as_ref().map_or(&key.text, |name| &name.value).clone(),
        class,
        retention_days,
        kms_key_arn: kms_key_arn.map(|key| key.value.into()),
        deletion_protection: deletion_protection.is_some_and(|found| found.value),
        tags: tags::merged(context, &address, &own, protected, &key.span, problems),
    };
    ReadResource {
        name,
        ..ReadResource::new(Resource::LogGroup(group), lifecycle, table.span.clone())
    }
}

/// Names are 1 to 512 of letters, digits and `._-/#`, and don't begin with `aws/` (CloudWatch Logs
/// API reference, `CreateLogGroup`).
fn check_name(name: &Located<String>, problems: &mut Problems) {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/#".contains(c);
    let fits = (1..=LONGEST_NAME).contains(&name.value.len()) && name.value.chars().all(allowed);
    if !fits {
        let message = format!("`{}` cannot be the name of a log group", name.value);
        problems
            .add(
                "log-group-name",
                &name.span,
                "not the name of a log group",
                message,
            )
            .help(format!(
                "names are 1 to {LONGEST_NAME} of letters, digits and `._-/#`"
            ));
    } else if name.value.starts_with("aws/") {
        problems
            .add(
                "log-group-name",
                &name.span,
                "begins with `aws/`",
                "the name of a log group cannot begin with `aws/`",
            )
            .help(format!("did you mean `/{}`?", name.value));
    }
}

fn class(reader: &mut TableReader<'_, '_>) -> String {
    let Some(given) = reader.string("class") else {
        return DEFAULT_CLASS.to_owned();
    };
    let class = given.value;
    let known = CLASSES.iter().copied();
    let near = known
        .clone()
        .find(|known| known.eq_ignore_ascii_case(&class) || known.starts_with(&class))
        .or_else(|| nearest(&class, known));
    // A class that is far from every known one may be one that AWS has added.
    let spelled = !class.is_empty() && class.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    if !CLASSES.contains(&class.as_str()) && (near.is_some() || !spelled) {
        let message = format!("`class` takes {}, not `{class}`", either(CLASSES));
        let problem = reader
            .problems()
            .add("unknown-value", &given.span, "not a class", message);
        if let Some(near) = near {
            problem.help(did_you_mean(near));
            return near.to_owned();
        }
    }
    class
}

/// Reads the retention, which has no default: "for ever" costs money, and what a service does by
/// itself is easily overlooked.
fn retention(reader: &mut TableReader<'_, '_>, class: &str) -> Option<u32> {
    let key = "retention_days";
    let given = reader.value(key);
    if class == DELIVERY {
        if let Some(tree) = given {
            reader
                .problems()
                .add(
                    "fixed-retention",
                    &tree.span,
                    "cannot be chosen",
                    "the retention of the class `DELIVERY` is fixed",
                )
                .help("leave `retention_days` out (CloudWatch Logs user guide, \"Log classes\")");
        }
        return None;
    }
    reader.require(key);
    let tree = given?;
    match &tree.value {
        Value::Integer(days) => offered(*days, tree, reader.problems()),
        Value::Text(_) => {
            let problems = reader.problems();
            let given = string_of(tree, key, problems)?;
            if given != NEVER {
                let help = match days_in(&given) {
                    Some(days) if RETENTION_DAYS.contains(&days) => format!("write {key} = {days}"),
                    Some(days) => nearest_choices(days),
                    None => "write a number of days, such as 30, or \"never\"".to_owned(),
                };
                not_offered(&format!("\"{given}\""), tree, help, problems);
            }
            None
        }
        Value::Bool(_) | Value::Float(_) | Value::List(_) | Value::Table(_) => {
            wrong_type(
                tree,
                key,
                "a number of days or \"never\"",
                reader.problems(),
            );
            None
        }
    }
}

fn offered(days: i64, tree: &Tree, problems: &mut Problems) -> Option<u32> {
    let found = RETENTION_DAYS.contains(&days);
    if !found {
        not_offered(
            &format!("{days} days"),
            tree,
            nearest_choices(days),
            problems,
        );
    }
    u32::try_from(days).ok().filter(|_| found)
}

/// What CloudWatch offers that is nearest to `days`.
fn nearest_choices(days: i64) -> String {
    let below = RETENTION_DAYS.iter().rev().find(|offered| **offered < days);
    let above = RETENTION_DAYS.iter().find(|offered| **offered > days);
    match (below, above) {
        _ if days == 0 => "write \"never\" to keep logs for ever".to_owned(),
        (Some(below), Some(above)) => format!("the nearest choices are {below} and {above}"),
        (Some(below), None) => {
            format!("the longest is {below}; write \"never\" to keep logs for ever")
        }
        (None, _) => "the shortest is 1".to_owned(),
    }
}

/// How many days text with a unit means; a month has 30 of them and a year 365, as CloudWatch's
/// choices do.
fn days_in(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.trim_end_matches(|one: char| !one.is_ascii_digit());
    let number: i64 = digits.parse().ok()?;
    let days = match text[digits.len()..].trim() {
        "" | "d" | "day" | "days" => 1,
        "w" | "week" | "weeks" => 7,
        "m" | "mo" | "month" | "months" => 30,
        "y" | "year" | "years" => 365,
        _ => return None,
    };
    number.checked_mul(days)
}

fn not_offered(given: &str, tree: &Tree, help: String, problems: &mut Problems) {
    let message = format!("CloudWatch does not offer a retention of {given}");
    problems
        .add("retention", &tree.span, "not one of the choices", message)
        .help(help);
}
