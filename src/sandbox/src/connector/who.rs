//! Who makes a call, in which account, and whether that one may.

use crate::{
    Context, Refusal, World,
    caller::Caller,
    connector::Inner,
    rights,
    wire::{Call, Service},
};

impl Inner {
    /// The account in which `call` is made, whose world is there from now on; `own` is the
    /// sandbox's.
    pub(super) fn account_of(&mut self, call: &Call, own: &str) -> String {
        let key = call.key.as_deref();
        let account = key.and_then(|key| {
            let mut others = self.world.others.iter();
            let of_session = others.find(|(_, world)| world.sts.session(key).is_some());
            let of_session = of_session.map(|(account, _)| account.as_str());
            of_session.or_else(|| Some(key).filter(|key| is_account(key)))
        });
        let account = account.unwrap_or(own).to_owned();
        self.world.of_mut(&account, own);
        account
    }

    /// Who makes `call`: the session whose key signed it, else the user, else the root user. The
    /// calls that this process makes itself are the root user's.
    fn caller(world: &World, cx: &Context<'_>, call: &Call) -> Result<Caller, Refusal> {
        let Some(key) = &call.key else {
            return Ok(Caller::Root);
        };
        if let Some(session) = world.sts.session(key) {
            return session.caller(cx, call.service.dialect());
        }
        Ok(match world.iam.user_policy {
            Some(_) => Caller::User,
            None => Caller::Root,
        })
    }

    /// Returns who makes `call`, and refuses it if its caller may not.
    pub(super) fn authorize(
        &mut self,
        cx: &Context<'_>,
        call: &Call,
        own: &str,
    ) -> Result<Caller, Refusal> {
        let world = self.world.of(cx.account, own);
        let caller = Self::caller(world, cx, call)?;
        let is_free = caller == Caller::Root && call.service != Service::Sts;
        if call.key.is_none() || is_free && self.rights.is_none() {
            return Ok(caller);
        }
        let rights = rights::of(world, cx, call);
        // Nothing is in an account that nobody has asked for.
        let nothing = World::default();
        let of_role = assumes_in(call, cx.account).map(|account| {
            let others = self.world.others.get(account);
            let is_own = account == own;
            others.unwrap_or(if is_own { &self.world } else { &nothing })
        });
        let allowed = match of_role {
            Some(theirs) => rights::assume(&world.iam, &theirs.iam, cx, &caller, call, &rights),
            None => rights::check(world, cx, &caller, call, &rights),
        };
        if let Some(used) = &mut self.rights {
            used.extend(rights);
        }
        allowed.map(|()| caller)
    }
}

/// Returns whether a text is the number of an account.
fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The account of the role that `call` assumes, if it is one that does; `here` if its ARN names
/// none.
pub(super) fn assumes_in<'a>(call: &'a Call, here: &'a str) -> Option<&'a str> {
    if call.service != Service::Sts || call.operation != "AssumeRole" {
        return None;
    }
    let role = call.input.get("RoleArn").and_then(|role| role.as_str());
    let account = role.and_then(|role| role.split(':').nth(4));
    Some(
        account
            .filter(|account| is_account(account))
            .unwrap_or(here),
    )
}
