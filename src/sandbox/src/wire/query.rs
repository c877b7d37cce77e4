//! The awsQuery protocol of IAM and STS: form parameters in, XML out.

use std::{collections::BTreeMap, fmt::Write as _};

use aws_smithy_types::{DateTime, date_time::Format};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Number, Value, json};

use crate::{
    Answer, Refusal,
    service::Input,
    wire::{Request, Response},
};

/// An API that speaks this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Api {
    version: &'static str,
    namespace: &'static str,
}

impl Api {
    /// IAM (`apiVersion` and `xmlNamespace` of the API model iam 2010-05-08).
    pub const IAM: Self = Self {
        version: "2010-05-08",
        namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    };
    /// STS (API model sts 2011-06-15).
    pub const STS: Self = Self {
        version: "2011-06-15",
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    };
}

/// Output members that the models of IAM and STS give the type timestamp, as far as the sandbox
/// answers with them.
const TIMESTAMPS: [&str; 4] = ["CreateDate", "Expiration", "LastUsedDate", "UpdateDate"];

/// Output members that the model of IAM gives the type map: in a JSON value they look like
/// structures.
const MAPS: [&str; 2] = ["EvalDecisionDetails", "SummaryMap"];

/// How deep a dotted parameter name may nest: IAM's deepest,
/// `ContextEntries.member.N.ContextKeyValues.member.N`, has six parts.
const MAX_DEPTH: usize = 8;

/// Decoded names and values, in order.
pub(super) type Pairs = Vec<(String, String)>;

