//! The calls of a client, and what every answer has to look like.

use std::ops::RangeInclusive;

use countersign_tests::client::{Answer, Client};
use serde_json::{Value, json};

/// How a challenge is named.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By {
    Id,
    Recipient,
}

impl By {
    pub(crate) const BOTH: [Self; 2] = [Self::Id, Self::Recipient];
}

/// A challenge as its client knows it.
#[derive(Clone, Debug)]
pub(crate) struct Challenge {
    pub(crate) id: String,
    pub(crate) purpose: String,
    pub(crate) to: String,
}

/// A phone number of the test's own.
pub(crate) fn phone(number: u32) -> String {
    format!("+6281234{number:05}")
}

pub(crate) async fn issue(client: &Client, purpose: &str, to: &str) -> Answer {
    let channel = if to.contains('@') { "email" } else { "sms" };
    issue_with(client, json!({ "purpose": purpose, "channel": channel, "to": to })).await
}

pub(crate) async fn issue_with(client: &Client, body: Value) -> Answer {
    client.post("/v1/challenges", &body).await
}

/// Issues, which has to succeed.
pub(crate) async fn issued(client: &Client, purpose: &str, to: &str) -> Challenge {
    let answer = issue(client, purpose, to).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    Challenge { id: answer.id().into(), purpose: purpose.into(), to: to.into() }
}

pub(crate) async fn verify(client: &Client, by: By, challenge: &Challenge, code: &str) -> Answer {
    verify_with(client, by, challenge, json!({ "code": code })).await
}

pub(crate) async fn verify_with(
    client: &Client,
    by: By,
    challenge: &Challenge,
    mut body: Value,
) -> Answer {
    let path = match by {
        By::Id => format!("/v1/challenges/{}/verify", challenge.id),
        By::Recipient => {
            body["purpose"] = json!(challenge.purpose);
            body["to"] = json!(challenge.to);
            "/v1/verify".into()
        }
    };
    client.post(&path, &body).await
}

pub(crate) async fn status(client: &Client, by: By, challenge: &Challenge) -> Answer {
    match by {
        By::Id => client.get(&format!("/v1/challenges/{}", challenge.id)).await,
        By::Recipient => {
            let body = json!({ "purpose": challenge.purpose, "to": challenge.to });
            client.post("/v1/status", &body).await
        }
    }
}

pub(crate) async fn resend(client: &Client, challenge: &Challenge) -> Answer {
    client.post(&format!("/v1/challenges/{}/resend", challenge.id), &json!({})).await
}

pub(crate) async fn revoke(client: &Client, challenge: &Challenge) -> Answer {
    client.delete(&format!("/v1/challenges/{}", challenge.id)).await
}

pub(crate) async fn unlock(client: &Client, purpose: &str, to: &str) -> Answer {
    client.post("/v1/unlock", &json!({ "purpose": purpose, "to": to })).await
}

/// A good answer in JSON, to its last field. What is `[least, most]` in `fields` is a number in between.
#[track_caller]
pub(crate) fn assert_answer(answer: &Answer, status: u16, fields: Value) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json", "{answer:?}");
    assert_framed(answer);
    assert_fields(answer, fields);
}

/// A problem (RFC 9457), to its last field but its texts. Ranges as in [`assert_answer`].
#[track_caller]
pub(crate) fn assert_problem(answer: &Answer, status: u16, code: &str, more: Value) {
    assert_eq!((answer.status, answer.code()), (status, code), "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
    assert_framed(answer);
    let retry_after = answer.number_of("retry_after").map(|seconds| seconds.to_string());
    assert_eq!(answer.header("retry-after"), retry_after.unwrap_or_default(), "{answer:?}");
    for text in ["title", "detail"] {
        assert!(!answer.text_of(text).is_empty(), "{answer:?}");
    }
    let mut fields = json!({
        "type": format!("/problems/{code}"),
        "title": answer.json["title"],
        "status": status,
        "code": code,
        "detail": answer.json["detail"],
    });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    assert_fields(answer, fields);
}

#[track_caller]
fn assert_framed(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
    assert_eq!(answer.header("content-length"), answer.text.len().to_string(), "{answer:?}");
}

#[track_caller]
fn assert_fields(answer: &Answer, mut fields: Value) {
    for (name, expected) in fields.as_object_mut().unwrap() {
        let numbers =
            |value: &Value| value.as_array()?.iter().map(Value::as_u64).collect::<Option<Vec<_>>>();
        let Some([least, most]) =
            numbers(expected).as_deref().and_then(|list| list.try_into().ok())
        else {
            continue;
        };
        assert_number(answer, name, least..=most);
        *expected = answer.json[name].clone();
    }
    assert_eq!(answer.json, fields);
}

#[track_caller]
fn assert_number(answer: &Answer, name: &str, range: RangeInclusive<u64>) {
    let number = answer.number_of(name);
    assert!(
        number.is_some_and(|number| range.contains(&number)),
        "{name} not in {range:?}: {answer:?}"
    );
}
