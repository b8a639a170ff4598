//! The requests: rendered beforehand, so that rendering them costs nothing while it counts.

use anyhow::{Context, Result};

use crate::load::Job;
use crate::setting::{Purpose, Recipients, WRONG_CODE, WRONG_CODES};

/// Codes asked for, each for another recipient.
pub(crate) fn issues(recipients: &mut Recipients, purpose: Purpose, count: usize) -> Job {
    let purpose = purpose.name();
    let requests = (0..count).map(|_| {
        let to = recipients.next();
        let body = format!(r#"{{"purpose":"{purpose}","channel":"sms","to":"{to}"}}"#);
        post("/v1/challenges", &body)
    });
    Job { requests: requests.collect(), status: 201, keep_bodies: false }
}

/// How many challenges `count` wrong codes take.
pub(crate) const fn challenges_for(count: usize) -> usize {
    count.div_ceil(WRONG_CODES)
}

/// Wrong codes, so many for each challenge that none is exhausted; those of one challenge far from each other.
pub(crate) fn wrong_codes(ids: &[String], count: usize) -> Job {
    let body = format!(r#"{{"code":"{WRONG_CODE}"}}"#);
    let requests = ids.iter().cycle().take(count);
    let requests = requests.map(|id| post(&format!("/v1/challenges/{id}/verify"), &body));
    Job { requests: requests.collect(), status: 422, keep_bodies: false }
}

/// So many times what is to be had at `path`.
pub(crate) fn gets(path: &str, count: usize) -> Job {
    let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").into_bytes();
    Job { requests: vec![request; count], status: 200, keep_bodies: false }
}

/// The ids in the answers to [`issues`].
pub(crate) fn ids(bodies: &[Vec<u8>]) -> Result<Vec<String>> {
    let id = |body: &Vec<u8>| -> Result<String> {
        let answer: serde_json::Value = serde_json::from_slice(body)?;
        let id = answer.get("id").and_then(serde_json::Value::as_str);
        Ok(id.context("an answer without an id")?.to_owned())
    };
    bodies.iter().map(id).collect()
}

fn post(path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
