//! `amp-stack output`: what lives, for the scripts that come after a run.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    cli::{
        args::{AccountArgs, LoadArgs, StackArgs},
        candidates::output_or_stack_file,
        console::Console,
        exit::Exit,
        failure::Failure,
        interrupt::{Interrupts, unless_interrupted},
        session::{self, Session},
    },
    cloud::Cloud,
    file::problem::nearest,
    plan::{self, Plan},
    show::{
        outputs::{self, ShownOutput},
        plan::counts,
        words,
    },
    stack::Stack,
};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack output                        every output, and every attribute of what is deployed
  amp-stack output workspace.remote_write_url
                                          one value and nothing else, for $(...)
  aws ecs update-service --service checkout --task-definition \
\"$(amp-stack output task_definitions.checkout.arn)\"
  amp-stack output --json | jq -r '.\"roles.task.arn\"'";

/// `output`.
#[derive(Debug, Args)]
pub(super) struct Outputs {
    /// An output of [outputs], or an attribute such as `roles.task.arn` [default: all]; and the
    /// stack file, which ends in `.toml` or holds a `/` [default: ./stack.toml, else the only file
    /// in ./stacks/]
    #[arg(value_name = "NAME | STACK.toml", num_args = 0..=2, add = output_or_stack_file())]
    pub(super) words: Vec<String>,
    /// Print a JSON object, with null for what is not known; of one NAME, a JSON string
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) load: LoadArgs,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}

/// `amp-stack output`.
pub(super) async fn output(
    args: &Outputs,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let (file, name) = meant(&args.words)?;
    let target = StackArgs {
        files: file.into_iter().collect(),
        load: args.load.clone(),
        account: args.account.clone(),
    };
    let work = async {
        let Session { mut targets, .. } = session::open(&target, console).await?;
        let target = targets.pop();
        let target = target.ok_or_else(|| Failure::internal("a session without a stack"))?;
        if let Some(name) = name {
            ensure_named(&target.stack, name)?;
        }
        let live = target.cloud.observe(&target.stack.query(false)).await?;
        Ok((target.stack, live))
    };
    let (stack, live) = unless_interrupted(work, interrupts).await?;
    let known = plan::current_attributes(&stack, &live);
    let declared = outputs::declared(&stack, &known);
    let attributes = outputs::attributes(&stack, &known);
    if let Some(difference) = differs(&plan::plan(&stack, &live)) {
        console.eprint(&words::wrap("note: ", &difference, console.err_style.width))?;
    }
    match name {
        Some(name) => {
            let mut all = declared.iter().chain(&attributes);
            let one = all.find(|one| one.name == name);
            let one =
                one.ok_or_else(|| Failure::internal("a name without a value was not refused"))?;
            print_one(one, args.json, console)?;
        }
        None if args.json => {
            let all: Vec<ShownOutput> = declared.into_iter().chain(attributes).collect();
            console.print(&format!("{:#}\n", outputs::json(&all)))?;
        }
        None => print_all(&declared, &attributes, console)?,
    }
    Ok(Exit::Done)
}

/// Distinguishes the stack file from the name. No name ends in `.toml`: outputs have no dots, and
/// attributes end in what they are.
fn meant(words: &[String]) -> Result<(Option<PathBuf>, Option<&str>), Failure> {
    let is_file = |word: &&String| {
        let path = Path::new(word);
        path.extension().is_some_and(|end| end == "toml") || path.components().count() > 1
    };
    let (files, names): (Vec<&String>, Vec<&String>) = words.iter().partition(is_file);
    match (files.as_slice(), names.as_slice()) {
        ([] | [_], [] | [_]) => Ok((
            files.first().map(PathBuf::from),
            names.first().map(|n| n.as_str()),
        )),
        ([_, _, ..], _) => Err(Failure::before("takes one stack file")),
        (_, [_, _, ..]) => Err(Failure::before("takes one name")
            .hint("a stack file ends in .toml or holds a `/`; --json prints all values at once")),
    }
}

