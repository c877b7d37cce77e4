//! Where a task finds a place: which container instance has left what it takes.
//!
//! Looked at are CPU, memory and host ports (developer guide, "How Amazon ECS places tasks on
//! container instances"). Attributes, placement constraints and the number of network interfaces
//! are taken to fit.

use std::collections::BTreeMap;

use super::{
    instance::{Instance, Instances},
    needs::{Needs, Place},
    task::life::Task,
};

/// Why no instance takes a task.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unplaced {
    /// There is no instance at all.
    NoInstance,
    /// The instance that comes closest, by its ARN, lacks something.
    Lacks(String, Lack),
    /// Every instance has one already, or is about to have stopped one.
    Taken,
}

/// What an instance lacks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lack {
    Cpu,
    Memory,
    Port,
}

impl Lack {
    /// What `RunTask` answers (developer guide, "Amazon ECS API failure reasons").
    pub(super) const fn failure(self) -> &'static str {
        match self {
            Self::Cpu => "RESOURCE:CPU",
            Self::Memory => "RESOURCE:MEMORY",
            Self::Port => "RESOURCE:PORTS",
        }
    }
}

impl Unplaced {
    /// What the service says (developer guide, "Amazon ECS service event messages"); nothing if it
    /// only has to wait.
    pub(super) fn message(&self) -> Option<String> {
        let reason = match self {
            Self::Taken => return None,
            Self::NoInstance => {
                "Reason: No Container Instances were found in your cluster.".to_owned()
            }
            Self::Lacks(instance, lack) => {
                let id = instance.rsplit('/').next().unwrap_or_default();
                let what = match lack {
                    Lack::Cpu => "has insufficient CPU units available.",
                    Lack::Memory => "has insufficient memory available.",
                    Lack::Port => "is already using a port required by your task.",
                };
                format!("The closest matching (container-instance {id}) {what}")
            }
        };
        Some(format!(
            "was unable to place a task because no container instance met all of its requirements. {reason} For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
        ))
    }
}

/// What `needs` asks for and is not `free`.
fn lack(needs: &Needs, free: &Needs) -> Option<Lack> {
    if needs.memory > free.memory {
        Some(Lack::Memory)
    } else if needs.cpu > free.cpu {
        Some(Lack::Cpu)
    } else if needs.ports.intersection(&free.ports).next().is_some() {
        Some(Lack::Port)
    } else {
        None
    }
}

/// What an instance has left, with the ports that are taken.
pub(super) fn free<'a>(
    instance: &Instance,
    tasks: impl IntoIterator<Item = &'a Task>,
    now_millis: u64,
) -> Needs {
    let mut free = instance.registered.clone();
    for task in tasks {
        let Some(place) = task.place_on(&instance.arn, now_millis) else {
            continue;
        };
        free.cpu -= place.needs.cpu;
        free.memory -= place.needs.memory;
        free.ports.extend(place.needs.ports.iter().cloned());
    }
    free
}

/// The place of one more task among `instances`: on the one with the fewest tasks, as a service
/// without a strategy spreads its tasks (API reference, `CreateService`, placementStrategy).
/// `group` is the service whose tasks must not share an instance, if there is one.
pub(super) fn place(
    instances: &Instances,
    tasks: &BTreeMap<String, Task>,
    launch_type: &str,
    needs: &Needs,
    group: Option<&str>,
    now_millis: u64,
) -> Result<Place, Unplaced> {
    let mut candidates = instances
        .values()
        .filter(|instance| instance.launch_type() == launch_type)
        .peekable();
    if candidates.peek().is_none() {
        return Err(Unplaced::NoInstance);
    }
    let on = |instance: &Instance| {
        let arn = instance.arn.clone();
        tasks
            .values()
            .filter(move |task| task.place_on(&arn, now_millis).is_some())
    };
    let has_one = |instance: &Instance| {
        group.is_some_and(|group| on(instance).any(|task| task.group == group))
    };
    let mut fits = Vec::new();
    let mut closest: Option<(i64, String, Lack)> = None;
    for instance in candidates.filter(|instance| !has_one(instance)) {
        let free = free(instance, on(instance), now_millis);
        match lack(needs, &free) {
            None => fits.push((on(instance).count(), &instance.arn)),
            // The one with the most memory left comes closest.
            Some(lack)
                if closest
                    .as_ref()
                    .is_none_or(|(most, ..)| free.memory > *most) =>
            {
                closest = Some((free.memory, instance.arn.clone(), lack));
            }
            Some(_) => {}
        }
    }
    let Some((_, instance)) = fits.into_iter().min() else {
        return Err(closest.map_or(Unplaced::Taken, |(_, instance, lack)| {
            Unplaced::Lacks(instance, lack)
        }));
    };
    Ok(Place {
        instance: instance.clone(),
        needs: needs.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::{Lack, Unplaced};

    #[test]
    fn what_a_service_says_of_it() {
        let lacks =
            |lack| Unplaced::Lacks("arn:aws:ecs:r:a:container-instance/c/0a1b".to_owned(), lack);
        for (unplaced, words) in [
            (Unplaced::NoInstance, "No Container Instances were found"),
            (
                lacks(Lack::Memory),
                "(container-instance 0a1b) has insufficient memory",
            ),
            (lacks(Lack::Cpu), "insufficient CPU units"),
            (lacks(Lack::Port), "already using a port"),
        ] {
            let message = unplaced.message().expect("it says something");
            assert!(message.contains(words), "{message}");
        }
        assert_eq!(Unplaced::Taken.message(), None);
    }
}