/// Splits `a=b&c=d` and decodes both sides, `+` being a blank.
pub(super) fn pairs(text: &str) -> Result<Pairs, Refusal> {
    // IAM API reference, Common Errors.
    let decode = |part: &str| {
        percent_decode_str(&part.replace('+', " "))
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| {
                Refusal::new(
                    404,
                    "MalformedQueryString",
                    "The query string contains a syntax error",
                )
            })
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

/// Reads the operation and its input from the query and the form in the body.
pub(super) fn decode(request: &Request, api: Api) -> Result<(String, Input), Refusal> {
    let body = std::str::from_utf8(&request.body)
        .map_err(|_| malformed("the body is not UTF-8".to_owned()))?;
    let (_, mut parameters) = request.path_and_query()?;
    parameters.extend(pairs(body)?);

    let (mut action, mut version) = (None, None);
    let mut root = BTreeMap::new();
    for (name, value) in parameters {
        match name.as_str() {
            "Action" => action = Some(value),
            "Version" => version = Some(value),
            _ if name.starts_with("X-Amz-") => {}
            _ => insert(&mut root, &name, value)?,
        }
    }
    let Some(action) = action else {
        // IAM API reference, Common Errors.
        return Err(Refusal::new(
            400,
            "MissingAction",
            "The request is missing an action or a required parameter.",
        ));
    };
    let version = version.unwrap_or_else(|| "NO_VERSION_SPECIFIED".to_owned());
    if version != api.version {
        return Err(no_such_operation(&action, &version));
    }
    Ok((action, to_members(root)))
}

/// How IAM and STS answer an operation they do not have.
pub(super) fn no_such_operation(action: &str, version: &str) -> Refusal {
    Refusal::new(
        400,
        "InvalidAction",
        format!("Could not find operation {action} for version {version}"),
    )
}

fn malformed(message: String) -> Refusal {
    Refusal::new(400, "MalformedInput", message)
}

/// A parameter, by the parts of its dotted name.
enum Node {
    Leaf(String),
    Branch(BTreeMap<String, Node>),
}

fn insert(root: &mut BTreeMap<String, Node>, name: &str, value: String) -> Result<(), Refusal> {
    let parts: Vec<&str> = name.split('.').collect();
    let (last, branches) = parts.split_last().expect("split gives at least one part");
    if parts.len() > MAX_DEPTH {
        return Err(malformed(format!("{name} nests too deep")));
    }
    let mut at = root;
    for part in branches {
        let node = at
            .entry((*part).to_owned())
            .or_insert_with(|| Node::Branch(BTreeMap::new()));
        match node {
            Node::Branch(children) => at = children,
            Node::Leaf(_) => return Err(malformed(format!("{name} has both a value and parts"))),
        }
    }
    at.insert((*last).to_owned(), Node::Leaf(value));
    Ok(())
}

fn to_members(branch: BTreeMap<String, Node>) -> Input {
    branch
        .into_iter()
        .map(|(name, node)| (name, to_value(node)))
        .collect()
}

fn to_value(node: Node) -> Value {
    match node {
        Node::Leaf(text) => Value::String(text),
        Node::Branch(mut children) if children.len() == 1 => match children.remove("member") {
            Some(Node::Branch(members)) => to_list(members),
            Some(leaf @ Node::Leaf(_)) => json!({ "member": to_value(leaf) }),
            None => Value::Object(to_members(children)),
        },
        Node::Branch(children) => Value::Object(to_members(children)),
    }
}

/// Orders `1`, `2`, …, `10` as numbers; what is no number goes last and is left for the service to
/// refuse.
fn to_list(members: BTreeMap<String, Node>) -> Value {
    let mut numbered: Vec<(u32, Node)> = members
        .into_iter()
        .map(|(index, node)| (index.parse().unwrap_or(u32::MAX), node))
        .collect();
    numbered.sort_by_key(|(index, _)| *index);
    Value::Array(
        numbered
            .into_iter()
            .map(|(_, node)| to_value(node))
            .collect(),
    )
}

/// Writes a successful answer. An operation without output (a null body) has no result element.
pub(super) fn encode(api: Api, operation: &str, id: &str, answer: &Answer) -> Response {
    let mut xml = String::new();
    open(
        &mut xml,
        &format!("{operation}Response xmlns=\"{}\"", api.namespace),
    );
    if !answer.body.is_null() {
        element(&mut xml, &format!("{operation}Result"), &answer.body);
    }
    element(&mut xml, "ResponseMetadata", &json!({ "RequestId": id }));
    close(&mut xml, &format!("{operation}Response"));
    response(answer.status, id, xml)
}

/// Writes an error. The type says whose fault it is (AWS Query protocol: `Sender` for 4xx,
/// `Receiver` for 5xx).
pub(super) fn encode_error(api: Api, id: &str, refusal: &Refusal) -> Response {
    let mut error = refusal.members.clone();
    let fault = if refusal.status < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    error.insert("Type".to_owned(), json!(fault));
    error.insert("Code".to_owned(), json!(refusal.code));
    error.insert("Message".to_owned(), json!(refusal.message));
    let mut xml = String::new();
    open(
        &mut xml,
        &format!("ErrorResponse xmlns=\"{}\"", api.namespace),
    );
    element(&mut xml, "Error", &Value::Object(error));
    element(&mut xml, "RequestId", &json!(id));
    close(&mut xml, "ErrorResponse");
    response(refusal.status, id, xml).retry_after(refusal)
}

fn response(status: u16, id: &str, xml: String) -> Response {
    Response::new(status, "text/xml", id, xml)
}

fn element(xml: &mut String, name: &str, value: &Value) {
    match value {
        // A member without a value is left out.
        Value::Null => {}
        Value::Object(entries) if MAPS.contains(&name) => map(xml, name, entries),
        Value::Object(members) => {
            open(xml, name);
            for (name, value) in members {
                element(xml, name, value);
            }
            close(xml, name);
        }
        Value::Array(items) => {
            open(xml, name);
            for item in items {
                element(xml, "member", item);
            }
            close(xml, name);
        }
        Value::Number(number) if TIMESTAMPS.contains(&name) => text(xml, name, &iso8601(number)),
        Value::Number(number) => text(xml, name, &number.to_string()),
        Value::Bool(flag) => text(xml, name, &flag.to_string()),
        Value::String(string) => text(xml, name, string),
    }
}

fn map(xml: &mut String, name: &str, entries: &Map<String, Value>) {
    open(xml, name);
    for (key, value) in entries {
        open(xml, "entry");
        text(xml, "key", key);
        element(xml, "value", value);
        close(xml, "entry");
    }
    close(xml, name);
}

fn text(xml: &mut String, name: &str, text: &str) {
    open(xml, name);
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            // A literal carriage return would be read back as a line feed (XML 1.0, section 2.11).
            '\r' => xml.push_str("&#xD;"),
            '\t' | '\n' => xml.push(character),
            // Other control characters cannot be said in XML 1.0 at all (section 2.2).
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            _ => xml.push(character),
        }
    }
    close(xml, name);
}

