//! Progress on a terminal: what runs now, and since when, below what is finished.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    apply::Event,
    plan::Plan,
    show::{
        Paint, Style,
        progress::board::{Board, last_line},
        words,
    },
};

/// How often the lines are drawn again.
pub(super) const PACE: Duration = Duration::from_millis(120);
/// What turns while something runs.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// The rows that are left to what is finished, however much runs.
const ROWS_ABOVE: usize = 6;
/// The rows that are taken in any case: one step, how many more there are, and the count.
const LEAST_ROWS: usize = 3;

/// A block of lines at the end of the terminal.
pub(super) struct Bars<'a> {
    plan: &'a Plan,
    style: Style,
    /// The most lines of the block.
    rows: usize,
    board: Board<'a>,
    block: ProgressBar,
    turn: usize,
}

impl<'a> Bars<'a> {
    pub(super) fn new(plan: &'a Plan, style: Style, rows: usize) -> Self {
        let block = ProgressBar::new_spinner();
        block
            .set_style(ProgressStyle::with_template("{msg}").expect("the template is well formed"));
        Self {
            plan,
            style,
            rows: rows.saturating_sub(ROWS_ABOVE).max(LEAST_ROWS),
            board: Board::new(plan),
            block,
            turn: 0,
        }
    }

    pub(super) fn tick(&mut self, elapsed: Duration) {
        self.board.tick(elapsed);
        self.turn = (self.turn + 1) % SPINNER.len();
        self.draw();
    }

    pub(super) fn report(&mut self, event: &Event) {
        self.board.note(event);
        if let Some(line) = last_line(event, self.plan, self.style) {
            let wrapped = words::wrap("", &line, self.style.width);
            // Whoever closed the terminal does not want to know; what has begun in AWS goes on all
            // the same.
            self.block.println(wrapped.trim_end());
        }
        self.draw();
    }

    fn draw(&self) {
        let spinner = SPINNER[self.turn];
        let lines = block(&self.board, spinner, self.rows, self.style);
        self.block.set_message(lines.join("\n"));
    }
}

/// Nothing of the block stays.
impl Drop for Bars<'_> {
    fn drop(&mut self) {
        self.block.finish_and_clear();
    }
}

/// At most `rows` lines: the steps that have been running longest, how many more run, and the count
/// of all.
fn block(board: &Board<'_>, spinner: &str, rows: usize, style: Style) -> Vec<String> {
    let running = board.running();
    // The last line counts, and the one before it says what finds no room.
    let room = rows.saturating_sub(1);
    let shown = if running.len() <= room {
        running.len()
    } else {
        room.saturating_sub(1)
    };
    let mut lines: Vec<String> = running
        .iter()
        .take(shown)
        .map(|(step, running)| {
            let age = words::elapsed(board.age(running));
            let head = format!("{spinner} {}: ", step.address);
            line(&head, &running.describe(), &age, style)
        })
        .collect();
    if running.len() > shown {
        let more = format!("  and {} more", running.len() - shown);
        lines.push(style.paint(Paint::Faint, &cut(&more, style.width)));
    }
    lines.push(style.paint(Paint::Title, &cut(&board.total(), style.width)));
    lines
}

/// One line, of which the middle is cut where it is too long.
fn line(head: &str, middle: &str, end: &str, style: Style) -> String {
    let head = cut(head, style.width);
    let taken = words::columns(&head) + 2 + words::columns(end);
    let middle = cut(middle, style.width.saturating_sub(taken));
    let rest = style.paint(Paint::Faint, &format!("{middle}  {end}"));
    cut_if_plain(format!("{head}{rest}"), style)
}

/// What has no colours can be cut once more, on terminals that have no room for even the ends.
fn cut_if_plain(text: String, style: Style) -> String {
    if style.colour {
        text
    } else {
        cut(&text, style.width)
    }
}

