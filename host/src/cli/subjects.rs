//! `countersign subjects`: for operators.

use std::process::ExitCode;

use axum::http::Method;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::arguments::CommonArguments;
use super::error::CommandError;
use super::surface::Surface;
use super::table::{cell, table};
use super::{exit, input, unlock};
use crate::config::Loaded;

/// What to do with recipients.
#[derive(Debug, Subcommand)]
pub(super) enum Subjects {
    /// Tell where a recipient stands: failures, locks, cooldown, challenges
    #[command(after_help = exit::HELP)]
    Show(Show),
    /// Lift the lock of a recipient and clear its failures
    #[command(after_help = exit::HELP)]
    Unlock(unlock::Unlock),
}

impl Subjects {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        match self {
            Self::Show(command) => command.run(loaded).await,
            Self::Unlock(command) => command.run(loaded).await,
        }
    }
}

/// Tells where a recipient stands.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// What the codes are for
    purpose: String,
    /// A phone number or a mail address. `-` reads a line of standard input
    to: String,
    #[command(flatten)]
    common: CommonArguments,
}

impl Show {
    async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let to = input::recipient(&self.to)?;
        let surface = Surface::open(loaded, &self.common.tenant).await?;
        let body = json!({ "purpose": self.purpose, "to": to });
        let answer = surface.call(Method::POST, "/v1/subjects/show", Some(body)).await?;
        answer.tell_as(self.common.output, shown)
    }
}

const SIDES: [(&str, &str); 2] = [("known devices", "known_devices"), ("other", "other_clients")];
const OF_A_SIDE: [(&str, &str); 4] = [
    ("FAILURES", "failures"),
    ("LOCKED FOR", "locked_for"),
    ("DISABLED", "disabled"),
    ("COOLDOWN", "cooldown"),
];
const OF_A_CHALLENGE: [(&str, &str); 7] = [
    ("STATE", "state"),
    ("CHANNEL", "channel"),
    ("DELIVERY", "delivery"),
    ("ISSUED", "issued_at"),
    ("EXPIRES IN", "expires_in"),
    ("ATTEMPTS", "attempts_left"),
    ("ID", "id"),
];

fn shown(body: &Value) -> String {
    let (mut sides, mut challenges) = (Vec::new(), Vec::new());
    for (client, member) in SIDES {
        let Some(side) = body.get(member) else { continue };
        sides.push(row(client, side, &OF_A_SIDE));
        let of_side = side.get("challenges").and_then(Value::as_array).into_iter().flatten();
        challenges.extend(of_side.map(|challenge| row(client, challenge, &OF_A_CHALLENGE)));
    }
    let mut text = format!("purpose: {}\nto: {}\n\n", cell(body, "purpose"), cell(body, "to"));
    text += &table(&heads(&OF_A_SIDE), &sides);
    if !challenges.is_empty() {
        text += "\n\n";
        text += &table(&heads(&OF_A_CHALLENGE), &challenges);
    }
    text
}

fn heads(columns: &[(&'static str, &str)]) -> Vec<&'static str> {
    ["CLIENT"].into_iter().chain(columns.iter().map(|(head, _)| *head)).collect()
}

fn row(client: &str, value: &Value, columns: &[(&str, &str)]) -> Vec<String> {
    let cells = columns.iter().map(|(_, member)| cell(value, member));
    [client.to_owned()].into_iter().chain(cells).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_shown_side_by_side() {
        let side = |failures: u32, challenges: Value| json!({ "failures": failures, "locked_for": 0, "disabled": false, "cooldown": 0, "challenges": challenges });
        let body = json!({
            "purpose": "login",
            "to": "62****7890",
            "known_devices": side(0, json!([])),
            "other_clients": side(3, json!([{ "id": "login.x", "state": "pending" }])),
        });
        let text = shown(&body);
        assert!(text.starts_with("purpose: login\nto: 62****7890\n\nCLIENT"), "{text}");
        let line = |begin: &str| {
            let line = text.lines().find(|line| line.starts_with(begin)).unwrap();
            line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(line("known devices"), "known devices 0 0 false 0");
        assert_eq!(line("other  "), "other 3 0 false 0");
        assert!(text.ends_with("login.x"), "{text}");
    }
}
