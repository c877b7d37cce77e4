//! What can be wrong with a collector in a task.

use crate::{
    collector::{
        self, Configuration, Source,
        grants::{self, Rights},
    },
    file::{problem::Problems, tree::Table},
    kinds::task_definition::read::{
        RoleOutline, Scope, container_definitions,
        launch::{Launch, LaunchType, Network},
        metrics::{Granting, settings::Settings, sources},
        rights,
        roles::RoleUse,
        view::View,
    },
    model::{policy::Policy, template::Template},
};

/// Reports everything that is wrong.
pub(crate) fn report(
    settings: &Settings<'_>,
    rights: &Rights,
    body: &Table,
    scope: &Scope<'_>,
    problems: &mut Problems,
) {
    sources::report(settings, problems);
    image(settings, problems);
    task_role(settings, rights, body, scope, problems);
    execution_role(settings, body, scope, problems);
    place(settings, body, problems);
    reach(settings, body, problems);
    name(settings, body, problems);
    ports(settings, body, problems);
    own_ports(settings, problems);
    built_in(settings, scope, problems);
    region(settings, scope, problems);
}

/// The tag decides the names of metrics: v0.35.0 and v0.48.0 have renamed some (release notes of
/// aws-observability/aws-otel-collector), so it must not move by itself.
fn image(settings: &Settings<'_>, problems: &mut Problems) {
    let (Some(span), Some(image)) = (&settings.image_span, settings.collector.image.known()) else {
        return;
    };
    if !collector::is_pinned(image) {
        problems
            .add(
                "unpinned-collector",
                span,
                "can change without notice",
                format!("the collector image `{image}` has no fixed version"),
            )
            .help(format!(
                "versions of the collector rename metrics; name one, such as {}",
                collector::IMAGE
            ));
    }
}

/// Without credentials the collector doesn't start: its signer asks for them when the configuration
/// is read (opentelemetry-collector-contrib, sigv4authextension, `Config.Validate`).
fn task_role(
    settings: &Settings<'_>,
    rights: &Rights,
    body: &Table,
    scope: &Scope<'_>,
    problems: &mut Problems,
) {
    match RoleUse::of(body.get("taskRoleArn"), scope) {
        RoleUse::None => {
            problems
                .add("collector-without-task-role", &settings.span, "needs `task_role`", "the collector needs a task role")
                .help("without credentials it exits as soon as it starts; write task_role = \"task\" in the task definition, and declare [roles.task] with a `name` if no role is there; the right to write to the workspace comes with `metrics`");
        }
        RoleUse::Foreign => {}
        RoleUse::Ours(key, role) => {
            let granted = granted(settings, rights, role);
            let all = rights::of(role, scope, granted.as_ref());
            for (action, on) in rights.tested() {
                let request = (action, on.as_ref());
                let Some(why) = rights::obstacle_on(&all, role, request, scope) else {
                    continue;
                };
                problems
                    .add(
                        "task-role-cannot-write",
                        &settings.span,
                        "does this",
                        format!("the task role `roles.{key}` {why}"),
                    )
                    .and(&role.span, "the task role")
                    .help(
                        if settings.granting == Granting::LeastPrivilege && granted.is_some() {
                            "what is denied, or out of bounds, stays so whatever amp-stack grants"
                        } else {
                            "leave `policy` out to have it allowed for this workspace only"
                        },
                    );
            }
        }
    }
}

/// The policy that the role is given because of `settings`, unless the stack file has one under the
/// name of ours, which stands for it.
fn granted(settings: &Settings<'_>, rights: &Rights, role: &RoleOutline) -> Option<Policy> {
    let inline = &role.inline_policies;
    match settings.granting {
        Granting::LeastPrivilege => {
            let mut names = grants::POLICY_NAMES.iter();
            let is_own = names.any(|name| inline.contains_key(*name));
            let (_, policy) = rights.least_privilege().filter(|_| !is_own)?;
            Some(policy)
        }
        // The managed policies of AWS allow these on every workspace.
        Granting::State => {
            let writes = !rights.remote_write.is_empty();
            let everywhere = writes.then(|| Template::from("*"));
            let managed = Rights::of(everywhere, rights.traces);
            managed.least_privilege().map(|(_, policy)| policy)
        }
        Granting::Nothing => None,
    }
}

/// Containers never see the credentials of the execution role (ECS developer guide, "Amazon ECS
/// task execution IAM role").
fn execution_role(
    settings: &Settings<'_>,
    body: &Table,
    scope: &Scope<'_>,
    problems: &mut Problems,
) {
    let RoleUse::Ours(key, role) = RoleUse::of(body.get("executionRoleArn"), scope) else {
        return;
    };
    let shared = matches!(RoleUse::of(body.get("taskRoleArn"), scope), RoleUse::Ours(task, _) if task == key);
    if !shared && rights::has_somewhere(role, grants::REMOTE_WRITE, scope) {
        problems
            .add("remote-write-on-execution-role", &role.span, "allows aps:RemoteWrite", format!("`roles.{key}` is the execution role, which the collector never uses"))
            .and(&settings.span, "the collector")
            .help("containers work with the task role; the execution role only pulls images, reads secrets and writes logs");
    }
}

fn place(settings: &Settings<'_>, body: &Table, problems: &mut Problems) {
    // ECS developer guide, "Exporting application metrics to Amazon Managed Service for
    // Prometheus": external instances are not supported.
    if Launch::of(body).has(LaunchType::External) {
        problems
            .add("collector-on-external", &settings.span, "not on external instances", "ECS does not support the collector on external instances")
            .help("leave EXTERNAL out of `requires_compatibilities`, or `metrics` out of this task definition");
    }
    if Network::of(body) == Network::None {
        problems.add(
            "collector-without-network",
            &settings.span,
            "cannot reach the workspace",
            "a task without network cannot send metrics",
        );
    }
}

