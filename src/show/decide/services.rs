//! Why a service is not brought to a revision, in words.

use crate::{
    model::address::Address,
    plan::rollouts::{Objection, Why},
    show::decide::Explained,
};

/// The refusal in words.
pub(super) fn explain(address: &Address, objection: &Objection) -> Explained {
    let Objection { service, why } = objection;
    let leave_out = format!("to leave it alone, take {service} out of `services` in [{address}]");
    let (message, hints) = match why {
        Why::NoCluster => (
            format!(
                "there is no cluster {} for service {service}",
                service.cluster
            ),
            vec![
                "correct the name: aws ecs list-clusters shows those of this region".to_owned(),
                leave_out,
            ],
        ),
        Why::NoService => (
            format!("there is no service {service}"),
            vec![
                format!(
                    "correct the name: aws ecs list-services --cluster {} shows those that there are",
                    service.cluster
                ),
                format!(
                    "services are not created here: to register the first revision for one that is still to come, take {service} out of `services` in [{address}] until it is there"
                ),
            ],
        ),
        Why::OtherFamily { family, runs } => (
            format!(
                "service {service} runs {}, and not a revision of {family}",
                runs.as_deref().unwrap_or("no task definition")
            ),
            vec![
                format!(
                    "name the service in the table of the family that it runs, or write `family` in [{address}]"
                ),
                leave_out,
            ],
        ),
        Why::Controller(name) => (
            format!("deployments of service {service} are carried out by {name}, and not by ECS"),
            vec![of_controller(name), leave_out],
        ),
        Why::Express(obstacles) => (
            format!(
                "service {service} is one of ECS Express Mode, which takes no such definition: {}",
                obstacles.join("; ")
            ),
            vec![of_express(address), leave_out],
        ),
        Why::Owned(owner) => (
            format!("service {service} belongs to {owner}, which would take its own revision back"),
            vec![
                format!(
                    "to roll out to it all the same, write {{ cluster = \"{}\", service = \"{}\", take_over = true }}",
                    service.cluster, service.service
                ),
                leave_out,
            ],
        ),
        Why::EndedBadly { revision, how } => (
            format!("the last rollout of {revision} to service {service} ended badly ({how})"),
            of_bad_end(address),
        ),
    };
    Explained {
        message,
        details: Vec::new(),
        hints,
    }
}

fn of_bad_end(address: &Address) -> Vec<String> {
    vec![
        format!("mend the cause in [{address}]: a new revision is rolled out as always"),
        format!("to try the same revision once more, add `--retry {address}`"),
    ]
}

fn of_controller(name: &str) -> String {
    format!(
        "start the deployment where those of {name} are started, with the revision that `amp-stack output` names"
    )
}

fn of_express(address: &Address) -> String {
    format!(
        "write [{address}] as Express Mode asks for it: `amp-stack explain service-express` says how"
    )
}
