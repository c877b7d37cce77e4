//! `amp-stack sandbox`: the sandbox as a server, for the AWS CLI, the SDKs and whatever else knows
//! `AWS_ENDPOINT_URL`.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use clap::Args;
use thiserror::Error;

use crate::{
    aws::http::{Ask, HttpServer},
    cli::{
        args::url,
        console::Console,
        exit::Exit,
        failure::Failure,
        interrupt::Interrupts,
        sandbox::{Keeping, Wanted, account, region},
    },
};
use amp_stack_sandbox::{Have, Limit, Upstream, connector::Clock, server::Server};

/// How long the Prometheus behind it may take to answer: longer than a query may run there unless
/// it was set up otherwise (`--query.timeout`, two minutes).
const PATIENCE: Duration = Duration::from_secs(130);

/// What it is.
pub(crate) const ABOUT: &str = "\
Serve a sandbox to other AWS tools, on this machine only.

A sandbox is a strict imitation of the parts of AWS that amp-stack uses: IAM, Amazon Managed Service for Prometheus, \
CloudWatch Logs, ECS, STS, the Resource Groups Tagging API, and what is looked up of Secrets Manager, Systems Manager, \
KMS, ECR, EFS and Service Quotas. The AWS CLI, boto3 and other SDKs work with it unchanged.";

/// The examples in the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  amp-stack sandbox                       an empty account on port 4566, forgotten at the end
  amp-stack sandbox .amp-stack/sandbox.json
                                          the account that `--sandbox` works on
  amp-stack sandbox --port 0 --chaos 7    on any free port, on a bad day
  amp-stack sandbox --caller policy.json  whose caller may only what this policy allows
  amp-stack sandbox --have ssm:/shop/url --have ecr:checkout:1.0
                                          with these, and no other parameters and images
  amp-stack sandbox --quota aps:L-8873DB23=2
                                          that may have two workspaces in a region
  amp-stack sandbox --prometheus http://127.0.0.1:9090
                                          whose samples are kept and queried in a real Prometheus";

/// `sandbox`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where the account is kept [default: in memory, until it stops]
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The port on the loopback address; 0 takes any free one
    #[arg(long, value_name = "PORT", default_value_t = 4566)]
    pub(crate) port: u16,
    /// The number of the account [default: 111122223333]; an access key of twelve digits is of the
    /// account of that number instead
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    pub(crate) account: Option<String>,
    /// Inject throttling, failures, lost answers and lag, the same for the same seed
    #[arg(long, value_name = "SEED")]
    pub(crate) chaos: Option<u64>,
    /// Allow only what this IAM policy does, as AWS allows a user with it; sessions of roles
    /// (`sts:AssumeRole`) may what their roles may
    #[arg(long, value_name = "POLICY.json", alias = "sandbox-caller")]
    pub(crate) caller: Option<PathBuf>,
    /// Let the account have this: ssm:NAME, secret:NAME, kms:ID, kms:alias/NAME,
    /// ecr:REPOSITORY:TAG, ecr:REPOSITORY:TAG=arm64, efs:ID, efs:ID/ACCESS-POINT, policy:NAME
    /// (repeatable). Of a service of which none is given, it has whatever is asked for
    #[arg(long, value_name = "WHAT:NAME")]
    pub(crate) have: Vec<Have>,
    /// Let a quota of the account be so large, by its code in Service Quotas: aps:L-8873DB23=2 is
    /// two workspaces in a region (repeatable). Everything else is as AWS's defaults
    #[arg(long, value_name = "SERVICE:CODE=NUMBER")]
    pub(crate) quota: Vec<Limit>,
    /// Keep samples in this Prometheus, and answer queries from it, once signature, rights and
    /// workspace are right; all workspaces share it
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) prometheus: Option<String>,
    /// What workspaces name as their endpoint instead of AWS's: where a collector reaches this
    /// sandbox, which still listens on the loopback address only
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) public_url: Option<String>,
}

