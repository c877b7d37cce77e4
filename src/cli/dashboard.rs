//! `amp-stack dashboard`: a Grafana dashboard of a stack's series, printed, written or sent.

mod discover;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::Value;

use crate::{
    aws::{
        Aws,
        grafana::{Grafana, GrafanaError},
    },
    cli::{
        args::{AccountArgs, LoadArgs, StackArgs, url},
        candidates::toml_file,
        console::Console,
        exit::Exit,
        failure::Failure,
        files,
        interrupt::{Interrupts, unless_interrupted},
        reading, replace,
        session::{self, Session, StackFile},
    },
    cloud::Cloud,
    model::{address::StackName, template::Attribute},
    plan,
    run::StackTarget,
    series::{self, Forecast, convention::Measure},
    show::dashboard::{self, Application, Duration, PLUGIN, Selector},
    snapshot::Snapshot,
    stack::Stack,
};

/// The variable that holds the token.
const TOKEN: &str = "GRAFANA_TOKEN";

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack dashboard > shop.json         to import in Grafana; AWS is not asked
  amp-stack dashboard --discover --out grafana/
                                          with what the workspace has of the application's requests
  amp-stack dashboard --requests http_requests_total --errors 'http_requests_total{code=~\"5..\"}' \
--duration http_request_duration_seconds --out grafana/
                                          the dashboard, and the data source to provision
  GRAFANA_TOKEN=... amp-stack dashboard --push https://g-1234567890.grafana-workspace.us-east-1.amazonaws.com
                                          both, through Grafana's HTTP API; again replaces them";

/// `dashboard`.
#[derive(Debug, Args)]
pub(super) struct Dashboard {
    /// The stack file [default: ./stack.toml, else the only file in ./stacks/]
    #[arg(value_name = "STACK.toml", add = toml_file())]
    pub(super) file: Option<PathBuf>,
    /// Write the dashboard and the data source as files into this directory
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Send both to the Grafana at this URL, with the token of a service account in `GRAFANA_TOKEN`
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(super) push: Option<String>,
    /// Ask the workspace which metrics count the application's requests, errors and durations, as
    /// OpenTelemetry, Micrometer, Prometheus' client libraries and gRPC do
    #[arg(long)]
    pub(super) discover: bool,
    /// A counter of the application's requests
    #[arg(long, value_name = "METRIC", value_parser = Selector::parse)]
    pub(super) requests: Option<Selector>,
    /// A counter of those that failed, with the labels that say so
    #[arg(long, value_name = "METRIC", value_parser = Selector::parse)]
    pub(super) errors: Option<Selector>,
    /// A histogram of how long they take, in seconds, without `_bucket`
    #[arg(long, value_name = "METRIC", value_parser = Selector::parse)]
    pub(super) duration: Option<Selector>,
    #[command(flatten)]
    pub(super) load: LoadArgs,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}

/// `amp-stack dashboard`.
pub(super) async fn dashboard(
    args: &Dashboard,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let path = files::one(args.file.as_deref(), Path::new("."))?;
    if args.out.is_none() && args.push.is_none() && !args.discover {
        let source = files::read(&path)?;
        let file = StackFile::parse(&source, &args.load.variables)?;
        let stack = file.check(args.load.region.as_deref(), console)?;
        let families = series::forecast(&stack);
        let made = args.of(&stack, &families, BTreeMap::new());
        args.say_what_is_not_drawn(&families, console)?;
        console.print(&format!("{made:#}\n"))?;
        return Ok(Exit::Done);
    }
    let token = args.push.as_ref().map(|_| token()).transpose()?;
    let stacks = StackArgs {
        files: vec![path],
        load: args.load.clone(),
        account: args.account.clone(),
    };
    let work = async {
        let Session { mut targets, .. } = session::open(&stacks, console).await?;
        let target = targets.pop();
        let target = target.ok_or_else(|| Failure::internal("a session without a stack"))?;
        let live = target.cloud.observe(&target.stack.query(false)).await?;
        let families = series::forecast(&target.stack);
        let found = if args.discover {
            discover::discover(&target, &live, &families, console).await?
        } else {
            args.say_what_is_not_drawn(&families, console)?;
            BTreeMap::new()
        };
        let made = args.of(&target.stack, &families, found);
        if args.out.is_none() && args.push.is_none() {
            console.print(&format!("{made:#}\n"))?;
            return Ok(Exit::Done);
        }
        let source = source(&target, &live)?;
        let grafana = match (&args.push, token) {
            (Some(url), Some(token)) => Some(Grafana::connect(url, token).await),
            _ => None,
        };
        if args.discover {
            args.keep(&target.stack.name, &made, grafana.as_ref())
                .await?;
        }
        if let Some(folder) = &args.out {
            write(folder, &target.stack.name, &made, &source, console)?;
        }
        if let Some(grafana) = grafana {
            grafana.put_source(&source).await.map_err(not_sent)?;
            let address = grafana.put_dashboard(&made).await.map_err(not_sent)?;
            console.print(&format!("{address}\n"))?;
        }
        Ok(Exit::Done)
    };
    unless_interrupted(work, interrupts).await
}

/// The dashboard of a stack, with what its workspace says that its applications count.
pub(super) async fn discovered(
    target: &StackTarget<Aws>,
    console: &mut Console,
) -> Result<Value, Failure> {
    let live = target.cloud.observe(&target.stack.query(false)).await?;
    let families = series::forecast(&target.stack);
    let found = discover::discover(target, &live, &families, console).await?;
    Ok(dashboard::dashboard(&target.stack.name, &families, &found))
}

