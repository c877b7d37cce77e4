//! `amp-stack sandbox`: the sandbox as a server, for the AWS CLI, the SDKs and whatever else knows
//! `AWS_ENDPOINT_URL`.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use thiserror::Error;

use crate::cli::{
    args::Serve,
    console::Console,
    exit::Exit,
    failure::Failure,
    interrupt::Interrupts,
    sandbox::{Keeping, Wanted, region},
};
use amp_stack_sandbox::server::Server;

/// The port can't be taken.
#[derive(Debug, Error)]
#[error("cannot listen on {address}")]
struct CannotListen {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// Serves until it is interrupted.
pub(in crate::cli) async fn serve(
    args: &Serve,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let wanted = Wanted {
        keeping: args.file.clone().map_or(Keeping::Memory, Keeping::File),
        chaos_seed: args.chaos,
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
    console.tell(&wanted.notice())?;
    console.print(&directions(address, sandbox.account()))?;
    server.run(sandbox, interrupts.next()).await;
    let left = match wanted.keeping {
        Keeping::File(file) => format!("what was made is in {}", file.display()),
        Keeping::Memory => "what was made is forgotten".to_owned(),
    };
    console.tell(&format!("\nStopped; {left}\n"))?;
    Ok(Exit::Done)
}

/// How to point AWS tools at it. The SDKs read the region from `AWS_REGION`, except that boto3
/// reads it from `AWS_DEFAULT_REGION` (Boto3 documentation, "Configuration", "Using environment
/// variables"). Any credentials do: the signature is not verified.
fn directions(address: SocketAddr, account: &str) -> String {
    let region = region(None);
    format!(
        "Account {account} is served at http://{address}. To point AWS tools at it, type in their shell:\n\n  \
         export AWS_ENDPOINT_URL=http://{address}\n  \
         export AWS_REGION={region} AWS_DEFAULT_REGION={region}\n  \
         export AWS_ACCESS_KEY_ID=sandbox AWS_SECRET_ACCESS_KEY=sandbox\n\n\
         Ctrl-C stops it.\n"
    )
}
