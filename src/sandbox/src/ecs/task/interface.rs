//! The network interface of a task in the network mode `awsvpc`.

use serde_json::{Map, Value, json};

use crate::ecs::{launch::Launch, members::Members};

/// The addresses that tasks get: the sandbox has no subnets, so all of them are in one network.
const NETWORK: [u8; 2] = [10, 0];

/// The interface of a task, if it has one of its own: as an attachment, and as its containers show
/// it (API reference, `Attachment` and `NetworkInterface`). All of it follows from the task's id.
pub(super) fn of(definition: &Map<String, Value>, launch: &Launch, id: &str) -> Option<[Value; 2]> {
    if definition.text("networkMode") != Some("awsvpc") {
        return None;
    }
    let digits = |from: usize, to: usize| id.get(from..to).unwrap_or_default();
    let number = u16::from_str_radix(digits(0, 4), 16).unwrap_or_default();
    let [high, low] = number.to_be_bytes();
    let [first, second] = NETWORK;
    // The first four addresses of a subnet and its last are kept (VPC user guide, "Subnet sizing").
    let address = format!("{first}.{second}.{high}.{}", low.clamp(4, 254));
    let attachment = format!(
        "{}-{}-4{}-8{}-{}",
        digits(0, 8),
        digits(8, 12),
        digits(12, 15),
        digits(15, 18),
        digits(18, 30)
    );
    let details = [
        ("subnetId", launch.subnet.clone().unwrap_or_default()),
        ("networkInterfaceId", format!("eni-0{}", digits(0, 16))),
        ("macAddress", format!("02:00:0a:00:{high:02x}:{low:02x}")),
        (
            "privateDnsName",
            format!("ip-{}.ec2.internal", address.replace('.', "-")),
        ),
        ("privateIPv4Address", address.clone()),
    ];
    let details = details.map(|(name, value)| json!({"name": name, "value": value}));
    Some([
        json!({
            "id": attachment, "type": "ElasticNetworkInterface", "status": "ATTACHED",
            "details": details,
        }),
        json!({"attachmentId": attachment, "privateIpv4Address": address}),
    ])
}

/// The status of an attachment while the task is in this one (developer guide, "Amazon ECS task
/// lifecycle": it is attached while the task is provisioned, and detached while it is
/// deprovisioned).
pub(super) fn status(of_task: &str) -> &'static str {
    match of_task {
        "PROVISIONING" => "PRECREATED",
        "STOPPED" => "DELETED",
        _ => "ATTACHED",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ecs::fixture::Sandbox;

    #[test]
    fn a_task_has_an_address_of_its_own() {
        let mut sandbox = Sandbox::new();
        sandbox.call("CreateCluster", &json!({}));
        sandbox.register("f");
        sandbox.create_service("s", "f", 2);
        let tasks = sandbox.call("ListTasks", &json!({}));
        let asked = json!({"tasks": tasks["taskArns"]});
        let described = sandbox.call("DescribeTasks", &asked);
        let mut addresses = Vec::new();
        for task in described["tasks"].as_array().expect("a list") {
            let attachment = &task["attachments"][0];
            assert_eq!(attachment["status"], "PRECREATED");
            assert_eq!(attachment["details"][0]["value"], "subnet-1");
            let address = &attachment["details"][4]["value"];
            let shown = &task["containers"][0]["networkInterfaces"][0];
            assert_eq!(&shown["privateIpv4Address"], address);
            assert_eq!(shown["attachmentId"], attachment["id"]);
            addresses.push(address.clone());
        }
        assert_ne!(addresses[0], addresses[1]);
        sandbox.now_millis += 10_000;
        let described = sandbox.call("DescribeTasks", &asked);
        assert_eq!(
            described["tasks"][0]["attachments"][0]["status"],
            "ATTACHED"
        );
    }
}