/// Refuses a name that is neither an output nor an attribute.
fn ensure_named(stack: &Stack, name: &str) -> Result<(), Failure> {
    let nothing = outputs::Known::new();
    let declared = outputs::declared(stack, &nothing);
    let all: Vec<ShownOutput> = declared
        .into_iter()
        .chain(outputs::attributes(stack, &nothing))
        .collect();
    let mut names = all.iter().map(|one| one.name.as_str());
    if names.clone().any(|other| other == name) {
        return Ok(());
    }
    let failure = Failure::before(format!(
        "`{name}` is neither an output of the stack file nor an attribute of its resources"
    ));
    // A resource without its attribute, or an attribute without its resource.
    let (within, last) = (format!("{name}."), format!(".{name}"));
    let attributes: Vec<&str> = names
        .clone()
        .filter(|other| other.starts_with(&within) || other.ends_with(&last))
        .collect();
    Err(match nearest(name, names.by_ref()) {
        _ if !attributes.is_empty() => failure.hint(format!("there are {}", attributes.join(", "))),
        Some(meant) => failure.hint(format!("did you mean {meant}?")),
        None => failure.hint("`amp-stack output` lists all there are"),
    })
}

/// What there is to say if what lives is not what the stack file says.
fn differs(plan: &Plan) -> Option<String> {
    if plan.is_empty() {
        return None;
    }
    let mut what = vec![counts(&[plan])];
    if !plan.refusals.is_empty() {
        what.push(format!(
            "{} to make",
            words::count(plan.refusals.len(), "decision")
        ));
    }
    what.retain(|text| !text.is_empty());
    Some(format!(
        "AWS is not as the stack file says ({}); the values are those of today",
        what.join(", ")
    ))
}

fn print_one(output: &ShownOutput, json: bool, console: &mut Console) -> Result<(), Failure> {
    let Some(value) = output.known() else {
        return Err(unknown(output));
    };
    let line = if json {
        format!("{}\n", serde_json::Value::from(value))
    } else {
        format!("{value}\n")
    };
    Ok(console.print(&line)?)
}

/// Why there is no value, and how to come by one.
fn unknown(output: &ShownOutput) -> Failure {
    let references = output.value.references().into_iter();
    let mentioned: Vec<String> = references.map(ToString::to_string).collect();
    let name = &output.name;
    let mut text = format!("`{name}` is not known before apply");
    if mentioned != [format!("${{{name}}}")] {
        text = format!("{text}, because it mentions {}", words::list(&mentioned));
    }
    Failure::before(text).hint("`amp-stack apply` makes what it is about")
}

fn print_all(
    declared: &[ShownOutput],
    attributes: &[ShownOutput],
    console: &mut Console,
) -> Result<(), Failure> {
    let style = console.out_style;
    let mut tables = [declared, attributes]
        .map(|outputs| outputs::table(outputs, style))
        .to_vec();
    tables.retain(|table| !table.is_empty());
    console.print(&tables.join("\n"))?;
    let width = console.err_style.width;
    let mut unknown = outputs::unknown(declared);
    unknown.extend(outputs::unknown(attributes));
    if !unknown.is_empty() {
        let unknown = unknown.join(", ");
        console.eprint(&words::wrap("not known before apply: ", &unknown, width))?;
    }
    let hidden = declared
        .iter()
        .filter(|one| one.is_secret && one.known().is_some());
    let hidden: Vec<&str> = hidden.map(|one| one.name.as_str()).collect();
    if !hidden.is_empty() {
        let text = format!(
            "{}; ask for one by its name to see it, or give it `secret = false` if it is none",
            hidden.join(", ")
        );
        console.eprint(&words::wrap("hidden: ", &text, width))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distinguished(words: &[&str]) -> Option<(Option<PathBuf>, Option<String>)> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let (file, name) = meant(&words).ok()?;
        Some((file, name.map(str::to_owned)))
    }

    #[test]
    fn the_stack_file_is_distinguished_from_the_name() {
        let (file, name) = (
            |f: &str| Some(PathBuf::from(f)),
            |n: &str| Some(n.to_owned()),
        );
        assert_eq!(distinguished(&[]), Some((None, None)));
        assert_eq!(
            distinguished(&["workspace.id"]),
            Some((None, name("workspace.id")))
        );
        assert_eq!(distinguished(&["a.toml"]), Some((file("a.toml"), None)));
        assert_eq!(distinguished(&["./prod"]), Some((file("./prod"), None)));
        for words in [["a.toml", "url"], ["url", "a.toml"]] {
            assert_eq!(distinguished(&words), Some((file("a.toml"), name("url"))));
        }
        assert_eq!(distinguished(&["a.toml", "b.toml"]), None);
        assert_eq!(distinguished(&["url", "id"]), None);
    }
}
