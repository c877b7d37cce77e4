//! Saved plans against an emulator that nobody here wrote.

use serde_json::json;

use crate::{
    emulators::server::{Emulator, Kind},
    run::Bench,
};

const STACK: &str = include_str!("../../../stacks/quickstart.toml");
const PLAN: &[&str] = &["plan", "stack.toml", "--out", "plan.json"];
const APPLY: &[&str] = &["apply", "plan.json"];

#[test]
fn a_saved_plan_holds_on_moto_until_something_moves() {
    let Some(mut aws) = Emulator::start(
        Kind::Moto,
        "a_saved_plan_holds_on_moto_until_something_moves",
    ) else {
        return;
    };
    let bench = Bench::with_endpoint("saved-moto", &aws.endpoint);
    bench.write("stack.toml", STACK);
    bench.run(PLAN).expect(0);
    bench.run(APPLY).expect(0);
    let again = bench.run(APPLY).expect(0);
    assert!(
        again.says("This plan has been carried out already."),
        "{}",
        again.stderr
    );

    let later = STACK
        .replace("retention_days = 7", "retention_days = 30")
        .replace("[roles.task]", "[roles.task]\nmax_session_seconds = 7200");
    bench.write("stack.toml", &later);
    bench.run(PLAN).expect(0);
    let group = "/ecs/quickstart";
    let retention = |days: u32| json!({"logGroupName": group, "retentionInDays": days});
    aws.boto("logs", "PutRetentionPolicy", retention(14));
    let refused = bench.run(APPLY).expect(1);
    assert!(
        refused.says("at log_groups.quickstart; nothing was changed by this run"),
        "{}",
        refused.stderr
    );
    assert!(refused.says("~ retention_days 7 -> 14"));

    aws.boto("logs", "PutRetentionPolicy", retention(7));
    let role = json!({"RoleName": "QuickstartTask", "MaxSessionDuration": 7200});
    aws.boto("iam", "UpdateRole", role);
    let rest = bench.run(APPLY).expect(0);
    assert!(
        rest.says("Of this plan's 2 calls 1 call to go."),
        "{}",
        rest.stderr
    );
    let plan = ["plan", "stack.toml", "--detailed-exitcode"];
    bench.run(&plan).expect(0);
}