fn open(xml: &mut String, tag: &str) {
    write!(xml, "<{tag}>").expect("writing to a string cannot fail");
}

fn close(xml: &mut String, name: &str) {
    write!(xml, "</{name}>").expect("writing to a string cannot fail");
}

/// Whole seconds, as IAM prints them.
fn iso8601(seconds: &Number) -> String {
    let whole = seconds
        .as_i64()
        .or_else(|| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a fraction of a second is dropped on purpose"
            )]
            seconds.as_f64().map(|seconds| seconds.floor() as i64)
        })
        .unwrap_or_default();
    DateTime::from_secs(whole)
        .fmt(Format::DateTime)
        .unwrap_or_else(|_| seconds.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Api, decode, encode, encode_error};
    use crate::{Answer, Refusal, wire::Request};

    fn form(body: &str) -> Request {
        Request {
            target: "/".to_owned(),
            body: body.as_bytes().to_vec(),
            ..Request::default()
        }
    }

    #[test]
    fn dotted_parameters_become_lists_and_structures() {
        let request = form(
            "Action=TagRole&Version=2010-05-08&RoleName=a%2Bb+c&Tags.member.2.Key=y&Tags.member.1.Key=x\
             &Tags.member.10.Key=z&Tags.member.1.Value=&Empty=",
        );
        let (operation, input) = decode(&request, Api::IAM).expect("well-formed");
        assert_eq!(operation, "TagRole");
        assert_eq!(
            Value::Object(input),
            json!({
                "RoleName": "a+b c",
                "Tags": [{ "Key": "x", "Value": "" }, { "Key": "y" }, { "Key": "z" }],
                "Empty": ""
            })
        );
    }

    #[test]
    fn malformed_requests_are_refused() {
        let table = [
            ("Version=2010-05-08", 400, "MissingAction"),
            ("Action=GetRole", 400, "InvalidAction"),
            ("Action=GetRole&Version=2011-06-15", 400, "InvalidAction"),
            ("Action=%FF&Version=2010-05-08", 404, "MalformedQueryString"),
            (
                "Action=A&Version=2010-05-08&T=1&T.member.1=2",
                400,
                "MalformedInput",
            ),
            (
                "Action=A&Version=2010-05-08&a.b.c.d.e.f.g.h.i=1",
                400,
                "MalformedInput",
            ),
        ];
        for (body, status, code) in table {
            let refusal = decode(&form(body), Api::IAM).expect_err(body);
            assert_eq!((refusal.status, refusal.code), (status, code), "{body}");
        }
    }

    #[test]
    fn an_answer_is_wrapped_and_escaped() {
        let answer = Answer::ok(json!({
            "Role": { "CreateDate": 1_767_225_600, "Description": "a<b&\r\u{1}", "Tags": [{ "Key": "k" }], "Arn": null },
            "SummaryMap": { "Roles": 3 },
            "IsTruncated": false,
        }));
        let response = encode(Api::IAM, "GetRole", "id-1", &answer);
        assert_eq!(
            String::from_utf8_lossy(&response.body),
            "<GetRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><GetRoleResult>\
             <IsTruncated>false</IsTruncated><Role><CreateDate>2026-01-01T00:00:00Z</CreateDate>\
             <Description>a&lt;b&amp;&#xD;\u{fffd}</Description><Tags><member><Key>k</Key></member></Tags></Role>\
             <SummaryMap><entry><key>Roles</key><value>3</value></entry></SummaryMap></GetRoleResult>\
             <ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetRoleResponse>"
        );
    }

    #[test]
    fn an_operation_without_output_has_no_result() {
        let response = encode(Api::IAM, "TagRole", "id-1", &Answer::ok(Value::Null));
        assert!(!String::from_utf8_lossy(&response.body).contains("TagRoleResult"));
    }

    #[test]
    fn an_error_says_whose_fault_it_is() {
        for (status, fault) in [(404, "Sender"), (500, "Receiver")] {
            let response = encode_error(Api::STS, "id-1", &Refusal::new(status, "Code", "text"));
            assert_eq!(response.status, status);
            assert_eq!(
                String::from_utf8_lossy(&response.body),
                format!(
                    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Code>Code</Code>\
                     <Message>text</Message><Type>{fault}</Type></Error><RequestId>id-1</RequestId></ErrorResponse>"
                )
            );
        }
    }
}
