//! Reading what a stack does not own yet, so that it can be taken into its file.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    aws::{Aws, all, tagging},
    kinds::{
        Resource,
        log_group::aws as log_group,
        role::aws as role,
        task_definition::{Document, aws as task_definition},
        workspace::aws as workspace,
    },
    model::{
        address::StackName,
        call::{CallError, Class},
        live::TakenName,
        query::Query,
        tags::Owner,
    },
    snapshot::LiveResource,
};

/// What to look for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Families, of which the newest active revision is read.
    pub families: BTreeSet<String>,
    /// Names of roles, which ignore case.
    pub roles: BTreeSet<String>,
    /// Names of log groups.
    pub log_groups: BTreeSet<String>,
    /// Ids or aliases of workspaces.
    pub workspaces: BTreeSet<String>,
    /// Tags, `None` being any value; whatever carries all of them is wanted. None at all find
    /// nothing.
    pub tags: BTreeMap<String, Option<String>>,
}

/// What was found, in the normal form of every live resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// What was looked for, and everything that the stack owns already.
    pub found: Vec<LiveResource>,
    /// Every role of the account.
    pub roles: Vec<TakenName>,
    /// Every workspace of the region.
    pub workspaces: Vec<Alias>,
    /// Why the configuration of workspaces is not known, if AWS does not say it. What is read
    /// stands then for workspaces that leave it to AWS.
    pub unread: Option<CallError>,
}

/// What a workspace is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Its id.
    pub id: String,
    /// Its alias, which others may have, too.
    pub alias: Option<String>,
}

impl Aws {
    /// Reads what is wanted, and what `stack` owns already. Alters nothing.
    pub async fn survey(&self, stack: &StackName, wanted: &Wanted) -> Result<Survey, CallError> {
        let query = Arc::new(Query {
            stack: stack.clone(),
            former: None,
            identity: self.identity().await?,
            roles: BTreeSet::new(),
            log_groups: wanted
                .log_groups
                .iter()
                .map(|name| (name.clone(), BTreeMap::new()))
                .collect(),
            retentions: BTreeMap::new(),
            families: wanted
                .families
                .iter()
                .map(|family| (family.clone(), Vec::new()))
                .collect(),
            services: BTreeSet::new(),
            left_to: BTreeMap::new(),
            mentions: BTreeSet::new(),
            images_for_processors: BTreeSet::new(),
            alias: None,
            adopt_id: None,
            workspace_configuration: true,
            removal: false,
            needs: false,
            destroy: false,
            spelled: true,
        });
        let (roles, workspaces, others) = tokio::try_join!(
            survey_roles(self, &query, wanted),
            survey_workspaces(self, &query, wanted),
            survey_tagged(self, &query, wanted),
        )?;
        let (mut found, roles) = roles;
        let (in_use, workspaces, unread) = workspaces;
        found.extend(in_use);
        found.extend(others);
        Ok(Survey {
            found,
            roles,
            workspaces,
            unread,
        })
    }

    /// The names of all families that have an active revision.
    pub async fn families(&self) -> Result<Vec<String>, CallError> {
        task_definition::families(self).await
    }

    /// What the newest active revisions of `families` say, by family.
    pub async fn documents(
        &self,
        families: impl IntoIterator<Item = String>,
    ) -> Result<BTreeMap<String, Document>, CallError> {
        let documents = all(families, |family| {
            let aws = self.clone();
            async move {
                let document = task_definition::newest(&aws, &family).await?;
                Ok(document.map(|document| (family, document)))
            }
        });
        Ok(documents.await?.into_iter().flatten().collect())
    }

    /// The names of the log groups that begin with `prefix`.
    pub async fn log_groups(&self, prefix: &str) -> Result<Vec<String>, CallError> {
        log_group::names(self, prefix).await
    }
}

