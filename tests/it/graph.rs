//! Stacks as graphs.

use std::{path::Path, process::Command};

/// What `amp-stack graph` prints of the quick start, as somebody without AWS sees it.
fn drawn(options: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_amp-stack"))
        .args(["graph", "stacks/quickstart.toml"])
        .args(options)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_quick_start_in_dot() {
    insta::assert_snapshot!(drawn(&[]), @r#"
    digraph "quickstart" {
      rankdir=LR;
      "log_groups.quickstart" [label="log_groups.quickstart\n/ecs/quickstart", shape=note];
      "workspace" [label="workspace\nquickstart", shape=cylinder];
      "roles.execution" [label="roles.execution\nQuickstartExecution", shape=ellipse];
      "roles.task" [label="roles.task\nQuickstartTask", shape=ellipse];
      "task_definitions.quickstart" [label="task_definitions.quickstart\nquickstart", shape=component];
      "roles.task" -> "workspace" [label="arn"];
      "task_definitions.quickstart" -> "log_groups.quickstart" [label="name"];
      "task_definitions.quickstart" -> "workspace" [label="remote_write_url"];
      "task_definitions.quickstart" -> "roles.execution" [label="arn"];
      "task_definitions.quickstart" -> "roles.task" [label="arn"];
    }
    "#);
}

#[test]
fn the_quick_start_in_mermaid() {
    insta::assert_snapshot!(drawn(&["--format", "mermaid"]), @r#"
    ---
    title: "quickstart"
    ---
    flowchart LR
      n0[["log_groups.quickstart<br/>/ecs/quickstart"]]
      n1[("workspace<br/>quickstart")]
      n2(["roles.execution<br/>QuickstartExecution"])
      n3(["roles.task<br/>QuickstartTask"])
      n4["task_definitions.quickstart<br/>quickstart"]
      n3 -->|"arn"| n1
      n4 -->|"name"| n0
      n4 -->|"remote_write_url"| n1
      n4 -->|"arn"| n2
      n4 -->|"arn"| n3
    "#);
}
