//! Where the tasks of a service run: on Fargate, or on container instances, of which a daemon has
//! one task each.

use super::{Service, Status, deployment::Tasks, schedule::ClusterView};
use crate::ecs::{
    instance::Instances,
    needs::{Needs, Place},
    placement::{Unplaced, place},
    revision::Revision,
};

impl Service {
    /// A daemon is to have one task on each instance (API reference, `CreateService`,
    /// schedulingStrategy).
    pub(super) fn count_instances(&mut self, instances: &Instances) {
        if self.scheduling() == "DAEMON" && self.status == Status::Active {
            let launch_type = self.launch().launch_type;
            let ours = instances.values();
            let ours = ours.filter(|instance| instance.launch_type() == launch_type);
            self.desired_count = ours.count();
        }
    }

    /// Where one more task runs; `None` is Fargate.
    pub(super) fn find_place(
        &self,
        around: &ClusterView<'_>,
        tasks: &Tasks,
        revision: &Revision,
        now_millis: u64,
    ) -> Result<Option<Place>, Unplaced> {
        let launch = self.launch();
        if launch.is_fargate() {
            return Ok(None);
        }
        let needs = Needs::of(&revision.definition);
        let group = format!("service:{}", self.name);
        let alone = (self.scheduling() == "DAEMON").then_some(group.as_str());
        let launch_type = &launch.launch_type;
        place(
            around.instances,
            tasks,
            launch_type,
            &needs,
            alone,
            now_millis,
        )
        .map(Some)
    }

    /// Says that a task finds no place, unless that was said and is so still (developer guide,
    /// "Amazon ECS service event messages": duplicates are left out until the cause is resolved).
    pub(super) fn note_place(&mut self, unplaced: Option<&Unplaced>, now_millis: u64) {
        let message = match unplaced.map(Unplaced::message) {
            None => None,
            // It only waits, which resolves nothing.
            Some(None) => return,
            Some(message) => message,
        };
        if let Some(message) = &message
            && self.unplaced.as_ref() != Some(message)
        {
            self.say(now_millis, message);
        }
        self.unplaced = message;
    }
}
