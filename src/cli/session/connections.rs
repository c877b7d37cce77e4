//! The connections of a run.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    aws::{self, Aws},
    cli::{
        args::StackArgs,
        console::Console,
        failure::Failure,
        sandbox::{self, Wanted},
        session::identify,
    },
    cloud,
    load::Header,
    model::query::Query,
};
use amp_stack_sandbox::Sandbox;

/// The connections of a run, one for each region.
pub(in crate::cli) struct Connections<'a> {
    wanted: Option<&'a Wanted>,
    args: &'a StackArgs,
    /// The sandbox, once it is open.
    opened: Option<Sandbox>,
    /// By the region that was asked for; `None` is the one that the settings name.
    clouds: BTreeMap<Option<String>, Arc<Aws>>,
    /// What will be read in each of them, as far as that is known before.
    expected: BTreeMap<Option<String>, Vec<Query>>,
}

impl<'a> Connections<'a> {
    pub(in crate::cli) fn new(wanted: Option<&'a Wanted>, args: &'a StackArgs) -> Self {
        Self {
            wanted,
            args,
            opened: None,
            clouds: BTreeMap::new(),
            expected: BTreeMap::new(),
        }
    }

    /// Takes note of what will be read in `region`, or in the one that the settings name: whoever
    /// connects to it asks for that at once.
    pub(in crate::cli) fn expect(&mut self, region: Option<&String>, query: Query) {
        let region = region.or(self.args.load.region.as_ref()).cloned();
        self.expected.entry(region).or_default().push(query);
    }

    /// The connection to where the stack with `header` lives.
    pub(in crate::cli) async fn get(
        &mut self,
        header: Header,
        console: &mut Console,
    ) -> Result<Arc<Aws>, Failure> {
        let region = header.region.clone().or(self.args.load.region.clone());
        if let Some(cloud) = self.clouds.get(&region) {
            return Ok(Arc::clone(cloud));
        }
        let cloud = self.connect(header, region.clone(), console).await?;
        if let Some(queries) = self.expected.remove(&region) {
            cloud::ask_early(&cloud, &queries);
        }
        // The settings may name the region that a file names too.
        let identity = identify::identify(&cloud, region.as_deref(), console).await?;
        let known = self.clouds.get(&Some(identity.region.clone()));
        let cloud = known.map_or_else(|| Arc::new(cloud), Arc::clone);
        self.clouds.insert(region, Arc::clone(&cloud));
        self.clouds
            .insert(Some(identity.region), Arc::clone(&cloud));
        Ok(cloud)
    }

    async fn connect(
        &mut self,
        header: Header,
        region: Option<String>,
        console: &mut Console,
    ) -> Result<Aws, Failure> {
        let calls = &self.args.account.calls;
        let Some(wanted) = self.wanted else {
            let options = aws::Options {
                profile: self.args.account.profile.clone(),
                region,
                rates: calls.rates(),
            };
            // Boxed, because all the ways to find credentials make for a large future.
            let aws = Box::pin(Aws::connect(options)).await;
            return Ok(aws.reading_fully(calls.full_read));
        };
        let opened = if let Some(opened) = &self.opened {
            opened
        } else {
            let opened = wanted.open(header.account.as_deref())?;
            console.eprint(&wanted.notice())?;
            self.opened.insert(opened)
        };
        Ok(wanted.connect(opened, sandbox::region(region), calls))
    }
}
