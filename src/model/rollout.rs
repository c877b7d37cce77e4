//! How the rollout of a revision to a service stands and ends: one table over strategy, status and
//! stage of a service deployment.

use crate::model::{
    rule::{Rule, rule},
    service::Wait,
};

/// How a service deployment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It goes on.
    GoesOn,
    /// It has ended.
    Ended(End),
}

/// How the rollout of a revision ends for whoever waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The service runs the revision, and nothing else.
    Done,
    /// Production traffic goes to the revision; old tasks are still there.
    Shifted,
    /// ECS has gone back to what ran before.
    RolledBack,
    /// It failed, and nothing was gone back to.
    Failed,
    /// ECS has stopped it, and has not gone back.
    Stopped,
    /// Somebody has deployed something else meanwhile.
    Superseded,
    /// It waits at a hook until a person decides.
    AwaitsDecision,
    /// It has taken longer than its own steps explain.
    TimedOut,
}

/// What can be read of a service deployment, in ECS's words.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The strategy: `ROLLING`, `BLUE_GREEN`, `LINEAR`, `CANARY`.
    pub strategy: &'a str,
    /// The status: `IN_PROGRESS`.
    pub status: &'a str,
    /// The stage of its life, if it is in one: `BAKE_TIME`.
    pub stage: &'a str,
    /// Whether it waits at a hook for an action.
    pub awaits_action: bool,
    /// Whether a later deployment of the service has another target.
    pub is_superseded: bool,
}

impl Reading<'_> {
    /// How the deployment stands for whoever waits until `wait`.
    ///
    /// The statuses are those of `ServiceDeploymentStatus`, the stages those of
    /// `ServiceDeploymentLifecycleStage` (ECS API reference). A rolling deployment shifts no
    /// traffic at once, so whoever waits for that waits until it is done. A status that AWS has
    /// added since is taken for one that goes on: the time decides.
    pub fn stand(&self, wait: Wait) -> Stand {
        let shifts = self.strategy != "ROLLING";
        match (self.status, self.stage) {
            ("SUCCESSFUL", _) => Stand::Ended(End::Done),
            ("ROLLBACK_SUCCESSFUL", _) => Stand::Ended(End::RolledBack),
            ("ROLLBACK_FAILED", _) => Stand::Ended(End::Failed),
            ("STOPPED" | "STOP_REQUESTED", _) if self.is_superseded => {
                Stand::Ended(End::Superseded)
            }
            ("STOPPED", _) => Stand::Ended(End::Stopped),
            // ECS stops it to go back, or has begun to: how that ends says more.
            ("STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS", _) => Stand::GoesOn,
            _ if self.is_superseded => Stand::Ended(End::Superseded),
            _ if self.awaits_action => Stand::Ended(End::AwaitsDecision),
            ("IN_PROGRESS", "BAKE_TIME" | "CLEAN_UP") if shifts && wait == Wait::Shifted => {
                Stand::Ended(End::Shifted)
            }
            _ => Stand::GoesOn,
        }
    }
}

/// The bad ends of rollouts, by code.
pub const ENDS: &[Rule] = &[
    rule(
        "rollout-awaits-decision",
        "the deployment waits at a PAUSE hook until somebody continues it or goes back, which ECS does by itself when the hook's time is up",
        "ECS API reference, DeploymentLifecycleHook and ContinueServiceDeployment",
    ),
    rule(
        "rollout-failed",
        "the deployment failed, and the service was not brought back to what it ran before",
        "ECS API reference, ServiceDeployment, status ROLLBACK_FAILED",
    ),
    rule(
        "rollout-rolled-back",
        "ECS has brought the service back to what it ran before, because tasks failed, an alarm went off or somebody asked for it",
        "ECS API reference, ServiceDeployment, status ROLLBACK_SUCCESSFUL",
    ),
    rule(
        "rollout-stopped",
        "ECS has stopped the deployment, because of its circuit breaker or an alarm without rollback, and has not brought the service back: whoever stops one by hand has it rolled back",
        "ECS API reference, ServiceDeployment, status STOPPED, and StopServiceDeployment, stopType",
    ),
    rule(
        "rollout-superseded",
        "somebody has deployed something else to the service before this deployment was done",
        "ECS developer guide, \"View service history using Amazon ECS service deployments\"",
    ),
    rule(
        "rollout-timed-out",
        "the deployment has taken longer than its own steps and baking times and 15 minutes more, or than `--rollout-timeout`; it goes on in ECS",
        "amp-stack",
    ),
];

