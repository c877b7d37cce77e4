//! The guide and the README say what is so: transcripts are run, stack files are loaded, links and
//! codes are followed.

pub(crate) mod pages;
mod transcript;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
    thread,
};

use amp_stack::{
    file::{
        render::{Style, render},
        source::Source,
    },
    load::{self, LoadContext},
    model::identity::Identity,
    plan::{refusals::REFUSALS, risk::rules::RISKS},
};

use crate::run::Bench;
use pages::{Block, Page, pages, root};

/// Pages that are linked to and are not there yet.
const NOT_YET: &[&str] = &[];

/// References, whose tables are as wide as they are.
const WIDE: &[&str] = &["stack-file.md", "json.md"];

/// What fragments are fragments of, table by table.
const AROUND: &[(&str, &str)] = &[
    ("[stack]", "name = \"fragment\""),
    ("[workspace]", "alias = \"fragment\""),
    (
        "[log_groups.app]",
        "name = \"/ecs/app\"\nretention_days = 30",
    ),
    (
        "[log_groups.collector]",
        "name = \"/ecs/collector\"\nretention_days = 7",
    ),
    ("[roles.task]", "name = \"Task\""),
    (
        "[roles.execution]",
        "name = \"Execution\"\nmanaged_policies = [\"service-role/AmazonECSTaskExecutionRolePolicy\"]",
    ),
    (
        "[task_definitions.checkout]",
        "requires_compatibilities = [\"FARGATE\"]\ncpu = 512\nmemory = 1024\ntask_role = \"task\"\nexecution_role = \"execution\"",
    ),
    (
        "[task_definitions.checkout.containers.app]",
        "image = \"example:1\"\nlogs = \"app\"",
    ),
    (
        "[log_groups.api]",
        "name = \"/copilot/shop-prod-api\"\nretention_days = 30",
    ),
    (
        "[task_definitions.shop-prod-api]",
        "requires_compatibilities = [\"FARGATE\"]\ncpu = 512\nmemory = 1024\ntask_role = \"task\"\nexecution_role = \"execution\"",
    ),
    (
        "[task_definitions.shop-prod-api.containers.api]",
        "image = \"example:1\"\nlogs = \"api\"",
    ),
];

fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// The least transcripts that the README and the guide hold together.
const COMMANDS: usize = 24;

#[test]
fn transcripts_are_what_the_program_says() {
    let played: Vec<(Vec<String>, usize)> = thread::scope(|scope| {
        let pages = pages().into_iter();
        let with_any = pages.filter(|page| page.blocks().iter().any(|b| b.language == "console"));
        let runs: Vec<_> = with_any
            .map(|page| scope.spawn(move || transcript::run(&page)))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let wrong: Vec<String> = played.iter().flat_map(|(wrong, _)| wrong.clone()).collect();
    assert_none(&wrong);
    let commands: usize = played.iter().map(|(_, commands)| commands).sum();
    assert!(commands >= COMMANDS, "only {commands} commands were run");
}

/// What is wrong with the stack file `text` on `page`, as the program would show it.
fn problems(page: &Page, line: usize, text: &str) -> Option<String> {
    let source = Source {
        path: page.at(line).into(),
        text: text.to_owned(),
    };
    let files: BTreeMap<String, String> = page
        .blocks()
        .into_iter()
        .filter_map(|block| Some((block.file?, block.text)))
        .collect();
    let around = LoadContext {
        identity: Identity::new("111122223333", "us-east-1"),
        account_is_known: false,
        region_is_known: false,
        variables: required(text),
        var_files: Vec::new(),
        environment: &|_| Some("value".to_owned()),
        elsewhere: &|_| false,
        read: &|path| {
            let name = path.display().to_string();
            let text = files.get(&name).cloned();
            text.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, name))
        },
    };
    let problems = load::load(&source, &around).err()?;
    Some(render(&source, &problems, Style::Plain { width: 120 }))
}

/// A value for every variable that has to be given: one that it allows, or else one that may be an
/// account.
fn required(text: &str) -> BTreeMap<String, String> {
    let table: toml::Table = text.parse().unwrap_or_default();
    let declared = table.get("variables").and_then(toml::Value::as_table);
    declared
        .into_iter()
        .flatten()
        .filter(|(_, variable)| variable.get("default").is_none())
        .map(|(name, variable)| {
            let allowed = variable.get("allowed").and_then(|values| values.get(0));
            let value = allowed.and_then(toml::Value::as_str);
            (name.clone(), value.unwrap_or("111122223333").to_owned())
        })
        .collect()
}

/// The fragment, with what it needs around it.
fn completed(fragment: &str) -> String {
    let is_missing = |table: &str| !fragment.lines().any(|line| line.starts_with(table));
    let around = AROUND.iter().filter(|(table, _)| is_missing(table));
    let around: Vec<String> = around
        .map(|(table, lines)| format!("{table}\n{lines}\n"))
        .collect();
    format!("{fragment}\n{}", around.join("\n"))
}

