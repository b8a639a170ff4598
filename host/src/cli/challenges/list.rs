//! `countersign challenges list`, and what is done with all that it lists.

use std::process::ExitCode;

use axum::http::{Method, StatusCode};
use clap::Args;
use serde_json::{Value, json};

use crate::cli::answer::Answer;
use crate::cli::arguments::{ChallengeArguments, CommonArguments};
use crate::cli::error::CommandError;
use crate::cli::input;
use crate::cli::surface::{Surface, challenge_path};
use crate::cli::table::{cell, table};
use crate::config::Loaded;

const LIST: &str = "/v1/challenges/list";

/// Lists the challenges of a recipient that wait for their codes.
#[derive(Args, Debug)]
pub(in crate::cli) struct List {
    /// A phone number or a mail address. `-` reads a line of standard input
    #[arg(long, allow_hyphen_values = true)]
    to: String,
    /// What the codes are for [default: every purpose of the tenant]
    #[arg(long)]
    purpose: Option<String>,
    #[command(flatten)]
    common: CommonArguments,
}

impl List {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let to = input::recipient(&self.to)?;
        let surface = Surface::open(loaded, &self.common.tenant).await?;
        let body = json!({ "to": to, "purpose": self.purpose });
        let answer = surface.call(Method::POST, LIST, Some(body)).await?;
        answer.tell_as(self.common.output, shown)
    }
}

/// Takes back all challenges of a recipient that wait for their codes, for one purpose.
pub(super) async fn revoke_all(
    target: &ChallengeArguments,
    common: &CommonArguments,
    loaded: Loaded,
) -> Result<ExitCode, CommandError> {
    let surface = Surface::open(loaded, &common.tenant).await?;
    let listed = surface.call(Method::POST, LIST, Some(target.addressee())).await?;
    if !listed.status.is_success() {
        return listed.tell(common.output, "revoked");
    }
    let body = listed.body.unwrap_or_default();
    let mut revoked = Vec::new();
    for (_, challenge) in challenges(&body) {
        let Some(id) = challenge.get("id").and_then(Value::as_str) else { continue };
        let answer = surface.call(Method::DELETE, &challenge_path(id, "")?, None).await?;
        match answer.status {
            status if status.is_success() => revoked.push(id.to_owned()),
            // It was answered or came to its end meanwhile.
            StatusCode::GONE | StatusCode::NOT_FOUND => {}
            _ => return answer.tell(common.output, "revoked"),
        }
    }
    let answer = Answer { status: StatusCode::OK, body: Some(json!({ "revoked": revoked })) };
    answer.tell_as(common.output, |_| match &revoked[..] {
        [] => "no challenge waits for its code".to_owned(),
        ids => ids.iter().map(|id| format!("revoked: {id}")).collect::<Vec<_>>().join("\n"),
    })
}

/// Each challenge, with who is to answer it.
fn challenges(body: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    [("known device", "known_devices"), ("other", "other_clients")].into_iter().flat_map(
        move |(client, member)| {
            let challenges = body.get(member).and_then(Value::as_array).into_iter().flatten();
            challenges.map(move |challenge| (client, challenge))
        },
    )
}

fn shown(body: &Value) -> String {
    let row = |(client, challenge): (&str, &Value)| {
        let mut row = vec![client.to_owned()];
        row.extend(COLUMNS.map(|(_, member)| cell(challenge, member)));
        row
    };
    let rows: Vec<_> = challenges(body).map(row).collect();
    if rows.is_empty() {
        return "no challenge waits for its code".to_owned();
    }
    let heads = ["CLIENT"].into_iter().chain(COLUMNS.map(|(head, _)| head));
    table(&heads.collect::<Vec<_>>(), &rows)
}

const COLUMNS: [(&str, &str); 8] = [
    ("PURPOSE", "purpose"),
    ("CHANNEL", "channel"),
    ("TO", "to"),
    ("DELIVERY", "delivery"),
    ("ISSUED", "issued_at"),
    ("EXPIRES IN", "expires_in"),
    ("ATTEMPTS", "attempts_left"),
    ("ID", "id"),
];
