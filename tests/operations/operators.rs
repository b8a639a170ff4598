//! `countersign challenges` and `countersign subjects`: what operators see and do, and the line that each leaves.

use std::process::Output;

use countersign_tests::client::Client;
use countersign_tests::outbox::wrong;
use countersign_tests::process::{self, Host};
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use serde_json::{Value, json};

const RULES: &str = "
[purposes.login]
verify_by = \"both\"
channels = [\"sms\"]
cooldown_seconds = 0
[purposes.payment]
channels = [\"sms\"]
";
const TO: &str = "+6281234500001";

struct Desk {
    workplace: Workplace,
    host: Host,
}

impl Desk {
    async fn over(workplace: Workplace, store: &str) -> Self {
        let senders = workplace.senders(&["sms"]);
        let sections = [settings::SERVER, store, &senders, settings::KEYS, RULES];
        let config = workplace.config("countersign.toml", &sections).unwrap();
        let host = Host::start(&config).await.unwrap();
        Self { workplace, host }
    }

    async fn issued(&self, purpose: &str, to: &str) -> String {
        let body = json!({ "purpose": purpose, "to": to });
        let answer = Client::new(self.host.address()).post("/v1/challenges", &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.id().to_owned()
    }

    async fn state(&self, id: &str) -> String {
        let path = format!("/v1/challenges/{id}");
        Client::new(self.host.address()).get(&path).await.text_of("state").to_owned()
    }

    async fn output(&self, arguments: &[&str], input: &str) -> Output {
        let config = self.workplace.path().join("countersign.toml");
        let mut command = process::command(Some(&config)).unwrap();
        command.args(arguments).current_dir(self.workplace.path()).env("USER", "ann");
        process::run(command, input).await.unwrap()
    }

    /// Runs a command that succeeds; its answer in JSON, and the line of the audit.
    async fn run(&self, arguments: &[&str], input: &str) -> (Value, String) {
        let output = self.output(&[arguments, &["--output", "json"]].concat(), input).await;
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        (serde_json::from_slice(&output.stdout).unwrap(), audited(&output))
    }

    /// The same in text.
    async fn text(&self, arguments: &[&str], input: &str) -> String {
        let output = self.output(arguments, input).await;
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        audited(&output);
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The only line on standard error: that of the audit, which names the person and no recipient.
#[track_caller]
fn audited(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    let lines: Vec<_> = said.lines().filter(|line| line.contains("countersign::audit")).collect();
    let [line] = &lines[..] else { panic!("not one line of the audit: {said}") };
    assert!(line.contains("ann (uid ") && line.contains("command-line"), "{line}");
    assert!(!said.contains("81234500001"), "{said}");
    (*line).to_owned()
}

fn ids(challenges: &Value) -> Vec<&str> {
    challenges.as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect()
}

async fn operators_see_and_do_what_they_are_asked(desk: Desk) {
    let first = desk.issued("login", TO).await;
    let second = desk.issued("login", TO).await;
    let payment = desk.issued("payment", TO).await;

    let list = ["challenges", "list", "--to", "-"];
    let (listed, line) = desk.run(&list, &format!("{TO}\n")).await;
    assert_eq!(ids(&listed["other_clients"]), [&second, &first, &payment], "{listed}");
    assert_eq!(listed["known_devices"], json!([]));
    assert!(line.contains("challenges.list") && line.contains("****0001"), "{line}");
    let (listed, _) = desk.run(&[&list[..], &["--purpose", "payment"]].concat(), TO).await;
    assert_eq!(ids(&listed["other_clients"]), [&payment]);
    let text = desk.text(&["challenges", "list", "--to", TO], "").await;
    assert!(text.starts_with("CLIENT") && text.contains(&first), "{text}");
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(!text.contains("81234500001"), "{text}");

    let (shown, line) = desk.run(&["challenges", "show", &first], "").await;
    assert_eq!((&shown["id"], &shown["state"]), (&json!(first), &json!("pending")));
    assert!(line.contains("challenges.show") && line.contains(&first), "{line}");
    let (shown, _) = desk.run(&["challenges", "show", "login", "-"], TO).await;
    assert_eq!(shown["id"], json!(second));
    let (_, line) = desk.run(&["challenges", "revoke", &first], "").await;
    assert!(line.contains("challenges.revoke") && line.contains(&first), "{line}");
    assert_eq!(desk.state(&first).await, "revoked");

    // Every challenge of one purpose, each with its line; another purpose's stays.
    let third = desk.issued("login", TO).await;
    let all = ["challenges", "revoke", "login", TO, "--all", "--output", "json"];
    let revoked = desk.output(&all, "").await;
    let answer: Value = serde_json::from_slice(&revoked.stdout).unwrap();
    assert_eq!(answer, json!({ "revoked": [third, second] }));
    let said = String::from_utf8(revoked.stderr).unwrap();
    assert_eq!(said.matches("challenges.revoke").count(), 2, "{said}");
    assert_eq!(said.matches("challenges.list").count(), 1, "{said}");
    assert_eq!(desk.state(&second).await, "revoked");
    assert_eq!(desk.state(&payment).await, "pending");
    let none = desk.text(&["challenges", "revoke", "login", TO, "--all"], "").await;
    assert_eq!(none, "no challenge waits for its code\n");
}

async fn operators_see_and_lift_a_lock(desk: Desk) {
    let id = desk.issued("login", TO).await;
    let body = json!({ "code": wrong(&desk.workplace.outbox().code(&id)) });
    for _ in 0..3 {
        let path = format!("/v1/challenges/{id}/verify");
        let answer = Client::new(desk.host.address()).post(&path, &body).await;
        assert_eq!(answer.status, 422, "{answer:?}");
    }
    let (shown, line) = desk.run(&["subjects", "show", "login", "-"], TO).await;
    let side = &shown["other_clients"];
    assert_eq!((&side["failures"], &side["disabled"]), (&json!(3), &json!(false)), "{shown}");
    assert!(side["locked_for"].as_u64().is_some_and(|seconds| (1..=900).contains(&seconds)));
    assert_eq!(side["challenges"][0]["state"], "exhausted");
    assert_eq!(shown["known_devices"]["failures"], 0);
    assert_eq!(shown["to"], "62****0001");
    assert!(line.contains("subjects.show") && line.contains("****0001"), "{line}");
    let text = desk.text(&["subjects", "show", "login", TO], "").await;
    assert!(text.contains("LOCKED FOR") && text.contains("exhausted"), "{text}");

    let (answer, line) = desk.run(&["subjects", "unlock", "login", "-"], TO).await;
    assert_eq!(answer, json!({ "unlocked": true }));
    assert!(line.contains("subjects.unlock") && line.contains("login"), "{line}");
    let (shown, _) = desk.run(&["subjects", "show", "login", TO], "").await;
    assert_eq!(shown["other_clients"]["failures"], 0);
    desk.issued("login", TO).await;
    // The verb that there was before leaves the same line.
    let (_, line) = desk.run(&["unlock", "login", TO], "").await;
    assert!(line.contains("subjects.unlock") && line.contains("****0001"), "{line}");
}

async fn over_a_database() -> Desk {
    let workplace = Workplace::new().unwrap();
    let store = workplace.sqlite();
    Desk::over(workplace, &store).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_and_do_what_they_are_asked_in_a_database() {
    operators_see_and_do_what_they_are_asked(over_a_database().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_and_do_what_they_are_asked_in_a_redis() {
    let redis = RedisServer::start().unwrap();
    let desk = Desk::over(Workplace::new().unwrap(), &settings::redis(redis.port())).await;
    operators_see_and_do_what_they_are_asked(desk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_and_lift_a_lock_in_a_database() {
    operators_see_and_lift_a_lock(over_a_database().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_has_its_exit_code_and_its_line() {
    let desk = over_a_database().await;
    for (arguments, expected, result) in [
        (&["challenges", "list", "--to", "not-a-number"][..], 2, "invalid_recipient"),
        (&["challenges", "list", "--to", TO, "--purpose", "sign-up"], 5, "unknown_purpose"),
        (&["challenges", "show", "login", TO], 5, "challenge_not_found"),
        (&["challenges", "show", "login.x"], 5, "challenge_not_found"),
        (&["challenges", "revoke", "login.x"], 5, "challenge_not_found"),
        (&["subjects", "show", "sign-up", TO], 5, "unknown_purpose"),
        (&["subjects", "unlock", "sign-up", TO], 5, "unknown_purpose"),
    ] {
        let output = desk.output(arguments, "").await;
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {output:?}");
        let line = audited(&output);
        assert!(line.contains(result), "{arguments:?}: {line}");
    }
    // What never reaches the service is no action.
    for arguments in [
        &["challenges", "show", "../status"][..],
        &["subjects", "show", "login", "-"],
        &["challenges", "count", "--tenant", "No!"],
    ] {
        let output = desk.output(arguments, "").await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
    }
}

/// The audit is part of the log, in its format, and stands there however little else does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_is_written_in_the_logs_format_whatever_the_filter_says() {
    for (filter, is_written) in
        [("off", true), ("error", true), ("off,countersign::audit=off", false)]
    {
        let workplace = Workplace::new().unwrap();
        let log = format!("[log]\nformat = \"json\"\nfilter = \"{filter}\"\n");
        let (store, senders) = (workplace.sqlite(), workplace.senders(&["sms"]));
        let sections = [settings::SERVER, &store, &log, &senders, settings::KEYS, RULES];
        let config = workplace.config("countersign.toml", &sections).unwrap();
        let host = Host::start(&config).await.unwrap();
        let body = json!({ "purpose": "login", "to": TO });
        let answer = Client::new(host.address()).post("/v1/unlock", &body).await;
        assert_eq!(answer.status, 204, "{answer:?}");
        let log = host.log();
        let line = log.iter().find(|line| line["target"] == "countersign::audit");
        assert_eq!(line.is_some(), is_written, "{filter}: {log:?}");
        if let Some(line) = line {
            assert_eq!(line["action"], "subjects.unlock");
            assert_eq!((&line["result"], &line["to"]), (&json!("ok"), &json!("****0001")));
            assert_eq!((&line["key"], &line["purpose"]), (&json!("open"), &json!("login")));
        }
    }
}
