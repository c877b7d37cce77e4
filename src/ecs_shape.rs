//! What `RegisterTaskDefinition` takes: the request's members, their types, choices and
//! obligations, read from the SDK's own schema.
//!
//! The SDK describes every member at run time, because that is how it writes and reads its wire
//! format; only which members are required and which strings are choices is not in that
//! description. Those come from two tables, of which the SDK's enums fill the second.

mod names;
pub mod size;

use std::{collections::BTreeMap, sync::LazyLock};

use aws_sdk_ecs::{
    operation::register_task_definition::RegisterTaskDefinitionInput,
    types::{
        ApplicationProtocol, Compatibility, ContainerCondition, CpuArchitecture,
        DeviceCgroupPermission, EfsAuthorizationConfigIam, EfsTransitEncryption,
        EnvironmentFileType, FirelensConfigurationType, IpcMode, LogDriver, NetworkMode, OsFamily,
        PidMode, ProxyConfigurationType, ResourceType, Scope,
        TaskDefinitionPlacementConstraintType, TransportProtocol, UlimitName, VersionConsistency,
    },
};
use aws_smithy_schema::{
    Schema,
    serde::{SerdeError, ShapeDeserializer},
};
use aws_smithy_types::{BigDecimal, BigInteger, Blob, DateTime, Document};

pub use names::{KEYED, api_name, stack_key};

/// What a value has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An object of these members.
    Struct(Structure),
    /// An array.
    List(Box<Shape>),
    /// An object with keys of the user's own.
    Map(Box<Shape>),
    /// A string, one of these unless there are none.
    Text(&'static [&'static str]),
    /// A whole number of 32 bits.
    Integer,
    /// A truth value.
    Boolean,
}

/// An object with known members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    /// Its name in the API: `ContainerDefinition`.
    pub name: String,
    /// Its members, in the order of the API.
    pub members: Vec<Member>,
}

/// A member of a [`Structure`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name in the API: `portMappings`.
    pub name: String,
    /// Its name in a stack file: `port_mappings`.
    pub key: String,
    /// Whether the API refuses an object without it.
    pub required: bool,
    /// What its value has to be.
    pub shape: Shape,
}

impl Structure {
    /// The member `name`.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

/// The whole request.
pub fn request() -> &'static Structure {
    static REQUEST: LazyLock<Structure> = LazyLock::new(|| {
        let mut probe = Probe::default();
        RegisterTaskDefinitionInput::deserialize(&mut probe)
            .expect("the probe answers everything that the request holds, which a test proves");
        match probe.shape {
            Some(Shape::Struct(request)) => request,
            Some(
                Shape::List(_) | Shape::Map(_) | Shape::Text(_) | Shape::Integer | Shape::Boolean,
            )
            | None => unreachable!("a request is a structure"),
        }
    });
    &REQUEST
}

/// One container of the request.
pub fn container() -> &'static Structure {
    match request()
        .member("containerDefinitions")
        .map(|member| &member.shape)
    {
        Some(Shape::List(element)) => match element.as_ref() {
            Shape::Struct(container) => container,
            Shape::List(_) | Shape::Map(_) | Shape::Text(_) | Shape::Integer | Shape::Boolean => {
                unreachable!("a container definition is a structure")
            }
        },
        Some(
            Shape::Struct(_) | Shape::Map(_) | Shape::Text(_) | Shape::Integer | Shape::Boolean,
        )
        | None => unreachable!("a request holds a list of container definitions"),
    }
}

/// The structure of the request with this name in the API: `PortMapping`.
pub fn structure(name: &str) -> Option<&'static Structure> {
    static ALL: LazyLock<BTreeMap<&'static str, &'static Structure>> = LazyLock::new(|| {
        let mut all = BTreeMap::new();
        collect(request(), &mut all);
        all
    });
    ALL.get(name).copied()
}

