//! Says what was imported, what was not, and what to type next.

use std::{collections::BTreeSet, path::Path};

use crate::{
    cli::{
        args::{AccountArgs, AllowArgs, LoadArgs, StackArgs},
        command_line::typed,
        import::{Import, Imported, choose::name},
    },
    kinds::Change,
    model::{
        address::Address,
        tags::{Owner, names_terraform},
    },
    plan::Step,
    show::{Paint, Style, words},
    snapshot::LiveResource,
};

/// What people read on standard error.
pub(super) fn render(imported: &Imported, args: &Import, style: Style) -> String {
    let Imported {
        identity,
        choice,
        written,
        plan: _,
        not_asked: _,
        unread: _,
    } = imported;
    let into = args.out.as_ref();
    let into = into.map_or_else(String::new, |out| format!(" into {}", out.display()));
    let place = format!("{} in {}{into}", identity.account, identity.region);
    let mut sections = vec![section(
        "Taken",
        &format!("from {place}"),
        taken(imported),
        style,
    )];
    let left = choice.left.iter().map(|left| {
        let option = left.option.as_ref();
        let option = option.map_or_else(String::new, |option| format!("; to take it: {option}"));
        (left.what.clone(), format!("{}{option}", left.why))
    });
    sections.push(section("Not taken", "", left.collect(), style));
    let omitted = written.omitted.iter();
    let omitted = omitted.map(|unsaid| (unsaid.address.to_string(), unsaid.why.clone()));
    sections.push(section(
        "Not taken",
        "because a stack file can't say it",
        omitted.collect(),
        style,
    ));
    let kept = written.left.iter().map(|unsaid| {
        let at = format!("{}.{}", unsaid.address, unsaid.path);
        (at, unsaid.why.clone())
    });
    let why =
        "by `ignore`, because of a rule that it breaks; `amp-stack explain CODE` prints the rule";
    sections.push(section("Left as it is", why, kept.collect(), style));
    let longer = written.longer.iter();
    let longer = longer.map(|one| (format!("{}.{}", one.address, one.path), one.why.clone()));
    let why = "though `metrics` could stand for it, because something would change";
    sections.push(section("Left as it is", why, longer.collect(), style));
    sections.push(section(
        "Not the same",
        "so the plan will show it",
        differences(imported),
        style,
    ));
    let mut text: String = sections.concat();
    for paragraph in paragraphs(imported) {
        text.push_str(&words::wrap("", &paragraph, style.width));
        text.push('\n');
    }
    text + &next(args, style)
}

/// What people should know of the file besides.
fn paragraphs(imported: &Imported) -> Vec<String> {
    let others = match imported.not_asked {
        0 => None,
        1 => Some("another family that was not looked at".to_owned()),
        more => Some(format!("{more} other families that were not looked at")),
    };
    let others = others.map(|others| {
        format!(
            "The account has {others} and that may use the same roles, log groups or workspace."
        )
    });
    let unread = imported.unread.as_ref().map(|error| {
        format!(
            "How the workspace is configured is not in the file, because {error}. What the file leaves out stays as it is; write `retention_days` if amp-stack is to \
             keep watch over it."
        )
    });
    let mut paragraphs: Vec<String> = others.into_iter().chain(unread).collect();
    paragraphs.extend(advice(&imported.choice.taken));
    paragraphs.extend(collector(imported));
    paragraphs.extend(secrets(imported));
    paragraphs
}

/// How to give the file what it does not hold. A command line is no place for it: shells remember
/// what is typed, and whoever is on the machine sees it.
fn secrets(imported: &Imported) -> Option<String> {
    let names: Vec<String> = imported.written.secrets.keys().cloned().collect();
    let first = names.first()?;
    let variable = first.to_ascii_uppercase().replace('-', "_");
    Some(format!(
        "What looks like a secret is not in the file, which has variables without values for it: {}. Keep them in Secrets Manager or in the Parameter Store, and name \
         them under `secrets` of their containers, or let them come from the environment: `default = \"${{env.{variable}}}\"` in the table of `{first}`.",
        words::list(&names)
    ))
}

/// How to get the metrics of a task definition that has no collector yet.
fn collector(imported: &Imported) -> Option<String> {
    let taken = imported.choice.taken.iter();
    let without: Vec<(&Address, bool)> = taken
        .filter_map(|found| {
            let family = found.resource.task_definition()?;
            let document = family.document.as_ref()?.normal();
            let address = imported.written.addresses.get(found.arn())?;
            let has_collector = document
                .to_json()
                .to_string()
                .contains("aws-otel-collector");
            (!has_collector).then(|| (address, document.get("taskRoleArn").is_some()))
        })
        .collect();
    let tables: Vec<String> = without
        .iter()
        .map(|(address, _)| format!("[{address}.metrics]"))
        .collect();
    let roleless = without.iter().filter(|(_, has_role)| !has_role);
    let roleless: Vec<String> = roleless
        .map(|(address, _)| format!("[{address}]"))
        .collect();
    let role = if roleless.is_empty() {
        String::new()
    } else {
        let tables = words::list(&roleless);
        format!(" The collector writes as the task's role, so name a `task_role` in {tables}.")
    };
    let stack = &imported.written.stack;
    let workspace = Address::workspace();
    let has_workspace = stack.wants(&workspace) || stack.existing.contains_key(&workspace);
    let workspace = if has_workspace {
        ""
    } else {
        "a [workspace] and "
    };
    (!tables.is_empty()).then(|| {
        format!(
            "For metrics in Amazon Managed Service for Prometheus add {workspace}{} with `scrape = [{{ port = 8080 }}]` or `otlp = true`, which puts the collector \
             beside the application.{role}",
            words::list(&tables)
        )
    })
}

