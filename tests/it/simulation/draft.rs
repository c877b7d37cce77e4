//! Random stack files from a small alphabet, so that names meet and changes collide.

use std::fmt::Write as _;

use fastrand::Rng;

use super::invocation::Written;

/// The name of the stack.
pub(super) const STACK: &str = "sim";

/// What every password begins with, and nothing else.
pub(super) const SECRET: &str = "hunter-of-the-snark-";

/// What can be left in the account by somebody else under a name that a draft may want.
pub(super) const STRAY_GROUP: &str = "/sim/app";
pub(super) const STRAY_ROLE: &str = "SimTask";

const GROUPS: [&str; 3] = [STRAY_GROUP, "/sim/web", "/sim/collector"];
const ROLES: [&str; 4] = [STRAY_ROLE, "SimExecution", "SimSpare", "SIMSPARE"];
const FAMILIES: [&str; 3] = ["sim-api", "sim-worker", "sim-cron"];
const GROUP_KEYS: [&str; 2] = ["app", "collector"];
/// The first is the execution role of every family that needs one, the others are task roles.
const ROLE_KEYS: [&str; 3] = ["execution", "task", "other"];
const FAMILY_KEYS: [&str; 2] = ["api", "worker"];

/// A stack file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    pub(super) groups: [Option<Group>; 2],
    pub(super) workspace: Option<Workspace>,
    pub(super) roles: [Option<Role>; 3],
    pub(super) families: [Option<Family>; 2],
    /// A tag on everything.
    pub(super) team: Option<&'static str>,
    /// Whether what others left under a wanted name is to be taken over.
    adopt: bool,
    /// The id of a workspace of somebody else.
    guest: String,
    /// Which of two passwords the environment holds.
    password: u8,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) retention: Option<u32>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Workspace {
    State {
        alias: &'static str,
        retention: Option<u32>,
        /// The index of the log group that it logs to.
        logging: Option<usize>,
        protected: bool,
    },
    /// Somebody else's.
    Existing,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Role {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) session: u32,
    pub(super) description: &'static str,
    pub(super) managed: bool,
    pub(super) inline: Inline,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Inline {
    None,
    Plain,
    /// A policy about the workspace of the stack.
    Workspace,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) image: u8,
    /// Whether it has the value of a secret in its environment.
    pub(super) secret: bool,
    /// The index of its task role.
    pub(super) task_role: Option<usize>,
    /// The index of the log group of its application; then it has an execution role.
    pub(super) logs: Option<usize>,
    pub(super) metrics: bool,
    pub(super) keep: Option<u32>,
}

/// The logical name and the value of each place that is taken.
fn keyed<'a, T>(
    keys: &'a [&'static str],
    places: &'a [Option<T>],
) -> impl Iterator<Item = (&'static str, &'a T)> {
    keys.iter()
        .zip(places)
        .filter_map(|(key, place)| Some((*key, place.as_ref()?)))
}

fn pick<T: Copy>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())]
}

/// An index of a place that is taken, or none.
fn taken<T>(rng: &mut Rng, places: &[Option<T>], from: usize) -> Option<usize> {
    let at = rng.usize(from..=places.len());
    places.get(at)?.as_ref().map(|_| at)
}

impl Draft {
    /// A random one. With `adopt` it takes over what others left; `guest` is the id of a workspace
    /// that it may use.
    pub(super) fn random(rng: &mut Rng, adopt: bool, guest: &str) -> Self {
        let mut draft = Self {
            groups: [None, None],
            workspace: None,
            roles: [None, None, None],
            families: [None, None],
            team: None,
            adopt,
            guest: guest.to_owned(),
            password: 1,
        };
        for part in 0..8 {
            draft.redraw(rng, part);
        }
        draft.repair(rng);
        draft
    }

    /// The same with some parts drawn anew.
    pub(super) fn changed(&self, rng: &mut Rng) -> Self {
        let mut draft = self.clone();
        for _ in 0..rng.usize(1..=4) {
            let part = rng.usize(..10);
            draft.redraw(rng, part);
        }
        draft.repair(rng);
        draft
    }

    fn redraw(&mut self, rng: &mut Rng, part: usize) {
        match part {
            0 | 1 => self.groups[part] = rng.bool().then(|| Group::random(rng)),
            2..=4 => self.roles[part - 2] = (rng.u8(..4) > 0).then(|| Role::random(rng)),
            5 | 6 => self.families[part - 5] = (rng.u8(..3) > 0).then(|| Family::random(rng)),
            7 => self.redraw_workspace(rng),
            8 => self.team = pick(rng, &[None, Some("payments"), Some("search")]),
            _ => self.password = rng.u8(1..=2),
        }
    }

    fn redraw_workspace(&mut self, rng: &mut Rng) {
        let stays = self.is_protected();
        self.workspace = match rng.u8(..6) {
            0 if !stays => None,
            1 if !stays => Some(Workspace::Existing),
            _ => Some(Workspace::State {
                alias: pick(rng, &["sim", "shared"]),
                retention: pick(rng, &[None, Some(90), Some(150)]),
                logging: taken(rng, &self.groups, 0),
                protected: stays || rng.u8(..6) == 0,
            }),
        };
    }

