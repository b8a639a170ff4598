//! What an operator relies on: start, stop, overload, a store that fails, the doctor, and the command line.
#![cfg(test)]

mod alone;
mod command_line;
mod configuration;
mod counting;
mod doctor;
mod fallback;
mod keys;
mod operators;
mod overload;
mod shutdown;
mod start;
mod store;

use countersign_tests::client::{Answer, Client};
use countersign_tests::process::Host;
use countersign_tests::settings::{self, Workplace};
use serde_json::json;

const RULES: &str = "[purposes.login]\nverify_by = \"both\"\nchannels = [\"sms\"]\n";

/// A host with this `[store]`, and more settings of `[server]` and `[engine]`.
async fn host(workplace: &Workplace, store: &str, server: &str, engine: &str) -> Host {
    let server = format!("{}{server}\n", settings::SERVER);
    let senders = workplace.senders(&["sms"]);
    let engine = settings::engine(engine).unwrap();
    let text =
        [&server, store, &senders, settings::LOG, settings::KEYS, RULES, &engine].map(String::from);
    let config = workplace.write("countersign.toml", &text.join("\n")).unwrap();
    Host::start(&config).await.unwrap()
}

async fn issue(client: &Client, number: usize) -> Answer {
    let body =
        json!({ "purpose": "login", "channel": "sms", "to": format!("+6281234{number:05}") });
    client.post("/v1/challenges", &body).await
}
