//! What a sandbox is made from.

use std::path::PathBuf;

use crate::{CallerPolicy, Faults, Have, Limit, Upstream, World, connector::Clock};

/// The account of a sandbox unless another is asked for: the one that AWS's documentation uses in
/// examples.
pub const DEFAULT_ACCOUNT: &str = "111122223333";

/// What a sandbox is made from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The account: twelve digits.
    pub account: String,
    /// Where the time comes from.
    pub clock: Clock,
    /// Where the world is kept; without a file it is forgotten at the end.
    pub file: Option<PathBuf>,
    /// What goes wrong.
    pub faults: Option<Faults>,
    /// What the caller may do; without it, it is the root user and may do everything.
    pub caller: Option<CallerPolicy>,
    /// What the account has of services of which only that is asked.
    pub have: Vec<Have>,
    /// How large quotas are, where they are not as AWS's defaults.
    pub quotas: Vec<Limit>,
    /// Whether to remember what calls take the right to do, for
    /// [`crate::Sandbox::take_rights_used`].
    pub remember_rights: bool,
    /// What there is at first, without a file.
    pub world: World,
    /// A Prometheus that keeps the samples and answers the queries of all workspaces.
    pub prometheus: Option<Upstream>,
    /// Where clients reach the sandbox, if workspaces are to name that as their endpoint instead of
    /// AWS's: a URL.
    pub public_url: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            account: DEFAULT_ACCOUNT.to_owned(),
            clock: Clock::system(),
            file: None,
            faults: None,
            caller: None,
            have: Vec::new(),
            quotas: Vec::new(),
            remember_rights: false,
            world: World::default(),
            prometheus: None,
            public_url: None,
        }
    }
}
