//! What is desired: the checked content of a stack file.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    kinds::Resource,
    model::{
        access::Access,
        address::{Address, Kind, StackName},
        identity::Identity,
        lifecycle::Lifecycle,
        mention::{Mention, Mentioned, Naming},
        query::Query,
        template::{Attribute, Reference, Template},
    },
};

/// A stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stack {
    /// Its name.
    pub name: StackName,
    /// What it was called before: what carries that name in its tags is its own too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<StackName>,
    /// As whom its calls are made, if not as whoever starts the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// Where it lives.
    pub identity: Identity,
    /// What it declares.
    pub resources: BTreeMap<Address, Declared>,
    /// The order in which its file declares them, in which people are shown them. Nothing is
    /// decided by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<Address>,
    /// What it gives to the scripts that come after it, by name.
    pub outputs: BTreeMap<String, Output>,
    /// The attributes of what it uses and somebody else owns: of an existing workspace.
    pub existing: BTreeMap<Address, BTreeMap<Attribute, String>>,
    /// The roles of this account that it mentions by ARN, with the places that mention them.
    pub role_arns: BTreeMap<String, BTreeSet<Address>>,
    /// What people should know of its file, by what it is about.
    pub notes: Vec<(Address, String)>,
    /// The resources, declared or not, that may be removed although something that runs needs
    /// them: somebody has asked for that, for once.
    pub force_in_use: BTreeSet<Address>,
    /// The resources that may be rolled out once more although that ended badly before: somebody
    /// has asked for that, for once.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub retry: BTreeSet<Address>,
    /// Whether nobody looks up, for once, if what it names and does not make is there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skips_preflight: bool,
}

/// Something that a stack gives to the scripts that come after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The value; it may mention what is known only after apply.
    pub value: Template,
    /// What it is, for people.
    pub description: Option<String>,
    /// Whether the value is a secret; `None` leaves that to its name and its looks.
    pub secret: Option<bool>,
}

/// A declared resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// The desired state, tags of ownership included; `None` if it will be removed.
    pub want: Option<Resource>,
    /// What earlier defaults made of the same table, from the oldest: a live resource that is one
    /// of these is kept as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Resource>,
    /// What AWS can't hold back by itself.
    pub lifecycle: Lifecycle,
}

impl Stack {
    /// The same stack with nothing wanted, which is what `destroy` plans.
    #[must_use]
    pub fn emptied(mut self) -> Self {
        for declared in self.resources.values_mut() {
            declared.want = None;
        }
        self
    }

    /// Takes the defaults of now for everything, however it lives.
    pub fn take_new_defaults(&mut self) {
        for declared in self.resources.values_mut() {
            declared.earlier.clear();
        }
    }

    /// Returns whether it declares what stands at `address`, and does not want it gone.
    pub fn wants(&self, address: &Address) -> bool {
        let declared = self.resources.get(address);
        declared.is_some_and(|declared| declared.want.is_some())
    }

    /// What people should know of what it wants.
    pub fn wanted_notes(&self) -> impl Iterator<Item = &(Address, String)> {
        self.notes.iter().filter(|(address, _)| self.wants(address))
    }

    /// What has to be read of AWS to plan or, with `removal`, to destroy it.
    pub fn query(&self, removal: bool) -> Query {
        let mut query = Query {
            stack: self.name.clone(),
            former: self.former.clone(),
            identity: self.identity.clone(),
            roles: BTreeSet::new(),
            log_groups: BTreeMap::new(),
            retentions: BTreeMap::new(),
            families: BTreeMap::new(),
            services: BTreeSet::new(),
            left_to: BTreeMap::new(),
            mentions: BTreeSet::new(),
            images_for_processors: BTreeSet::new(),
            alias: None,
            adopt_id: None,
            workspace_configuration: false,
            destroy: false,
            removal,
            needs: removal,
            spelled: false,
        };
        let lookup = |reference: &Reference| self.known_by_name(reference);
        for declared in self.resources.values() {
            let Some(want) = &declared.want else {
                continue;
            };
            for state in declared.earlier.iter().chain([want]) {
                state.add_to_query(&mut query, &lookup);
            }
            let Lifecycle {
                ignore,
                services,
                adopt_id,
                ..
            } = &declared.lifecycle;
            query.adopt_id = query.adopt_id.or_else(|| adopt_id.clone());
            if !ignore.is_empty() && !services.is_empty() {
                let services = services.keys().cloned().collect();
                query.left_to.insert(want.name().to_owned(), services);
            }
        }
        query
    }

