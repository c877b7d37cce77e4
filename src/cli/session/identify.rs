//! The first call of a run, which finds out whose credentials it has, and whether AWS is there.

use std::{pin::pin, time::Duration};

use tokio::time::timeout;

use crate::{
    aws::Aws,
    cli::{console::Console, failure::Failure},
    model::{
        identity::Identity,
        region::{LISTED_IN, RegionName},
    },
};

/// How long a run may be silent.
const SILENCE: Duration = Duration::from_secs(2);

/// Asks AWS who is calling, which is the first call of a run, and says so if it takes long.
pub(super) async fn identify(
    cloud: &Aws,
    region: Option<&str>,
    console: &mut Console,
) -> Result<Identity, Failure> {
    let mut asked = pin!(cloud.identity());
    let identity = if let Ok(identity) = timeout(SILENCE, &mut asked).await {
        identity?
    } else {
        let place = region.map_or_else(String::new, |region| format!(" in {region}"));
        console.eprint(&format!(
            "Waiting for AWS{place} to say whose credentials these are (sts:GetCallerIdentity) ...\n"
        ))?;
        asked.await?
    };
    if RegionName::of(&identity.region) == RegionName::Unlisted {
        console.eprint(&format!(
            "note: {} is not among the regions of {LISTED_IN} that this version knows\n",
            identity.region
        ))?;
    }
    Ok(identity)
}
