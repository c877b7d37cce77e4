//! A service deployment: how a service comes from the revisions that it runs to another (developer
//! guide, "View service history using Amazon ECS service deployments").

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::strategy::{Hook, Strategy, threshold};
use crate::service::seconds;

/// One service deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Rollout {
    pub(super) arn: String,
    /// The ARN of the service revision that it deploys.
    pub(super) target: String,
    /// The ARNs of the service revisions that ran when it began.
    pub(super) sources: Vec<String>,
    /// `deploymentConfiguration`, as it was when it began.
    pub(super) configuration: Map<String, Value>,
    pub(super) status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// Milliseconds since 1970, as all times here.
    pub(super) created_at: u64,
    pub(super) updated_at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) finished_at: Option<u64>,
    /// Absent for rolling deployments, which have no stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stage: Option<Stage>,
    pub(super) stage_since: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) hooks: Vec<HookRun>,
    pub(super) breaker: Breaker,
    pub(super) failures: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rollback: Option<Rollback>,
}

/// `ServiceDeploymentStatus` of the API model. A deployment starts as soon as it is created here,
/// so that PENDING never occurs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Status {
    InProgress,
    Successful,
    Stopped,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

/// `ServiceDeploymentLifecycleStage` of the API model, in order.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Stage {
    ReconcileService,
    PreScaleUp,
    ScaleUp,
    PostScaleUp,
    TestTrafficShift,
    PostTestTrafficShift,
    /// A stage of hooks only: the model of a deployment doesn't have it.
    PreProductionTrafficShift,
    ProductionTrafficShift,
    PostProductionTrafficShift,
    BakeTime,
    CleanUp,
}

/// How a hook does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct HookRun {
    pub(super) id: String,
    stage: Stage,
    hook: Hook,
    pub(super) status: HookStatus,
    pub(super) expires_at: u64,
}

/// `DeploymentLifecycleHookStatus` of the API model, as far as it occurs here.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum HookStatus {
    AwaitingAction,
    Succeeded,
    Failed,
    TimedOut,
}

/// `ServiceDeploymentRollbackMonitorsStatus` of the API model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Breaker {
    Triggered,
    Monitoring,
    MonitoringComplete,
    Disabled,
}

/// Why and when a deployment was rolled back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Rollback {
    pub(super) reason: String,
    pub(super) started_at: u64,
    /// The ARN of the service revision that runs again.
    pub(super) revision: String,
}

/// How many tasks a service revision has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) requested: usize,
    pub(super) running: usize,
    pub(super) pending: usize,
}

impl Status {
    /// Returns whether nothing more happens.
    pub(super) fn is_final(self) -> bool {
        match self {
            Self::InProgress | Self::RollbackRequested | Self::RollbackInProgress => false,
            Self::Successful | Self::Stopped | Self::RollbackSuccessful | Self::RollbackFailed => {
                true
            }
        }
    }
}

/// The name of a variant on the wire.
pub(super) fn name(value: impl Serialize) -> Value {
    json!(value)
}

impl Stage {
    /// The stage that follows. A rolling deployment has none.
    pub(super) fn next(self) -> Option<Self> {
        Some(match self {
            Self::ReconcileService => Self::PreScaleUp,
            Self::PreScaleUp => Self::ScaleUp,
            Self::ScaleUp => Self::PostScaleUp,
            Self::PostScaleUp => Self::TestTrafficShift,
            Self::TestTrafficShift => Self::PostTestTrafficShift,
            Self::PostTestTrafficShift => Self::PreProductionTrafficShift,
            Self::PreProductionTrafficShift => Self::ProductionTrafficShift,
            Self::ProductionTrafficShift => Self::PostProductionTrafficShift,
            Self::PostProductionTrafficShift => Self::BakeTime,
            Self::BakeTime => Self::CleanUp,
            Self::CleanUp => return None,
        })
    }
}

impl Rollout {
    pub(super) fn strategy(&self) -> Strategy {
        Strategy::of(&self.configuration)
    }

    /// Goes to `status`, from which on nothing more happens if it is a final one.
    pub(super) fn end(&mut self, status: Status, reason: Option<String>, now_millis: u64) {
        self.status = status;
        self.reason = reason;
        self.updated_at = now_millis;
        if status.is_final() {
            self.finished_at = Some(now_millis);
            if self.breaker == Breaker::Monitoring {
                self.breaker = Breaker::MonitoringComplete;
            }
        }
    }

    /// Enters a stage, whose hooks begin. `ids` names them.
    pub(super) fn enter(&mut self, stage: Stage, now_millis: u64, mut ids: impl FnMut() -> String) {
        self.stage = Some(stage);
        self.stage_since = now_millis;
        self.updated_at = now_millis;
        for hook in self.strategy().hooks {
            if hook.stages.contains(&stage) {
                self.hooks.push(HookRun {
                    id: ids(),
                    stage,
                    status: if hook.pauses {
                        HookStatus::AwaitingAction
                    } else {
                        // There are no functions here: a hook that calls one finds nothing wrong.
                        HookStatus::Succeeded
                    },
                    expires_at: now_millis + hook.timeout_millis,
                    hook,
                });
            }
        }
    }

    /// The hook that the deployment waits for.
    pub(super) fn awaited(&mut self) -> Option<&mut HookRun> {
        let mut hooks = self.hooks.iter_mut();
        hooks.find(|hook| hook.status == HookStatus::AwaitingAction)
    }

