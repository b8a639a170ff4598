//! What is done to the real binary by those who mean it harm, and by machines that fail around it.
#![cfg(test)]

mod clients;
mod clock;
mod http;
mod log;
mod machine;
mod memory;
mod rollback;
mod soak;
mod store;
mod strangers;

use countersign_tests::client::{Answer, Client};
use countersign_tests::settings::{self, Workplace};
use serde_json::json;

const RULES: &str = "[purposes.login]\nchannels = [\"sms\"]\n";

/// A configuration with this `[store]` and more settings of `[server]`: where it is.
fn config(workplace: &Workplace, store: &str, server: &str) -> std::path::PathBuf {
    let server = format!("{}{server}\n", settings::SERVER);
    let senders = workplace.senders(&["sms"]);
    let sections = [&server, store, &senders, settings::LOG, settings::KEYS, RULES];
    workplace.config("countersign.toml", &sections).unwrap()
}

async fn issue(client: &Client, number: usize) -> Answer {
    let body = json!({ "purpose": "login", "to": format!("+6281234{number:05}") });
    client.post("/v1/challenges", &body).await
}