#[test]
fn stack_files_and_fragments_of_them_are_valid() {
    let mut broken = Vec::new();
    let (mut whole, mut fragments) = (0, 0);
    for page in pages() {
        let is_stack = |block: &Block| {
            let values = |file: &String| file.ends_with(".vars.toml");
            let is_file = !block.wrong && !block.file.as_ref().is_some_and(values);
            block.language == "toml" && is_file
        };
        let blocks = page.blocks().into_iter().filter(is_stack);
        for Block { line, text, .. } in blocks {
            let is_whole = text.lines().any(|line| line == "[stack]");
            let problems = if is_whole {
                whole += 1;
                problems(&page, line, &text)
            } else {
                fragments += 1;
                problems(&page, line, &completed(&text))
            };
            broken.extend(problems);
        }
    }
    assert_none(&broken);
    assert!(whole >= 4 && fragments >= 10, "{whole} and {fragments}");
}

/// The code in a cell of a table.
fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// What a table says that `metrics` can say, it can: each row's lines go together, unless one says
/// anew what another one has said.
#[test]
fn what_is_needed_can_be_said() {
    const PLACES: &[(&str, &str)] = &[
        (
            "workspace = \"arn:…\"",
            "workspace = \"arn:aws:aps:eu-west-1:111122223333:workspace/ws-12345678\"",
        ),
        (
            "config_parameter = \"arn:…\"",
            "config_parameter = \"arn:aws:ssm:us-east-1:111122223333:parameter/a\"",
        ),
        (
            "= \"arn:…\"",
            "= \"arn:aws:ssm:us-east-1:111122223333:parameter/a\"",
        ),
        (":ACCOUNT:", ":111122223333:"),
    ];
    let pages = pages();
    let page = pages
        .iter()
        .find(|page| page.path.ends_with("sidecar.md"))
        .unwrap();
    let rows = page.prose().into_iter();
    let rows = rows.skip_while(|(_, line)| !line.starts_with("| need |"));
    let rows = rows.take_while(|(_, line)| line.starts_with('|')).skip(2);
    let (mut broken, mut said) = (Vec::new(), 0);
    for (number, row) in rows {
        let cell = row.split(" | ").nth(1).unwrap();
        let mut groups: Vec<BTreeMap<&str, &str>> = vec![BTreeMap::new()];
        for line in code(cell).filter(|code| code.contains(" = ")) {
            let key = line.split(" = ").next().unwrap();
            if groups.last().unwrap().contains_key(key) {
                groups.push(BTreeMap::new());
            }
            groups.last_mut().unwrap().insert(key, line);
        }
        for group in groups {
            let mut lines: Vec<&str> = group.values().copied().collect();
            let collects = [
                "scrape",
                "otlp",
                "traces",
                "statsd",
                "xray_daemon",
                "config",
            ];
            let is_whole = group
                .keys()
                .any(|key| collects.iter().any(|c| key.starts_with(c)));
            lines.extend((!is_whole).then_some("otlp = true"));
            let mentions = |name: &str| {
                lines
                    .iter()
                    .any(|line| line.contains(&format!("secret = \"{name}\"")))
            };
            let secret = "secrets = { TOKEN = \"arn:…\" }";
            let is_missing = mentions("TOKEN") && !group.contains_key("secrets");
            lines.extend(is_missing.then_some(secret));
            let mut fragment = format!(
                "[task_definitions.checkout.metrics]\n{}\n",
                lines.join("\n")
            );
            for (place, value) in PLACES {
                fragment = fragment.replace(place, value);
            }
            said += 1;
            let reads = "[roles.execution]\nname = \"Execution\"\nmanaged_policies = [\"service-role/AmazonECSTaskExecutionRolePolicy\"]\ninline_policies = { a = { Version = \"2012-10-17\", Statement = { Effect = \"Allow\", Action = \"ssm:GetParameters\", Resource = \"*\" } } }\n";
            let whole = completed(&format!("{fragment}{reads}"));
            broken.extend(problems(page, number, &whole).map(|p| format!("{fragment}{p}")));
        }
    }
    assert_none(&broken);
    assert!(said >= 25, "{said}");
}