    /// When the stage ends by itself; absent if it waits for tasks or a hook.
    pub(super) fn stage_ends_at(&self) -> Option<u64> {
        let takes = self.strategy().takes_millis(self.stage?)?;
        Some(self.stage_since + takes)
    }

    /// The moments at which something changes by itself.
    pub(super) fn moments(&self) -> Vec<u64> {
        let hooks = self.hooks.iter();
        let awaited = hooks
            .filter(|hook| hook.status == HookStatus::AwaitingAction)
            .map(|hook| hook.expires_at);
        match self.status {
            Status::InProgress => awaited.chain(self.stage_ends_at()).collect(),
            Status::RollbackRequested => vec![self.updated_at + super::strategy::STAGE_MILLIS],
            Status::RollbackInProgress
            | Status::Successful
            | Status::Stopped
            | Status::RollbackSuccessful
            | Status::RollbackFailed => Vec::new(),
        }
    }

    /// How much of the production traffic the target has, in percent.
    fn production_weight(&self, now_millis: u64) -> f64 {
        let Some(stage) = self.stage else {
            return 100.0;
        };
        let is_back = self.rollback.is_some() || self.status == Status::Stopped;
        if is_back || stage < Stage::ProductionTrafficShift {
            0.0
        } else if stage > Stage::ProductionTrafficShift {
            100.0
        } else {
            self.strategy().shifted(now_millis - self.stage_since)
        }
    }

    /// The overview of `ListServiceDeployments`.
    pub(super) fn brief(&self, service: &str, cluster: &str) -> Value {
        let mut shown = json!({
            "serviceDeploymentArn": self.arn,
            "serviceArn": service,
            "clusterArn": cluster,
            "createdAt": seconds(self.created_at),
            "startedAt": seconds(self.created_at),
            "targetServiceRevisionArn": self.target,
            "status": name(self.status),
        });
        self.show_end(&mut shown);
        shown
    }

    fn show_end(&self, shown: &mut Value) {
        if let Some(at) = self.finished_at {
            shown["finishedAt"] = seconds(at);
        }
        if let Some(reason) = &self.reason {
            shown["statusReason"] = json!(reason);
        }
    }

    /// The service deployment as the API shows it.
    pub(super) fn shown(
        &self,
        service: &str,
        cluster: &str,
        now_millis: u64,
        counts: impl Fn(&str) -> Counts,
    ) -> Value {
        let production = self.production_weight(now_millis);
        let summary = |arn: &str, weight: f64| {
            let counts = counts(arn);
            let mut shown = json!({
                "arn": arn,
                "requestedTaskCount": counts.requested,
                "runningTaskCount": counts.running,
                "pendingTaskCount": counts.pending,
            });
            if self.stage.is_some() {
                shown["requestedProductionTrafficWeight"] = json!(weight);
            }
            shown
        };
        let sources = self.sources.iter();
        let sources: Vec<Value> = sources
            .map(|arn| summary(arn, 100.0 - production))
            .collect();
        let threshold = threshold(counts(&self.target).requested);
        let mut shown = json!({
            "serviceDeploymentArn": self.arn,
            "serviceArn": service,
            "clusterArn": cluster,
            "createdAt": seconds(self.created_at),
            "startedAt": seconds(self.created_at),
            "updatedAt": seconds(self.updated_at),
            "sourceServiceRevisions": sources,
            "targetServiceRevision": summary(&self.target, production),
            "status": name(self.status),
            "deploymentConfiguration": self.configuration,
            "deploymentCircuitBreaker": {
                "status": name(self.breaker), "failureCount": self.failures, "threshold": threshold,
            },
            "alarms": {"status": "DISABLED", "alarmNames": [], "triggeredAlarmNames": []},
        });
        if let Some(stage) = self.stage {
            let is_of_hooks_only = stage == Stage::PreProductionTrafficShift;
            shown["lifecycleStage"] = name(if is_of_hooks_only {
                Stage::PostTestTrafficShift
            } else {
                stage
            });
        }
        if !self.hooks.is_empty() {
            let hooks = self.hooks.iter();
            shown["lifecycleHookDetails"] = hooks.map(HookRun::shown).collect();
        }
        if let Some(rollback) = &self.rollback {
            shown["rollback"] = json!({
                "reason": rollback.reason,
                "startedAt": seconds(rollback.started_at),
                "serviceRevisionArn": rollback.revision,
            });
        }
        if let (Some(at), Status::Stopped) = (self.finished_at, self.status) {
            shown["stoppedAt"] = seconds(at);
        }
        self.show_end(&mut shown);
        shown
    }
}

impl HookRun {
    /// Whether the deployment goes on when nobody has decided in time.
    pub(super) fn continues_on_timeout(&self) -> bool {
        self.hook.continues_on_timeout
    }

    fn shown(&self) -> Value {
        let mut shown = json!({
            "hookId": self.id,
            "targetType": if self.hook.pauses { "PAUSE" } else { "AWS_LAMBDA" },
            "status": name(self.status),
            "expiresAt": seconds(self.expires_at),
            "timeoutAction": if self.hook.continues_on_timeout { "CONTINUE" } else { "ROLLBACK" },
        });
        if let Some(arn) = &self.hook.target {
            shown["targetArn"] = json!(arn);
        }
        shown
    }
}
