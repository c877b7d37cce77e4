//! Which of the things that are not the stack's it takes over.

use crate::{
    kinds::{Resource, kind::ReplaceReason},
    model::{address::Address, tags::Owner},
    plan::{
        Reason,
        decide::{
            Planner,
            twins::{self, is_known_by_tags},
        },
        names,
    },
    snapshot::LiveResource,
    stack::Declared,
};

impl<'a> Planner<'a> {
    /// Somebody else's resource to adopt; an error if that can't be.
    pub(super) fn find_adoptable(
        &mut self,
        address: &Address,
        declared: &Declared,
        want: &Resource,
    ) -> Result<Option<&'a LiveResource>, Reason> {
        let meant = declared.lifecycle.adopt_id.as_deref();
        let others = self.others_like(address, declared, want);
        let adoptable: Vec<&'a LiveResource> = others
            .iter()
            .copied()
            .filter(|found| declared.lifecycle.adopt && names::adoptable(&found.owner))
            .collect();
        let [found] = adoptable.as_slice() else {
            if let (Some(id), []) = (meant, others.as_slice()) {
                return Err(Reason::NothingToAdopt { id: id.to_owned() });
            }
            if adoptable.len() < 2 {
                self.note_namesakes(address, &others);
            }
            // Another stack's is not taken, and to make one beside it is not what was asked for.
            if let (true, [other, ..]) = (declared.lifecycle.adopt, others.as_slice())
                && adoptable.is_empty()
                && is_known_by_tags(address)
            {
                return Err(Reason::NotOurs {
                    arn: other.arn().to_owned(),
                    owner: other.owner.clone(),
                });
            }
            return if adoptable.is_empty() {
                Ok(None)
            } else {
                Err(Reason::Ambiguous {
                    candidates: twins::candidates(adoptable),
                    are_ours: false,
                })
            };
        };
        let mut to = self.complete(declared, want, Some(found));
        let mut differs = Resource::replace_reasons(&found.resource, &to);
        if declared.lifecycle.replace {
            differs.extend(to.force_replace(&found.resource));
        }
        if differs.is_empty() {
            Ok(Some(found))
        } else {
            Err(Reason::CannotAdopt {
                arn: found.arn().to_owned(),
                owner: found.owner.clone(),
                differs,
            })
        }
    }

    /// A refusal if `adopt` would be about another one as soon as `replaced`, which is ours, is
    /// removed. To remove and to build are two calls: a run that ends between them leaves a plan
    /// that takes over somebody else's, which has the same alias, or one that can't go on. Where
    /// names are unique, there is no other one.
    pub(super) fn adopts_once_removed(
        &self,
        address: &Address,
        declared: &Declared,
        want: &Resource,
        (replaced, differs): (&LiveResource, &[ReplaceReason]),
    ) -> Option<Reason> {
        let others = self.others_like(address, declared, want);
        let adopts = !others.is_empty() || declared.lifecycle.adopt_id.is_some();
        if !declared.lifecycle.adopt || !adopts || !is_known_by_tags(address) {
            return None;
        }
        Some(Reason::AdoptsOnceRemoved {
            arn: replaced.arn().to_owned(),
            others: others.iter().map(|other| other.arn().to_owned()).collect(),
            differs: differs.to_vec(),
        })
    }

    /// What is not the stack's and has the id that `adopt` gives, or else the name that is wanted.
    fn others_like(
        &self,
        address: &Address,
        declared: &Declared,
        want: &Resource,
    ) -> Vec<&'a LiveResource> {
        let meant = declared.lifecycle.adopt_id.as_deref();
        let is_it = |found: &&LiveResource| {
            found.resource.kind() == address.kind
                && match meant {
                    Some(id) => found.has_id(id),
                    None => found.resource.name() == want.name() && want.has_name(),
                }
        };
        let others = self.live.found.iter().filter(is_it);
        let mut others: Vec<&'a LiveResource> = others
            .filter(|found| !matches!(found.owner, Owner::Ours(_)))
            .collect();
        others.sort_by_key(|found| found.arn());
        others
    }
}
