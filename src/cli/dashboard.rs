//! `amp-stack dashboard`: a Grafana dashboard of a stack's series, printed, written or sent.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::{
    aws::grafana::Grafana,
    cli::{
        args::{AccountArgs, LoadArgs, StackArgs, url},
        candidates::toml_file,
        console::Console,
        exit::Exit,
        failure::Failure,
        files,
        interrupt::{Interrupts, unless_interrupted},
        replace,
        session::{self, Session, StackFile},
    },
    cloud::Cloud,
    model::{address::StackName, template::Attribute},
    plan, series,
    show::dashboard::{self, Application, PLUGIN, Selector},
    stack::Stack,
};

/// The variable that holds the token.
const TOKEN: &str = "GRAFANA_TOKEN";

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack dashboard > shop.json         to import in Grafana; AWS is not asked
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
    let application = Application {
        requests: args.requests.clone(),
        errors: args.errors.clone(),
        duration: args.duration.clone(),
    };
    if args.out.is_none() && args.push.is_none() {
        let source = files::read(&path)?;
        let file = StackFile::parse(&source, &args.load.variables)?;
        let stack = file.check(args.load.region.as_deref(), console)?;
        console.print(&format!("{:#}\n", of(&stack, &application)))?;
        return Ok(Exit::Done);
    }
    let token = args.push.as_ref().map(|_| token()).transpose()?;
    let stacks = StackArgs {
        files: vec![path],
        load: args.load.clone(),
        account: args.account.clone(),
    };
    let work = async {
        let (stack, source) = source(&stacks, console).await?;
        let made = of(&stack, &application);
        if let Some(folder) = &args.out {
            write(folder, &stack.name, &made, &source, console)?;
        }
        if let (Some(url), Some(token)) = (&args.push, token) {
            let grafana = Grafana::connect(url, token).await;
            let failed = |error| {
                Failure::before(error).hint(format!(
                    "the token in {TOKEN} has to be of a service account with the role Admin, and Grafana needs the plugin {PLUGIN}"
                ))
            };
            grafana.put_source(&source).await.map_err(failed)?;
            let address = grafana.put_dashboard(&made).await.map_err(failed)?;
            console.print(&format!("{address}\n"))?;
        }
        Ok(Exit::Done)
    };
    unless_interrupted(work, interrupts).await
}

fn of(stack: &Stack, application: &Application) -> Value {
    dashboard::dashboard(&stack.name, &series::forecast(stack), application)
}

/// The stack, and the data source of its workspace.
async fn source(stacks: &StackArgs, console: &mut Console) -> Result<(Stack, Value), Failure> {
    let Session { mut targets, .. } = session::open(stacks, console).await?;
    let target = targets.pop();
    let target = target.ok_or_else(|| Failure::internal("a session without a stack"))?;
    let live = target.cloud.observe(&target.stack.query(false)).await?;
    let known = plan::current_attributes(&target.stack, &live);
    let mut attributes = known.values().chain(target.stack.existing.values());
    let endpoint = attributes
        .find_map(|attributes| attributes.get(&Attribute::Endpoint))
        .cloned();
    let Some(endpoint) = endpoint else {
        return Err(Failure::before("the stack has no workspace yet that Grafana could ask")
            .hint("`amp-stack apply` makes it; without --out and --push the dashboard alone is printed"));
    };
    let region = region(&endpoint).unwrap_or(&target.stack.identity.region);
    let source = dashboard::source(&target.stack.name, &endpoint, region);
    Ok((target.stack, source))
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

fn write(
    folder: &Path,
    stack: &StackName,
    made: &Value,
    source: &Value,
    console: &mut Console,
) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::before(format!("cannot make {}: {error}", folder.display())))?;
    for (ending, text) in [
        ("dashboard.json", format!("{made:#}\n")),
        ("datasource.yaml", dashboard::provisioning(source)),
    ] {
        let path = folder.join(format!("{}-{ending}", stack.as_str()));
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