    /// The names by which tags say that something is its own: its present name comes first.
    pub fn names(&self) -> impl Iterator<Item = &StackName> {
        [&self.name].into_iter().chain(&self.former)
    }

    /// A name by which tags say that something is its own and that of `other`.
    pub fn shared_name(&self, other: &Self) -> Option<&StackName> {
        let is_shared = |name: &&StackName| other.names().any(|other| other == *name);
        self.names().find(is_shared)
    }

    /// Lets `query` ask for what it names and does not make, unless somebody wants nobody to look.
    pub fn look_up(&self, query: &mut Query) {
        if self.skips_preflight {
            return;
        }
        for Mentioned { naming, .. } in self.mentions() {
            if naming.processor.is_some() {
                let image = naming.mention.clone();
                query.images_for_processors.insert(image);
            }
            query.mentions.insert(naming.mention);
        }
    }

    /// What it names and does not make.
    pub fn mentions(&self) -> Vec<Mentioned> {
        let here = &self.identity;
        let wanted = || {
            let resources = self.resources.iter();
            resources.filter_map(|(address, declared)| Some((address, declared.want.as_ref()?)))
        };
        let made: BTreeSet<Mention> = wanted()
            .filter_map(|(_, want)| Some(want.as_mentioned(here)?.0))
            .collect();
        let existing = self.existing.iter().filter_map(|(address, known)| {
            let mention = Resource::existing_as_mentioned(address.kind, known, here)?;
            Some((address, Naming::new(mention.what, mention.name, "id")))
        });
        let named = wanted().flat_map(|(address, want)| {
            let mentions = want.mentions(here).into_iter();
            mentions.map(move |naming| (address, naming))
        });
        let others = existing
            .chain(named)
            .filter(|(_, naming)| !made.contains(&naming.mention));
        let others = others.map(|(address, naming)| Mentioned {
            address: address.clone(),
            naming,
        });
        others.collect()
    }

    /// The value of a reference, if nobody has to ask AWS for it.
    fn known_by_name(&self, reference: &Reference) -> Option<String> {
        let Reference { address, attribute } = reference;
        if let Some(existing) = self.existing.get(address) {
            return existing.get(attribute).cloned();
        }
        let want = self.resources.get(address)?.want.as_ref()?;
        want.attributes_from_name(&self.identity).remove(attribute)
    }

    /// What has to be read of AWS to plan it, if no more is removed than old revisions.
    pub fn query_to_prune(&self) -> Query {
        Query {
            needs: false,
            ..self.query(true)
        }
    }

    /// What has to be read of AWS to plan the destruction of everything that it declares, and of
    /// whatever else carries its tags.
    ///
    /// Workspaces and roles are always listed whole, so an alias is of no use here.
    pub fn query_to_destroy(&self) -> Query {
        Query {
            alias: None,
            retentions: BTreeMap::new(),
            workspace_configuration: false,
            destroy: true,
            services: BTreeSet::new(),
            left_to: BTreeMap::new(),
            ..self.query(true)
        }
    }

    /// The addresses of `kind` that it declares.
    pub fn addresses(&self, kind: Kind) -> impl Iterator<Item = &Address> {
        self.resources
            .keys()
            .filter(move |address| address.kind == kind)
    }
}