    pub(super) fn is_protected(&self) -> bool {
        match &self.workspace {
            Some(Workspace::State { protected, .. }) => *protected,
            Some(Workspace::Existing) | None => false,
        }
    }

    /// Lets the workspace go when the story wants it.
    pub(super) fn unprotect(&mut self) {
        if let Some(Workspace::State { protected, .. }) = &mut self.workspace {
            *protected = false;
        }
    }

    /// Makes a valid stack of it: no name twice, no mention of what is not there, and what metrics
    /// need.
    fn repair(&mut self, rng: &mut Rng) {
        for index in (0..2).rev() {
            let name = |group: &Option<Group>| group.as_ref().map(|group| group.name);
            if self.groups[..index]
                .iter()
                .any(|g| name(g) == name(&self.groups[index]))
            {
                self.groups[index] = None;
            }
        }
        for index in (0..3).rev() {
            let name = |role: &Option<Role>| role.as_ref().map(|r| r.name.to_lowercase());
            if self.roles[..index]
                .iter()
                .any(|r| name(r) == name(&self.roles[index]))
            {
                self.roles[index] = None;
            }
        }
        for role in self.roles.iter_mut().flatten() {
            if role.inline == Inline::Workspace && self.workspace.is_none() {
                role.inline = Inline::Plain;
            }
            // What cannot be altered in place cannot be taken over.
            if self.adopt && role.name == STRAY_ROLE {
                role.path = "/";
            }
        }
        if let Some(Workspace::State { logging, .. }) = &mut self.workspace
            && logging.is_some_and(|at| self.groups[at].is_none())
        {
            *logging = None;
        }
        self.repair_families(rng);
        // An execution role that could write metrics would be a mistake, and so would be one that
        // can't write the logs of its tasks.
        let mut families = self.families.iter().flatten();
        let executes = families.any(|family| family.logs.is_some());
        if let Some(role) = &mut self.roles[0] {
            if role.inline == Inline::Workspace {
                role.inline = Inline::Plain;
            }
            role.managed |= executes;
        }
    }

    fn repair_families(&mut self, rng: &mut Rng) {
        if let [Some(first), Some(second)] = &self.families
            && first.name == second.name
        {
            self.families[1] = None;
        }
        for family in self.families.iter_mut().flatten() {
            if family.logs.is_some_and(|at| self.groups[at].is_none()) || self.roles[0].is_none() {
                family.logs = None;
            }
            if family.task_role.is_none_or(|at| self.roles[at].is_none()) {
                family.task_role = taken(rng, &self.roles, 1);
            }
            family.metrics &= self.workspace.is_some() && family.task_role.is_some();
        }
    }

    /// What the document of a family says, apart from the id of a workspace of this stack. Equal
    /// texts are equal documents.
    pub(super) fn document(&self, family: &Family) -> String {
        let Family {
            name: _,
            image,
            secret,
            task_role,
            logs,
            metrics,
            keep: _,
        } = family;
        let role = |at: usize| self.roles[at].as_ref().map(|r| (r.path, r.name));
        let group = |at: usize| self.groups[at].as_ref().map(|g| g.name);
        let workspace = metrics.then(|| match &self.workspace {
            Some(Workspace::Existing) => self.guest.clone(),
            Some(Workspace::State { .. }) | None => "our own".to_owned(),
        });
        format!(
            "{image} {:?} {:?} {:?} {workspace:?}",
            secret.then_some(self.password),
            task_role.map(role),
            logs.map(|at| (role(0), group(at))),
        )
    }
}

impl Written for Draft {
    fn toml(&self) -> String {
        let mut text = format!("[stack]\nname = \"{STACK}\"\n");
        if let Some(team) = self.team {
            line(&mut text, format_args!("\n[tags]\nteam = \"{team}\""));
        }
        let adopt = if self.adopt { "adopt = true\n" } else { "" };
        for (key, group) in keyed(&GROUP_KEYS, &self.groups) {
            line(
                &mut text,
                format_args!("\n[log_groups.{key}]\n{adopt}{}", group.toml()),
            );
        }
        match &self.workspace {
            None => {}
            Some(Workspace::Existing) => {
                line(
                    &mut text,
                    format_args!("\n[workspace]\nid = \"{}\"", self.guest),
                );
            }
            Some(Workspace::State {
                alias,
                retention,
                logging,
                protected,
            }) => {
                line(
                    &mut text,
                    format_args!("\n[workspace]\nalias = \"{alias}\""),
                );
                line(&mut text, format_args!("prevent_destroy = {protected}"));
                if let Some(days) = retention {
                    line(&mut text, format_args!("retention_days = {days}"));
                }
                if let Some(at) = logging {
                    line(&mut text, format_args!("logging = \"{}\"", GROUP_KEYS[*at]));
                }
            }
        }
        for (key, role) in keyed(&ROLE_KEYS, &self.roles) {
            line(
                &mut text,
                format_args!("\n[roles.{key}]\n{adopt}{}", role.toml(key)),
            );
        }
        for (key, family) in keyed(&FAMILY_KEYS, &self.families) {
            line(
                &mut text,
                format_args!("\n[task_definitions.{key}]\n{}", family.toml(key)),
            );
        }
        text
    }