/// A title and two columns; nothing without lines.
fn section(title: &str, more: &str, lines: Vec<(String, String)>, style: Style) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let more = if more.is_empty() {
        String::new()
    } else {
        format!(" {more}")
    };
    let mut text = format!("{}{more}:\n", style.paint(Paint::Title, title));
    // What is too long for the first column has a line of its own.
    const WIDEST: usize = 40;
    let widths = lines.iter().map(|(first, _)| words::columns(first));
    let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or(0);
    for (first, second) in lines {
        let gap = " ".repeat(width.saturating_sub(words::columns(&first)));
        if words::columns(&first) > width {
            text.extend(["  ", first.as_str(), "\n"]);
            text += &words::wrap(&" ".repeat(width + 4), &second, style.width);
        } else {
            text += &words::wrap(&format!("  {first}{gap}  "), &second, style.width);
        }
    }
    text + "\n"
}

fn taken(imported: &Imported) -> Vec<(String, String)> {
    let taken = imported.choice.taken.iter().filter_map(|found| {
        let address = imported.written.addresses.get(found.arn())?;
        let owner = match &found.owner {
            Owner::Ours(_) => ", owned already".to_owned(),
            Owner::CloudFormation(_) | Owner::Terraform(_) => format!(", owned by {}", found.owner),
            Owner::OtherRegion { .. } | Owner::OtherStack(_) | Owner::Aws | Owner::Unknown => {
                String::new()
            }
        };
        Some((address, format!("{}{owner}", name(found))))
    });
    let mut taken: Vec<_> = taken.collect();
    taken.sort();
    taken
        .into_iter()
        .map(|(address, name)| (address.to_string(), name))
        .collect()
}

/// What a plan would do besides setting tags of ownership.
fn differences(imported: &Imported) -> Vec<(String, String)> {
    let plan = &imported.plan;
    let steps = plan.steps.iter().filter_map(|step| {
        let calls = other_calls(step);
        (!calls.is_empty()).then(|| (step.id.address.to_string(), calls.join(", ")))
    });
    let refusals = plan.refusals.iter().map(|refusal| {
        let address = refusal.address.to_string();
        (address, "the plan asks for a decision".to_owned())
    });
    steps.chain(refusals).collect()
}

fn other_calls(step: &Step) -> Vec<&'static str> {
    let changes = step.changes();
    let others = changes.iter().filter(|change| !change.sets_tags());
    others.map(Change::operation).collect()
}

/// What to do about those who believe that they own what is taken.
pub(super) fn advice(taken: &[LiveResource]) -> Vec<String> {
    let mut stacks = BTreeSet::new();
    let mut is_terraformed = false;
    let mut tags = BTreeSet::new();
    for found in taken {
        let of_terraform = found.resource.tags().iter();
        let of_terraform =
            of_terraform.filter(|(key, value)| names_terraform(key, &value.to_string()));
        tags.extend(of_terraform.map(|(key, _)| format!("`{key}`")));
        match &found.owner {
            Owner::CloudFormation(stack) => _ = stacks.insert(format!("`{stack}`")),
            Owner::Terraform(_) => is_terraformed = true,
            Owner::Ours(_)
            | Owner::OtherRegion { .. }
            | Owner::OtherStack(_)
            | Owner::Aws
            | Owner::Unknown => {}
        }
    }
    let mut advice = Vec::new();
    if !stacks.is_empty() {
        let stacks: Vec<String> = stacks.into_iter().collect();
        // CloudFormation user guide, "DeletionPolicy attribute": it holds for stack updates that
        // remove a resource, too.
        advice.push(format!(
            "CloudFormation still believes that {} owns some of this, and may alter or delete it. Before amp-stack changes anything but tags: give each of these \
             resources `DeletionPolicy: Retain` in the template and update that stack, then remove them from the template and update it again; CloudFormation \
             leaves them alone from then on (CloudFormation user guide, \"DeletionPolicy attribute\").",
            words::list(&stacks)
        ));
    }
    if is_terraformed {
        advice.push(
            "Some of this seems to be Terraform's. Make it forget these resources with `terraform state rm ADDRESS`, and take them out of its configuration, before \
             amp-stack changes anything but tags."
                .to_owned(),
        );
    }
    if !tags.is_empty() {
        let tags: Vec<String> = tags.into_iter().collect();
        let tags = words::list(&tags);
        advice.push(format!(
            "Once Terraform has let go, drop from the file what names it in tags: {tags}. While that stands there, what loses amp-stack's own tags is taken for Terraform's."
        ));
    }
    advice
}

fn next(args: &Import, style: Style) -> String {
    let target = StackArgs {
        files: Vec::new(),
        // The file names the region.
        load: LoadArgs::default(),
        account: AccountArgs {
            caller: args.account.clone(),
            // Whoever types it has to allow what the file asks for.
            allow: AllowArgs::of(&args.access()),
        },
    };
    let saved = args.out.clone();
    let path = saved.unwrap_or_else(|| Path::new(args.stack.as_str()).with_extension("toml"));
    let title = style.paint(Paint::Title, "Next");
    let save = match &args.out {
        Some(_) => String::new(),
        None => format!(", once standard output is saved as {}", path.display()),
    };
    let plan = typed("plan", &[&path], &target);
    let apply = typed("apply", &[&path], &target);
    format!("{title}{save}:\n  {plan}\n  {apply}\n")
}
