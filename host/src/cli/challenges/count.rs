//! `countersign challenges count`: step by step, so that no request lasts long.

use std::process::ExitCode;

use axum::http::{Method, StatusCode};
use clap::Args;
use serde_json::{Map, Value, json};

use crate::cli::answer::Answer;
use crate::cli::arguments::CommonArguments;
use crate::cli::error::CommandError;
use crate::cli::surface::Surface;
use crate::cli::table::table;
use crate::config::Loaded;

const COUNT: &str = "/v1/challenges/count";
/// How often counting begins, where the store's servers change meanwhile.
const TRIES: u32 = 3;
const STATES: [&str; 5] = ["pending", "exhausted", "expired", "revoked", "verified"];

/// Counts the tenant's challenges.
#[derive(Args, Debug)]
pub(in crate::cli) struct Count {
    #[command(flatten)]
    common: CommonArguments,
}

impl Count {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let surface = Surface::open(loaded, &self.common.tenant).await?;
        let mut answer = count(&surface).await?;
        for _ in 1..TRIES {
            if answer.status != StatusCode::BAD_REQUEST {
                break;
            }
            answer = count(&surface).await?;
        }
        if answer.status == StatusCode::BAD_REQUEST {
            // The request is good, and the store is never the same for long enough.
            answer.status = StatusCode::SERVICE_UNAVAILABLE;
        }
        answer.tell_as(self.common.output, shown)
    }
}

/// Counts once from the beginning to the end, or to the first step that is refused.
async fn count(surface: &Surface) -> Result<Answer, CommandError> {
    let (mut sums, mut after) = (Vec::new(), Value::Null);
    loop {
        let step = surface.call(Method::POST, COUNT, Some(json!({ "after": after }))).await?;
        let body = match &step.body {
            Some(body) if step.status.is_success() => body,
            _ => return Ok(step),
        };
        for tally in body.get("tallies").and_then(Value::as_array).into_iter().flatten() {
            add(&mut sums, tally);
        }
        match body.get("next") {
            Some(next) => after = next.clone(),
            None => break,
        }
    }
    sums.sort_by_key(purpose);
    Ok(Answer { status: StatusCode::OK, body: Some(json!({ "tallies": sums })) })
}

/// Adds one step's tally of a purpose to that of the steps before.
fn add(sums: &mut Vec<Value>, tally: &Value) {
    match sums.iter_mut().find(|sum| sum.get("purpose") == tally.get("purpose")) {
        None => sums.push(tally.clone()),
        Some(sum) => {
            for state in STATES {
                let both = number(sum, state).saturating_add(number(tally, state));
                if let Some(members) = sum.as_object_mut() {
                    members.insert(state.to_owned(), both.into());
                }
            }
        }
    }
}

fn shown(body: &Value) -> String {
    let tallies = body.get("tallies").and_then(Value::as_array);
    let tallies: Vec<&Value> = tallies.into_iter().flatten().collect();
    let mut total = Map::new();
    total.insert("purpose".to_owned(), "total".into());
    for state in STATES {
        let sum = tallies.iter().map(|tally| number(tally, state)).sum::<u64>();
        total.insert(state.to_owned(), sum.into());
    }
    let total = Value::Object(total);
    let row = |tally: &Value| {
        let mut row = vec![purpose(tally)];
        row.extend(STATES.map(|state| number(tally, state).to_string()));
        row
    };
    let rows: Vec<_> = tallies.into_iter().chain([&total]).map(row).collect();
    table(&["PURPOSE", "PENDING", "EXHAUSTED", "EXPIRED", "REVOKED", "VERIFIED"], &rows)
}

fn purpose(tally: &Value) -> String {
    tally.get("purpose").and_then(Value::as_str).unwrap_or("(not configured)").to_owned()
}

fn number(tally: &Value, state: &str) -> u64 {
    tally.get(state).and_then(Value::as_u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_added_up_by_purpose() {
        let mut sums = Vec::new();
        for tally in [
            json!({ "purpose": "login", "pending": 3, "verified": 1 }),
            json!({ "pending": 1 }),
            json!({ "purpose": "login", "pending": 4, "expired": 2 }),
        ] {
            add(&mut sums, &tally);
        }
        let text = shown(&json!({ "tallies": sums }));
        let lines: Vec<Vec<&str>> =
            text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0].first(), Some(&"PURPOSE"));
        assert_eq!(lines[1], ["login", "7", "0", "2", "0", "1"]);
        assert_eq!(lines[2], ["(not", "configured)", "1", "0", "0", "0", "0"]);
        assert_eq!(lines[3], ["total", "8", "0", "2", "0", "1"]);
    }
}
