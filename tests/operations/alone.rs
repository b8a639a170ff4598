//! The binary alone: the component is inside.

use std::fs;

use countersign_tests::client::Client;
use countersign_tests::process::{self, Host};
use countersign_tests::settings::{self, Workplace};
use data_encoding::HEXLOWER;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::RULES;

/// The digest of the component that the edge app is composed of (`tests/edge` holds that it is).
fn digest() -> String {
    let path = std::env::var_os("COUNTERSIGN_TEST_WASM").expect("`cargo xtask test` names it");
    HEXLOWER.encode(&Sha256::digest(fs::read(path).unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_binary_alone_in_a_folder_issues_and_verifies() {
    let workplace = Workplace::new().unwrap();
    let folder = workplace.path().join("alone");
    fs::create_dir(&folder).unwrap();
    let binary = folder.join("countersign");
    process::copy_binary(&binary).unwrap();
    let senders = workplace.senders(&["sms"]);
    let sections =
        [settings::SERVER, settings::MEMORY, &senders, settings::KEYS, settings::LOG, RULES];
    let config = folder.join("countersign.toml");
    fs::write(&config, sections.join("\n")).unwrap();

    let host = Host::start_binary(&binary, &config).await.unwrap();
    let client = Client::new(host.address());
    let issued = crate::issue(&client, 1).await;
    assert_eq!(issued.status, 201, "{issued:?}");
    let body = json!({ "code": workplace.outbox().code(issued.id()) });
    let path = format!("/v1/challenges/{}/verify", issued.id());
    assert_eq!(client.post(&path, &body).await.status, 200);

    let log = host.log();
    let ready = log.iter().find(|line| line["message"] == "ready").unwrap();
    assert_eq!(ready["component"], digest());
}

#[tokio::test]
async fn the_version_names_the_component_and_its_contract() {
    let mut command = process::command(None).unwrap();
    command.arg("--version");
    let said = process::run(command, "").await.unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.starts_with(&format!("countersign {}\n", env!("CARGO_PKG_VERSION"))), "{said}");
    assert!(said.contains("countersign:otp@0.1.0"), "{said}");
    assert!(said.contains(&digest()), "{said}");
}
