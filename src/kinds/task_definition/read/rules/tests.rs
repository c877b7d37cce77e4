use crate::kinds::task_definition::read::tests::codes;

/// A task definition on Fargate with further keys of its own, of its container `app`, and with
/// further tables.
fn fargate(task: &str, container: &str, tables: &str) -> String {
    format!(
        "[task_definitions.t]\nrequires_compatibilities = [\"FARGATE\"]\nnetwork_mode = \"awsvpc\"\ncpu = 1024\nmemory = 3072\n{task}\n\
         [task_definitions.t.containers.app]\nimage = \"app:1\"\n{container}\n{tables}"
    )
}

/// A task definition for EC2, as above.
fn ec2(task: &str, container: &str, tables: &str) -> String {
    format!(
        "[task_definitions.t]\nrequires_compatibilities = [\"EC2\"]\n{task}\n\
         [task_definitions.t.containers.app]\nimage = \"app:1\"\nmemory = 64\n{container}\n{tables}"
    )
}

fn second(name: &str, keys: &str) -> String {
    format!("[task_definitions.t.containers.{name}]\nimage = \"{name}:1\"\nmemory = 64\n{keys}\n")
}

/// Every case with the codes that it has to lead to, no more and no less.
fn expect(cases: Vec<(String, &[&str])>) {
    for (tables, expected) in cases {
        assert_eq!(codes(&tables), expected, "{tables}");
    }
}

#[test]
fn plain_tasks_are_sound() {
    expect(vec![
        (fargate("", "", ""), &[]),
        (ec2("", "", ""), &[]),
        (
            ec2(
                "network_mode = \"host\"",
                "port_mappings = [{ container_port = 80, host_port = 80 }]",
                "",
            ),
            &[],
        ),
    ]);
}

#[test]
fn names() {
    let long = "x".repeat(256);
    expect(vec![
        (ec2("family = \"a b\"", "", ""), &["family-name"]),
        (ec2(&format!("family = \"{long}\""), "", ""), &["family-name"]),
        (ec2("", "", &second("\"a b\"", "")).replace("image = \"\"a b\":1\"", "image = \"a:1\""), &["container-name"]),
        (ec2("volumes = [{ name = \"a b\" }]", "", ""), &["volume-name"]),
        (ec2("volumes = [{ name = \"a\" }, { name = \"a\" }]", "", ""), &["duplicate-volume"]),
        (ec2("", "", "").replace("app:1", "app 1"), &["image-name"]),
        (ec2("", "", "").replace("app:1", "app@sha256:00"), &["image-digest"]),
        (ec2("", "", "").replace("app:1", &format!("app@sha256:{}", "0".repeat(64))), &[]),
        (ec2("", "", "").replace("image = \"app:1\"", ""), &["missing-key"]),
        (ec2("", "environment = [{ name = \"A\", value = \"1\" }, { name = \"A\", value = \"2\" }]", ""), &["duplicate-variable"]),
        (ec2("execution_role = \"execution\"", "environment = { A = \"1\" }\nsecrets = { A = \"arn:aws:ssm:us-east-1:111122223333:parameter/a\" }", ""), &["duplicate-variable"]),
        (ec2("", "environment = { \"\" = \"1\" }", ""), &["empty-name"]),
        (ec2("execution_role = \"execution\"", "environment_files = [{ type = \"s3\", value = \"arn:aws:s3:::b/a.txt\" }]", ""), &["environment-file"]),
        (ec2("", "port_mappings = [{ container_port = 80, name = \"Web\" }]", ""), &["port-name"]),
        ("[task_definitions.t]\nmemory = 512\n[[task_definitions.t.containers]]\nimage = \"a:1\"\n".to_owned(), &["missing-key"]),
        ("[task_definitions.t]\nmemory = 512\ncontainers = [{ name = \"a\", image = \"a:1\" }, { name = \"a\", image = \"a:1\" }]\n".to_owned(), &["duplicate-container"]),
    ]);
}

#[test]
fn counts() {
    let many: String = (0..10)
        .map(|index| second(&format!("c{index}"), ""))
        .collect();
    let constraints = ["{ type = \"memberOf\", expression = \"x\" }"; 11].join(", ");
    let variable = format!("environment = {{ A = \"{}\" }}", "x".repeat(64 * 1024));
    let files = ["{ type = \"s3\", value = \"arn:aws:s3:::b/a.env\" }"; 11].join(", ");
    expect(vec![
        (ec2("", "", &many), &["too-many-containers"]),
        (
            ec2(&format!("placement_constraints = [{constraints}]"), "", ""),
            &["too-many-constraints"],
        ),
        (
            ec2("", "essential = false", ""),
            &["no-essential-container"],
        ),
        (ec2("", &variable, ""), &["too-large"]),
        (
            ec2(
                "execution_role = \"execution\"",
                &format!("environment_files = [{files}]"),
                "",
            ),
            &["too-many-files"],
        ),
        (
            "[task_definitions.t]\nmemory = 512\n".to_owned(),
            &["missing-key"],
        ),
        (
            "[task_definitions.t]\nmemory = 512\ncontainers = {}\n".to_owned(),
            &["no-essential-container"],
        ),
    ]);
}

