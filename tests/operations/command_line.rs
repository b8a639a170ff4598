//! The other commands: on the same store as the server, saying what it would say.

use std::fs::File;
use std::process::{Command, Output, Stdio};

use countersign_tests::client::Client;
use countersign_tests::outbox::wrong;
use countersign_tests::process::{self, Host};
use countersign_tests::redis::{RedisServer, free_port};
use countersign_tests::settings::{self, Workplace};
use serde_json::{Value, json};

use crate::RULES;

const DONE: i32 = 0;
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const WRONG_CODE: i32 = 3;
const REFUSED: i32 = 4;
const UNKNOWN: i32 = 5;
const UNAVAILABLE: i32 = 6;

/// Runs a command that answers in JSON: its exit code and its answer. No line of a log comes with it but the audit's.
async fn run(workplace: &Workplace, arguments: &[&str], input: &str) -> (i32, Value) {
    let arguments = [arguments, &["--output", "json"]].concat();
    let output = output(workplace, &arguments, input).await;
    let said = String::from_utf8_lossy(&output.stderr);
    let more = said.lines().find(|line| !line.contains("countersign::audit"));
    assert_eq!(more, None, "{arguments:?}");
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

fn command(workplace: &Workplace, arguments: &[&str]) -> Command {
    let config = workplace.path().join("countersign.toml");
    let mut command = process::command(Some(&config)).unwrap();
    command.args(arguments).current_dir(workplace.path());
    command
}

async fn output(workplace: &Workplace, arguments: &[&str], input: &str) -> Output {
    process::run(command(workplace, arguments), input).await.unwrap()
}

/// A workplace whose commands work on a database, and its configuration.
fn with_database() -> Workplace {
    let workplace = Workplace::new().unwrap();
    let (store, senders) = (workplace.sqlite(), workplace.senders(&["sms"]));
    let sections = [settings::SERVER, &store, &senders, settings::KEYS, RULES];
    workplace.config("countersign.toml", &sections).unwrap();
    workplace
}

async fn commands_and_server_agree(workplace: &Workplace, store: &str) {
    let senders = workplace.senders(&["sms"]);
    let sections = [settings::SERVER, store, &senders, settings::KEYS, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let host = Host::start(&config).await.unwrap();
    let client = Client::new(host.address());
    let to = "+6281234500001";

    // Issued by the one, seen and verified by the other.
    let (code, issued) = run(workplace, &["issue", "login", to], "").await;
    assert_eq!((code, &issued["to"]), (DONE, &json!("62****0001")), "{issued}");
    assert_eq!(issued["channel"], "sms", "the purpose's first");
    let id = issued["id"].as_str().unwrap();
    let path = format!("/v1/challenges/{id}");
    assert_eq!(client.get(&path).await.text_of("state"), "pending");
    let (code, again) = run(workplace, &["issue", "login", to, "--channel", "sms"], "").await;
    assert_eq!((code, &again["code"]), (REFUSED, &json!("throttled")));

    let right = workplace.outbox().code(id);
    let (code, answer) =
        run(workplace, &["verify", "--id", id, "--code", &wrong(&right)], "").await;
    assert_eq!(
        (code, &answer["code"], &answer["attempts_left"]),
        (WRONG_CODE, &json!("code_mismatch"), &json!(2))
    );
    let by_recipient = ["verify", "login", to, "--code", "-"];
    let (code, answer) = run(workplace, &by_recipient, &format!("{right}\n")).await;
    assert_eq!((code, &answer["verified"]), (DONE, &json!(true)), "{answer}");
    let answer = client.post(&format!("{path}/verify"), &json!({ "code": right })).await;
    assert_eq!(answer.status, 404, "{answer:?}");
    let (code, answer) = run(workplace, &["status", "--id", id], "").await;
    assert_eq!((code, &answer["state"]), (DONE, &json!("verified")));
    assert_eq!(answer["delivery"], "sent");
    let again = run(workplace, &["verify", "--id", id, "--code", &right], "").await;
    assert_eq!((again.0, &again.1["code"]), (UNKNOWN, &json!("challenge_not_found")));

    // And the other way round, by recipient.
    let to = "+6281234500002";
    let body = json!({ "purpose": "login", "channel": "sms", "to": to });
    let issued = client.post("/v1/challenges", &body).await;
    let (code, answer) = run(workplace, &["status", "login", to], "").await;
    assert_eq!((code, &answer["id"]), (DONE, &json!(issued.id())), "{answer}");
    let (code, answer) = run(workplace, &["revoke", "login", to], "").await;
    assert_eq!((code, answer), (DONE, json!({ "revoked": true })));
    let path = format!("/v1/challenges/{}", issued.id());
    assert_eq!(client.get(&path).await.text_of("state"), "revoked");
    assert_eq!(run(workplace, &["revoke", "--id", issued.id()], "").await.0, UNKNOWN);
    assert_eq!(run(workplace, &["revoke", "login", "+6281234500003"], "").await.0, UNKNOWN);
    let (code, answer) = run(workplace, &["unlock", "login", to], "").await;
    assert_eq!((code, answer), (DONE, json!({ "unlocked": true })));
    let none = output(workplace, &["revoke", "--id", "../status"], "").await;
    assert_eq!(none.status.code(), Some(USAGE));
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
async fn text_says_what_happened_and_nothing_of_the_log() {
    let workplace = with_database();
    let to = "+6281234500001";
    let issued = output(&workplace, &["issue", "login", to], "").await;
    let text = String::from_utf8(issued.stdout).unwrap();
    let id = text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    assert!(text.contains("\nto: 62****0001"), "{text}");
    assert_eq!(String::from_utf8_lossy(&issued.stderr), "");

    let right = workplace.outbox().code(id);
    // A refusal is on standard error, where a pipe doesn't take it for an answer.
    let refused = output(&workplace, &["verify", "login", to, "--code", &wrong(&right)], "").await;
    assert_eq!(refused.status.code(), Some(WRONG_CODE));
    assert_eq!(String::from_utf8_lossy(&refused.stdout), "");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.starts_with("countersign: Wrong code: "), "{said}");
    assert!(said.contains("\n  attempts_left: 2\n  code: code_mismatch\n"), "{said}");

    // The log is there where it is asked for.
    let logged = output(&workplace, &["status", "--id", id, "-v"], "").await;
    assert!(String::from_utf8_lossy(&logged.stderr).contains("INFO"), "{logged:?}");
    assert!(!String::from_utf8_lossy(&logged.stdout).contains("INFO"), "{logged:?}");
}

#[tokio::test]
async fn what_is_wrong_has_its_own_exit_code() {
    let workplace = with_database();
    for (arguments, expected) in [
        (&["issue", "login"][..], USAGE),
        (&["issue", "login", "--id", "x"], USAGE),
        (&["send", "login", "+6281234500001"], USAGE),
        (&["verify", "login", "+6281234500001", "123456"], USAGE),
        (&["issue", "login", "not-a-number"], USAGE),
        (&["issue", "sign-up", "+6281234500001"], UNKNOWN),
        (&["issue", "login", "+6281234500001", "--channel", "email"], REFUSED),
        (&["issue", "login", "+6281234500001", "--tenant", "nobody"], UNKNOWN),
        (&["verify", "login", "+6281234500001", "--code", "123456"], UNKNOWN),
        (&["status", "login", "+6281234500001"], UNKNOWN),
        // Nothing was typed.
        (&["verify", "login", "+6281234500001"], USAGE),
    ] {
        let output = output(&workplace, arguments, "").await;
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {output:?}");
    }
    let nowhere = format!("{}connect_timeout_seconds = 1\n", settings::redis(free_port().unwrap()));
    let sections = [settings::SERVER, &nowhere, settings::KEYS, RULES];
    workplace.config("countersign.toml", &sections).unwrap();
    let output = output(&workplace, &["status", "login", "+6281234500001"], "").await;
    assert_eq!(output.status.code(), Some(UNAVAILABLE), "{output:?}");
}

#[tokio::test]
async fn every_commands_help_names_its_exit_codes() {
    let workplace = Workplace::new().unwrap();
    for verb in [
        "issue",
        "verify",
        "status",
        "revoke",
        "unlock",
        "challenges list",
        "challenges show",
        "challenges revoke",
        "challenges count",
        "subjects show",
        "subjects unlock",
    ] {
        let words: Vec<_> = verb.split(' ').chain(["--help"]).collect();
        let help = output(&workplace, &words, "").await;
        let text = String::from_utf8(help.stdout).unwrap();
        assert_eq!(help.status.code(), Some(DONE));
        for (code, word) in [(3, "wrong"), (4, "refused"), (5, "unknown"), (6, "unavailable")] {
            let is_told =
                |line: &str| line.trim().starts_with(&code.to_string()) && line.contains(word);
            assert!(text.lines().any(is_told), "{code} of {verb}: {text}");
        }
        assert!(text.contains("--output") && text.contains("--verbose"), "{text}");
    }
}

/// Runs a command whose standard output goes to `stdout`.
fn writing_to(workplace: &Workplace, arguments: &[&str], stdout: Stdio) -> Output {
    let mut command = command(workplace, arguments);
    command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).output().unwrap()
}

#[tokio::test]
async fn an_answer_that_is_not_read_was_given_all_the_same() {
    let workplace = with_database();
    let to = "+6281234500001";
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let issued = writing_to(&workplace, &["issue", "login", to], writer.into());
    assert_eq!(String::from_utf8_lossy(&issued.stderr), "");
    assert_eq!(issued.status.code(), Some(DONE));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let refused = ["issue", "login", to, "--output", "json"];
    let refused = writing_to(&workplace, &refused, writer.into());
    assert_eq!(refused.status.code(), Some(REFUSED), "{refused:?}");

    // An answer that is lost for want of room is an error, and says so.
    let full = File::options().write(true).open("/dev/full").unwrap();
    let lost = writing_to(&workplace, &["status", "login", to], full.into());
    assert_eq!(lost.status.code(), Some(FAILED));
    let said = String::from_utf8_lossy(&lost.stderr);
    assert!(said.contains("standard input or output"), "{said}");
    for argument in ["--version", "--help"] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let lost = writing_to(&workplace, &[argument], full.into());
        assert_eq!(lost.status.code(), Some(FAILED), "{argument}");
    }

    // Standard error that is closed takes no answer with it.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = command(&workplace, &["verify", "login", to, "--code", "000000", "-v"]);
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(writer).status().unwrap();
    assert!(matches!(ended.code(), Some(DONE | WRONG_CODE)), "{ended:?}");
}