/// All structures of the request, by name.
fn collect(of: &'static Structure, all: &mut BTreeMap<&'static str, &'static Structure>) {
    if all.insert(&of.name, of).is_some() {
        return;
    }
    for member in &of.members {
        let mut shape = &member.shape;
        while let Shape::List(inner) | Shape::Map(inner) = shape {
            shape = inner;
        }
        if let Shape::Struct(inner) = shape {
            collect(inner, all);
        }
    }
}

/// The required members by structure (botocore model ecs 2014-11-13, closure of
/// `RegisterTaskDefinition`).
const REQUIRED: &[(&str, &[&str])] = &[
    ("ContainerDependency", &["containerName", "condition"]),
    ("ContainerRestartPolicy", &["enabled"]),
    ("Device", &["hostPath"]),
    ("EFSVolumeConfiguration", &["fileSystemId"]),
    ("EnvironmentFile", &["value", "type"]),
    ("EphemeralStorage", &["sizeInGiB"]),
    (
        "FSxWindowsFileServerAuthorizationConfig",
        &["credentialsParameter", "domain"],
    ),
    (
        "FSxWindowsFileServerVolumeConfiguration",
        &["fileSystemId", "rootDirectory", "authorizationConfig"],
    ),
    ("FirelensConfiguration", &["type"]),
    ("HealthCheck", &["command"]),
    ("HostEntry", &["hostname", "ipAddress"]),
    ("InferenceAccelerator", &["deviceName", "deviceType"]),
    ("LogConfiguration", &["logDriver"]),
    ("ProxyConfiguration", &["containerName"]),
    (
        "RegisterTaskDefinitionInput",
        &["family", "containerDefinitions"],
    ),
    ("RepositoryCredentials", &["credentialsParameter"]),
    ("ResourceRequirement", &["value", "type"]),
    ("S3FilesVolumeConfiguration", &["fileSystemArn"]),
    ("Secret", &["name", "valueFrom"]),
    ("Tmpfs", &["containerPath", "size"]),
    ("Ulimit", &["name", "softLimit", "hardLimit"]),
];

/// The members that are choices, by structure; of a list, its elements are.
const CHOICES: &[(&str, &str, &[&str])] = &[
    (
        "ContainerDefinition",
        "versionConsistency",
        VersionConsistency::values(),
    ),
    (
        "ContainerDependency",
        "condition",
        ContainerCondition::values(),
    ),
    ("Device", "permissions", DeviceCgroupPermission::values()),
    ("DockerVolumeConfiguration", "scope", Scope::values()),
    (
        "EFSAuthorizationConfig",
        "iam",
        EfsAuthorizationConfigIam::values(),
    ),
    (
        "EFSVolumeConfiguration",
        "transitEncryption",
        EfsTransitEncryption::values(),
    ),
    ("EnvironmentFile", "type", EnvironmentFileType::values()),
    (
        "FirelensConfiguration",
        "type",
        FirelensConfigurationType::values(),
    ),
    ("LogConfiguration", "logDriver", LogDriver::values()),
    ("PortMapping", "appProtocol", ApplicationProtocol::values()),
    ("PortMapping", "protocol", TransportProtocol::values()),
    (
        "ProxyConfiguration",
        "type",
        ProxyConfigurationType::values(),
    ),
    ("RegisterTaskDefinitionInput", "ipcMode", IpcMode::values()),
    (
        "RegisterTaskDefinitionInput",
        "networkMode",
        NetworkMode::values(),
    ),
    ("RegisterTaskDefinitionInput", "pidMode", PidMode::values()),
    (
        "RegisterTaskDefinitionInput",
        "requiresCompatibilities",
        Compatibility::values(),
    ),
    ("ResourceRequirement", "type", ResourceType::values()),
    (
        "RuntimePlatform",
        "cpuArchitecture",
        CpuArchitecture::values(),
    ),
    (
        "RuntimePlatform",
        "operatingSystemFamily",
        OsFamily::values(),
    ),
    (
        "TaskDefinitionPlacementConstraint",
        "type",
        TaskDefinitionPlacementConstraintType::values(),
    ),
    ("Ulimit", "name", UlimitName::values()),
];

