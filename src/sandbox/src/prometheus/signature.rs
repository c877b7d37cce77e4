//! Verifies Signature Version 4, from AWS's description of it (IAM User Guide, "Create a signed AWS
//! API request") and nothing else: the clients' own code signs.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::{Refusal, wire::Request};

/// What AWS says of a wrong signature.
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/// Refuses a request whose signature is not what its access key, which is its own secret here,
/// gives.
pub(crate) fn verify(request: &Request) -> Result<(), Refusal> {
    // The codes are those of the JSON protocols (IAM API reference, "Common Error Types").
    let mismatch = || Refusal::new(403, "InvalidSignatureException", MISMATCH);
    let header = |name: &str| request.headers.get(name).map(String::as_str);
    let authorization = header("authorization").unwrap_or_default();
    let part = |name: &str| {
        let parts = authorization.trim_start_matches("AWS4-HMAC-SHA256");
        let mut parts = parts.split(',').map(str::trim);
        parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    let (Some(credential), Some(signed), Some(signature), Some(date)) = (
        part("Credential"),
        part("SignedHeaders"),
        part("Signature"),
        header("x-amz-date"),
    ) else {
        let missing = "Missing Authentication Token";
        return Err(Refusal::new(
            403,
            "MissingAuthenticationTokenException",
            missing,
        ));
    };
    let (key, scope) = credential.split_once('/').unwrap_or((credential, ""));
    let payload = hex(&Sha256::digest(&request.body));
    if header("x-amz-content-sha256").is_some_and(|claimed| claimed != payload) {
        return Err(mismatch());
    }
    let mut canonical = format!(
        "{}\n{}\n{}\n",
        request.method,
        path(&request.target),
        query(&request.target)
    );
    for name in signed.split(';') {
        let value = header(name).unwrap_or_default();
        let value: Vec<&str> = value.split_whitespace().collect();
        writeln!(canonical, "{name}:{}", value.join(" ")).expect("writing to a string can't fail");
    }
    write!(canonical, "\n{signed}\n{payload}").expect("writing to a string can't fail");
    let digest = hex(&Sha256::digest(canonical.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}");
    // The key is derived from each part of the scope in turn.
    let mut derived = format!("AWS4{key}").into_bytes();
    for part in scope.split('/').chain([to_sign.as_str()]) {
        derived = mac(&derived, part.as_bytes());
    }
    if hex(&derived) == signature && date.starts_with(scope.split('/').next().unwrap_or("?")) {
        Ok(())
    } else {
        Err(mismatch())
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string can't fail");
        text
    })
}

/// Everything but letters, digits and `-._~` is encoded, with capital digits.
fn encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(*byte));
            }
            _ => write!(text, "%{byte:02X}").expect("writing to a string can't fail"),
        }
        text
    })
}

/// The path as it was sent, encoded once more: so every service but S3 has it.
fn path(target: &str) -> String {
    let path = target.split('?').next().unwrap_or_default();
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| encoded(segment.as_bytes()))
        .collect();
    segments.join("/")
}

/// The parameters, decoded, encoded in the one right way, and sorted.
fn query(target: &str) -> String {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let normal = |text: &str| {
        let bytes: Vec<u8> = percent_encoding::percent_decode_str(text).collect();
        encoded(&bytes)
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (normal(name), normal(value))
        })
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::verify;
    use crate::wire::Request;

    /// A request that botocore 1.43 signed, with the key and secret `sandbox`.
    fn signed() -> Request {
        let headers = [
            ("host", "127.0.0.1:8080"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-amz-date", "20261128T115500Z"),
            ("authorization", AUTHORIZATION),
        ];
        Request {
            method: "POST".to_owned(),
            target: "/workspaces/ws-1/api/v1/label/a%20b/values?start=1&match%5B%5D=up%7B%7D&empty"
                .to_owned(),
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: b"query=up%7Bjob%3D%22a+b%22%7D".to_vec(),
        }
    }

    const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=sandbox/20261128/us-east-1/aps/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=97304eadb2b46de40183bac43297700cdb97c160083cb1755cb19083910855f2";

    #[test]
    fn a_signature_holds_for_this_request_only() {
        assert_eq!(verify(&signed()), Ok(()));
        let changes: [fn(&mut Request); 6] = [
            |request| request.method = "GET".to_owned(),
            |request| request.body.push(b' '),
            |request| request.target.push('x'),
            |request| request.target = request.target.replacen("ws-1", "ws-2", 1),
            |request| {
                let date = "20261128T115501Z".to_owned();
                request.headers.insert("x-amz-date".to_owned(), date);
            },
            |request| {
                let other = AUTHORIZATION.replace("=sandbox/", "=other/");
                request.headers.insert("authorization".to_owned(), other);
            },
        ];
        for (index, change) in changes.into_iter().enumerate() {
            let mut request = signed();
            change(&mut request);
            let refusal = verify(&request).expect_err("changed");
            let said = (refusal.status, refusal.code);
            assert_eq!(said, (403, "InvalidSignatureException"), "{index}");
        }
        let mut unsigned = signed();
        unsigned.headers.remove("authorization");
        let refusal = verify(&unsigned).expect_err("unsigned");
        assert_eq!(refusal.message, "Missing Authentication Token");
    }
}