#[test]
fn sizes() {
    let sized = |cpu: &str, memory: &str| {
        fargate("", "", "")
            .replace("cpu = 1024", &format!("cpu = {cpu}"))
            .replace("memory = 3072", &format!("memory = {memory}"))
    };
    let windows = |cpu: &str, memory: &str| {
        sized(cpu, memory).replace("network_mode", "runtime_platform = { operating_system_family = \"WINDOWS_SERVER_2022_CORE\" }\nnetwork_mode")
    };
    expect(vec![
        (sized("256", "512"), &[]),
        (sized("256", "1024"), &[]),
        (sized("256", "2048"), &[]),
        (sized("256", "1536"), &["fargate-size"]),
        (sized("\".25 vCPU\"", "\"0.5 GB\""), &[]),
        (sized("\"1 vCPU\"", "\"9 GB\""), &["fargate-size"]),
        (sized("8192", "20480"), &[]),
        (sized("8192", "17408"), &["fargate-size"]),
        (sized("32768", "\"120 GB\""), &[]),
        (sized("1000", "2048"), &["fargate-size"]),
        (sized("\"one\"", "2048"), &["task-size"]),
        (windows("256", "512"), &["fargate-size"]),
        (windows("1024", "2048"), &[]),
        (
            fargate("", "", "").replace("cpu = 1024\n", ""),
            &["fargate-size"],
        ),
        (
            fargate("ephemeral_storage = { size_in_gib = 20 }", "", ""),
            &["out-of-range"],
        ),
        (
            fargate("ephemeral_storage = { size_in_gib = 200 }", "", ""),
            &[],
        ),
        (ec2("cpu = 64", "", ""), &["out-of-range"]),
        (
            ec2("", "", "").replace("memory = 64\n", ""),
            &["memory-missing"],
        ),
        (
            ec2("memory = 512", "", "").replace("memory = 64\n", ""),
            &[],
        ),
        (
            ec2("", "memory_reservation = 65", ""),
            &["memory-reservation"],
        ),
        (ec2("", "memory_reservation = 64", ""), &[]),
        (ec2("", "memory_reservation = 32", ""), &[]),
        (
            ec2("", "", "").replace("memory = 64", "memory = 4"),
            &["out-of-range"],
        ),
        (
            fargate("", "memory = 4096", ""),
            &["task-too-small", "task-too-small"],
        ),
        (
            fargate("", "cpu = 1000", &second("b", "cpu = 25")),
            &["task-too-small"],
        ),
        (
            fargate(
                "",
                "memory = 3072\nmemory_reservation = 1024",
                &second("b", ""),
            ),
            &[],
        ),
        (fargate("", "cpu = -1", ""), &["out-of-range"]),
    ]);
}

#[test]
fn fargate_has_less() {
    let without = |key: &str| (fargate("", key, ""), &["not-on-fargate"] as &[&str]);
    expect(vec![
        without("privileged = true"),
        (fargate("", "privileged = false", ""), &[]),
        without("disable_networking = true"),
        without("dns_servers = [\"1.1.1.1\"]"),
        without("dns_search_domains = [\"x\"]"),
        without("docker_security_options = [\"no-new-privileges\"]"),
        without("extra_hosts = [{ hostname = \"a\", ip_address = \"1.1.1.1\" }]"),
        (
            fargate("", "links = [\"b\"]", &second("b", "")),
            &["not-on-fargate"],
        ),
        without("linux_parameters = { max_swap = 1 }"),
        without("linux_parameters = { shared_memory_size = 1 }"),
        without("linux_parameters = { devices = [{ host_path = \"/dev/x\" }] }"),
        without("linux_parameters = { capabilities = { add = [\"NET_ADMIN\"] } }"),
        (
            fargate(
                "",
                "linux_parameters = { capabilities = { add = [\"SYS_PTRACE\"], drop = [\"ALL\"] } }",
                "",
            ),
            &[],
        ),
        without("resource_requirements = [{ type = \"GPU\", value = \"1\" }]"),
        (fargate("ipc_mode = \"task\"", "", ""), &["not-on-fargate"]),
        (fargate("pid_mode = \"host\"", "", ""), &["not-on-fargate"]),
        (fargate("pid_mode = \"task\"", "", ""), &[]),
        (
            fargate(
                "placement_constraints = [{ type = \"memberOf\", expression = \"x\" }]",
                "",
                "",
            ),
            &["not-on-fargate"],
        ),
        (
            fargate(
                "volumes = [{ name = \"v\", host = { source_path = \"/x\" } }]",
                "",
                "",
            ),
            &["not-on-fargate"],
        ),
        (
            fargate(
                "volumes = [{ name = \"v\", docker_volume_configuration = { scope = \"task\" } }]",
                "",
                "",
            ),
            &["not-on-fargate"],
        ),
        (fargate("", "start_timeout = 1", ""), &["out-of-range"]),
        (fargate("", "stop_timeout = 121", ""), &["out-of-range"]),
        (
            fargate("", "", "").replace("awsvpc", "bridge"),
            &["fargate-network"],
        ),
        (
            fargate("", "", "").replace("network_mode = \"awsvpc\"\n", ""),
            &[],
        ),
        (
            fargate("", "log_configuration = { log_driver = \"json-file\" }", ""),
            &["log-driver"],
        ),
    ]);
}