/// Stands in for a source of data, and notes what it is asked for.
#[derive(Default)]
struct Probe {
    shape: Option<Shape>,
}

impl Probe {
    fn note(&mut self, shape: Shape) {
        self.shape = Some(shape);
    }

    fn noted(self) -> Result<Shape, SerdeError> {
        self.shape
            .ok_or_else(|| SerdeError::unsupported("a member that is never read"))
    }
}

fn member(structure: &str, name: &str, shape: Shape) -> Member {
    let choices = CHOICES
        .iter()
        .find(|(of, member, _)| *of == structure && *member == name)
        .map(|(.., choices)| *choices);
    let shape = match (choices, shape) {
        (Some(choices), Shape::Text(_)) => Shape::Text(choices),
        (Some(choices), Shape::List(_)) => Shape::List(Box::new(Shape::Text(choices))),
        (_, shape) => shape,
    };
    let required = REQUIRED
        .iter()
        .any(|(of, members)| *of == structure && members.contains(&name));
    Member {
        name: name.to_owned(),
        key: stack_key(name),
        required,
        shape,
    }
}

type EachMember<'a> =
    &'a mut dyn FnMut(&Schema<'_>, &mut dyn ShapeDeserializer) -> Result<(), SerdeError>;
type EachElement<'a> = &'a mut dyn FnMut(&mut dyn ShapeDeserializer) -> Result<(), SerdeError>;
type EachEntry<'a> =
    &'a mut dyn FnMut(String, &mut dyn ShapeDeserializer) -> Result<(), SerdeError>;

impl ShapeDeserializer for Probe {
    fn read_struct(&mut self, schema: &Schema<'_>, each: EachMember<'_>) -> Result<(), SerdeError> {
        let id = schema.shape_id().as_str();
        let name = id.rsplit('#').next().unwrap_or(id).to_owned();
        let mut members = Vec::new();
        for of in schema.members() {
            let mut probe = Self::default();
            each(of, &mut probe)?;
            members.push(member(
                &name,
                of.member_name().unwrap_or_default(),
                probe.noted()?,
            ));
        }
        self.note(Shape::Struct(Structure { name, members }));
        Ok(())
    }

    fn read_list(&mut self, _: &Schema<'_>, each: EachElement<'_>) -> Result<(), SerdeError> {
        let mut probe = Self::default();
        each(&mut probe)?;
        let element = probe.noted()?;
        self.note(Shape::List(Box::new(element)));
        Ok(())
    }

    fn read_map(&mut self, _: &Schema<'_>, each: EachEntry<'_>) -> Result<(), SerdeError> {
        let mut probe = Self::default();
        each(String::new(), &mut probe)?;
        let value = probe.noted()?;
        self.note(Shape::Map(Box::new(value)));
        Ok(())
    }

    fn read_boolean(&mut self, _: &Schema<'_>) -> Result<bool, SerdeError> {
        self.note(Shape::Boolean);
        Ok(false)
    }

    fn read_byte(&mut self, _: &Schema<'_>) -> Result<i8, SerdeError> {
        Err(none_such("byte"))
    }

    fn read_short(&mut self, _: &Schema<'_>) -> Result<i16, SerdeError> {
        Err(none_such("short"))
    }

    fn read_integer(&mut self, _: &Schema<'_>) -> Result<i32, SerdeError> {
        self.note(Shape::Integer);
        Ok(0)
    }

    fn read_long(&mut self, _: &Schema<'_>) -> Result<i64, SerdeError> {
        Err(none_such("long"))
    }

    fn read_float(&mut self, _: &Schema<'_>) -> Result<f32, SerdeError> {
        Err(none_such("float"))
    }

