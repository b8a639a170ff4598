//! The other commands: on the same store as the server, saying what it would say.

use std::process::Output;

use countersign_tests::client::Client;
use countersign_tests::outbox::wrong;
use countersign_tests::process::{self, Host};
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use serde_json::{Value, json};

use crate::RULES;

async fn run(workplace: &Workplace, arguments: &[&str], input: &str) -> (i32, Value) {
    let output = output(workplace, arguments, input).await;
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

async fn output(workplace: &Workplace, arguments: &[&str], input: &str) -> Output {
    let config = workplace.path().join("countersign.toml");
    let mut command = process::command(Some(&config)).unwrap();
    command.args(arguments).current_dir(workplace.path());
    process::run(command, input).await.unwrap()
}

async fn commands_and_server_agree(workplace: &Workplace, store: &str) {
    let senders = workplace.senders(&["sms"]);
    let sections = [settings::SERVER, store, &senders, settings::KEYS, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let host = Host::start(&config).await.unwrap();
    let client = Client::new(host.address());
    let to = "+6281234500001";

    // Sent by the one, seen and verified by the other.
    let (code, sent) = run(workplace, &["send", "login", to], "").await;
    assert_eq!((code, &sent["to"]), (0, &json!("62****0001")), "{sent}");
    assert_eq!(sent["channel"], "sms", "the purpose's first");
    let id = sent["id"].as_str().unwrap();
    let path = format!("/v1/challenges/{id}");
    assert_eq!(client.get(&path).await.text_of("state"), "pending");
    let (code, again) = run(workplace, &["send", "login", to, "--channel", "sms"], "").await;
    assert_eq!((code, &again["code"]), (1, &json!("throttled")));

    let right = workplace.outbox().code(id);
    let (code, answer) = run(workplace, &["verify", "--id", id, &wrong(&right)], "").await;
    assert_eq!(
        (code, &answer["code"], &answer["attempts_left"]),
        (1, &json!("code_mismatch"), &json!(2))
    );
    let by_recipient = ["verify", "--purpose", "login", "--to", to, "-"];
    let (code, answer) = run(workplace, &by_recipient, &format!("{right}\n")).await;
    assert_eq!((code, &answer["verified"]), (0, &json!(true)), "{answer}");
    let answer = client.post(&format!("{path}/verify"), &json!({ "code": right })).await;
    assert_eq!(answer.status, 404, "{answer:?}");
    let (code, answer) = run(workplace, &["status", "--id", id], "").await;
    assert_eq!((code, &answer["state"]), (0, &json!("verified")));
    assert_eq!(answer["delivery"], "sent");

    // And the other way round.
    let to = "+6281234500002";
    let body = json!({ "purpose": "login", "channel": "sms", "to": to });
    let issued = client.post("/v1/challenges", &body).await;
    let (code, answer) = run(workplace, &["status", "--purpose", "login", "--to", to], "").await;
    assert_eq!((code, &answer["id"]), (0, &json!(issued.id())), "{answer}");
    assert_eq!(run(workplace, &["revoke", "--id", issued.id()], "").await.0, 0);
    let path = format!("/v1/challenges/{}", issued.id());
    assert_eq!(client.get(&path).await.text_of("state"), "revoked");
    assert_eq!(run(workplace, &["revoke", "--id", issued.id()], "").await.0, 1);
    assert_eq!(run(workplace, &["revoke", "--id", "../status"], "").await.0, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_and_server_share_a_database() {
    let workplace = Workplace::new().unwrap();
    let store = workplace.sqlite();
    commands_and_server_agree(&workplace, &store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_and_server_share_a_redis() {
    let redis = RedisServer::start().unwrap();
    let workplace = Workplace::new().unwrap();
    commands_and_server_agree(&workplace, &settings::redis(redis.port())).await;
}

#[tokio::test]
async fn commands_on_a_store_that_nobody_shares_are_refused() {
    let workplace = Workplace::new().unwrap();
    let sections = [settings::SERVER, settings::MEMORY, settings::KEYS, RULES];
    workplace.config("countersign.toml", &sections).unwrap();
    let output = output(&workplace, &["send", "login", "+6281234500001"], "").await;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("memory"));
}

#[tokio::test]
async fn a_configuration_is_checked_without_its_store() {
    let workplace = Workplace::new().unwrap();
    let nowhere = settings::redis(1);
    let sections = [settings::SERVER, &nowhere, settings::KEYS, RULES];
    workplace.config("countersign.toml", &sections).unwrap();
    let checked = output(&workplace, &["config", "check"], "").await;
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(
        checked.status.success() && said.contains("in order") && said.contains("no provider"),
        "{said}"
    );

    let bad = "[purposes.login]\nchannels = [\"sms\"]\nmax_attempts = 11\n";
    workplace
        .config("countersign.toml", &[settings::SERVER, &nowhere, settings::KEYS, bad])
        .unwrap();
    let checked = output(&workplace, &["config", "check"], "").await;
    assert_eq!(checked.status.code(), Some(2));
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(said.contains("purposes.login") && said.contains("attempts"), "{said}");
}

#[tokio::test]
async fn generated_keys_are_new_and_can_be_used() {
    let workplace = Workplace::new().unwrap();
    let lines = async |arguments: &[&str]| {
        let output = output(&workplace, arguments, "").await;
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let [index, ring] = [lines(&["key", "generate"]).await, lines(&["key", "generate"]).await];
    assert_ne!(index, ring);
    let api = lines(&["key", "generate", "--api"]).await;
    let keys = format!(
        "[keys]\nindex = \"{}\"\nring = [{{ name = \"a\", secret = \"{}\" }}]\n[[api_keys]]\nname = \"app\"\n{}\n",
        index[0], ring[0], api[1]
    );
    let senders = workplace.senders(&["sms"]);
    let sections = [settings::SERVER, settings::MEMORY, &senders, &keys, RULES];
    let host =
        Host::start(&workplace.config("countersign.toml", &sections).unwrap()).await.unwrap();
    let client = Client::new(host.address());
    assert_eq!(crate::issue(&client, 1).await.status, 401);
    assert_eq!(crate::issue(&client.with_key(&api[0]), 1).await.status, 201);
}