fn name(settings: &Settings<'_>, body: &Table, problems: &mut Problems) {
    let name = &settings.collector.name;
    let same = container_definitions(body)
        .iter()
        .find(|container| container.known_at("name") == Some(name));
    if let Some(same) = same {
        problems
            .add("duplicate-container", &settings.span, "adds a container of this name", format!("there is a container `{name}` already"))
            .and(&same.span, "here")
            .help("remove that container, which `metrics` stands for, or give the collector another `name`");
    }
}

/// On a bridge network a container reaches another one only by a link, or by a port of the host
/// (ECS API reference, `ContainerDefinition`, `links`).
fn reach(settings: &Settings<'_>, body: &Table, problems: &mut Problems) {
    let collector = &settings.collector;
    let published = settings
        .verbatim
        .is_some_and(|verbatim| verbatim.get("portMappings").is_some());
    let containers = container_definitions(body);
    let bridged = Network::of(body) == Network::Bridge && !containers.is_empty();
    if !bridged || !collector.listens() || published {
        return;
    }
    let linked = containers.iter().any(|container| {
        let mut links = container.list("links").iter().filter_map(View::known);
        links.any(|link| link.split(':').next() == Some(&collector.name))
    });
    if !linked {
        problems
            .add(
                "unreachable-collector",
                &settings.span,
                "nobody can send to it",
                "on a bridge network every container has a localhost of its own",
            )
            .help(format!(
                "write `links = [\"{name}\"]` in the containers that send, to http://{name}:{}; or use network_mode = \"awsvpc\"",
                collector::OTLP_GRPC_PORT,
                name = collector.name
            ));
    }
}

/// Containers that share a network can't listen on the same port.
fn ports(settings: &Settings<'_>, body: &Table, problems: &mut Problems) {
    if !Network::of(body).is_shared() || settings.collector.configuration() == Configuration::Own {
        return;
    }
    let by_tcp = settings.collector.ports();
    let by_udp = settings.collector.udp_ports();
    for container in container_definitions(body) {
        for mapping in container.list("portMappings") {
            let port = mapping.integer_at("containerPort");
            let is_udp = mapping.known_at("protocol") == Some("udp");
            let taken = if is_udp { &by_udp } else { &by_tcp };
            if let Some(port) = taken.iter().find(|taken| Some(i64::from(**taken)) == port) {
                problems
                    .add(
                        "port-clash",
                        &mapping.span,
                        "listens here",
                        format!("the collector listens on port {port} too"),
                    )
                    .and(&settings.span, "the collector");
            }
        }
    }
}

/// What the collector would find at `localhost` on one of its own ports is itself.
fn own_ports(settings: &Settings<'_>, problems: &mut Problems) {
    let collector = &settings.collector;
    if collector.configuration() == Configuration::Own
        || settings.targets.len() != collector.scrape.len()
    {
        return;
    }
    let taken = collector.ports();
    for (target, span) in collector.scrape.iter().zip(&settings.targets) {
        let is_here = matches!(target.host.as_str(), "localhost" | "127.0.0.1" | "0.0.0.0");
        if is_here && taken.contains(&target.port) {
            problems
                .add(
                    "scrape-own-port",
                    span,
                    "is the collector itself",
                    format!("the collector listens on port {} itself", target.port),
                )
                .help("let the application serve its metrics at another port");
        }
    }
}

/// The files of the image do one thing each, and sign for the region of the task.
fn built_in(settings: &Settings<'_>, scope: &Scope<'_>, problems: &mut Problems) {
    let collector = &settings.collector;
    let Some(span) = settings.source_span.as_ref() else {
        return;
    };
    if collector.source != Some(Source::Image) {
        return;
    }
    if let Some(own) = settings.own_configuration.first() {
        problems
            .add(
                "configured-twice",
                own,
                "replaces the configuration",
                "the collector is configured twice",
            )
            .and(span, "has no effect then")
            .help("leave one of them out");
        return;
    }
    let mut refuse = |label: &str, message: String| {
        problems
            .add("no-built-in-configuration", span, label, message)
            .help("leave `config` out: a configuration is generated that does it");
    };
    if settings.targets.len() == collector.scrape.len()
        && settings.collects
        && collector.built_in_file().is_none()
    {
        refuse(
            "none does this",
            "no configuration of the image collects what is asked for".to_owned(),
        );
    }
    let (here, there) = (&scope.identity.region, &collector.workspace_region);
    if !there.is_empty() && there != here {
        refuse(
            "signs for another region",
            format!(
                "the configurations of the image sign for {here}, and the workspace is in {there}"
            ),
        );
    }
}

/// ECS gives the collector its region. Another one can only be meant for the workspace, and that
/// too is wrong unless the workspace is there.
fn region(settings: &Settings<'_>, scope: &Scope<'_>, problems: &mut Problems) {
    let collector = &settings.collector;
    let (Some(span), Some(workspace)) = (&settings.region_span, &settings.workspace) else {
        return;
    };
    let given = collector.environment.iter();
    let mut given = given.filter(|(name, _)| name == collector::REGION_VARIABLE);
    let Some(given) = given.find_map(|(_, value)| value.known()) else {
        return;
    };
    let here = scope.identity.region.as_str();
    if given != here && given != workspace.region {
        problems
            .add(
                "collector-region",
                span,
                format!("the workspace is in {}", workspace.region),
                format!("the collector would take itself to be in {given}"),
            )
            .help("leave it out: ECS or amp-stack sets it, and requests are signed for the region of the workspace");
    }
}
