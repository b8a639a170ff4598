//! What the answers of all providers have in common.

use std::fmt::Display;

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::{Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::json;
use crate::protocol::provider::Accepted;
use crate::protocol::retry_after;

const MAX_MESSAGE_ID_BYTES: usize = 128;
/// Of a body that says which proxy refused: Cloudflare's pages have comments for old browsers before their title.
const MAX_PROXY_BYTES: usize = 2048;

/// What the status alone says of a message that wasn't accepted: for whatever the body says nothing better of.
/// `provider` begins the text of what fits no other error.
///
/// | status | error |
/// |---|---|
/// | 401, 403 | unauthorised; but for a 403 of Cloudflare's own, which is other |
/// | 408, 504 | time-out: a proxy gave up waiting, perhaps for what was carried out |
/// | 429; 503 with `Retry-After` | throttled |
/// | 502 | unreadable: a proxy got no readable answer to what may have been carried out |
/// | 425, other 5xx | unavailable |
/// | 2xx | unreadable: the message may have been sent |
/// | anything else; redirects too, which aren't followed | other, with the status |
pub(crate) fn by_status(response: &Response<&[u8]>, provider: &str, now: Timestamp) -> SendError {
    let status = response.status();
    let retry_after = retry_after::seconds(response.headers(), now);
    match status {
        StatusCode::FORBIDDEN if is_cloudflare(response) => {
            SendError::Other(format!("{provider} answered 403: Cloudflare refuses this client"))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => SendError::Unauthorised,
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => SendError::Timeout,
        StatusCode::TOO_MANY_REQUESTS => SendError::Throttled(retry_after),
        StatusCode::SERVICE_UNAVAILABLE if retry_after.is_some() => {
            SendError::Throttled(retry_after)
        }
        StatusCode::BAD_GATEWAY => SendError::Unreadable,
        _ if status.is_success() => SendError::Unreadable,
        StatusCode::TOO_EARLY => SendError::Unavailable,
        _ if status.is_server_error() => SendError::Unavailable,
        _ => SendError::Other(format!("{provider} answered {}", status.as_u16())),
    }
}

/// Too often, for as long as `Retry-After` says.
pub(crate) fn throttled(response: &Response<&[u8]>, now: Timestamp) -> SendError {
    SendError::Throttled(retry_after::seconds(response.headers(), now))
}

/// The operator has to look at the setting `field` of those that stand at `path`.
pub(crate) fn not_configured(path: &str, field: &str, text: impl Display) -> SendError {
    SendError::NotConfigured(format!("{path}.{field}: {text}"))
}

/// Whether Cloudflare refused the request in front of the provider, which has not seen the key. It says so as
/// `error code: 1010`, as JSON (its changelog, 2026-03-11), or as a page: "Attention Required! | Cloudflare", "Access
/// denied | … used Cloudflare …"; of a challenge, whose title doesn't name it, in a header (its "Detect a Challenge
/// Page response").
fn is_cloudflare(response: &Response<&[u8]>) -> bool {
    if response.headers().contains_key("cf-mitigated") {
        return true;
    }
    if let Some(body) = json::<Value>(response) {
        return body.get("cloudflare_error") == Some(&Value::Bool(true));
    }
    let body = json::unmarked(response.body());
    let start = String::from_utf8_lossy(body.get(..MAX_PROXY_BYTES).unwrap_or(body));
    let start = start.trim_start().to_ascii_lowercase();
    let title = start.split_once("<title>").and_then(|(_, rest)| rest.split("</title>").next());
    start.starts_with("error code: 1") || title.is_some_and(|title| title.contains("cloudflare"))
}

/// The body, where it is JSON of that form.
pub(crate) fn json<T: DeserializeOwned>(response: &Response<&[u8]>) -> Option<T> {
    json::read(response.body())
}

/// A whole number, which some write as a text.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }
}

/// A 2xx under the status of the error that its body is: some proxies, and some days, make every answer a 200. Nothing
/// where the status that the body names is none of an error.
pub(crate) fn restated<'a>(
    response: &Response<&'a [u8]>,
    named: Option<&Value>,
) -> Option<Response<&'a [u8]>> {
    let status = StatusCode::from_u16(integer(named?)?.try_into().ok()?).ok()?;
    let is_error = status.is_client_error() || status.is_server_error();
    (is_error && response.status().is_success()).then(|| {
        let mut restated = response.clone();
        *restated.status_mut() = status;
        restated
    })
}

/// Taken, under the provider's name for the message.
pub(crate) fn accepted(id: &str) -> Accepted {
    Accepted { message_id: message_id(id) }
}

