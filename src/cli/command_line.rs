//! Command lines as somebody would type them.

use std::path::Path;

use crate::{
    cli::args::{AccountArgs, Assignment, CallerArgs, LoadArgs, StackArgs},
    show::is_secret,
};

/// The command line `amp-stack VERB` for the same stacks in the same place, as somebody would type
/// it.
pub(super) fn typed(verb: &str, paths: &[&Path], target: &StackArgs) -> String {
    let StackArgs {
        files: _,
        load: LoadArgs { variables, region },
        account:
            AccountArgs {
                caller:
                    CallerArgs {
                        profile,
                        calls,
                        sandbox,
                    },
                allow,
            },
    } = target;
    let mut words = vec!["amp-stack".to_owned(), verb.to_owned()];
    words.extend(paths.iter().map(|path| quoted(&path.display().to_string())));
    let mut option = |name: &str, value: &str| words.extend([name.to_owned(), quoted(value)]);
    for Assignment {
        name,
        value,
        from_environment,
    } in &variables.var
    {
        // Logs keep what is printed, so a secret is left to the environment: pasted as it is
        // printed, the command takes it from there or fails.
        if *from_environment || is_secret(name, value) {
            option("--var", name);
        } else {
            option("--var", &format!("{name}={value}"));
        }
    }
    for file in &variables.var_file {
        option("--var-file", &file.display().to_string());
    }
    for (name, value) in [("--region", region), ("--profile", profile)] {
        if let Some(value) = value {
            option(name, value);
        }
    }
    for role in allow.allow_role.iter().flat_map(|roles| &roles.0) {
        option("--allow-role", &role.to_string());
    }
    for profile in allow.allow_profile.iter().flat_map(|profiles| &profiles.0) {
        option("--allow-profile", profile);
    }
    for rate in &calls.rate {
        option("--rate", &rate.to_string());
    }
    if calls.full_read {
        words.push("--full-read".to_owned());
    }
    match &sandbox.sandbox {
        None => {}
        Some(None) => words.push("--sandbox".to_owned()),
        Some(Some(file)) => {
            words.push(format!("--sandbox={}", quoted(&file.display().to_string())));
        }
    }
    if let Some(seed) = sandbox.sandbox_chaos {
        words.push(format!("--sandbox-chaos {seed}"));
    }
    if let Some(policy) = &sandbox.sandbox_caller {
        let policy = quoted(&policy.display().to_string());
        words.push(format!("--sandbox-caller {policy}"));
    }
    words.join(" ")
}

/// The word as a POSIX shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::cli::args::{AllowArgs, CallArgs, SandboxArgs, VariableArgs};

    fn given(name: &str, value: &str, from_environment: bool) -> Assignment {
        Assignment {
            name: name.to_owned(),
            value: value.to_owned(),
            from_environment,
        }
    }

    #[test]
    fn the_next_command_keeps_secrets() {
        let target = StackArgs {
            files: Vec::new(),
            load: LoadArgs {
                variables: VariableArgs {
                    var: vec![
                        given("db_password", "hunter2", false),
                        given("tag", "1.4", true),
                    ],
                    var_file: Vec::new(),
                },
                region: None,
            },
            account: AccountArgs::default(),
        };
        assert_eq!(
            typed("apply", &[Path::new("stack.toml")], &target),
            "amp-stack apply stack.toml --var db_password --var tag"
        );
    }

    #[test]
    fn the_next_command_is_for_the_same_stack() {
        let target = StackArgs {
            files: Vec::new(),
            load: LoadArgs {
                variables: VariableArgs {
                    var: vec![given("tag", "it's 1", false)],
                    var_file: vec![PathBuf::from("prod.toml")],
                },
                region: Some("us-east-1".to_owned()),
            },
            account: AccountArgs {
                caller: CallerArgs {
                    profile: None,
                    calls: CallArgs {
                        rate: vec!["ecs-register=5".parse().expect("it is a rate")],
                        full_read: true,
                    },
                    sandbox: SandboxArgs {
                        sandbox: Some(Some(PathBuf::from("a b.json"))),
                        sandbox_chaos: Some(7),
                        sandbox_caller: Some(PathBuf::from("me.json")),
                    },
                },
                allow: AllowArgs {
                    allow_role: vec![
                        "arn:aws:iam::222222222222:role/a"
                            .parse()
                            .expect("it is a role"),
                    ],
                    allow_profile: vec!["prod dev".parse().expect("two names")],
                },
            },
        };
        assert_eq!(
            typed("apply", &[Path::new("stacks/a.toml")], &target),
            r"amp-stack apply stacks/a.toml --var 'tag=it'\''s 1' --var-file prod.toml --region us-east-1 --allow-role arn:aws:iam::222222222222:role/a --allow-profile prod --allow-profile dev --rate ecs-register=5 --full-read --sandbox='a b.json' --sandbox-chaos 7 --sandbox-caller me.json"
        );
    }
}