impl Dashboard {
    /// What the application counts, as far as it is given.
    fn given(&self) -> Application {
        let duration = self.duration.clone().map(|metric| Duration {
            metric,
            measure: Measure::Seconds,
            has_buckets: true,
        });
        Application {
            protocol: None,
            requests: self.requests.clone(),
            errors: self.errors.clone(),
            duration,
        }
    }

    /// The dashboard, with what was found of each family; what is given goes before.
    fn of(
        &self,
        stack: &Stack,
        families: &[Forecast],
        mut found: BTreeMap<String, Vec<Application>>,
    ) -> Value {
        let given = self.given();
        for Forecast { family, .. } in families {
            let of_family = found.entry(family.clone()).or_default();
            if of_family.is_empty() {
                of_family.push(given.clone());
            } else {
                let first = of_family.remove(0);
                of_family.insert(0, first.or_as_given(&given));
            }
        }
        dashboard::dashboard(&stack.name, families, &found)
    }

    fn say_what_is_not_drawn(
        &self,
        families: &[Forecast],
        console: &mut Console,
    ) -> Result<(), Failure> {
        let has_collector = families.iter().any(|family| family.collector.is_some());
        if has_collector && self.given().is_empty() {
            console.eprint(
                "note: nothing of the application is drawn: --discover asks the workspace what it counts\n",
            )?;
        }
        Ok(())
    }

    /// Refuses to replace a dashboard by one that lacks panels of the application that it has: the
    /// application may be silent for another reason than that it no longer counts.
    async fn keep(
        &self,
        stack: &StackName,
        made: &Value,
        grafana: Option<&Grafana>,
    ) -> Result<(), Failure> {
        let mut kept = Vec::new();
        if let Some(folder) = &self.out {
            let path = dashboard_file(folder, stack);
            // What can't be read is no dashboard of ours, or there is none.
            let before = reading::glance(&path);
            let before = before.and_then(|text| serde_json::from_str(&text).ok());
            kept.extend(before.map(|before| (path.display().to_string(), before)));
        }
        if let Some(grafana) = grafana {
            let uid = made["uid"].as_str().unwrap_or_default();
            let before = grafana.dashboard(uid).await.map_err(not_sent)?;
            kept.extend(before.map(|before| ("the dashboard in Grafana".to_owned(), before)));
        }
        for (place, before) in kept {
            let lost = dashboard::lost(&before, made);
            if !lost.is_empty() {
                return Err(Failure::before(format!(
                    "{place} has panels for which nothing was found in the workspace now: {}",
                    lost.join(", ")
                ))
                .hint(
                    "nothing was written. `amp-stack verify` says whether samples arrive; \
                     --requests, --errors and --duration draw the panels whatever arrives; \
                     to do without them, remove the old dashboard",
                ));
            }
        }
        Ok(())
    }
}

fn not_sent(error: GrafanaError) -> Failure {
    Failure::before(error).hint(format!(
        "the token in {TOKEN} has to be of a service account with the role Admin, and Grafana needs the plugin {PLUGIN}"
    ))
}

/// The data source of the workspace of a stack.
fn source(target: &StackTarget<Aws>, live: &Snapshot) -> Result<Value, Failure> {
    let known = plan::current_attributes(&target.stack, live);
    let mut attributes = known.values().chain(target.stack.existing.values());
    let endpoint = attributes
        .find_map(|attributes| attributes.get(&Attribute::Endpoint))
        .cloned();
    let Some(endpoint) = endpoint else {
        return Err(Failure::before("the stack has no workspace yet that Grafana could ask")
            .hint("`amp-stack apply` makes it; without --out and --push the dashboard alone is printed"));
    };
    let region = region(&endpoint).unwrap_or(&target.stack.identity.region);
    Ok(dashboard::source(&target.stack.name, &endpoint, region))
}

/// The region in the host of a workspace (AWS General Reference, "Amazon Managed Service for
/// Prometheus endpoints").
fn region(endpoint: &str) -> Option<&str> {
    let rest = endpoint.split_once("aps-workspaces.")?.1;
    rest.split('.').next()
}

/// The token, which no command line should hold.
fn token() -> Result<String, Failure> {
    let found = std::env::var_os(TOKEN).and_then(|token| token.into_string().ok());
    found
        .filter(|token| !token.trim().is_empty())
        .ok_or_else(|| {
            Failure::before(format!(
                "--push needs the token of a service account of Grafana in {TOKEN}"
            ))
            .hint("in Grafana: Administration, Users and access, Service accounts, Add token")
        })
}

fn dashboard_file(folder: &Path, stack: &StackName) -> PathBuf {
    folder.join(format!("{}-dashboard.json", stack.as_str()))
}

fn write(
    folder: &Path,
    stack: &StackName,
    made: &Value,
    source: &Value,
    console: &mut Console,
) -> Result<(), Failure> {
    fs::create_dir_all(folder)
        .map_err(|error| Failure::before(format!("cannot make {}: {error}", folder.display())))?;
    let source_file = folder.join(format!("{}-datasource.yaml", stack.as_str()));
    for (path, text) in [
        (dashboard_file(folder, stack), format!("{made:#}\n")),
        (source_file, dashboard::provisioning(source)),
    ] {
        let written = if path.exists() {
            replace::replace(&path, &text)
        } else {
            replace::create(&path, &text)
        };
        written?;
        console.eprint(&format!("wrote {}\n", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_says_the_region() {
        let endpoint = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/";
        assert_eq!(region(endpoint), Some("eu-west-1"));
        assert_eq!(region("http://127.0.0.1/workspaces/ws-1/"), None);
    }
}