/// The port can't be taken.
#[derive(Debug, Error)]
#[error("cannot listen on {address}")]
struct CannotListen {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// Words that are meant as commands of the sandbox, which has none.
const COMMANDS: &[&str] = &[
    "start", "stop", "ls", "list", "status", "restart", "reset", "up", "down", "rm", "delete",
    "clear", "clean", "serve", "run", "kill",
];

/// Fails if what stands where the file should is a command.
fn ensure_file(file: &Path) -> Result<(), Failure> {
    let word = file.to_str().unwrap_or_default();
    if !COMMANDS.contains(&word) || file.exists() {
        return Ok(());
    }
    Err(
        Failure::before(format!("the sandbox has no command `{word}`")).hint(format!(
            "`amp-stack sandbox` serves one in memory until Ctrl-C, `amp-stack sandbox FILE` one that is kept; for a file of this name write ./{word}"
        )),
    )
}

/// Serves until it is interrupted.
pub(crate) async fn serve(
    args: &Serve,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    if let Some(file) = &args.file {
        ensure_file(file)?;
    }
    let wanted = Wanted {
        keeping: args.file.clone().map_or(Keeping::Memory, Keeping::File),
        chaos_seed: args.chaos,
        caller: args.caller.clone(),
        have: args.have.clone(),
        quotas: args.quota.clone(),
        clock: Clock::system(),
        prometheus: match &args.prometheus {
            Some(url) => Some(prometheus(url).await),
            None => None,
        },
        public_url: args.public_url.clone(),
        opened: OnceLock::new(),
    };
    let sandbox = wanted.open(args.account.as_deref())?;
    let cannot_listen = |source| {
        Failure::before(CannotListen {
            address: (Ipv4Addr::LOCALHOST, args.port).into(),
            source,
        })
        .hint("choose another port with --port; 0 takes any free one")
    };
    let server = Server::bind(args.port).await.map_err(cannot_listen)?;
    let address = server.address().map_err(cannot_listen)?;
    console.eprint(&wanted.notice())?;
    console.print(&directions(address, sandbox.account(), args))?;
    server.run(sandbox, interrupts.next()).await;
    let left = match wanted.keeping {
        Keeping::File(file) => format!("what was made is in {}", file.display()),
        Keeping::Memory => "what was made is forgotten".to_owned(),
    };
    console.eprint(&format!("\nStopped; {left}\n"))?;
    Ok(Exit::Done)
}

/// The Prometheus at `url`.
async fn prometheus(url: &str) -> Upstream {
    let server = HttpServer::connect("prometheus", url, Vec::new(), PATIENCE).await;
    let server = Arc::new(server);
    Upstream::new(url, move |request| {
        let server = Arc::clone(&server);
        Box::pin(async move {
            let ask = Ask {
                method: request.method,
                target: request.target,
                headers: request.headers.into_iter().collect(),
                body: request.body,
            };
            let answer = server.ask(ask).await?;
            Ok((answer.status, answer.body))
        })
    })
}

/// How to point AWS tools at it. The SDKs read the region from `AWS_REGION`, except that boto3
/// reads it from `AWS_DEFAULT_REGION` (Boto3 documentation, "Configuration", "Using environment
/// variables"). Any credentials do: the signature is not verified.
fn directions(address: SocketAddr, account: &str, args: &Serve) -> String {
    let region = region(None);
    let prometheus = args.prometheus.as_ref().map_or_else(String::new, |url| {
        format!("Samples that are written go to the Prometheus at {url}, which answers all queries; what the tasks of the sandbox would send is not there.\n\n")
    });
    let public = args.public_url.as_ref().map_or_else(String::new, |url| {
        format!("Workspaces say that they are at {url}.\n\n")
    });
    format!(
        "Account {account} is served at http://{address}. To point AWS tools at it, type in their shell:\n\n  \
         export AWS_ENDPOINT_URL=http://{address}\n  \
         export AWS_REGION={region} AWS_DEFAULT_REGION={region}\n  \
         export AWS_ACCESS_KEY_ID=sandbox AWS_SECRET_ACCESS_KEY=sandbox\n\n\
         {prometheus}{public}Ctrl-C stops it.\n"
    )
}
