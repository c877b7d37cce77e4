//! How a stack file names what the API names: snake case, with the few names that say it better.

/// The API's name of what a stack file calls `name`.
pub fn api_name(name: &str) -> String {
    match name {
        "task_role" => return "taskRoleArn".to_owned(),
        "execution_role" => return "executionRoleArn".to_owned(),
        "size_in_gib" => return "sizeInGiB".to_owned(),
        "containers" => return "containerDefinitions".to_owned(),
        _ => {}
    }
    let mut wire = String::new();
    for (index, word) in name.split('_').enumerate() {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if index > 0 => {
                wire.extend(first.to_uppercase());
                wire.push_str(letters.as_str());
            }
            Some(_) | None => wire.push_str(word),
        }
    }
    wire
}

/// The stack file's name of what the API calls `name`.
pub fn stack_key(name: &str) -> String {
    match name {
        "taskRoleArn" => return "task_role".to_owned(),
        "executionRoleArn" => return "execution_role".to_owned(),
        "containerDefinitions" => return "containers".to_owned(),
        _ => {}
    }
    let mut file = String::new();
    for letter in name.replace("GiB", "Gib").chars() {
        if letter.is_ascii_uppercase() {
            file.push('_');
        }
        file.push(letter.to_ascii_lowercase());
    }
    file
}

/// Lists whose elements have a name, with the members that hold the name and, if there is just one
/// more, the value.
pub const KEYED: &[(&str, &str, Option<&str>)] = &[
    ("containerDefinitions", "name", None),
    ("environment", "name", Some("value")),
    ("secrets", "name", Some("valueFrom")),
    ("secretOptions", "name", Some("valueFrom")),
    ("dependsOn", "containerName", Some("condition")),
    ("volumes", "name", None),
    ("ulimits", "name", None),
    ("systemControls", "namespace", Some("value")),
];
