//! The members of a task definition and their types (botocore model ecs 2014-11-13,
//! `RegisterTaskDefinition`).

use super::shape::{
    Member,
    Shape::{self, Choice, Flag, Integer, List, Structure, Text, TextMap},
    optional, required,
};

/// The input of `RegisterTaskDefinition`.
pub(super) const REGISTRATION: &[Member] = &[
    required("family", Text),
    optional("taskRoleArn", Text),
    optional("executionRoleArn", Text),
    optional("networkMode", Choice(&["bridge", "host", "awsvpc", "none"])),
    optional("containerDefinitions", List(&Structure(CONTAINER))),
    optional("volumes", List(&Structure(VOLUME))),
    optional("placementConstraints", List(&Structure(PLACEMENT))),
    optional("requiresCompatibilities", List(&Choice(LAUNCH_TYPES))),
    optional("cpu", Text),
    optional("memory", Text),
    optional("tags", TAGS),
    optional("pidMode", Choice(&["host", "task"])),
    optional("ipcMode", Choice(&["host", "task", "none"])),
    optional("proxyConfiguration", Structure(PROXY)),
    optional("inferenceAccelerators", List(&Structure(ACCELERATOR))),
    optional(
        "ephemeralStorage",
        Structure(&[required("sizeInGiB", Integer)]),
    ),
    optional("runtimePlatform", Structure(PLATFORM)),
    optional("enableFaultInjection", Flag),
];

/// A list of tags.
pub(super) const TAGS: Shape = List(&Structure(&[
    optional("key", Text),
    optional("value", Text),
]));

/// The launch types that a task definition can be validated against.
pub(super) const LAUNCH_TYPES: &[&str] = &["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"];

const TEXTS: Shape = List(&Text);

const PAIRS: Shape = List(&Structure(&[
    optional("name", Text),
    optional("value", Text),
]));

const SECRETS: Shape = List(&Structure(&[
    required("name", Text),
    required("valueFrom", Text),
]));

const CONTAINER: &[Member] = &[
    optional("name", Text),
    optional("image", Text),
    optional(
        "repositoryCredentials",
        Structure(&[required("credentialsParameter", Text)]),
    ),
    optional("cpu", Integer),
    optional("memory", Integer),
    optional("memoryReservation", Integer),
    optional("links", TEXTS),
    optional("portMappings", List(&Structure(PORT_MAPPING))),
    optional("essential", Flag),
    optional("restartPolicy", Structure(RESTART_POLICY)),
    optional("entryPoint", TEXTS),
    optional("command", TEXTS),
    optional("environment", PAIRS),
    optional("environmentFiles", List(&Structure(ENVIRONMENT_FILE))),
    optional("mountPoints", List(&Structure(MOUNT_POINT))),
    optional("volumesFrom", List(&Structure(VOLUME_FROM))),
    optional("linuxParameters", Structure(LINUX_PARAMETERS)),
    optional("secrets", SECRETS),
    optional("dependsOn", List(&Structure(DEPENDENCY))),
    optional("startTimeout", Integer),
    optional("stopTimeout", Integer),
    optional("versionConsistency", Choice(&["enabled", "disabled"])),
    optional("hostname", Text),
    optional("user", Text),
    optional("workingDirectory", Text),
    optional("disableNetworking", Flag),
    optional("privileged", Flag),
    optional("readonlyRootFilesystem", Flag),
    optional("dnsServers", TEXTS),
    optional("dnsSearchDomains", TEXTS),
    optional("extraHosts", List(&Structure(HOST_ENTRY))),
    optional("dockerSecurityOptions", TEXTS),
    optional("interactive", Flag),
    optional("pseudoTerminal", Flag),
    optional("dockerLabels", TextMap),
    optional("ulimits", List(&Structure(ULIMIT))),
    optional("logConfiguration", Structure(LOG_CONFIGURATION)),
    optional("healthCheck", Structure(HEALTH_CHECK)),
    optional("systemControls", List(&Structure(SYSTEM_CONTROL))),
    optional("resourceRequirements", List(&Structure(REQUIREMENT))),
    optional("firelensConfiguration", Structure(FIRELENS)),
    optional("credentialSpecs", TEXTS),
];

const PORT_MAPPING: &[Member] = &[
    optional("containerPort", Integer),
    optional("hostPort", Integer),
    optional("protocol", Choice(&["tcp", "udp"])),
    optional("name", Text),
    optional("appProtocol", Choice(&["http", "http2", "grpc"])),
    optional("containerPortRange", Text),
];

const RESTART_POLICY: &[Member] = &[
    required("enabled", Flag),
    optional("ignoredExitCodes", List(&Integer)),
    optional("restartAttemptPeriod", Integer),
];

const ENVIRONMENT_FILE: &[Member] = &[required("value", Text), required("type", Choice(&["s3"]))];

const MOUNT_POINT: &[Member] = &[
    optional("sourceVolume", Text),
    optional("containerPath", Text),
    optional("readOnly", Flag),
];

const VOLUME_FROM: &[Member] = &[
    optional("sourceContainer", Text),
    optional("readOnly", Flag),
];

