//! Says what was asked for and is not there, and what may have been meant.

use crate::{
    aws::Aws,
    cli::{
        failure::Failure,
        import::{Import, choose::Choice},
    },
    cloud::survey::{Survey, Wanted},
    file::problem::nearest,
    kinds::Resource,
    model::{call::CallError, template::Attribute},
    show::words,
};

/// Fails if something that was asked for by name was not found, or was found more than once.
pub(super) async fn check(aws: &Aws, survey: &Survey, wanted: &Wanted) -> Result<(), Failure> {
    let mut failures: Vec<String> = Vec::new();
    let has = |is: &dyn Fn(&Resource) -> bool| survey.found.iter().any(|f| is(&f.resource));
    for name in &wanted.families {
        if !has(&|r| matches!(r, Resource::TaskDefinition(family) if family.family == *name)) {
            let families = aws.families().await?;
            let bare = name.rsplit('/').next().unwrap_or(name);
            let bare = bare.split(':').next().unwrap_or(bare);
            let near = if bare == name.as_str() {
                near(name, families.iter().map(String::as_str))
            } else {
                format!("; a family is named without account and revision: --family {bare}")
            };
            failures.push(format!(
                "there is no task definition family `{name}` with an active revision{near}"
            ));
        }
    }
    for name in &wanted.roles {
        if !has(&|r| matches!(r, Resource::Role(role) if role.name.eq_ignore_ascii_case(name))) {
            let near = near(name, survey.roles.iter().map(|role| role.name.as_str()));
            failures.push(format!("there is no role `{name}`{near}"));
        }
    }
    for name in &wanted.log_groups {
        if !has(&|r| matches!(r, Resource::LogGroup(group) if group.name == *name)) {
            let groups = neighbours(aws, name).await?;
            let near = near(name, groups.iter().map(String::as_str));
            failures.push(format!("there is no log group `{name}`{near}"));
        }
    }
    failures.extend(
        wanted
            .workspaces
            .iter()
            .filter_map(|n| workspace(n, survey)),
    );
    if failures.is_empty() {
        return Ok(());
    }
    Err(Failure::before(failures.join("; ")))
}

/// The log groups in the same directory.
async fn neighbours(aws: &Aws, name: &str) -> Result<Vec<String>, CallError> {
    let directory = name.rfind('/').map_or("", |slash| &name[..=slash]);
    aws.log_groups(directory).await
}

/// What is wrong with a workspace that was asked for by id or by alias.
fn workspace(name: &str, survey: &Survey) -> Option<String> {
    let is_it = |id: &str, alias: Option<&String>| id == name || alias.is_some_and(|a| a == name);
    let ids: Vec<&str> = survey
        .found
        .iter()
        .filter_map(|found| {
            let id = found.attributes.get(&Attribute::Id)?;
            let alias = found.resource.workspace()?.alias.as_ref();
            is_it(id, alias).then_some(id.as_str())
        })
        .collect();
    match ids.as_slice() {
        [] => {
            let names = survey.workspaces.iter();
            let names = names.flat_map(|w| w.alias.iter().chain([&w.id]));
            let near = near(name, names.map(String::as_str));
            Some(format!(
                "there is no workspace `{name}` in this region{near}"
            ))
        }
        [_] => None,
        several => Some(format!(
            "{} workspaces have the alias `{name}`: name one by its id, {}",
            several.len(),
            words::list(several)
        )),
    }
}

/// `; did you mean x?`, if a name is near. What differs only by case is nearest.
fn near<'n>(name: &str, names: impl Iterator<Item = &'n str> + Clone) -> String {
    let same = names.clone().find(|other| other.eq_ignore_ascii_case(name));
    let near = same.or_else(|| nearest(name, names));
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// Says that there is nothing to write.
pub(super) fn nothing(args: &Import, choice: &Choice) -> Failure {
    let Import {
        stack,
        family: _,
        role: _,
        log_group: _,
        workspace: _,
        tag,
        cloudformation,
        copilot,
        out: _,
        force: _,
        region: _,
        assume_role: _,
        external_id: _,
        account: _,
    } = args;
    let by_tags = !tag.is_empty() || cloudformation.is_some() || copilot.is_some();
    if !choice.left.is_empty() {
        let left = choice.left.iter();
        let left: Vec<String> = left
            .map(|left| format!("{}: {}", left.what, left.why))
            .collect();
        return Failure::before(format!(
            "nothing of what was found can be taken: {}",
            left.join("; ")
        ));
    }
    if by_tags {
        return Failure::before("nothing in this account and region carries these tags")
            .hint("look for log groups, task definitions, roles or the workspace by name: --log-group, --family, --role, --workspace");
    }
    Failure::before(format!(
        "the stack `{stack}` owns nothing in this account and region, and nothing was asked for"
    ))
    .hint("name what to import: --family, --role, --log-group, --workspace, --tag, --cloudformation or --copilot")
}