#[test]
fn managed_instances_have_less() {
    let managed =
        |task: &str, container: &str| ec2(task, container, "").replace("EC2", "MANAGED_INSTANCES");
    expect(vec![
        (managed("", ""), &[]),
        (
            managed("network_mode = \"bridge\"", ""),
            &["not-on-managed-instances"],
        ),
        // Without a network mode it is awsvpc.
        (managed("", "hostname = \"x\""), &["network-mode"]),
        (managed("", "logs = \"app\""), &["no-execution-role"]),
        (
            managed(
                "",
                "log_configuration = { log_driver = \"gelf\", options = { gelf-address = \"udp://h:1\" } }",
            ),
            &["log-driver"],
        ),
    ]);
}

#[test]
fn external_instances_have_less() {
    let external = |task: &str| ec2(task, "", "").replace("EC2", "EXTERNAL");
    expect(vec![
        (external(""), &[]),
        (external("network_mode = \"awsvpc\""), &["not-on-external"]),
        (
            external(
                "volumes = [{ name = \"v\", efs_volume_configuration = { file_system_id = \"fs-1\" } }]",
            ),
            &["not-on-external"],
        ),
        (
            external("proxy_configuration = { container_name = \"app\" }"),
            &["not-on-external"],
        ),
        (
            ec2("", "log_configuration = { log_driver = \"gelf\", options = { gelf-address = \"udp://h:1\" } }", "")
                .replace("EC2", "MANAGED_INSTANCES"),
            &["log-driver"],
        ),
        (
            ec2("", "log_configuration = { log_driver = \"gelf\", options = { gelf-address = \"udp://h:1\" } }", ""),
            &[],
        ),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table of cases")]
fn networks() {
    let mode = |mode: &str, keys: &str| ec2(&format!("network_mode = \"{mode}\""), keys, "");
    expect(vec![
        (mode("awsvpc", "hostname = \"x\""), &["network-mode"]),
        (mode("bridge", "hostname = \"x\""), &[]),
        (
            mode(
                "awsvpc",
                "extra_hosts = [{ hostname = \"a\", ip_address = \"1.1.1.1\" }]",
            ),
            &["network-mode"],
        ),
        (
            ec2(
                "network_mode = \"host\"",
                "links = [\"b\"]",
                &second("b", ""),
            ),
            &["network-mode"],
        ),
        (ec2("", "links = [\"b:alias\"]", &second("b", "")), &[]),
        (
            ec2("", "links = [\"c\"]", &second("b", "")),
            &["undefined-container"],
        ),
        (
            mode("none", "port_mappings = [{ container_port = 80 }]"),
            &["network-mode"],
        ),
        (
            mode(
                "awsvpc",
                "port_mappings = [{ container_port = 80, host_port = 81 }]",
            ),
            &["host-port"],
        ),
        (
            mode(
                "awsvpc",
                "port_mappings = [{ container_port = 80, host_port = 80 }]",
            ),
            &[],
        ),
        (
            mode(
                "bridge",
                "port_mappings = [{ container_port = 80, host_port = 8080 }]",
            ),
            &[],
        ),
        (
            mode("bridge", "port_mappings = [{ container_port = 0 }]"),
            &["out-of-range"],
        ),
        (
            mode("bridge", "port_mappings = [{ protocol = \"udp\" }]"),
            &["missing-key"],
        ),
        (
            mode(
                "bridge",
                "port_mappings = [{ container_port = 80 }, { container_port = 80, protocol = \"udp\" }]",
            ),
            &[],
        ),
        (
            mode(
                "host",
                "port_mappings = [{ container_port = 53, protocol = \"tcp\" }, { container_port = 53, protocol = \"udp\" }]",
            ),
            &[],
        ),
        (
            mode(
                "bridge",
                "port_mappings = [{ container_port_range = \"80-90\" }, { container_port = 85, protocol = \"udp\" }]",
            ),
            &[],
        ),
        (
            mode(
                "bridge",
                "port_mappings = [{ container_port = 80 }, { container_port = 80, protocol = \"tcp\" }]",
            ),
            &["duplicate-port"],
        ),
        (
            mode(
                "bridge",
                "port_mappings = [{ container_port = 80, host_port = 1 }, { container_port = 81, host_port = 1 }]",
            ),
            &["port-clash"],
        ),
        (
            mode(
                "bridge",
                "port_mappings = [{ container_port = 80, host_port = 0 }, { container_port = 81, host_port = 0 }]",
            ),
            &[],
        ),
        (
            ec2(
                "network_mode = \"awsvpc\"",
                "port_mappings = [{ container_port = 80 }]",
                &second("b", "port_mappings = [{ container_port = 80 }]"),
            ),
            &["port-clash"],
        ),
        (
            ec2(
                "",
                "port_mappings = [{ container_port = 80 }]",
                &second("b", "port_mappings = [{ container_port = 80 }]"),
            ),
            &[],
        ),
        (
            mode(
                "bridge",
                "port_mappings = [{ container_port_range = \"80-90\" }, { container_port = 85 }]",
            ),
            &["duplicate-port"],
        ),
        (
            mode(
                "bridge",
                "port_mappings = [{ container_port_range = \"90-80\" }]",
            ),
            &["port-range"],
        ),
        (
            mode(
                "bridge",
                "port_mappings = [{ container_port_range = \"80-90\", host_port = 80 }]",
            ),
            &["port-range"],
        ),
        (
            mode(
                "host",
                "port_mappings = [{ container_port_range = \"80-90\" }]",
            ),
            &["network-mode"],
        ),
    ]);
}

#[test]
fn dependencies() {
    let on = |on: &str, second_keys: &str| {
        ec2("", &format!("depends_on = {on}"), &second("b", second_keys))
    };
    let checked = "health_check = { command = [\"CMD\", \"true\"] }";
    expect(vec![
        (on("{ b = \"START\" }", ""), &[]),
        (on("{ b = \"HEALTHY\" }", checked), &[]),
        (on("{ b = \"HEALTHY\" }", ""), &["depends-on-unchecked"]),
        (on("{ b = \"COMPLETE\" }", ""), &["depends-on-essential"]),
        (on("{ b = \"SUCCESS\" }", "essential = false"), &[]),
        (on("{ c = \"START\" }", ""), &["undefined-container"]),
        (on("{ app = \"START\" }", ""), &["depends-on-itself"]),
        (
            on("{ b = \"START\" }", "depends_on = { app = \"START\" }"),
            &["dependency-cycle"],
        ),
        (
            on("{ b = \"START\" }", "links = [\"app\"]"),
            &["dependency-cycle"],
        ),
        (
            on("{ b = \"START\" }", "depends_on = { c = \"START\" }")
                + &second("c", "volumes_from = [{ source_container = \"app\" }]"),
            &["dependency-cycle"],
        ),
        (on("{ b = \"LATER\" }", ""), &["unknown-value"]),
        (on("[{ container_name = \"b\" }]", ""), &["missing-key"]),
    ]);
}

#[test]
fn health_checks() {
    let check = |keys: &str| ec2("", &format!("health_check = {{ {keys} }}"), "");
    let collector = |command: &str| {
        check(&format!("command = {command}")).replace("app:1", crate::collector::IMAGE)
    };
    expect(vec![
        (
            check(
                "command = [\"CMD-SHELL\", \"curl -f localhost\"], interval = 5, timeout = 60, retries = 10, start_period = 300",
            ),
            &[],
        ),
        (
            check(
                "command = [\"CMD\", \"x\"], interval = 4, timeout = 1, retries = 0, start_period = 301",
            ),
            &["out-of-range"; 4],
        ),
        (
            check("command = [\"curl\", \"x\"]"),
            &["health-check-command"],
        ),
        (check("command = [\"CMD\"]"), &["health-check-command"]),
        (check("command = []"), &["health-check-command"]),
        (check("interval = 5"), &["missing-key"]),
        (collector("[\"CMD\", \"/healthcheck\"]"), &[]),
        (
            collector("[\"CMD-SHELL\", \"/healthcheck\"]"),
            &["collector-health-check"],
        ),
        (
            collector("[\"CMD\", \"/usr/bin/curl\", \"x\"]"),
            &["collector-health-check"],
        ),
    ]);
}

#[test]
fn single_members() {
    let with = |keys: &str| ec2("", keys, "");
    let codes = (0..51)
        .map(|code| code.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    expect(vec![
        (
            with("restart_policy = { enabled = true, restart_attempt_period = 59 }"),
            &["out-of-range"],
        ),
        (
            with(&format!(
                "restart_policy = {{ enabled = true, ignored_exit_codes = [{codes}] }}"
            )),
            &["too-many-exit-codes"],
        ),
        (with("restart_policy = {}"), &["missing-key"]),
        (
            with("linux_parameters = { swappiness = 101, max_swap = -1 }"),
            &["out-of-range", "out-of-range"],
        ),
        (
            with("credential_specs = [\"a\", \"b\"]"),
            &["too-many-credential-specs"],
        ),
        (
            with("ulimits = { nofile = { soft_limit = 2, hard_limit = 1 } }"),
            &["ulimit"],
        ),
        (
            with("ulimits = { nofiles = { soft_limit = 1, hard_limit = 1 } }"),
            &[],
        ),
        (
            with("resource_requirements = [{ type = \"GPU\", value = \"one\" }]"),
            &["resource-requirement"],
        ),
        (
            with("resource_requirements = [{ type = \"InferenceAccelerator\", value = \"x\" }]"),
            &["resource-requirement"],
        ),
        (
            ec2(
                "proxy_configuration = { container_name = \"envoy\" }",
                "",
                "",
            ),
            &["undefined-container"],
        ),
    ]);
}

#[test]
fn volumes() {
    let volume = |volume: &str| {
        ec2(
            &format!("task_role = \"task\"\nvolumes = [{volume}]"),
            "",
            "",
        )
    };
    let mounted = |mounts: &str| {
        ec2(
            "volumes = { v = {} }",
            &format!("mount_points = [{mounts}]"),
            "",
        )
    };
    expect(vec![
        (volume("{}"), &["missing-key"]),
        (volume("{ name = \"v\", host = {}, docker_volume_configuration = {} }"), &["volume-kind"]),
        (volume("{ name = \"v\", configured_at_launch = true }, { name = \"w\", configured_at_launch = true }"), &["too-many-launch-volumes"]),
        (volume("{ name = \"v\", efs_volume_configuration = { file_system_id = \"fs-1\", root_directory = \"/x\", transit_encryption = \"ENABLED\", authorization_config = { access_point_id = \"ap\" } } }"), &["root-directory"]),
        (volume("{ name = \"v\", efs_volume_configuration = { file_system_id = \"fs-1\", authorization_config = { iam = \"ENABLED\" } } }"), &["transit-encryption"]),
        (volume("{ name = \"v\", efs_volume_configuration = { file_system_id = \"fs-1\", transit_encryption = \"ENABLED\", authorization_config = { iam = \"ENABLED\" } } }"), &[]),
        (volume("{ name = \"v\", efs_volume_configuration = { file_system_id = \"fs-1\", transit_encryption_port = 0 } }"), &["out-of-range"]),
        (volume("{ name = \"v\", efs_volume_configuration = {} }"), &["missing-key"]),
        (volume("{ name = \"v\", efs_volume_configuration = { file_system_id = \"fs-1\", transit_encryption = \"ENABLED\", authorization_config = { iam = \"ENABLED\" } } }").replace("task_role = \"task\"\n", ""), &["no-task-role"]),
        (mounted("{ source_volume = \"v\", container_path = \"/a\" }"), &[]),
        (mounted("{ source_volume = \"w\", container_path = \"/a\" }"), &["undefined-volume"]),
        (mounted("{ source_volume = \"v\", container_path = \"/a\" }, { source_volume = \"v\", container_path = \"/a\" }"), &["duplicate-mount"]),
        (mounted("{ source_volume = \"v\" }"), &["missing-key"]),
        (ec2("", "volumes_from = [{ source_container = \"c\" }]", ""), &["undefined-container"]),
        (ec2("", "volumes_from = [{ source_container = \"app\" }]", ""), &["depends-on-itself"]),
    ]);
}

#[test]
fn logs() {
    let awslogs = |options: &str| {
        fargate(
            "execution_role = \"execution\"",
            &format!(
                "log_configuration = {{ log_driver = \"awslogs\", options = {{ {options} }} }}"
            ),
            "",
        )
    };
    let all = "awslogs-group = \"/theirs\", awslogs-region = \"us-east-1\", awslogs-stream-prefix = \"ecs\"";
    let ours = "awslogs-group = \"${log_groups.app.name}\", awslogs-region = \"us-east-1\", awslogs-stream-prefix = \"ecs\", awslogs-create-group = \"True\"";
    let by_name = ours.replace("${log_groups.app.name}", "/t/app");
    let elsewhere = by_name.replace("us-east-1", "eu-west-1");
    let create = format!("{all}, awslogs-create-group = \"true\"");
    let foreign =
        |text: String| text.replace("\"execution\"", "\"arn:aws:iam::111122223333:role/Other\"");
    expect(vec![
        (awslogs(all), &[]),
        (awslogs(""), &["awslogs-option"; 3]),
        (
            awslogs(&format!("{all}, mode = \"fast\"")),
            &["awslogs-option"],
        ),
        (
            awslogs(&format!(
                "{all}, awslogs-datetime-format = \"x\", awslogs-multiline-pattern = \"y\""
            )),
            &["awslogs-option"],
        ),
        (awslogs(ours), &["create-own-group"]),
        (awslogs(&by_name), &["create-own-group"]),
        (foreign(awslogs(&elsewhere)), &[]),
        (awslogs(&create), &["create-group-denied"]),
        (foreign(awslogs(&create)), &[]),
        (
            fargate("execution_role = \"execution\"", "logs = \"app\"", ""),
            &[],
        ),
        (
            fargate("execution_role = \"execution\"", "logs = \"ap\"", ""),
            &["undefined-reference"],
        ),
        (
            fargate("execution_role = \"execution\"", "logs = \"/t/app\"", ""),
            &["undefined-reference"],
        ),
        (
            fargate(
                "execution_role = \"execution\"",
                "logs = \"arn:aws:s3:::x\"",
                "",
            ),
            &["invalid-arn"],
        ),
        (
            fargate("execution_role = \"execution\"", "logs = {}", ""),
            &["ambiguous-log-group"],
        ),
        (
            fargate(
                "execution_role = \"execution\"",
                "logs = \"app\"\nlog_configuration = { log_driver = \"syslog\" }",
                "",
            ),
            &["logs-twice"],
        ),
    ]);
}

#[test]
fn firelens() {
    let sender = "log_configuration = { log_driver = \"awsfirelens\" }";
    let router = "firelens_configuration = { type = \"fluentbit\" }";
    expect(vec![
        (ec2("", sender, &second("router", router)), &[]),
        (ec2("", sender, ""), &["firelens"]),
        (ec2("", "", &second("router", router)), &["firelens"]),
        (
            ec2("", sender, &(second("r1", router) + &second("r2", router))),
            &["firelens"],
        ),
        (
            fargate(
                "",
                sender,
                &second(
                    "router",
                    "firelens_configuration = { type = \"fluentbit\", options = { config-file-type = \"s3\" } }",
                ),
            ),
            &["not-on-fargate"],
        ),
    ]);
}

#[test]
fn roles() {
    let ecr = fargate("", "", "").replace(
        "app:1",
        "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1",
    );
    expect(vec![
        (fargate("", "logs = \"app\"", ""), &["no-execution-role"]),
        (ec2("", "logs = \"app\"", ""), &[]),
        (
            ec2("", "secrets = { A = \"x\" }", ""),
            &["no-execution-role"],
        ),
        (
            ec2(
                "",
                "repository_credentials = { credentials_parameter = \"x\" }",
                "",
            ),
            &["no-execution-role"],
        ),
        (
            ec2(
                "",
                "environment_files = [{ type = \"s3\", value = \"arn:aws:s3:::b/a.env\" }]",
                "",
            ),
            &["no-execution-role"],
        ),
        (
            ec2(
                "",
                "log_configuration = { log_driver = \"splunk\", options = { splunk-url = \"https://h\" }, secret_options = { splunk-token = \"x\" } }",
                "",
            ),
            &["no-execution-role"],
        ),
        (ecr, &["no-execution-role"]),
        (
            ec2("task_role = \"tsak\"", "", ""),
            &["undefined-reference"],
        ),
        (
            ec2("task_role = \"arn:aws:iam::1:role/x\"", "", ""),
            &["invalid-arn"],
        ),
        (
            ec2("task_role = \"arn:aws:iam::999988887777:role/x\"", "", ""),
            &[],
        ),
    ]);
}

#[test]
fn log_options() {
    let logs = |driver: &str, options: &str| {
        let logs = format!(
            "log_configuration = {{ log_driver = \"{driver}\", options = {{ {options} }} }}"
        );
        ec2("", &logs, "")
    };
    let awslogs = |more: &str| {
        logs(
            "awslogs",
            &format!("awslogs-group = \"g\", awslogs-region = \"us-east-1\", {more}"),
        )
    };
    expect(vec![
        (
            awslogs("awslogs-multiline-pattern = \"^x\", max-buffer-size = \"25m\""),
            &[],
        ),
        (awslogs("awslogs-create-group = \"True\""), &[]),
        (
            awslogs("awslogs-create-group = \"false\""),
            &["awslogs-option"],
        ),
        (
            awslogs("log_key = \"log\", awslogs-multiline-patern = \"x\""),
            &["awslogs-option", "awslogs-option"],
        ),
        // Docker knows it, ECS doesn't.
        (
            awslogs("awslogs-endpoint = \"https://x\""),
            &["awslogs-option"],
        ),
        (awslogs("mode = \"fast\""), &["awslogs-option"]),
        (
            logs("json-file", "max-size = \"10m\", max-file = \"3\""),
            &[],
        ),
        (logs("json-file", "max_size = \"10m\""), &["log-option"]),
        (logs("json-file", "mode = \"fast\""), &["log-option"]),
        (
            logs("splunk", "splunk-url = \"https://x\""),
            &["log-option"],
        ),
        (logs("gelf", ""), &["log-option"]),
        (
            logs("fluentd", "fluentd-address = \"h:1\", tag = \"t\""),
            &[],
        ),
        (logs("journald", "tag = \"t\", labels = \"a\""), &[]),
    ]);
}

#[test]
fn windows_has_less() {
    let windows = |task: &str, container: &str| {
        ec2(
            &format!(
                "runtime_platform = {{ operating_system_family = \"WINDOWS_SERVER_2022_CORE\"{task}"
            ),
            container,
            "",
        )
    };
    let refused: &[&str] = &["not-on-windows"];
    expect(vec![
        (windows(" }", ""), &[]),
        (windows(" }", "readonly_root_filesystem = false"), &[]),
        (windows(" }", "readonly_root_filesystem = true"), refused),
        (windows(" }", "user = \"app\""), refused),
        (
            windows(" }", "linux_parameters = { init_process_enabled = true }"),
            refused,
        ),
        (
            windows(" }", "linux_parameters = { init_process_enabled = false }"),
            &[],
        ),
        (windows(" }", "dns_servers = [\"10.0.0.2\"]"), refused),
        (windows(", cpu_architecture = \"ARM64\" }", ""), refused),
        (windows(", cpu_architecture = \"X86_64\" }", ""), &[]),
        (windows(" }\npid_mode = \"task\"", ""), refused),
        (
            windows(
                " }\nvolumes = { a = { efs_volume_configuration = { file_system_id = \"fs-1\" } } }",
                "",
            ),
            refused,
        ),
        (
            windows(
                " }\nvolumes = { a = { docker_volume_configuration = { driver = \"rexray\" } } }",
                "",
            ),
            refused,
        ),
    ]);
}

/// A role called `other` with this policy, to be put after everything else.
fn other(statement: &str) -> String {
    format!(
        "[roles.other]\nname = \"Other\"\n[roles.other.inline_policies.p]\nVersion = \"2012-10-17\"\nStatement = {statement}\n"
    )
}

fn allow(actions: &str, resource: &str) -> String {
    format!("{{ Effect = \"Allow\", Action = [{actions}], Resource = \"{resource}\" }}")
}

/// What the execution role does, on what, and whether these rights are enough for it.
#[test]
fn the_execution_role_may_what_ecs_does_with_it() {
    let logs = "\"logs:CreateLogStream\", \"logs:PutLogEvents\"";
    let ecr = "image = \"111122223333.dkr.ecr.us-east-1.amazonaws.com/team/app:1\"";
    let parameter = "arn:aws:ssm:us-east-1:111122223333:parameter/app/key";
    let secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db";
    let cannot: &[&str] = &["execution-role-cannot"];
    let role = "execution_role = \"other\"";
    let case = |container: &str, statement: &str| fargate(role, container, &other(statement));
    let group = "arn:aws:logs:us-east-1:111122223333:log-group:/t/app";
    expect(vec![
        (case("logs = \"app\"", &allow(logs, "*")), &[]),
        (
            case("logs = \"app\"", &allow(logs, &format!("{group}:*"))),
            &[],
        ),
        (
            case("logs = \"app\"", &allow(logs, "${log_groups.app.arn}:*")),
            &[],
        ),
        (case("logs = \"app\"", &allow(logs, group)), &[]),
        (
            case("logs = \"app\"", &allow(logs, &format!("{group}-2:*"))),
            cannot,
        ),
        (
            case("logs = \"app\"", &allow("\"logs:CreateLogStream\"", "*")),
            cannot,
        ),
        (case("logs = \"app\"", &allow("\"ecr:*\"", "*")), cannot),
        (
            case(
                "logs = \"app\"",
                &format!(
                    "[{}, {{ Effect = \"Deny\", Action = \"logs:Put*\", Resource = \"*\" }}]",
                    allow(logs, "*")
                ),
            ),
            cannot,
        ),
        (
            case("", &allow("\"ecr:*\"", "*")).replace("image = \"app:1\"", ecr),
            &[],
        ),
        (
            case(
                "",
                &allow(
                    "\"ecr:*\"",
                    "arn:aws:ecr:us-east-1:111122223333:repository/team/*",
                ),
            )
            .replace("image = \"app:1\"", ecr),
            cannot,
        ),
        (
            case("", &allow(logs, "*")).replace("image = \"app:1\"", ecr),
            cannot,
        ),
        (
            case(
                &format!("secrets = {{ A = \"{parameter}\" }}"),
                &allow("\"ssm:GetParameters\"", parameter),
            ),
            &[],
        ),
        (
            case(
                "secrets = { A = \"/app/key\" }",
                &allow("\"ssm:Get*\"", parameter),
            ),
            &[],
        ),
        (
            case(
                "secrets = { A = \"/app/other\" }",
                &allow("\"ssm:Get*\"", parameter),
            ),
            cannot,
        ),
        (
            case(
                &format!("secrets = {{ A = \"{parameter}\" }}"),
                &allow("\"ssm:GetParameter\"", "*"),
            ),
            cannot,
        ),
        (
            case(
                &format!("secrets = {{ A = \"{secret}:password::\" }}"),
                &allow(
                    "\"secretsmanager:GetSecretValue\"",
                    &format!("{secret}-??????"),
                ),
            ),
            &[],
        ),
        (
            case(
                &format!("secrets = {{ A = \"{secret}\" }}"),
                &allow(
                    "\"secretsmanager:GetSecretValue\"",
                    "arn:aws:secretsmanager:us-east-1:111122223333:secret:web*",
                ),
            ),
            cannot,
        ),
        // What a managed policy that nobody sees allows is not known.
        (
            fargate(
                role,
                "logs = \"app\"",
                "[roles.other]\nname = \"Other\"\nmanaged_policies = [\"arn:aws:iam::111122223333:policy/Mine\"]\n",
            ),
            &[],
        ),
        // Two mistakes of one kind are one problem.
        (
            case("logs = \"app\"", &allow("\"s3:*\"", "*")).replace("image = \"app:1\"", ecr),
            cannot,
        ),
    ]);
}

#[test]
fn the_task_role_may_write_to_this_workspace() {
    let cannot: &[&str] = &["task-role-cannot-write"];
    let case = |keys: &str, statement: &str| {
        let metrics = format!("[task_definitions.t.metrics]\notlp = true\n{keys}\n");
        fargate(
            "task_role = \"other\"",
            "",
            &format!("{metrics}{}", other(statement)),
        )
    };
    let write = "\"aps:RemoteWrite\"";
    let ours =
        "arn:aws:aps:us-east-1:111122223333:workspace/ws-11111111-2222-3333-4444-555555555555";
    let none = "policy = \"none\"";
    expect(vec![
        (case(none, &allow(write, "${workspace.arn}")), &[]),
        (
            case(none, &allow(write, "arn:aws:aps:*:*:workspace/*")),
            &[],
        ),
        (
            case(
                none,
                &allow(
                    write,
                    "arn:aws:aps:${region}:${account}:workspace/${workspace.id}",
                ),
            ),
            &[],
        ),
        (case(none, &allow(write, ours)), cannot),
        (case(none, &allow("\"aps:QueryMetrics\"", "*")), cannot),
        (case("", &allow("\"s3:GetObject\"", "*")), &[]),
        (
            case(
                "",
                "{ Effect = \"Deny\", Action = \"aps:*\", Resource = \"*\" }",
            ),
            cannot,
        ),
        (
            case(
                none,
                "{ Effect = \"Allow\", Action = \"aps:RemoteWrite\", Resource = \"*\", Condition = { StringEquals = { \"aws:PrincipalAccount\" = \"444455556666\" } } }",
            ),
            cannot,
        ),
    ]);
}

#[test]
fn tasks_assume_their_roles() {
    let trusting = |principal: &str| {
        format!(
            "[roles.other]\nname = \"Other\"\n[roles.other.trust]\nVersion = \"2012-10-17\"\nStatement = {{ Effect = \"Allow\", Action = \"sts:AssumeRole\", Principal = {principal} }}\n"
        )
    };
    let tasks = "{ Service = [\"ec2.amazonaws.com\", \"ecs-tasks.amazonaws.com\"] }";
    let shut: &[&str] = &["role-does-not-trust-tasks"];
    for key in ["task_role", "execution_role"] {
        let role = format!("{key} = \"other\"");
        expect(vec![
            (fargate(&role, "", &trusting(tasks)), &[]),
            (fargate(&role, "", &trusting("\"*\"")), &[]),
            (
                fargate(&role, "", &trusting("{ Service = \"ec2.amazonaws.com\" }")),
                shut,
            ),
            (
                fargate(&role, "", &trusting("{ AWS = \"444455556666\" }")),
                shut,
            ),
        ]);
    }
}

#[test]
fn swapped_roles_are_noticed() {
    let tables = fargate(
        "execution_role = \"other\"\ntask_role = \"execution\"",
        "logs = \"app\"",
        &other(&allow("\"sqs:SendMessage\"", "*")),
    );
    let problems = crate::kinds::task_definition::read::tests::load_stack(
        format!(
            "{}{tables}",
            crate::kinds::task_definition::read::tests::AROUND
        ),
        &|_| Err(std::io::ErrorKind::NotFound.into()),
    )
    .unwrap_err();
    let help = problems[0].help.as_deref().unwrap_or_default();
    assert!(help.contains("look swapped"), "{problems:#?}");
}
