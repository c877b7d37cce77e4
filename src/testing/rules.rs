//! The rules that AWS enforces on calls.

use crate::{
    cloud::Call,
    kinds::{
        Resource,
        fake::{Creates, Refused},
    },
    testing::FakeResource,
};

/// Checks `call` against what stands under its target, and against a `rival` that has the name
/// although it may be spelled otherwise.
pub(crate) fn check(
    call: &Call,
    there: Option<&FakeResource>,
    rival: Option<&FakeResource>,
) -> Result<(), Refused> {
    let target = &call.target;
    match (call.change.creates(), there, rival) {
        (Creates::Always, _, Some(rival)) => Err(Refused::new(
            "AlreadyExists",
            format!("{} exists already", rival.target),
        )),
        (Creates::Never, None, _) => Err(Refused::new("NotFound", format!("there is no {target}"))),
        (Creates::Never | Creates::IfAbsent, Some(there), _) => there.resource.check(&call.change),
        (Creates::Always, _, None) | (Creates::IfAbsent, None, _) => Ok(()),
    }
}

/// Checks what results from a call.
pub(crate) fn check_result(to: &Resource) -> Result<(), Refused> {
    let mut result = Ok(());
    to.each_template(&mut |text| {
        if text.known().is_none() {
            let message = format!("{text} is not known");
            result = Err(Refused::new("ValidationException", message));
        }
    });
    result
}
