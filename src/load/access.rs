//! `[stack] profile` and `assume_role`: as whom the calls of the stack are made.

use crate::{
    collector::Period,
    file::{
        arn,
        problem::Problems,
        reader::{Located, TableReader, string_of, wrong_type},
        tree::{Table, Tree, Value},
    },
    load::root::ASSUME_ROLE,
    model::access::{
        Access, Allowed, AssumedRole, DEFAULT_SESSION_SECONDS, RoleArn, SESSION_NAME,
        SESSION_SECONDS, is_external_id, is_profile_name, is_session_name,
    },
};

const CODE: &str = "access";

/// Reads what `[stack]` says of it.
pub(super) fn read(reader: &mut TableReader<'_, '_>) -> Option<Located<Access>> {
    let profile = reader.string("profile");
    let role = reader.value("assume_role");
    let problems = reader.problems();
    if let (Some(profile), Some(role)) = (&profile, role) {
        let message = "the stack names a profile and a role, and its calls are made as one of them";
        problems
            .add(CODE, &role.span, "a role here", message)
            .and(&profile.span, "and a profile here")
            .help("leave one out: a profile can itself name a role, and whoever starts the run can assume one with any credentials");
    }
    let is_one = profile.is_none() || role.is_none();
    let profile = profile.and_then(|profile| of_profile(profile, problems));
    let role = role.and_then(|role| of_role(role, problems));
    profile.or(role).filter(|_| is_one)
}

fn of_profile(profile: Located<String>, problems: &mut Problems) -> Option<Located<Access>> {
    let Located { span, value } = profile;
    if !is_profile_name(&value) {
        let message = format!("`{value}` can't be the name of a profile");
        problems
            .add(CODE, &span, "not a profile", message)
            .help("names of profiles are letters, digits and `_-/.%@:+`; `aws configure list-profiles` prints those that there are");
        return None;
    }
    let value = Access::Profile(value);
    Some(Located { span, value })
}

/// A role by its ARN, or a table with more to say.
fn of_role(tree: &Tree, problems: &mut Problems) -> Option<Located<Access>> {
    match &tree.value {
        Value::Text(_) => {
            let value = string_of(tree, "assume_role", problems)?;
            let span = tree.span.clone();
            let given = Located { span, value };
            let role = AssumedRole {
                arn: role_arn(&given, problems)?,
                external_id: None,
                session_name: SESSION_NAME.to_owned(),
                duration_seconds: DEFAULT_SESSION_SECONDS,
            };
            let (span, value) = (given.span, Access::Role(role));
            Some(Located { span, value })
        }
        Value::Table(table) => of_table(table, problems),
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::List(_) => {
            wrong_type(tree, "assume_role", "a string or a table", problems)
                .help("write the ARN of the role in quotes");
            None
        }
    }
}

fn of_table(table: &Table, problems: &mut Problems) -> Option<Located<Access>> {
    let mut reader = TableReader::new("stack.assume_role", table, &ASSUME_ROLE, problems);
    let arn = reader.string("role_arn");
    let external_id = reader.string("external_id");
    let session_name = reader.string("session_name");
    let duration = reader.string("duration");
    reader.finish();
    let arn = arn.and_then(|arn| Some((arn.span.clone(), role_arn(&arn, problems)?)));
    let external_id = external_id.filter(|id| {
        let rule = "an external id is 2 to 1,224 of letters, digits and `_+=,.@:/-`";
        ensure(
            is_external_id(&id.value),
            id,
            "not an external id",
            rule,
            problems,
        )
    });
    let session_name = session_name.filter(|name| {
        let rule = "the name of a session is 2 to 64 of letters, digits and `_+=,.@-`";
        ensure(
            is_session_name(&name.value),
            name,
            "not a session name",
            rule,
            problems,
        )
    });
    let duration = duration.and_then(|duration| seconds(&duration, problems));
    let (span, arn) = arn?;
    let role = AssumedRole {
        arn,
        external_id: external_id.map(|id| id.value),
        session_name: session_name.map_or_else(|| SESSION_NAME.to_owned(), |name| name.value),
        duration_seconds: duration.unwrap_or(DEFAULT_SESSION_SECONDS),
    };
    let value = Access::Role(role);
    Some(Located { span, value })
}

fn role_arn(given: &Located<String>, problems: &mut Problems) -> Option<RoleArn> {
    let parsed = given.value.parse().ok();
    if parsed.is_none() {
        let example = "arn:aws:iam::111122223333:role/PATH/NAME";
        arn::invalid(&given.span, &given.value, "a role", example, problems);
    }
    parsed
}

fn seconds(given: &Located<String>, problems: &mut Problems) -> Option<u32> {
    let period = Period::parse(&given.value);
    let seconds = period.filter(|period| period.millis() % 1_000 == 0);
    let seconds = seconds.map(|period| period.millis() / 1_000);
    let seconds = seconds.filter(|seconds| SESSION_SECONDS.contains(seconds));
    let rule = "a session lasts from 15 minutes to 12 hours, in whole seconds: `15m`, `1h`";
    ensure(seconds.is_some(), given, "not such a time", rule, problems);
    seconds.and_then(|seconds| u32::try_from(seconds).ok())
}

/// Reports a value that does not fit its rule, and returns whether it does.
fn ensure(
    fits: bool,
    given: &Located<String>,
    label: &str,
    rule: &str,
    problems: &mut Problems,
) -> bool {
    if !fits {
        let message = format!("`{}` is not what STS takes", given.value);
        problems.add(CODE, &given.span, label, message).help(rule);
    }
    fits
}

/// Reports what the run may not do that the stack asks for. Without a list, everything is allowed.
pub(super) fn check_allowed(
    access: Option<&Located<Access>>,
    allowed: Option<&Allowed>,
    problems: &mut Problems,
) {
    let (Some(access), Some(allowed)) = (access, allowed) else {
        return;
    };
    if allowed.allows(&access.value) {
        return;
    }
    let (message, advice) = access.value.refusal();
    problems
        .add("access-not-allowed", &access.span, "not allowed", message)
        .help(advice);
}
