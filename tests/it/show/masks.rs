//! What people may not read in a plan, programs do not get either.

use std::collections::BTreeMap;

use amp_stack::{
    kinds::Resource,
    plan::risk::risks,
    show::{
        Style, events,
        plan::{Frame, render},
    },
};
use proptest::prelude::*;
use serde_json::Value;

use crate::show::fixtures::{build, family, family_address, identity, plan};

const NAMES: [&str; 8] = [
    "DB_PASSWORD",
    "API_KEY",
    "apiToken",
    "LEVEL",
    "KEYBOARD",
    "AUTH",
    "PATH_PREFIX",
    "DSN",
];

/// The last of a value that can be found again: alone, or in something that looks like a secret by
/// itself.
const SHAPES: [&str; 5] = [
    "",
    "--password=",
    "postgres://app:pw@",
    "Bearer ",
    "arn:aws:s3:::",
];

/// Variables whose values end with `side` and a number of their own.
fn environment(side: &'static str) -> impl Strategy<Value = BTreeMap<&'static str, String>> {
    let variable = (prop::sample::select(&NAMES), prop::sample::select(&SHAPES));
    prop::collection::vec(variable, 0..6).prop_map(move |variables| {
        variables
            .into_iter()
            .enumerate()
            .map(|(number, (name, shape))| (name, format!("{shape}{side}{number}x")))
            .collect()
    })
}

fn marks(environment: &BTreeMap<&str, String>) -> Vec<String> {
    let mark = |value: &String| value.rsplit(['=', '@', ' ', ':']).next().map(str::to_owned);
    environment.values().filter_map(mark).collect()
}

proptest! {
    #[test]
    fn programs_are_told_what_people_are(from in environment("from"), to in environment("to"), is_new: bool) {
        let resource = |environment: &BTreeMap<&str, String>| {
            let environment: Value = environment.iter().map(|(k, v)| ((*k).to_owned(), Value::from(v.as_str()))).collect();
            Resource::TaskDefinition(family(&environment))
        };
        let before = (!is_new).then(|| resource(&from));
        let plan = plan([build(family_address(), before, resource(&to))]);
        let (stack, identity) = ("checkout".parse().unwrap(), identity());
        let frame = Frame { stack: &stack, identity: &identity, order: &[], places: None, access: None, sandbox: None, destroy: false, verbose: false, next: None, rates: None };
        let wide = Style { width: 10_000, ..Style::PLAIN };
        let people = render(&plan, &risks(&plan), &frame, wide);
        let nothing = BTreeMap::new();
        let frame = events::Frame { stack: &stack, identity: &identity, access: None, sandbox: None, destroy: false, places: None, suppressed: &nothing };
        let programs = serde_json::to_string(&events::plan(&plan, &risks(&plan), &frame)).unwrap();
        for mark in marks(&from).into_iter().chain(marks(&to)) {
            prop_assert_eq!(people.contains(&mark), programs.contains(&mark), "{}: {} {}", mark, people, programs);
        }
    }
}
