//! What the workspace says that the application counts, for panels that nobody has to name.

use std::collections::BTreeMap;

use crate::{
    aws::Aws,
    cli::{console::Console, failure::Failure},
    cloud::Counted,
    model::call::CallError,
    run::StackTarget,
    series::{Forecast, convention::Served},
    show::{dashboard::Application, words},
    snapshot::Snapshot,
    verify::{self, Subject},
};

/// The most names that a message lists.
const NAMES: usize = 8;

/// Asks the workspace of each family, says what was found, and returns it by family.
pub(super) async fn discover(
    target: &StackTarget<Aws>,
    live: &Snapshot,
    families: &[Forecast],
    console: &mut Console,
) -> Result<BTreeMap<String, Vec<Application>>, Failure> {
    let subjects = verify::subjects(&target.stack, live);
    let with_collector = families.iter().filter(|family| family.collector.is_some());
    let mut found = BTreeMap::new();
    for Forecast { family, .. } in with_collector {
        let subject = subjects.iter().find(|subject| subject.family == *family);
        let text = match subject.map(|subject| (subject, target.cloud.counted(subject))) {
            None => "no revision of it is there yet, so nothing was asked".to_owned(),
            Some((subject, asked)) => match asked.await {
                None => not_asked(subject),
                Some(Err(error)) => return Err(refused(subject, &error)),
                Some(Ok(counted)) => {
                    let text = report(subject, &counted);
                    let applications = counted.served.iter().map(Application::of);
                    found.insert(family.clone(), applications.collect());
                    text
                }
            },
        };
        let begin = format!("{family}: ");
        console.eprint(&words::wrap(&begin, &text, console.err_style.width))?;
    }
    Ok(found)
}

fn not_asked(subject: &Subject) -> String {
    match &subject.measures {
        None => "its newest revision has no collector, so nothing was asked".to_owned(),
        Some(_) => "its collector writes to no workspace that can be asked".to_owned(),
    }
}

fn refused(subject: &Subject, error: &CallError) -> Failure {
    let family = &subject.family;
    let arn = subject.target.as_ref().map_or("", |target| &target.arn);
    let source = format!("cannot find out what {family} counts: {error}");
    Failure::before(source).hint(format!(
        "`amp-stack permissions --for verify` prints what asking takes: aps:QueryMetrics on {arn}. \
         Without --discover, nothing is asked"
    ))
}

/// What was found, and what was not.
fn report(subject: &Subject, counted: &Counted) -> String {
    let mut sentences: Vec<String> = counted.served.iter().map(of_convention).collect();
    if counted.names == 0 {
        let labels = subject.measures.as_ref().and_then(|one| one.names_task);
        return if labels == Some(false) {
            "its collector labels nothing with the family, so nothing can be found".to_owned()
        } else {
            "the workspace has had no series of its application within a day: `amp-stack verify` \
             says whether samples arrive"
                .to_owned()
        };
    }
    if sentences.is_empty() {
        sentences.push(format!(
            "none of the {} names in the workspace is known to count requests",
            counted.names
        ));
    }
    for (what, names, option) in [
        ("counters", &counted.counters, "--requests"),
        ("histograms", &counted.histograms, "--duration"),
    ] {
        if !names.is_empty() {
            sentences.push(format!("other {what}, for {option}: {}", listed(names)));
        }
    }
    sentences.join("; ")
}

fn of_convention(served: &Served) -> String {
    let convention = served.convention;
    let errors = if let Some(status) = served.status {
        format!("errors by {}", status.label)
    } else {
        let labels = convention.status.iter().map(|one| one.label);
        let labels: Vec<&str> = labels.collect();
        format!(
            "no errors, because {} is no label of it",
            labels.join(" or ")
        )
    };
    let durations = match (served.has_buckets, served.has_sum) {
        (true, _) => format!("durations in {}", convention.duration),
        (false, true) => format!("mean durations in {}, without buckets", convention.duration),
        (false, false) => format!("no durations, because there is no {}", convention.duration),
    };
    format!(
        "requests in {} ({}), {errors}, {durations}",
        convention.requests, convention.library
    )
}

fn listed(names: &[String]) -> String {
    let first: Vec<&str> = names.iter().take(NAMES).map(String::as_str).collect();
    let first = first.join(", ");
    match names.len().saturating_sub(NAMES) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