    fn variable(&self, name: &str) -> Option<String> {
        (name == "DB_PASSWORD").then(|| format!("{SECRET}{}", self.password))
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a string cannot fail");
}

impl Group {
    fn random(rng: &mut Rng) -> Self {
        Self {
            name: pick(rng, &GROUPS),
            retention: pick(rng, &[None, Some(7), Some(30)]),
        }
    }

    fn toml(&self) -> String {
        let retention = self
            .retention
            .map_or_else(|| "\"never\"".to_owned(), |days| days.to_string());
        format!("name = \"{}\"\nretention_days = {retention}", self.name)
    }
}

impl Role {
    fn random(rng: &mut Rng) -> Self {
        Self {
            name: pick(rng, &ROLES),
            path: pick(rng, &["/", "/", "/", "/sim/"]),
            session: pick(rng, &[3600, 7200]),
            description: pick(rng, &["", "for the simulation"]),
            managed: rng.bool(),
            inline: pick(rng, &[Inline::None, Inline::Plain, Inline::Workspace]),
        }
    }

    fn toml(&self, key: &str) -> String {
        let mut text = format!(
            "name = \"{}\"\npath = \"{}\"\nmax_session_seconds = {}\ndescription = \"{}\"\n",
            self.name, self.path, self.session, self.description
        );
        if self.managed {
            text.push_str(
                "managed_policies = [\"service-role/AmazonECSTaskExecutionRolePolicy\"]\n",
            );
        }
        let (action, resource) = match self.inline {
            Inline::None => return text,
            Inline::Plain => ("s3:GetObject", "arn:aws:s3:::sim/*"),
            Inline::Workspace => ("aps:QueryMetrics", "${workspace.arn}"),
        };
        line(
            &mut text,
            format_args!("[roles.{key}.inline_policies.own]\nVersion = \"2012-10-17\""),
        );
        line(
            &mut text,
            format_args!("[[roles.{key}.inline_policies.own.Statement]]"),
        );
        line(
            &mut text,
            format_args!("Effect = \"Allow\"\nAction = \"{action}\""),
        );
        line(&mut text, format_args!("Resource = \"{resource}\""));
        text
    }
}

impl Family {
    fn random(rng: &mut Rng) -> Self {
        Self {
            name: pick(rng, &FAMILIES),
            image: rng.u8(1..=2),
            secret: rng.bool(),
            task_role: pick(rng, &[None, Some(1), Some(2)]),
            logs: pick(rng, &[None, Some(0), Some(1)]),
            metrics: rng.u8(..3) > 0,
            keep: pick(rng, &[None, None, Some(1), Some(2)]),
        }
    }

    fn toml(&self, key: &str) -> String {
        // Numbers, capitals and units that AWS gives back in other words.
        let mut text = format!(
            "family = \"{}\"\nrequires_compatibilities = [\"FARGATE\"]\nnetwork_mode = \"awsvpc\"\ncpu = \"0.5 vCPU\"\nmemory = \"1 GB\"\n",
            self.name
        );
        if let Some(at) = self.task_role {
            line(&mut text, format_args!("task_role = \"{}\"", ROLE_KEYS[at]));
        }
        if self.logs.is_some() {
            line(
                &mut text,
                format_args!("execution_role = \"{}\"", ROLE_KEYS[0]),
            );
        }
        if let Some(keep) = self.keep {
            line(&mut text, format_args!("keep_revisions = {keep}"));
        }
        line(
            &mut text,
            format_args!("[task_definitions.{key}.containers.app]"),
        );
        line(
            &mut text,
            format_args!("image = \"quay.io/sim/app:v{}\"", self.image),
        );
        line(
            &mut text,
            format_args!("port_mappings = [{{ container_port = 9100 }}]"),
        );
        if let Some(at) = self.logs {
            line(&mut text, format_args!("logs = \"{}\"", GROUP_KEYS[at]));
        }
        line(
            &mut text,
            format_args!("[task_definitions.{key}.containers.app.environment]"),
        );
        line(&mut text, format_args!("ZONE = \"b\"\nLEVEL = \"info\""));
        if self.secret {
            line(
                &mut text,
                format_args!("DB_PASSWORD = \"${{env.DB_PASSWORD}}\""),
            );
        }
        if self.metrics {
            line(
                &mut text,
                format_args!("[task_definitions.{key}.metrics]\nscrape = [{{ port = 9100 }}]"),
            );
        }
        text
    }
}