#[tokio::test]
async fn a_code_is_read_from_a_pipe() {
    let workplace = with_database();
    let (_, issued) = run(&workplace, &["issue", "login", "+6281234500001"], "").await;
    let id = issued["id"].as_str().unwrap();
    let right = workplace.outbox().code(id);
    // Without the option too, and with what a person or an editor puts around it.
    let (code, _) = run(&workplace, &["verify", "--id", id], &format!("{}\n", wrong(&right))).await;
    assert_eq!(code, WRONG_CODE);
    let (code, _) = run(&workplace, &["verify", "--id", id], &format!("  {right} \n")).await;
    assert_eq!(code, DONE);
}

#[tokio::test]
#[cfg_attr(not(has_script), ignore = "needs `script` of util-linux on the PATH")]
async fn a_code_is_asked_for_at_a_terminal() {
    let workplace = with_database();
    let (_, issued) = run(&workplace, &["issue", "login", "+6281234500001"], "").await;
    let id = issued["id"].as_str().unwrap();
    let right = workplace.outbox().code(id);
    let binary = process::binary().unwrap();
    let config = workplace.path().join("countersign.toml");
    let line = format!("'{}' --config '{}' verify --id {id}", binary.display(), config.display());
    let mut at_terminal = Command::new("script");
    at_terminal.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    let asked = process::run(at_terminal, &format!("  {right} \n")).await.unwrap();
    let said = String::from_utf8_lossy(&asked.stdout);
    assert!(said.contains("Code: ") && said.contains("verified: true"), "{said}");
    assert_eq!(asked.status.code(), Some(DONE));
}

#[tokio::test]
async fn commands_on_a_store_that_is_not_shared_are_refused() {
    let workplace = Workplace::new().unwrap();
    let sections = [settings::SERVER, settings::MEMORY, settings::KEYS, RULES];
    workplace.config("countersign.toml", &sections).unwrap();
    let output = output(&workplace, &["issue", "login", "+6281234500001"], "").await;
    assert_eq!(output.status.code(), Some(USAGE));
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
    assert_eq!(checked.status.code(), Some(USAGE));
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