/// What the links of a line lead to.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// The name that GitHub gives a heading: in small letters, blanks as hyphens, without signs.
fn anchor(heading: &str) -> String {
    let letters = heading.trim_start_matches('#').trim().chars();
    letters
        .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
        .map(|c| {
            if c == ' ' {
                '-'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

/// The names between `open` and `]` in `text`, as in `[text][name]` and `[name]: https://…`.
fn names<'a>(text: &'a str, open: &str) -> BTreeSet<&'a str> {
    let pieces = text.split(open).skip(1);
    pieces
        .filter_map(|rest| Some(rest.split_once(']')?.0))
        .collect()
}

#[test]
fn every_link_by_name_has_a_target_and_every_target_a_link() {
    for page in pages() {
        let prose: Vec<&str> = page.prose().into_iter().map(|(_, line)| line).collect();
        let is_target = |line: &&&str| line.starts_with('[') && line.contains("]: https://");
        let (targets, others): (Vec<&str>, Vec<&str>) = prose.iter().partition(|l| is_target(l));
        let targets = format!("\n{}", targets.join("\n"));
        let linked = others.join("\n");
        assert_eq!(
            names(&linked, "]["),
            names(&targets, "\n["),
            "{}",
            page.path.display()
        );
    }
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    let mut followed = 0;
    for page in pages() {
        let directory = page.path.parent().unwrap_or(Path::new(""));
        for (number, line) in page.prose() {
            for link in links(line) {
                let (file, section) = link.split_once('#').unwrap_or((link, ""));
                if link.starts_with("https://") || NOT_YET.iter().any(|name| file.ends_with(name)) {
                    continue;
                }
                followed += 1;
                let target = match file {
                    "" => root().join(&page.path),
                    file => root().join(directory).join(file),
                };
                if !target.exists() {
                    broken.push(format!("{}: {link} leads nowhere", page.at(number)));
                } else if !section.is_empty() {
                    let text = fs::read_to_string(target).unwrap();
                    let mut headings = text.lines().filter(|line| line.starts_with('#'));
                    if !headings.any(|heading| anchor(heading) == section) {
                        broken.push(format!("{}: {link} is no heading", page.at(number)));
                    }
                }
            }
        }
    }
    assert_none(&broken);
    assert!(followed > 20, "only {followed} links were found");
}

#[test]
fn codes_that_are_mentioned_exist_and_every_refusal_and_risk_is_mentioned() {
    let bench = Bench::new("guide-codes");
    let mut codes = BTreeSet::new();
    let mut all = String::new();
    for page in pages() {
        for (at, found) in page.text.match_indices("amp-stack explain ") {
            let rest = &page.text[at + found.len()..];
            let is_code = |c: char| c.is_ascii_alphanumeric() || "-_:.".contains(c);
            let end = rest.find(|c| !is_code(c)).unwrap_or(rest.len());
            let code = rest[..end].trim_end_matches('.');
            // In capitals it stands for any.
            if code.contains(|c: char| c.is_ascii_lowercase()) {
                codes.insert(code.to_owned());
            }
        }
        all.push_str(&page.text);
    }
    assert!(codes.len() >= 3, "{codes:?}");
    for code in codes {
        bench.run(&["explain", &code]).expect(0);
    }
    for rule in REFUSALS.iter().chain(RISKS) {
        let code = format!("`{}`", rule.code);
        assert!(all.contains(&code), "{code} is not in the guide");
    }
}

#[test]
fn pages_are_readable_in_a_terminal() {
    let mut broken = Vec::new();
    for page in pages() {
        if WIDE.iter().any(|name| page.path.ends_with(name)) {
            continue;
        }
        for (index, line) in page.text.lines().enumerate() {
            if line.chars().count() > 160 {
                broken.push(format!("{} is longer than 160", page.at(index + 1)));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn the_index_lists_every_page() {
    let mut pages = pages();
    let index = pages
        .iter()
        .position(|page| page.path.ends_with("guide/README.md"));
    let index = pages.remove(index.expect("the guide has an index"));
    let listed: BTreeSet<&str> = index
        .prose()
        .iter()
        .flat_map(|(_, line)| links(line))
        .collect();
    for page in pages
        .iter()
        .filter(|page| page.path.starts_with("src/guide"))
    {
        let name = page.path.file_name().unwrap().to_str().unwrap();
        assert!(listed.contains(name), "{name} is not in the index");
    }
}

/// Who has a minute reads the README, who asks reads the FAQ: both have one table.
#[test]
fn the_readme_compares_as_the_faq_does() {
    let table = |path: &str| -> Vec<String> {
        let pages = pages();
        let page = pages.iter().find(|page| page.path.ends_with(path));
        let lines = page.expect("the page is there").text.lines();
        let table = lines.skip_while(|line| !line.starts_with("| | amp-stack |"));
        let table = table.take_while(|line| !line.is_empty());
        table.map(str::to_owned).collect()
    };
    let compared = table("src/guide/faq.md");
    assert!(compared.len() > 8, "{compared:?}");
    assert_eq!(table("README.md"), compared);
}

#[test]
fn the_program_shows_its_pages() {
    let bench = Bench::new("guide-command");
    let list = bench.run(&["guide"]).expect(0);
    for page in pages()
        .iter()
        .filter(|page| page.path.starts_with("src/guide"))
    {
        let topic = page.path.file_stem().unwrap().to_str().unwrap();
        if topic == "README" {
            continue;
        }
        assert!(list.says(topic), "{topic} is not listed");
        let run = bench.run(&["guide", topic]).expect(0);
        assert_eq!(run.stdout, page.text, "{topic}");
    }
    let run = bench.run(&["guide", "concept"]).expect(1);
    assert!(run.says("did you mean `concepts`?"), "{}", run.stderr);
}