async fn survey_roles(
    aws: &Aws,
    query: &Arc<Query>,
    wanted: &Wanted,
) -> Result<(Vec<LiveResource>, Vec<TakenName>), CallError> {
    let is_wanted = |fact: &TakenName, tags: &BTreeMap<String, String>| {
        let mut names = wanted.roles.iter();
        names.any(|name| name.eq_ignore_ascii_case(&fact.name)) || is_tagged(tags, wanted)
    };
    let seen = role::observe_also(aws, std::slice::from_ref(query), &is_wanted).await?;
    let (mut found, mut roles) = (Vec::new(), Vec::new());
    for seen in seen {
        found.extend(seen.found.into_iter().map(|live| live.map(Resource::Role)));
        roles.extend(seen.names);
    }
    Ok((found, roles))
}

async fn survey_workspaces(
    aws: &Aws,
    query: &Arc<Query>,
    wanted: &Wanted,
) -> Result<(Vec<LiveResource>, Vec<Alias>, Option<CallError>), CallError> {
    let listed = workspace::list(aws).await?;
    let is_wanted = |listed: &workspace::Listed| {
        let alias = listed.summary.alias.iter();
        let mut names = alias.chain([&listed.summary.workspace_id]);
        names.any(|name| wanted.workspaces.contains(name)) || is_tagged(&listed.tags, wanted)
    };
    let read = workspace::observe_also(aws, query, &listed, &is_wanted).await;
    let (found, unread) = match read {
        Ok(found) => (found, None),
        // Without the right to read it, or where an emulator has none, the rest is of use.
        Err(error) if is_about_configuration(&error) => {
            let query = Arc::new(Query {
                workspace_configuration: false,
                ..Query::clone(query)
            });
            let found = workspace::observe_also(aws, &query, &listed, &is_wanted).await?;
            (found, Some(error))
        }
        Err(error) => return Err(error),
    };
    let found = found.into_iter().map(|live| live.map(Resource::Workspace));
    let aliases = listed.into_iter().map(|listed| Alias {
        id: listed.summary.workspace_id,
        alias: listed.summary.alias,
    });
    Ok((found.collect(), aliases.collect(), unread))
}

/// Returns whether AWS answered that it does not say how a workspace is configured.
fn is_about_configuration(error: &CallError) -> bool {
    let was_answered = match error.class {
        Class::Denied => true,
        Class::Final => error.message.contains("404"),
        Class::Unsettled | Class::Busy => false,
    };
    was_answered && error.operation == workspace::DESCRIBE_CONFIGURATION
}

fn is_tagged(tags: &BTreeMap<String, String>, wanted: &Wanted) -> bool {
    !wanted.tags.is_empty() && tagging::carries(tags, &wanted.tags)
}

async fn survey_tagged(
    aws: &Aws,
    query: &Arc<Query>,
    wanted: &Wanted,
) -> Result<Vec<LiveResource>, CallError> {
    let owned = tagging::observe(aws, std::slice::from_ref(query));
    let tagged = async {
        if wanted.tags.is_empty() {
            return Ok(tagging::Tagged::default());
        }
        tagging::search(aws, &wanted.tags).await
    };
    let (mut owned, tagged) = tokio::try_join!(owned, tagged)?;
    let both = owned.pop().unwrap_or_default().and(&tagged);
    let mut query = Query::clone(query);
    for family in both.revisions.keys() {
        query.families.entry(family.clone()).or_default();
    }
    let query = Arc::new(query);
    let (groups, families) = tokio::try_join!(
        log_group::observe_tagged(aws, &query, &both),
        task_definition::observe(aws, &query, &both),
    )?;
    // The tags may be those of revisions that are no longer the newest.
    let families = families.into_iter().filter(|found| {
        let family = &found.resource;
        let tagged = tagged.revisions.get(&family.family);
        let is_newest = tagged
            .zip(family.newest())
            .is_some_and(|(revisions, newest)| revisions.contains_key(&newest));
        is_newest
            || wanted.families.contains(&family.family)
            || matches!(found.owner, Owner::Ours(_))
    });
    let families = families.map(|mut live| {
        live.resource.settle_newest();
        live.map(Resource::TaskDefinition)
    });
    let groups = groups.into_iter().map(|live| live.map(Resource::LogGroup));
    Ok(groups.chain(families).collect())
}