/// The text, or as much of its beginning as `width` columns hold with a sign that it goes on.
fn cut(text: &str, width: usize) -> String {
    if words::columns(text) <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        kinds::{Change, role},
        model::{
            address::{Address, Kind},
            template::Template,
        },
        plan::{ClaimBy, Step, StepId},
        progress::{Notice, Queue, Trouble},
    };

    fn id(index: usize) -> StepId {
        StepId::build(Address::new(Kind::Role, format!("r{index}")))
    }

    fn plan(steps: usize) -> Plan {
        let step = |index| Step {
            id: id(index),
            from: None,
            to: None,
            after: BTreeSet::new(),
            target: String::new(),
            replaces: Vec::new(),
            adopted_from: None,
            claim: ClaimBy::default(),
        };
        Plan {
            steps: (0..steps).map(step).collect(),
            ..Plan::default()
        }
    }

    /// A board on which `running` of the steps have begun.
    fn board(plan: &Plan, running: usize) -> Board<'_> {
        let mut board = Board::new(plan);
        for index in 0..running {
            let step = id(index);
            board.note(&Event::Started {
                step: step.clone(),
                calls: 2,
            });
            let policy = Template::from("arn:aws:iam::aws:policy/service-role/P");
            board.note(&Event::Calling {
                step,
                change: Change::Role(role::Change::Attach(policy)),
            });
        }
        board.tick(Duration::from_secs(72));
        board
    }

    fn plain(width: usize) -> Style {
        Style {
            colour: false,
            width,
        }
    }

    #[test]
    fn every_running_step_has_a_line_where_there_is_room() {
        let plan = plan(3);
        let board = board(&plan, 2);
        assert_eq!(
            block(&board, "⠹", 18, plain(80)),
            [
                "⠹ roles.r0: creating, 1 of 2: iam:AttachRolePolicy service-role/P  1m 12s",
                "⠹ roles.r1: creating, 1 of 2: iam:AttachRolePolicy service-role/P  1m 12s",
                "0 of 3 done, 2 running, 0 waiting, 0 failed, 1m 12s",
            ]
        );
    }

    #[test]
    fn no_terminal_is_too_small() {
        let plan = plan(300);
        let board = board(&plan, 64);
        for (rows, width) in [(18, 80), (3, 40), (44, 160)] {
            let lines = block(&board, "⠹", rows, plain(width));
            assert_eq!(lines.len(), rows);
            assert!(lines.iter().all(|line| words::columns(line) <= width));
            let more = format!("  and {} more", 64 - (rows - 2));
            assert_eq!(lines[rows - 2], more);
            assert!(lines[rows - 1].starts_with("0 of 300 done, 64 running"));
        }
    }

    #[test]
    fn what_a_step_waits_for_is_shown_before_what_it_does() {
        let plan = plan(1);
        let mut board = board(&plan, 1);
        let noticed = |notice| Event::Noticed {
            step: id(0),
            operation: "iam:AttachRolePolicy",
            notice,
        };
        let retrying = |request: &str| Notice::Retrying {
            request: request.to_owned(),
            attempts: 2,
            trouble: Trouble::Throttled,
        };
        const QUEUED: &str = "ECS takes 1 deletion a second: 63 to go, about 1m 3s: ";
        let settling = Notice::Settling {
            request: "aps:DescribeWorkspace".to_owned(),
            status: "CREATING".to_owned(),
        };
        for (notice, waits_for) in [
            (
                Notice::Queued(Queue {
                    limit: "ECS takes 1 deletion a second".to_owned(),
                    ahead: 63,
                    wait: Duration::from_secs(63),
                }),
                QUEUED,
            ),
            (Notice::Sending, ""),
            (
                retrying("iam:AttachRolePolicy"),
                "throttled by AWS, sent 2 times: ",
            ),
            (
                retrying("iam:GetRole"),
                "throttled by AWS at iam:GetRole, sent 2 times: ",
            ),
            (settling, "not in effect yet (CREATING): "),
        ] {
            board.note(&noticed(notice));
            let lines = block(&board, "⠹", 18, plain(200));
            let call = "iam:AttachRolePolicy service-role/P";
            let expected = format!("⠹ roles.r0: creating, 1 of 2: {waits_for}{call}  1m 12s");
            assert_eq!(lines[0], expected);
            let waiting = usize::from(!matches!(waits_for, "" | QUEUED));
            let counted = format!("{} running, {waiting} waiting", 1 - waiting);
            assert!(lines[1].contains(&counted), "{}", lines[1]);
        }
    }

    #[test]
    fn what_ended_makes_room_for_what_waited_for_a_line() {
        let plan = plan(10);
        let mut board = board(&plan, 5);
        let first = |board: &Board<'_>| block(board, "⠹", 4, plain(80))[0].clone();
        assert!(first(&board).contains("roles.r0"));
        board.note(&Event::Finished { step: id(0) });
        assert!(first(&board).contains("roles.r1"));
        assert!(board.total().starts_with("1 of 10 done, 4 running"));
    }
}
