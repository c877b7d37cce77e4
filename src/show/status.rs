//! What runs of a stack, on one screen.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use serde_json::{Value, json};

use crate::{
    show::{Paint, Style, verify::Frame, words},
    verify::{FamilyStatus, UserStatus},
};

/// The version of the JSON document.
pub const FORMAT: u32 = 1;

const HEADS: [&str; 7] = [
    "service",
    "revision",
    "running",
    "rollout",
    "application",
    "collector",
    "last sample",
];
/// What stands where there is nothing to say.
const NONE: &str = "-";

/// Every family, with who runs it, and what is left to do.
pub fn render(families: &[FamilyStatus], plan: &str, frame: &Frame<'_>, style: Style) -> String {
    let mut out = format!("{}\n", style.paint(Paint::Title, &frame.title()));
    for family in families {
        out.push('\n');
        let head = format!("{}: {}:{}", family.address, family.family, family.revision);
        let registered = registered(family);
        let head = style.paint(Paint::Title, &head);
        writeln!(out, "{head}{registered}").expect("writing to a string cannot fail");
        if family.users.is_empty() {
            out.push_str("  nothing that runs it was found\n");
        } else {
            out.push_str(&table(family, style));
        }
        for user in &family.users {
            if let Some(event) = &user.event {
                let first = format!("  {}: ", path(user));
                out.push_str(&words::wrap(&first, event, style.width));
            }
        }
        for unseen in &family.unseen {
            out.push_str(&words::wrap("  not seen: ", unseen, style.width));
        }
    }
    if families.is_empty() {
        out.push_str("\nNo task definition of the stack lives.\n");
    }
    out.push('\n');
    out.push_str(&words::wrap("Plan: ", plan, style.width));
    out
}

fn registered(family: &FamilyStatus) -> String {
    let Some(seconds) = family.registered_seconds else {
        return String::new();
    };
    let age = words::elapsed(Duration::from_secs(seconds));
    let by = family.registered_by.as_ref();
    let by = by.map_or_else(String::new, |by| format!(" by {by}"));
    format!(", registered {age} ago{by}")
}

fn path(user: &UserStatus) -> String {
    match &user.service {
        Some(service) => format!("{}/{service}", user.cluster),
        None => format!("{}, no service", user.cluster),
    }
}

fn table(family: &FamilyStatus, style: Style) -> String {
    let heads = HEADS.map(str::to_owned);
    let rows: Vec<[String; 7]> = family.users.iter().map(|user| row(family, user)).collect();
    let width = |column: usize| {
        let cells = rows
            .iter()
            .chain([&heads])
            .map(|row| words::columns(&row[column]));
        cells.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    let line = |row: &[String; 7]| -> String {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - words::columns(cell))));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut out = format!("  {}\n", style.paint(Paint::Faint, &line(&heads)));
    for (row, user) in rows.iter().zip(&family.users) {
        let is_well = user.is_current && user.desired.is_none_or(|desired| user.running >= desired);
        let text = line(row);
        let text = if is_well {
            text
        } else {
            style.paint(Paint::Update, &text)
        };
        writeln!(out, "  {text}").expect("writing to a string cannot fail");
    }
    out
}

fn row(family: &FamilyStatus, user: &UserStatus) -> [String; 7] {
    let behind = if user.is_current {
        ""
    } else {
        " (not current)"
    };
    let running = match user.desired {
        Some(desired) => format!("{} of {desired}", user.running),
        None => user.running.to_string(),
    };
    let age = user.last_sample_seconds.map(Duration::from_secs);
    let age = age.map(|age| format!("{} ago", words::elapsed(age)));
    [
        path(user),
        format!("{}:{}{behind}", family.family, user.revision),
        running,
        user.rollout.clone().unwrap_or_else(|| NONE.to_owned()),
        counted(&user.application),
        counted(&user.collector),
        age.unwrap_or_else(|| NONE.to_owned()),
    ]
}

/// `2 HEALTHY`, or `1 HEALTHY, 1 UNHEALTHY`.
fn counted(states: &BTreeMap<String, usize>) -> String {
    if states.is_empty() {
        return NONE.to_owned();
    }
    let states = states
        .iter()
        .map(|(state, count)| format!("{count} {state}"));
    states.collect::<Vec<_>>().join(", ")
}

/// The same for programs.
pub fn json(families: &[FamilyStatus], plan: &Value, frame: &Frame<'_>) -> Value {
    let user = |user: &UserStatus| {
        json!({
            "cluster": user.cluster,
            "service": user.service,
            "revision": user.revision,
            "current": user.is_current,
            "running": user.running,
            "desired": user.desired,
            "rollout": user.rollout,
            "application": user.application,
            "collector": user.collector,
            "last_sample_seconds": user.last_sample_seconds,
            "event": user.event,
        })
    };
    let family = |family: &FamilyStatus| {
        json!({
            "address": family.address.to_string(),
            "family": family.family,
            "revision": family.revision,
            "registered_seconds": family.registered_seconds,
            "registered_by": family.registered_by,
            "users": family.users.iter().map(user).collect::<Vec<_>>(),
            "unseen": family.unseen,
        })
    };
    let families = families.iter().map(family).collect();
    frame.json(FORMAT, [("plan", plan.clone()), ("families", families)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::identity::Identity;

    #[test]
    fn a_screen_says_who_runs_what() {
        let families = [FamilyStatus {
            address: "task_definitions.shop".parse().unwrap(),
            family: "shop".to_owned(),
            revision: 4,
            registered_seconds: Some(7_380),
            registered_by: Some("arn:aws:iam::111122223333:user/ci".to_owned()),
            users: vec![
                UserStatus {
                    cluster: "prod".to_owned(),
                    service: Some("web".to_owned()),
                    revision: 4,
                    is_current: true,
                    running: 2,
                    desired: Some(2),
                    rollout: Some("COMPLETED".to_owned()),
                    application: [("RUNNING".to_owned(), 2)].into(),
                    collector: [("HEALTHY".to_owned(), 2)].into(),
                    last_sample_seconds: Some(12),
                    event: None,
                },
                UserStatus {
                    cluster: "prod".to_owned(),
                    service: Some("worker".to_owned()),
                    revision: 3,
                    desired: Some(1),
                    event: Some("unable to place a task".to_owned()),
                    ..UserStatus::default()
                },
            ],
            unseen: vec!["the samples in ws-1: aps:QueryMetrics is denied".to_owned()],
        }];
        let identity = Identity::new("111122223333", "us-east-1");
        let frame = Frame {
            stack: "shop",
            identity: &identity,
            access: None,
            sandbox: None,
            only: None,
        };
        let text = render(&families, "nothing to do", &frame, Style::PLAIN);
        insta::assert_snapshot!(text, @r"
        Stack shop in us-east-1, account 111122223333

        task_definitions.shop: shop:4, registered 2h 3m ago by arn:aws:iam::111122223333:user/ci
          service      revision              running  rollout    application  collector  last sample
          prod/web     shop:4                2 of 2   COMPLETED  2 RUNNING    2 HEALTHY  12s ago
          prod/worker  shop:3 (not current)  0 of 1   -          -            -          -
          prod/worker: unable to place a task
          not seen: the samples in ws-1: aps:QueryMetrics is denied

        Plan: nothing to do
        ");
    }
}
