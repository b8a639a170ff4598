//! Wrong configurations, as an operator meets them: everything is told at once, with its line, and the next step.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::process::{Command, Stdio};

use countersign_contract::settings::{Activity, Limit, Policy as Draft};
use countersign_contract::types::{Channel, Scope};
use countersign_core::policy::Policy;
use countersign_tests::client::Client;
use countersign_tests::process::{self, Host};
use countersign_tests::redis::free_port;
use countersign_tests::settings::{self, Workplace};
use serde_json::Value;

use crate::RULES;

/// `config check` of this text: its exit code, and what it said.
async fn checked(workplace: &Workplace, text: &str, variables: &[(&str, &str)]) -> (i32, String) {
    let config = workplace.write("countersign.toml", text).unwrap();
    let mut command = process::command(Some(&config)).unwrap();
    command.args(["config", "check"]).envs(variables.iter().copied());
    let output = process::run(command, "").await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn mistakes_that_store_providers_and_engine_find_are_told_with_all_others() {
    let workplace = Workplace::new().unwrap();
    let text = format!(
        r#"[server]
mode = "development"
public_url = "otp.example.com"
drain_seconds = 601
[store]
type = "redis"
url = "redis://user:hunter2@host/five"
[senders.sms]
type = "twilio_sms"
account_sid = "AC1"
auth_token = "hunter2"
from = "+15017122661"
[messages]
android_app_hash = "x"
[purposes.login]
channels = ["sms"]
code_lenght = 7
[purposes.sign-up]
channels = ["sms"]
default_region = "Indonesia"
{}"#,
        settings::engine("").unwrap()
    );
    let variables = [("COUNTERSIGN_PURPOSES__LOGIN__MAX_ATEMPTS", "4")];
    let (code, said) = checked(&workplace, &text, &variables).await;
    assert_eq!(code, 2, "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    let mut rest = said.as_str();
    // In the order of their lines, each with its own.
    for mistake in [
        "8 mistakes in the configuration:",
        "countersign.toml:3: server.public_url: ",
        "countersign.toml:4: server.drain_seconds: has to be 0 to 600",
        "countersign.toml:7: store.url: ",
        "countersign.toml:10: senders.sms.account_sid: ",
        "countersign.toml:14: messages.android_app_hash: ",
        "countersign.toml:17: purposes.login.code_lenght: ",
        "countersign.toml:20: purposes.sign-up.default_region: ",
        "environment variable COUNTERSIGN_PURPOSES__LOGIN__MAX_ATEMPTS: ",
        "did you mean `COUNTERSIGN_PURPOSES__LOGIN__MAX_ATTEMPTS`?",
    ] {
        let at = rest.find(mistake).unwrap_or_else(|| panic!("{mistake} is missing: {said}"));
        rest = &rest[at..];
    }
}

#[tokio::test]
async fn what_only_the_engine_finds_has_its_line() {
    let workplace = Workplace::new().unwrap();
    let engine = settings::engine("").unwrap();
    let text = format!(
        "{}[purposes.login]\nchannels = [\"sms\"]\nlockout_seconds = 4000\nlockout_max_seconds = 3000\nmax_attempts = 8\nfailure_cap = 7\n[purposes.pay]\nchannels = []\n{engine}",
        settings::SERVER
    );
    let (code, said) = checked(&workplace, &text, &[]).await;
    assert_eq!(code, 2, "{said}");
    let range = "countersign.toml:7: purposes.login.lockout_max_seconds: is 3000, but has to be 4000 to 604800";
    assert!(said.contains(range), "{said}");
    let cap = "countersign.toml:9: purposes.login.failure_cap: is 7, but has to be 8 to 100";
    assert!(said.contains(cap), "{said}");
    assert!(said.contains("countersign.toml:11: purposes.pay.channels: "), "{said}");
}

/// An instance keeps the policies that it has used; so many long ones would be 5 MB.
#[tokio::test]
async fn policies_with_the_longest_lists_fit_into_an_instance() {
    let workplace = Workplace::new().unwrap();
    let list = |first: u32| {
        let prefixes: Vec<_> =
            (0..300).map(|number| format!("\"+62{}\"", first + number)).collect();
        format!("[{}]", prefixes.join(", "))
    };
    let lists = format!("allow = {}, deny = {}", list(100), list(500));
    let regions =
        format!("{{ {lists}, channels = {{ sms = {{ {lists} }}, voice = {{ {lists} }} }} }}");
    let purposes: String = (0..100)
        .map(|number| {
            format!("[purposes.p{number}]\nchannels = [\"sms\", \"voice\"]\nregions = {regions}\n")
        })
        .collect();
    let engine = settings::engine("memory_mib = 4\n").unwrap();
    let text = format!("{}{engine}{purposes}", settings::SERVER);
    let (code, said) = checked(&workplace, &text, &[]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("purposes: 100"), "{said}");
}

#[tokio::test]
async fn what_is_wrong_with_the_keys_is_told_once() {
    let workplace = Workplace::new().unwrap();
    let engine = settings::engine("").unwrap();
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let text = format!(
        "{}[keys]\nindex = \"{key}\"\nring = [{{ name = \"a\", secret = \"{key}\" }}]\n[purposes.login]\nchannels = [\"sms\"]\n[purposes.pay]\nchannels = [\"sms\"]\n{engine}",
        settings::SERVER
    );
    let (code, said) = checked(&workplace, &text, &[]).await;
    assert_eq!(code, 2, "{said}");
    assert_eq!(said.matches("keys: two keys have the same secret").count(), 1, "{said}");
    assert!(!said.contains("purposes."), "{said}");
}

/// A host that listens at `localhost`.
async fn at_localhost(workplace: &Workplace) -> Host {
    let server = "[server]\nlisten = \"localhost:0\"\nmode = \"development\"\n";
    let sections = [server, settings::MEMORY, settings::KEYS, settings::LOG, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    Host::start(&config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn localhost_is_served_over_ipv4() {
    let workplace = Workplace::new().unwrap();
    let host = at_localhost(&workplace).await;
    assert!(host.address().ip().is_loopback() && host.address().is_ipv4());
    assert_eq!(Client::new(host.address()).get("/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(has_ipv6), ignore = "needs IPv6")]
async fn localhost_is_served_over_ipv6() {
    let workplace = Workplace::new().unwrap();
    let host = at_localhost(&workplace).await;
    let second = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), host.address().port());
    assert_eq!(Client::new(second).get("/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_interface_is_served_and_ipv4_clients_keep_their_address() {
    let workplace = Workplace::new().unwrap();
    let digest = "ab".repeat(32);
    let server =
        "[server]\nlisten = \":0\"\nmode = \"development\"\ntrusted_proxies = [\"10.0.0.1\"]\n";
    let keys = format!("{}[[api_keys]]\nname = \"a\"\nsha256 = \"{digest}\"\n", settings::KEYS);
    let sections = [server, settings::MEMORY, &keys, settings::LOG, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let host = Host::start(&config).await.unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], host.address().port()));
    assert_eq!(Client::new(address).get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_redis_that_cannot_be_reached_is_named_without_its_password() {
    let workplace = Workplace::new().unwrap();
    let port = free_port().unwrap();
    let store = format!(
        "[store]\ntype = \"redis\"\nurl = \"redis://ann:hunter2@127.0.0.1:{port}/1\"\nconnect_timeout_seconds = 1\n"
    );
    let sections = [settings::SERVER, &store, settings::KEYS, settings::LOG, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let mut command = process::command(Some(&config)).unwrap();
    command.arg("serve");
    let output = process::run(command, "").await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("Redis at 127.0.0.1:{port}: ")), "{said}");
    let in_log = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let server = format!("127.0.0.1:{port}");
    assert_eq!(in_log.filter(|line| line["server"] == *server).count(), 1, "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn the_next_step_without_a_configuration_works_as_it_stands() {
    let workplace = Workplace::new().unwrap();
    let mut command = process::command(None).unwrap();
    command.arg("serve").current_dir(workplace.path());
    let output = process::run(command, "").await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    let line = said.lines().find_map(|line| line.split_once("to try it, in memory:"));
    let line = line.unwrap_or_else(|| panic!("{said}")).1;

    let binary = process::binary().unwrap();
    let path = format!(
        "{}:{}",
        binary.parent().unwrap().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let ready = workplace.path().join("ready");
    let line = format!("exec {} --ready-file '{}'", line.trim(), ready.display());
    let cache = binary.with_file_name("countersign-tests-cache");
    let mut host = Command::new("sh")
        .args(["-c", &line])
        .env_clear()
        .env("PATH", path)
        .env("COUNTERSIGN_SERVER__LISTEN", "127.0.0.1:0")
        .env("COUNTERSIGN_ENGINE__CACHE_DIRECTORY", cache)
        .current_dir(workplace.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let patience = std::time::Duration::from_secs(60);
    let address = countersign_tests::wait::until(patience, || {
        let text = std::fs::read_to_string(&ready).ok()?;
        let ready: Value = serde_json::from_str(&text).ok()?;
        ready["address"].as_str()?.parse::<SocketAddr>().ok()
    });
    let address = address.await;
    let answered = match address {
        Some(address) => crate::issue(&Client::new(address), 1).await.status,
        None => 0,
    };
    host.kill().unwrap();
    host.wait().unwrap();
    assert_eq!(answered, 201);
}

/// Sets a field.
type Set = fn(&mut Draft, u32);

/// The ranges that the schema names are the engine's own.
#[test]
fn the_schemas_ranges_of_a_policy_are_those_of_the_core() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/config.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let range = |table: &str, field: &str| {
        let place = &schema["$defs"][table]["properties"][field];
        let bound = |name: &str| u32::try_from(place[name].as_u64().unwrap()).unwrap();
        (bound("minimum"), bound("maximum"))
    };
    let draft = || Draft { channels: vec![Channel::Sms], ..Draft::default() };
    // What a field has to be above or below, by the rules between them, is set as far away as can be.
    let fields: [(&str, Set); 10] = [
        ("code_length", |draft, value| draft.code_length = Some(value)),
        ("lifetime_seconds", |draft, value| draft.lifetime_seconds = Some(value)),
        ("max_attempts", |draft, value| draft.max_attempts = Some(value)),
        ("lockout_seconds", |draft, value| draft.lockout_seconds = Some(value)),
        ("lockout_max_seconds", |draft, value| {
            (draft.lockout_seconds, draft.lockout_max_seconds) = (Some(60), Some(value));
        }),
        ("failure_cap", |draft, value| {
            (draft.max_attempts, draft.failure_cap) = (Some(1), Some(value));
        }),
        ("cooldown_seconds", |draft, value| draft.cooldown_seconds = Some(value)),
        ("cooldown_max_seconds", |draft, value| {
            (draft.cooldown_seconds, draft.cooldown_max_seconds) = (Some(0), Some(value));
        }),
        ("max_resends", |draft, value| draft.max_resends = Some(value)),
        ("remember_device_seconds", |draft, value| draft.remember_device_seconds = Some(value)),
    ];
    let policies = schema["$defs"]["PolicySettings"]["properties"].as_object().unwrap();
    let numbers = policies.values().filter(|place| place.get("maximum").is_some()).count();
    assert_eq!(numbers, fields.len(), "a field is missing here, or its range in the schema");
    for (field, set) in fields {
        let (least, most) = range("PolicySettings", field);
        let accepts = |value| {
            let mut draft = draft();
            set(&mut draft, value);
            Policy::new(draft).is_ok()
        };
        assert!(accepts(least) && accepts(most), "{field}: {least} to {most}");
        assert!(least == 0 || !accepts(least - 1), "{field} may be below {least}");
        assert!(!accepts(most + 1), "{field} may be above {most}");
    }
    let limit = |max, window_seconds| {
        let (scope, on) = (Scope::Ip, Activity::Send);
        let limit = Limit { scope, on, max: Some(max), window_seconds };
        Policy::new(Draft { limits: vec![limit], ..draft() }).is_ok()
    };
    let ((least_max, most_max), (least, most)) =
        (range("LimitSettings", "max"), range("LimitSettings", "window_seconds"));
    assert!(limit(least_max, least) && limit(most_max, most));
    assert!(!limit(least_max - 1, least) && !limit(most_max + 1, least));
    assert!(!limit(least_max, least - 1) && !limit(least_max, most + 1));
}