/// A provider's name for a message, where it is a plain and short one. May hold the recipient's number: not for logs.
pub(crate) fn message_id(id: &str) -> Option<String> {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:@/+=".contains(&byte);
    let is_name = (1..=MAX_MESSAGE_ID_BYTES).contains(&id.len()) && id.bytes().all(is_safe);
    is_name.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use http::header::RETRY_AFTER;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_208_661);

    fn error(status: u16, retry_after: Option<&str>) -> SendError {
        let mut response = Response::builder().status(status);
        if let Some(value) = retry_after {
            response = response.header(RETRY_AFTER, value);
        }
        by_status(&response.body(&b"hunter2"[..]).unwrap(), "the provider", NOW)
    }

    #[test]
    fn a_status_says_whether_the_message_may_have_gone_out() {
        for (status, retry_after, expected) in [
            (401, None, SendError::Unauthorised),
            (403, None, SendError::Unauthorised),
            (408, None, SendError::Timeout),
            (425, None, SendError::Unavailable),
            (429, None, SendError::Throttled(None)),
            (429, Some("7"), SendError::Throttled(Some(7))),
            (500, Some("7"), SendError::Unavailable),
            (502, None, SendError::Unreadable),
            (503, None, SendError::Unavailable),
            (503, Some("7"), SendError::Throttled(Some(7))),
            (504, None, SendError::Timeout),
            (599, None, SendError::Unavailable),
            (200, None, SendError::Unreadable),
            (202, Some("7"), SendError::Unreadable),
            (302, None, SendError::Other("the provider answered 302".into())),
            (418, None, SendError::Other("the provider answered 418".into())),
        ] {
            assert_eq!(error(status, retry_after), expected, "{status}");
        }
    }

    #[test]
    fn a_proxy_that_refuses_the_client_says_nothing_of_the_key() {
        let error = |status, body: &str| {
            let response = Response::builder().status(status).body(body.as_bytes()).unwrap();
            by_status(&response, "the provider", NOW)
        };
        let refused = "the provider answered 403: Cloudflare refuses this client";
        let old =
            "<!--[if lt IE 7]> <html class=\"no-js ie6 oldie\" lang=\"en-US\"> <![endif]-->\n";
        let page = |title: &str| {
            format!("<!DOCTYPE html>\n{}<head>\n<title>{title}</title>", old.repeat(4))
        };
        let pages = ["Attention Required! | Cloudflare", "Access denied | a.b used Cloudflare to"];
        let [blocked, denied] = pages.map(page);
        for body in [
            "error code: 1010",
            "error code: 1020\n",
            " Error code: 1009",
            "\u{feff}error code: 1010",
            r#"{"error_code":1010,"cloudflare_error":true,"status":403}"#,
            &blocked,
            &denied,
            &format!("\u{feff}{denied}"),
        ] {
            assert_eq!(error(403, body), SendError::Other(refused.into()), "{body}");
            assert_eq!(error(401, body), SendError::Unauthorised, "{body}");
        }
        for body in [
            "",
            "forbidden",
            "{\"message\":\"error code: 1010\"}",
            r#"{"error_code":1010,"cloudflare_error":false}"#,
            "[1010]",
            &page("403 Forbidden"),
            "<title>403 Forbidden</title><p>by way of Cloudflare",
            "Cloudflare",
        ] {
            assert_eq!(error(403, body), SendError::Unauthorised, "{body}");
        }
        let challenge = Response::builder().status(403).header("cf-mitigated", "challenge");
        let challenge = challenge.body(&b"<title>Just a moment...</title>"[..]).unwrap();
        let error = by_status(&challenge, "the provider", NOW);
        assert_eq!(error, SendError::Other(refused.into()));
    }

    #[test]
    fn a_number_may_be_written_as_a_text() {
        for (json, number) in [("7", Some(7)), ("\"7\"", Some(7)), ("-1", Some(-1))] {
            assert_eq!(integer(&serde_json::from_str(json).unwrap()), number, "{json}");
        }
        for json in ["\"\"", "\" 7\"", "\"7a\"", "7.5", "null", "[7]", "true", "1e99"] {
            assert_eq!(integer(&serde_json::from_str(json).unwrap()), None, "{json}");
        }
    }

    #[test]
    fn only_a_success_is_restated_and_only_as_an_error() {
        let restated = |status: u16, named: &str| {
            let response = Response::builder().status(status).header(RETRY_AFTER, "7");
            let response = response.body(&b"body"[..]).unwrap();
            let restated = restated(&response, Some(&serde_json::from_str(named).unwrap()))?;
            assert_eq!(*restated.body(), b"body");
            assert_eq!(restated.headers()[RETRY_AFTER], "7");
            Some(restated.status().as_u16())
        };
        for (named, status) in [("400", 400), ("599", 599), ("\"429\"", 429)] {
            assert_eq!(restated(200, named), Some(status), "{named}");
            assert_eq!(restated(400, named), None, "{named}");
        }
        for named in ["200", "302", "399", "600", "99", "-1", "65936", "null", "\"x\""] {
            assert_eq!(restated(200, named), None, "{named}");
        }
    }

    #[test]
    fn only_names_are_kept() {
        assert_eq!(message_id("SM12-ab.c:d@e/f+g=~_").as_deref(), Some("SM12-ab.c:d@e/f+g=~_"));
        let long = "x".repeat(MAX_MESSAGE_ID_BYTES + 1);
        for text in ["", "a b", "a\nb", "ü", &long] {
            assert_eq!(message_id(text), None, "{text}");
        }
    }
}
