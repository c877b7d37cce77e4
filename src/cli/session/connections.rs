//! The connections of a run.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    aws::{self, Aws},
    cli::{
        args::StackArgs,
        console::Console,
        failure::Failure,
        sandbox::{self, Keeping, SandboxAccess, Wanted},
        session::identify,
    },
    cloud,
    load::Header,
    model::{access::Access, query::Query},
};
use amp_stack_sandbox::Sandbox;

/// Where a stack is reached, as far as its file or a saved plan says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Location {
    pub(in crate::cli) region: Option<String>,
    pub(in crate::cli) account: Option<String>,
    /// As whom, if not as whoever starts the run.
    pub(in crate::cli) access: Option<Access>,
}

/// What sets connections apart: as whom, and the region that was asked for; `None` is the one that
/// the settings name.
type Key = (Option<Access>, Option<String>);

/// The connections of a run, one for each region and each way to reach it.
pub(in crate::cli) struct Connections<'a> {
    wanted: Option<&'a Wanted>,
    args: &'a StackArgs,
    /// The sandbox, once it is open.
    opened: Option<Sandbox>,
    /// The account of the first stack that is reached as whoever starts the run, if it names one.
    own_account: Option<String>,
    clouds: BTreeMap<Key, Arc<Aws>>,
    /// What will be read in each of them, as far as that is known before.
    expected: BTreeMap<Key, Vec<Query>>,
}

impl Location {
    /// Where the stack with `header` lives.
    pub(in crate::cli) fn of(header: Header) -> Self {
        Self {
            region: header.region,
            account: header.account,
            access: header.access.map(|access| access.value),
        }
    }
}

impl<'a> Connections<'a> {
    pub(in crate::cli) fn new(wanted: Option<&'a Wanted>, args: &'a StackArgs) -> Self {
        Self {
            wanted,
            args,
            opened: None,
            own_account: None,
            clouds: BTreeMap::new(),
            expected: BTreeMap::new(),
        }
    }

    /// Takes note of what will be read at `location`: whoever connects to it asks for that at once.
    pub(in crate::cli) fn expect(&mut self, location: &Location, query: Query) {
        if location.access.is_none() && self.own_account.is_none() {
            self.own_account.clone_from(&location.account);
        }
        let key = self.key(location);
        self.expected.entry(key).or_default().push(query);
    }

    fn key(&self, location: &Location) -> Key {
        let region = location.region.as_ref().or(self.args.load.region.as_ref());
        (location.access.clone(), region.cloned())
    }

    /// The connection to `location`. Whether the run may reach it has been decided before.
    pub(in crate::cli) async fn get(
        &mut self,
        location: &Location,
        console: &mut Console,
    ) -> Result<Arc<Aws>, Failure> {
        let key = self.key(location);
        if let Some(cloud) = self.clouds.get(&key) {
            return Ok(Arc::clone(cloud));
        }
        let (access, region) = key.clone();
        let cloud = self.connect(location, region.clone(), console).await?;
        if let Some(queries) = self.expected.remove(&key) {
            cloud::ask_early(&cloud, &queries);
        }
        let identified = identify::identify(&cloud, region.as_deref(), console).await;
        let identity =
            identified.map_err(|failure| match access.as_ref().and_then(Access::profile) {
                Some(name) => failure.hint(format!("the stack file names the profile `{name}`")),
                None => failure,
            })?;
        // The settings may name the region that a file names too.
        let by_name = (access, Some(identity.region));
        let known = self.clouds.get(&by_name);
        let cloud = known.map_or_else(|| Arc::new(cloud), Arc::clone);
        self.clouds.insert(key, Arc::clone(&cloud));
        self.clouds.insert(by_name, Arc::clone(&cloud));
        Ok(cloud)
    }

    async fn connect(
        &mut self,
        location: &Location,
        region: Option<String>,
        console: &mut Console,
    ) -> Result<Aws, Failure> {
        let caller = &self.args.account.caller;
        let access = location.access.as_ref();
        let Some(wanted) = self.wanted else {
            let profile = access.and_then(Access::profile).map(str::to_owned);
            let options = aws::Options {
                profile: profile.or_else(|| caller.profile.clone()),
                role: access.and_then(Access::role).cloned(),
                region,
                rates: caller.calls.rates(),
            };
            // Boxed, because all the ways to find credentials make for a large future.
            let aws = Box::pin(Aws::connect(options)).await;
            return Ok(aws.reading_fully(caller.calls.full_read));
        };
        let opened = if let Some(opened) = &self.opened {
            opened
        } else {
            // A stack that is reached in another way says nothing of the sandbox's own account.
            let own = match access {
                None => self.own_account.clone().or(location.account.clone()),
                Some(access) => self.own_account.clone().or_else(|| match wanted.keeping {
                    Keeping::File(_) => wanted.kept_account(),
                    // It is the stack's alone.
                    Keeping::Memory => access.account().map(str::to_owned),
                }),
            };
            let opened = wanted.open(own.as_deref())?;
            console.eprint(&wanted.notice())?;
            self.opened.insert(opened)
        };
        let access = access.map(|access| match access {
            Access::Role(role) => SandboxAccess::Role(role),
            // A sandbox knows no profiles: the stack says which account one leads to.
            Access::Profile(_) => {
                let account = location.account.as_deref();
                SandboxAccess::Account(account.unwrap_or_else(|| opened.account()))
            }
        });
        let region = sandbox::region(region);
        Ok(wanted.connect(opened, region, &caller.calls, access))
    }
}
