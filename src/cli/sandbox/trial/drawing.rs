//! The part of a trial in which its dashboard is made: what each of the panels shows now.

use serde_json::Value;

use crate::{
    cli::{
        console::Console,
        dashboard,
        failure::Failure,
        interrupt::{Interrupts, unless_interrupted},
        sandbox::trial::Trial,
    },
    show::words,
    verify::{Subject, Verdict},
};

/// What Grafana shows of one panel, or of a row of them.
struct Drawn {
    title: String,
    /// How many series its queries give; `None` for a row.
    series: Option<usize>,
}

impl Trial<'_> {
    /// Makes the dashboard, and asks the workspace what its panels ask. Where something is known to
    /// be wrong, as with a workspace that the sandbox does not have, there is nothing to draw.
    pub(super) async fn draw(
        &mut self,
        subjects: &[Subject],
        verdict: Verdict,
        console: &mut Console,
        interrupts: &mut Interrupts,
    ) -> Result<(), Failure> {
        let options = ["--discover".to_owned(), "--out grafana".to_owned()];
        let command = self.typed("dashboard", &options);
        self.begin("Draw it in Grafana", &command, console)?;
        if verdict == Verdict::Disproven {
            return Ok(console.print("(not done: first comes what is wrong above)\n")?);
        }
        let target = self.target(&self.stack);
        let work = async {
            let made = dashboard::discovered(&target, console).await?;
            let mut drawn = Vec::new();
            for panel in made["panels"].as_array().into_iter().flatten() {
                drawn.push(self.drawn(panel, subjects).await?);
            }
            console.print(&rendered(&made, &drawn))?;
            Ok(())
        };
        unless_interrupted(work, interrupts).await
    }

    async fn drawn(&self, panel: &Value, subjects: &[Subject]) -> Result<Drawn, Failure> {
        let title = panel["title"].as_str().unwrap_or_default().to_owned();
        let Some(queries) = panel["targets"].as_array() else {
            return Ok(Drawn {
                title,
                series: None,
            });
        };
        let mut series = 0;
        for query in queries {
            let question = query["expr"].as_str().unwrap_or_default();
            // All families of a stack send to one workspace, or are asked in the first.
            for subject in subjects {
                if let Some(answer) = self.cloud.ask(subject, question).await {
                    series += answer?.len();
                    break;
                }
            }
        }
        Ok(Drawn {
            title,
            series: Some(series),
        })
    }
}

fn rendered(made: &Value, drawn: &[Drawn]) -> String {
    let title = made["title"].as_str().unwrap_or_default();
    let panels = drawn.iter().filter(|one| one.series.is_some()).count();
    let panels = words::count(panels, "panel");
    let width = drawn.iter().map(|one| one.title.chars().count());
    let width = width.max().unwrap_or_default();
    let lines = drawn.iter().map(|Drawn { title, series }| match series {
        None => format!("\n{title}\n"),
        Some(0) => format!("  {title:width$}  no series\n"),
        Some(count) => format!("  {title:width$}  {count} series\n"),
    });
    let lines: String = lines.collect();
    format!("{title}: {panels}, which a trial asks and does not write\n{lines}")
}