    fn read_double(&mut self, _: &Schema<'_>) -> Result<f64, SerdeError> {
        Err(none_such("double"))
    }

    fn read_big_integer(&mut self, _: &Schema<'_>) -> Result<BigInteger, SerdeError> {
        Err(none_such("big integer"))
    }

    fn read_big_decimal(&mut self, _: &Schema<'_>) -> Result<BigDecimal, SerdeError> {
        Err(none_such("big decimal"))
    }

    fn read_string(&mut self, _: &Schema<'_>) -> Result<String, SerdeError> {
        self.note(Shape::Text(&[]));
        Ok(String::new())
    }

    fn read_blob(&mut self, _: &Schema<'_>) -> Result<Blob, SerdeError> {
        Err(none_such("blob"))
    }

    fn read_timestamp(&mut self, _: &Schema<'_>) -> Result<DateTime, SerdeError> {
        Err(none_such("timestamp"))
    }

    fn read_document(&mut self, _: &Schema<'_>) -> Result<Document, SerdeError> {
        Err(none_such("document"))
    }

    fn is_null(&self) -> bool {
        false
    }

    fn container_size(&self) -> Option<usize> {
        None
    }
}

/// The request holds no values of this type; should a later model bring one, the tests of this
/// module fail before anything else does.
fn none_such(of: &str) -> SerdeError {
    SerdeError::unsupported(format!("a {of} in a task definition"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Visits every structure once.
    fn structures<'a>(
        shape: &'a Shape,
        seen: &mut BTreeSet<String>,
        visit: &mut dyn FnMut(&'a Structure),
    ) {
        match shape {
            Shape::Struct(structure) => {
                if seen.insert(structure.name.clone()) {
                    visit(structure);
                    for member in &structure.members {
                        structures(&member.shape, seen, visit);
                    }
                }
            }
            Shape::List(inner) | Shape::Map(inner) => structures(inner, seen, visit),
            Shape::Text(_) | Shape::Integer | Shape::Boolean => {}
        }
    }

    fn leaves(shape: &Shape) -> usize {
        match shape {
            Shape::Struct(structure) => structure.members.iter().map(|m| leaves(&m.shape)).sum(),
            Shape::List(inner) | Shape::Map(inner) => leaves(inner),
            Shape::Text(_) | Shape::Integer | Shape::Boolean => 1,
        }
    }

    fn choices(shape: &Shape) -> usize {
        match shape {
            Shape::List(inner) => choices(inner),
            Shape::Text(choices) => usize::from(!choices.is_empty()),
            Shape::Struct(_) | Shape::Map(_) | Shape::Integer | Shape::Boolean => 0,
        }
    }

    #[test]
    fn the_tables_name_only_what_the_request_has_and_nothing_is_lost() {
        let root = Shape::Struct(request().clone());
        let (mut required, mut enums) = (0, 0);
        let mut names = BTreeSet::new();
        structures(&root, &mut names, &mut |structure| {
            required += structure.members.iter().filter(|m| m.required).count();
            enums += structure
                .members
                .iter()
                .map(|m| choices(&m.shape))
                .sum::<usize>();
        });
        assert_eq!(required, 34);
        assert_eq!(enums, 21);
        assert_eq!(
            required,
            REQUIRED
                .iter()
                .map(|(_, members)| members.len())
                .sum::<usize>()
        );
        assert_eq!(enums, CHOICES.len());
        assert_eq!(leaves(&root), 127);
        assert_eq!(container().name, "ContainerDefinition");
    }

    #[test]
    fn names_go_both_ways() {
        for (file, wire) in [
            ("task_role", "taskRoleArn"),
            ("size_in_gib", "sizeInGiB"),
            ("port_mappings", "portMappings"),
            ("cpu", "cpu"),
            ("readonly_root_filesystem", "readonlyRootFilesystem"),
        ] {
            assert_eq!(api_name(file), wire);
            assert_eq!(stack_key(wire), file);
        }
    }
}