const LINUX_PARAMETERS: &[Member] = &[
    optional(
        "capabilities",
        Structure(&[optional("add", TEXTS), optional("drop", TEXTS)]),
    ),
    optional("devices", List(&Structure(DEVICE))),
    optional("initProcessEnabled", Flag),
    optional("sharedMemorySize", Integer),
    optional("tmpfs", List(&Structure(TMPFS))),
    optional("maxSwap", Integer),
    optional("swappiness", Integer),
];

const DEVICE: &[Member] = &[
    required("hostPath", Text),
    optional("containerPath", Text),
    optional("permissions", List(&Choice(&["read", "write", "mknod"]))),
];

const TMPFS: &[Member] = &[
    required("containerPath", Text),
    required("size", Integer),
    optional("mountOptions", TEXTS),
];

const DEPENDENCY: &[Member] = &[
    required("containerName", Text),
    required(
        "condition",
        Choice(&["START", "COMPLETE", "SUCCESS", "HEALTHY"]),
    ),
];

const HOST_ENTRY: &[Member] = &[required("hostname", Text), required("ipAddress", Text)];

const ULIMIT: &[Member] = &[
    required(
        "name",
        Choice(&[
            "core",
            "cpu",
            "data",
            "fsize",
            "locks",
            "memlock",
            "msgqueue",
            "nice",
            "nofile",
            "nproc",
            "rss",
            "rtprio",
            "rttime",
            "sigpending",
            "stack",
        ]),
    ),
    required("softLimit", Integer),
    required("hardLimit", Integer),
];

const LOG_CONFIGURATION: &[Member] = &[
    required(
        "logDriver",
        Choice(&[
            "json-file",
            "syslog",
            "journald",
            "gelf",
            "fluentd",
            "awslogs",
            "splunk",
            "awsfirelens",
        ]),
    ),
    optional("options", TextMap),
    optional("secretOptions", SECRETS),
];

const HEALTH_CHECK: &[Member] = &[
    required("command", TEXTS),
    optional("interval", Integer),
    optional("timeout", Integer),
    optional("retries", Integer),
    optional("startPeriod", Integer),
];

const SYSTEM_CONTROL: &[Member] = &[optional("namespace", Text), optional("value", Text)];

const REQUIREMENT: &[Member] = &[
    required("value", Text),
    required(
        "type",
        Choice(&["GPU", "InferenceAccelerator", "NeuronDevice"]),
    ),
    optional("sharingStrategy", Text),
];

const FIRELENS: &[Member] = &[
    required("type", Choice(&["fluentd", "fluentbit"])),
    optional("options", TextMap),
];

const VOLUME: &[Member] = &[
    optional("name", Text),
    optional("host", Structure(&[optional("sourcePath", Text)])),
    optional("dockerVolumeConfiguration", Structure(DOCKER_VOLUME)),
    optional("efsVolumeConfiguration", Structure(EFS_VOLUME)),
    optional("s3filesVolumeConfiguration", Structure(S3_FILES_VOLUME)),
    optional(
        "fsxWindowsFileServerVolumeConfiguration",
        Structure(FSX_VOLUME),
    ),
    optional("configuredAtLaunch", Flag),
];

const DOCKER_VOLUME: &[Member] = &[
    optional("scope", Choice(&["task", "shared"])),
    optional("autoprovision", Flag),
    optional("driver", Text),
    optional("driverOpts", TextMap),
    optional("labels", TextMap),
];

const EFS_VOLUME: &[Member] = &[
    required("fileSystemId", Text),
    optional("rootDirectory", Text),
    optional("transitEncryption", ENABLED),
    optional("transitEncryptionPort", Integer),
    optional(
        "authorizationConfig",
        Structure(&[optional("accessPointId", Text), optional("iam", ENABLED)]),
    ),
];

const ENABLED: Shape = Choice(&["ENABLED", "DISABLED"]);

const S3_FILES_VOLUME: &[Member] = &[
    required("fileSystemArn", Text),
    optional("rootDirectory", Text),
    optional("transitEncryptionPort", Integer),
    optional("accessPointArn", Text),
];

const FSX_VOLUME: &[Member] = &[
    required("fileSystemId", Text),
    required("rootDirectory", Text),
    required(
        "authorizationConfig",
        Structure(&[
            required("credentialsParameter", Text),
            required("domain", Text),
        ]),
    ),
];

const PLACEMENT: &[Member] = &[
    optional("type", Choice(&["memberOf"])),
    optional("expression", Text),
];

const PROXY: &[Member] = &[
    optional("type", Choice(&["APPMESH"])),
    required("containerName", Text),
    optional("properties", PAIRS),
];

const ACCELERATOR: &[Member] = &[required("deviceName", Text), required("deviceType", Text)];

const PLATFORM: &[Member] = &[
    optional("cpuArchitecture", Choice(&["X86_64", "ARM64"])),
    optional(
        "operatingSystemFamily",
        Choice(&[
            "LINUX",
            "WINDOWS_SERVER_2004_CORE",
            "WINDOWS_SERVER_2016_FULL",
            "WINDOWS_SERVER_2019_CORE",
            "WINDOWS_SERVER_2019_FULL",
            "WINDOWS_SERVER_2022_CORE",
            "WINDOWS_SERVER_2022_FULL",
            "WINDOWS_SERVER_2025_CORE",
            "WINDOWS_SERVER_2025_FULL",
            "WINDOWS_SERVER_20H2_CORE",
        ]),
    ),
];
