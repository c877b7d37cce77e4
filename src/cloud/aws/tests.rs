//! What a whole reading of an empty region asks.

use serde_json::json;

use crate::{
    aws::script::{Answer, Script, query},
    cloud::Cloud,
};

#[tokio::test(start_paused = true)]
async fn an_empty_region_has_nothing_of_ours() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "ListRoles" => Answer::xml("ListRoles", "<IsTruncated>false</IsTruncated><Roles/>"),
        "GetAccountAuthorizationDetails" => Answer::xml(
            "GetAccountAuthorizationDetails",
            "<IsTruncated>false</IsTruncated><RoleDetailList/>",
        ),
        "GET /workspaces" => Answer::json(&json!({"workspaces": []})),
        "GetResources" => Answer::json(&json!({"ResourceTagMappingList": []})),
        other => panic!("{other} is one call too many"),
    });
    let snapshot = script.aws().observe(&query()).await.unwrap();
    assert_eq!(snapshot.found, []);
    assert_eq!(snapshot.roles, []);
    assert_eq!(script.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_question_for_several_kinds_that_fails_is_not_asked_again() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "GetResources" => Answer::error(400, "AccessDeniedException", "no"),
        "GET /workspaces" => Answer::json(&json!({"workspaces": []})),
        operation => Answer::xml(operation, "<IsTruncated>false</IsTruncated>"),
    });
    let error = script.aws().observe(&query()).await.unwrap_err();
    assert_eq!(error.operation, "tag:GetResources");
    assert_eq!(script.count("GetResources"), 1);
}
