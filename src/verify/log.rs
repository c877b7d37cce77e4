//! What the collectors have written.

use std::collections::BTreeMap;

use crate::{
    model::{number::as_f64, workload::LogLine},
    verify::{
        Check, Evidence, LogEvidence, Subject,
        check::LOG,
        of,
        symptoms::{Ends, Symptom, Voice, recognise},
    },
};

/// How far back lines matter: errors that last are written every minute.
pub const SINCE_MILLIS: u64 = 5 * 60_000;
/// The most characters of a line that are shown.
const SHOWN: usize = 300;

/// What the lines say, and whether anything of it can keep samples from the workspace.
pub(super) struct Lines {
    pub(super) check: Check,
    pub(super) keeps_samples: bool,
}

/// Judges the lines of the last minutes; nothing if no collector can have written any.
pub(super) fn check(subject: &Subject, evidence: &Evidence) -> Option<Lines> {
    let measures = subject.measures.as_ref()?;
    let check = of(subject, LOG, "the collector's log has no known error");
    if measures.log.is_none() {
        let why = "its log does not go to CloudWatch Logs, where it could be read";
        return Some(Lines {
            check: check.unknown(why),
            keeps_samples: false,
        });
    }
    if evidence.logs.is_empty() {
        return None;
    }
    let mut found: BTreeMap<&str, (&Symptom, &LogLine, &LogEvidence, usize)> = BTreeMap::new();
    let mut check = check;
    for log in &evidence.logs {
        let lines = match &log.lines {
            Ok(lines) => lines,
            Err(unseen) => {
                check = check.unknown(unseen);
                continue;
            }
        };
        for line in lines {
            let Some(symptom) = recognise(Voice::Log, &line.text) else {
                continue;
            };
            if is_over(symptom, line, &log.task, evidence) {
                continue;
            }
            let entry = found
                .entry(symptom.title)
                .or_insert((symptom, line, log, 0));
            // The last line of several that say the same.
            *entry = (symptom, line, log, entry.3 + 1);
        }
    }
    let mut keeps_samples = false;
    for (symptom, line, log, count) in found.into_values() {
        keeps_samples |= symptom.ends != Ends::Elsewhere;
        check = check.fails(symptom.cause);
        let times = if count == 1 {
            String::new()
        } else {
            format!(" ({count} lines like it)")
        };
        check = check.found(format!(
            "{} says{times}: {}",
            log.place.1,
            shown(&line.text)
        ));
        check = check.next(symptom.cure);
    }
    Some(Lines {
        check,
        keeps_samples,
    })
}

/// Whether a younger sample of the same task proves that what a line says is over.
fn is_over(symptom: &Symptom, line: &LogLine, task: &str, evidence: &Evidence) -> bool {
    if symptom.ends != Ends::WithASample {
        return false;
    }
    let Some(Ok(samples)) = &evidence.samples else {
        return false;
    };
    let mut last = samples.last.iter();
    last.any(|sample| {
        sample.label("aws_ecs_task_arn") == task && sample.value * 1000.0 > as_f64(line.at)
    })
}

fn shown(text: &str) -> String {
    let text = text.trim_end();
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("{start} …")
}
