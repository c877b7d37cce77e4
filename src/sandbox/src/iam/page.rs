//! Cuts lists into pages.

use aws_smithy_types::base64;
use serde_json::{Map, Value, json};

use crate::{
    Answer, Refusal,
    iam::input::{MARKER, Reader, validation_error},
};

/// How many items a page has unless the caller says otherwise (IAM API reference, `MaxItems` of
/// every list operation).
const DEFAULT_ITEMS: u32 = 100;

/// Items with the keys that order them.
type Keyed<T> = Vec<(String, T)>;

/// What a caller asks of a list: how much, and where to go on.
pub(super) struct Page {
    operation: &'static str,
    marker: Option<String>,
    max_items: usize,
}

impl Page {
    /// Reads `Marker` and `MaxItems`.
    pub(super) fn read(reader: &mut Reader<'_>, operation: &'static str) -> Self {
        let marker = reader.optional("Marker", &MARKER).map(str::to_owned);
        let max_items = reader
            .number("MaxItems", &(1..=1000))
            .unwrap_or(DEFAULT_ITEMS);
        Self {
            operation,
            marker,
            max_items: usize::try_from(max_items).unwrap_or(usize::MAX),
        }
    }

    /// Cuts the page out of `items`, which come in the order of their keys.
    ///
    /// The marker holds the last key that was given, so that a page neither repeats nor leaves out
    /// what stayed, whatever was created or deleted meanwhile.
    pub(super) fn cut<T>(
        &self,
        items: impl IntoIterator<Item = (String, T)>,
    ) -> Result<(Keyed<T>, Map<String, Value>), Refusal> {
        let after = self
            .marker
            .as_deref()
            .map(|marker| self.open(marker))
            .transpose()?;
        let mut rest = items
            .into_iter()
            .filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
        let page: Keyed<T> = rest.by_ref().take(self.max_items).collect();
        let more = rest.next().is_some();
        let mut members = Map::new();
        members.insert("IsTruncated".to_owned(), json!(more));
        if more && let Some((last, _)) = page.last() {
            members.insert("Marker".to_owned(), json!(self.seal(last)));
        }
        Ok((page, members))
    }

    /// The answer whose list `member` is the page of `items`.
    pub(super) fn answer(
        &self,
        member: &str,
        items: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<Answer, Refusal> {
        let (page, mut body) = self.cut(items)?;
        let values: Vec<Value> = page.into_iter().map(|(_, value)| value).collect();
        body.insert(member.to_owned(), Value::Array(values));
        Ok(Answer::ok(Value::Object(body)))
    }

    fn seal(&self, key: &str) -> String {
        base64::encode(format!("{}\n{key}", self.operation))
    }

    fn open(&self, marker: &str) -> Result<String, Refusal> {
        base64::decode(marker)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| {
                let (operation, key) = text.split_once('\n')?;
                (operation == self.operation).then(|| key.to_owned())
            })
            .ok_or_else(|| validation_error("Invalid Marker."))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::iam::testing::Account;

    #[test]
    fn pages_give_each_item_once_although_the_list_changes() {
        let mut account = Account::default();
        for name in ["a", "b", "C", "d", "e"] {
            account.role(name);
        }
        let names = |page: &Value| -> Vec<String> {
            let roles = page["Roles"].as_array().expect("a list");
            roles
                .iter()
                .map(|role| role["RoleName"].as_str().expect("a name").to_owned())
                .collect()
        };
        let first = account.answered("ListRoles", json!({ "MaxItems": "2" }));
        assert_eq!(names(&first), ["a", "b"]);
        assert_eq!(first["IsTruncated"], json!(true));
        account.answered("DeleteRole", json!({ "RoleName": "b" }));
        account.role("bb");
        let second = account.answered("ListRoles", json!({ "Marker": first["Marker"] }));
        assert_eq!(names(&second), ["bb", "C", "d", "e"]);
        assert_eq!(second["IsTruncated"], json!(false));
        assert_eq!(second.get("Marker"), None);
    }

    #[test]
    fn a_marker_is_good_for_its_own_operation_only() {
        let mut account = Account::default();
        account.role("a");
        account.role("b");
        let first = account.answered("ListRoles", json!({ "MaxItems": "1" }));
        account.refuses([
            (
                "ListPolicies",
                json!({ "Marker": first["Marker"] }),
                400,
                "ValidationError",
                "Invalid Marker",
            ),
            (
                "ListRoles",
                json!({ "Marker": "!" }),
                400,
                "ValidationError",
                "Invalid Marker",
            ),
            (
                "ListRoles",
                json!({ "Marker": "" }),
                400,
                "ValidationError",
                "length",
            ),
            (
                "ListRoles",
                json!({ "MaxItems": "1001" }),
                400,
                "ValidationError",
                "1000",
            ),
            (
                "ListRoles",
                json!({ "MaxItems": "0" }),
                400,
                "ValidationError",
                "1",
            ),
        ]);
    }
}
