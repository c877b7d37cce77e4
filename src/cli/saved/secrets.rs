//! Gives a saved plan its secrets back: those that AWS still has, and for the rest those that the
//! stack file says.

use std::path::PathBuf;

use crate::{
    cli::{
        args::{Assignment, VariableArgs},
        console::Console,
        failure::Failure,
        saved::SavedApply,
        session,
    },
    saved::{Changed, Saved, SavedStack, Values},
    show::words,
    snapshot::Snapshot,
    stack::Stack,
};

/// Fills in what the plan hides, given what is `live`.
pub(super) fn fill_in(
    saved: &mut Saved,
    live: &[Snapshot],
    args: &SavedApply<'_>,
    console: &mut Console,
) -> Result<(), Failure> {
    let Some(guard) = saved.guard.clone() else {
        return Ok(());
    };
    let mut values = Values::default();
    for (saved, live) in saved.stacks.iter().zip(live) {
        saved.seen(live, &guard, &mut values);
    }
    // What is removed needs no values.
    if !saved.destroy {
        let variables = variables(saved, &args.stacks.load.variables);
        for stack in &saved.stacks {
            if !stack.missing(&values).is_empty() {
                let needed = needed(stack, &values);
                let now = reread(stack, args.stack_files, &variables, console);
                let now = now.map_err(|failure| advised(failure, &needed, saved))?;
                let same = stack.read(&now, &guard, &mut values);
                same.map_err(|changed| other_secrets(&changed, stack))?;
            }
        }
    }
    for saved in &mut saved.stacks {
        saved.fill_in(&values);
    }
    Ok(())
}

/// The variables that the plan was made with, and those that are given now.
fn variables(saved: &Saved, given: &VariableArgs) -> VariableArgs {
    let before = saved.variables.given.iter();
    let before = before.map(|(name, value)| Assignment {
        name: name.clone(),
        value: value.clone(),
        from_environment: false,
    });
    let files = saved.variables.files.iter();
    VariableArgs {
        var: before.chain(given.var.iter().cloned()).collect(),
        var_file: files.chain(&given.var_file).cloned().collect(),
    }
}

/// What a stack file says now: the one that is given for this stack, else the one that the plan was
/// made from.
fn reread(
    saved: &SavedStack,
    given: &[PathBuf],
    variables: &VariableArgs,
    console: &mut Console,
) -> Result<Stack, Failure> {
    let identity = &saved.stack.identity;
    for path in given {
        let stack = session::load(path, variables, identity, console)?;
        if stack.name == saved.stack.name {
            return Ok(stack);
        }
    }
    session::load(&saved.file, variables, identity, console)
}

/// The secrets that nobody but the stack file knows: `containers.app.environment.DB_PASSWORD of
/// task_definitions.checkout`.
fn needed(saved: &SavedStack, values: &Values) -> String {
    let missing = saved.missing(values).into_iter();
    let needed: Vec<String> = missing
        .map(|(address, paths)| format!("{} of {address}", words::list(&paths)))
        .collect();
    words::list(&needed)
}

fn advised(failure: Failure, needed: &str, saved: &Saved) -> Failure {
    let failure = failure
        .hint(format!(
            "a plan file holds no secrets, and this plan needs {needed} again, from the stack file"
        ))
        .hint("if the stack file is elsewhere now, name it with --stack STACK.toml");
    let secret = saved.variables.secret.iter();
    let options: Vec<String> = secret.map(|name| format!("--var {name}")).collect();
    if options.is_empty() {
        return failure;
    }
    failure.hint(format!(
        "give the secrets that it takes, from environment variables of these names: {}",
        options.join(" ")
    ))
}

fn other_secrets(changed: &Changed, saved: &SavedStack) -> Failure {
    let addresses: Vec<String> = changed.addresses.iter().map(ToString::to_string).collect();
    Failure::before(format!(
        "the stack file gives other secrets than when the plan was made, to {} of the stack `{}`; nothing was changed",
        words::list(&addresses),
        saved.stack.name
    ))
    .hint("give the secrets of then, or make another plan: amp-stack plan --out FILE")
}