impl End {
    /// The code of a bad end, which [`ENDS`] explains; `None` if it is a good one.
    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Done | Self::Shifted => None,
            Self::AwaitsDecision => Some("rollout-awaits-decision"),
            Self::Failed => Some("rollout-failed"),
            Self::RolledBack => Some("rollout-rolled-back"),
            Self::Stopped => Some("rollout-stopped"),
            Self::Superseded => Some("rollout-superseded"),
            Self::TimedOut => Some("rollout-timed-out"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRATEGIES: [&str; 4] = ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"];
    const STAGES: [&str; 10] = [
        "RECONCILE_SERVICE",
        "PRE_SCALE_UP",
        "SCALE_UP",
        "POST_SCALE_UP",
        "TEST_TRAFFIC_SHIFT",
        "POST_TEST_TRAFFIC_SHIFT",
        "PRODUCTION_TRAFFIC_SHIFT",
        "POST_PRODUCTION_TRAFFIC_SHIFT",
        "BAKE_TIME",
        "CLEAN_UP",
    ];

    /// Every combination, with how it stands.
    fn table(status: &str, awaits_action: bool, is_superseded: bool, wait: Wait) -> Vec<Stand> {
        let mut stands = Vec::new();
        for strategy in STRATEGIES {
            for stage in STAGES {
                let reading = Reading {
                    strategy,
                    status,
                    stage,
                    awaits_action,
                    is_superseded,
                };
                stands.push(reading.stand(wait));
            }
        }
        stands
    }

    #[test]
    fn what_has_ended_has_ended_whatever_its_strategy_and_stage() {
        let ended = |end| vec![Stand::Ended(end); 40];
        for (status, superseded, end) in [
            ("SUCCESSFUL", false, End::Done),
            ("SUCCESSFUL", true, End::Done),
            ("ROLLBACK_SUCCESSFUL", false, End::RolledBack),
            ("ROLLBACK_FAILED", false, End::Failed),
            ("STOPPED", false, End::Stopped),
            ("STOPPED", true, End::Superseded),
            ("STOP_REQUESTED", true, End::Superseded),
            ("IN_PROGRESS", true, End::Superseded),
            ("PENDING", true, End::Superseded),
        ] {
            for wait in [Wait::Done, Wait::Shifted] {
                let stands = table(status, false, superseded, wait);
                assert_eq!(stands, ended(end), "{status} {superseded}");
            }
        }
    }

    #[test]
    fn what_goes_back_is_waited_for_whatever_it_waits_for_itself() {
        for status in [
            "STOP_REQUESTED",
            "ROLLBACK_REQUESTED",
            "ROLLBACK_IN_PROGRESS",
        ] {
            let stands = table(status, true, false, Wait::Shifted);
            assert_eq!(stands, [Stand::GoesOn; 40], "{status}");
        }
    }

    #[test]
    fn traffic_has_shifted_when_it_bakes_unless_the_deployment_is_a_rolling_one() {
        for status in ["PENDING", "IN_PROGRESS", "STATUS_OF_TOMORROW"] {
            let stands = table(status, false, false, Wait::Done);
            assert_eq!(stands, [Stand::GoesOn; 40], "{status}");
        }
        let stands = table("IN_PROGRESS", false, false, Wait::Shifted);
        for (index, stand) in stands.into_iter().enumerate() {
            let (strategy, stage) = (STRATEGIES[index / 10], STAGES[index % 10]);
            let shifted = strategy != "ROLLING" && ["BAKE_TIME", "CLEAN_UP"].contains(&stage);
            assert_eq!(
                stand == Stand::Ended(End::Shifted),
                shifted,
                "{strategy} {stage}"
            );
        }
    }

    #[test]
    fn a_person_is_asked_for_wherever_a_hook_pauses() {
        for wait in [Wait::Done, Wait::Shifted] {
            let stands = table("IN_PROGRESS", true, false, wait);
            assert_eq!(stands, [Stand::Ended(End::AwaitsDecision); 40]);
        }
    }

    #[test]
    fn every_bad_end_is_explained_in_the_order_of_its_code() {
        let ends = [
            End::Done,
            End::Shifted,
            End::AwaitsDecision,
            End::Failed,
            End::RolledBack,
            End::Stopped,
            End::Superseded,
            End::TimedOut,
        ];
        let codes: Vec<&str> = ends.into_iter().filter_map(End::code).collect();
        let listed: Vec<&str> = ENDS.iter().map(|rule| rule.code).collect();
        assert_eq!(codes, listed);
    }
}
