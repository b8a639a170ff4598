//! No code, no key, no full recipient and no API key leaves by the side doors: all that a host says at its most
//! talkative, and all that its Redis holds, searched after good days and bad ones.
#![cfg(test)]

use std::fmt::Write;

use countersign_http_api::keys::new_key;
use countersign_tests::client::Client;
use countersign_tests::leaks::{leaks, secrets_of};
use countersign_tests::outbox::wrong;
use countersign_tests::process::{self, Host};
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use countersign_tests::wait::until_async;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hyper::Method;
use serde_json::{Value, json};

/// Codes of ten signs: no moment, port or process is taken for one.
const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["sms", "email", "whatsapp"]
default_region = "ID"
code_length = 10
cooldown_seconds = 0
limits = [{ scope = "subject", on = "verify", max = 50, window_seconds = 2678400 }]
[purposes.words]
verify_by = "both"
channels = ["sms"]
default_region = "ID"
code_length = 10
cooldown_seconds = 0
alphabet = "unambiguous"
"#;

const PHONES: [&str; 3] = ["0812-3450-0001", "+62 812 3450 0002", "+6281234500003"];
const MAILS: [&str; 2] = ["Jane.Doe+otp@Example.COM", "o'hara@bücher.example"];
/// What stands in no line in this spelling or another.
const DIGITS: [&str; 3] = ["81234500001", "81234500002", "81234500003"];

struct Scene {
    redis: RedisServer,
    workplace: Workplace,
    host: Host,
    api_keys: [String; 2],
    /// What successes left with devices.
    cookies: Vec<String>,
}

impl Scene {
    async fn new(format: &str) -> Self {
        let (redis, workplace) = (RedisServer::start().unwrap(), Workplace::new().unwrap());
        let mut rules = String::new();
        let api_keys = [("app", 7, false), ("ann", 8, true)].map(|(name, seed, operator)| {
            let (key, sha256) = new_key(&[seed; 32]);
            let sha256 = HEXLOWER.encode(&sha256);
            let entry = format!("name = \"{name}\"\nsha256 = \"{sha256}\"\noperator = {operator}");
            writeln!(rules, "[[api_keys]]\n{entry}").unwrap();
            key.expose().to_owned()
        });
        // All that is logged, by hyper and wasmtime too.
        let log = format!("[log]\nformat = \"{format}\"\nfilter = \"trace\"\n");
        let (store, senders) =
            (settings::redis(redis.port()), workplace.senders(&["sms", "email"]));
        let sections = [settings::SERVER, &store, &senders, &log, settings::KEYS, &rules, RULES];
        let config = workplace.config("countersign.toml", &sections).unwrap();
        let host = Host::start(&config).await.unwrap();
        Self { redis, workplace, host, api_keys, cookies: Vec::new() }
    }

    /// Everything that must not be said.
    fn secrets(&self) -> Vec<String> {
        let messages = self.workplace.outbox().messages();
        let codes = messages.iter().map(|message| wrong(message["code"].as_str().unwrap()));
        let mut secrets: Vec<String> = codes.collect();
        secrets.extend(secrets_of(&messages));
        secrets.extend(self.api_keys.iter().chain(&self.cookies).cloned());
        for key in [settings::key(0x11), settings::key(0x22)] {
            assert!(settings::KEYS.contains(&key));
            let bytes = HEXLOWER.decode(key.as_bytes()).unwrap();
            secrets.extend([key, BASE64URL_NOPAD.encode(&bytes)]);
        }
        secrets.extend(PHONES.iter().chain(&MAILS).chain(&DIGITS).map(|text| (*text).to_owned()));
        secrets
    }

    fn assert_silent(&self, what: &str, text: &str) {
        let secrets = self.secrets();
        let found = leaks(text, secrets.iter().map(String::as_str));
        assert_eq!(found, Vec::<&str>::new(), "{what}");
    }

    /// All keys and values, as text as far as they are.
    fn dump(&self) -> String {
        let mut connection = self.redis.connection().unwrap();
        let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
        assert!(keys.len() > 20, "{keys:?}");
        let mut dump = String::new();
        for key in keys {
            let value: Vec<u8> = redis::cmd("GET").arg(&key).query(&mut connection).unwrap();
            writeln!(dump, "{key} {}", String::from_utf8_lossy(&value)).unwrap();
        }
        dump
    }
}

/// Good days: every call with every kind of recipient. Returns the device cookies.
async fn good_days(scene: &Scene, app: &Client, operator: &Client) -> Vec<String> {
    let mut cookies = Vec::new();
    for to in PHONES.iter().chain(&MAILS) {
        let channel = if to.contains('@') { "email" } else { "sms" };
        let purposes = if channel == "sms" { ["login", "words"].as_slice() } else { &["login"] };
        for purpose in purposes {
            let body = json!({
                "purpose": purpose, "channel": channel, "to": to, "reference": "order 7", "client_ip": "::1",
            });
            let answer = app.post("/v1/challenges", &body).await;
            assert_eq!(answer.status, 201, "{answer:?}");
            let (id, code) = (answer.id(), scene.workplace.outbox().code(answer.id()));
            let path = format!("/v1/challenges/{id}");
            let subject = json!({ "purpose": purpose, "to": to });
            let by_id = |code: &str| json!({ "code": code, "reference": "order 7" });
            let mut by_recipient = by_id(&code);
            by_recipient.as_object_mut().unwrap().extend(subject.as_object().unwrap().clone());
            let mut answers = vec![
                app.post(&format!("{path}/verify"), &by_id(&wrong(&code))).await,
                app.post(&format!("{path}/verify"), &json!({ "code": code, "reference": "x" }))
                    .await,
                app.post(&format!("{path}/resend"), &json!({})).await,
                app.get(&path).await,
                app.post("/v1/status", &subject).await,
                app.post("/v1/verify", &by_recipient).await,
                app.post("/v1/verify", &by_recipient).await,
                operator.post("/v1/unlock", &subject).await,
                app.post("/v1/challenges", &body).await,
            ];
            let cookie = answers[5].text_of("device_cookie").to_owned();
            let mut known = body.clone();
            known["device_cookie"] = json!(cookie);
            let answer = app.post("/v1/challenges", &known).await;
            assert_eq!(answer.status, 201, "{answer:?}");
            answers.push(answer);
            known["purpose"] = json!(cookie);
            answers.push(app.post("/v1/challenges", &known).await);
            cookies.push(cookie);
            let again = format!("/v1/challenges/{}", answers[8].id());
            answers.push(app.delete(&again).await);
            for path in ["/v1/subjects/show", "/v1/challenges/list", "/v1/challenges/count"] {
                let body = if path.ends_with("count") { json!({}) } else { subject.clone() };
                let answer = operator.post(path, &body).await;
                assert_eq!(answer.status, 200, "{answer:?}");
                answers.extend([answer, app.post(path, &body).await]);
            }
            for answer in answers {
                assert!(answer.status != 0 && answer.status < 500, "{answer:?}");
                scene.assert_silent("an answer", &answer.text);
            }
        }
    }
    cookies
}

/// Bad days: secrets where they don't belong.
async fn bad_days(scene: &Scene, app: &Client) {
    let phone = "+6281234500003";
    let messages = scene.workplace.outbox().messages();
    let code = messages[0]["code"].as_str().unwrap();
    for field in ["purpose", "channel", "to", "reference", "locale", "client_ip"] {
        for value in [json!(phone), json!([phone]), json!({ phone: code }), json!(code)] {
            let mut body = json!({ "purpose": "login", "channel": "whatsapp", "to": phone });
            body[field] = value;
            app.post("/v1/challenges", &body).await;
            let mut body = json!({ "purpose": "login", "to": phone, "code": code });
            body[field] = json!(phone);
            app.post("/v1/verify", &body).await;
        }
    }
    let odd = [
        format!("/v1/challenges/{phone}"),
        format!("/v1/challenges/{phone}/verify"),
        format!("/v1/verify?code={code}&to={phone}"),
        format!("/{phone}/{code}"),
    ];
    for path in odd {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let body = format!("{{\"code\":\"{code}\",\"to\":\"{phone}\"");
            app.send(method, &path, Some(&body)).await;
        }
    }
    let stranger = app.with_key(&format!("{}x", scene.api_keys[0]));
    let body = json!({ "purpose": "login", "to": phone, "code": code });
    assert_eq!(stranger.post("/v1/verify", &body).await.status, 401);
}

/// The store fails in mid-flight.
async fn worst_days(scene: &mut Scene, app: &Client) {
    scene.redis.stop().unwrap();
    let body = json!({ "purpose": "login", "channel": "sms", "to": "+6281234500003" });
    let failed = until_async(std::time::Duration::from_secs(10), async || {
        let answer = app.post("/v1/challenges", &body).await;
        (answer.code() == "store_unavailable").then_some(answer)
    });
    failed.await.expect("the store's failure shows");
    assert_eq!(app.get("/readyz").await.status, 503);
}

async fn nothing_leaks(format: &str) {
    let mut scene = Scene::new(format).await;
    let without_key = Client::new(scene.host.address());
    let [app, operator] = [0, 1].map(|index| without_key.with_key(&scene.api_keys[index]));
    scene.cookies = good_days(&scene, &app, &operator).await;
    bad_days(&scene, &app).await;
    let dump = scene.dump();
    scene.assert_silent("Redis", &dump);
    worst_days(&mut scene, &app).await;
    scene.host.terminate().unwrap();
    scene.host.ended().await.unwrap();

    let output = scene.host.output();
    for said in
        ["ready", "verify", "subjects.show", "challenges.list", "store_unavailable", "stopped"]
    {
        assert!(output.contains(said), "{said} was not captured:\n{output}");
    }
    assert!(scene.workplace.outbox().count() > 20, "hardly anything was sent");
    assert!(output.lines().count() > 100, "{} lines", output.lines().count());
    scene.assert_silent("the log", &output);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_json_tells_no_secret() {
    nothing_leaks("json").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_text_tells_no_secret() {
    nothing_leaks("text").await;
}

#[tokio::test]
async fn a_configuration_that_is_refused_is_not_repeated() {
    let workplace = Workplace::new().unwrap();
    let secret = "f00dfeedf00dfeedf00dfeed";
    let texts = [
        format!("[keys]\nindex = \"{secret}\"\nring = []\n"),
        format!(
            "[keys]\nindex = [\"{secret}\"]\nring = [{{ name = \"a\", secret = \"{secret}\" }}]\n"
        ),
        format!("[keys]\nring = [{{ name = \"a\", secert = \"{secret}\" }}]\n"),
        format!("[store]\ntype = \"redis\"\nurl = \"redis://:{secret}@127.0.0.1:1/x\"\n"),
        format!(
            "[store]\ntype = \"redis\"\nurl = \"redis://ann:{secret}@127.0.0.1:1/\"\nconnect_timeout_seconds = 1\n"
        ),
        format!("[[api_keys]]\nname = \"a\"\nsha256 = \"{secret}\"\n"),
    ];
    for text in texts {
        let config =
            workplace.config("countersign.toml", &[settings::SERVER, &text, RULES]).unwrap();
        let mut command = process::command(Some(&config)).unwrap();
        command.arg("serve").current_dir(workplace.path());
        let output = process::run(command, "").await.unwrap();
        assert!(!output.status.success(), "{text}");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(!said.is_empty() && !said.contains(secret), "{said}");
    }
}

#[tokio::test]
async fn the_command_line_shows_no_code() {
    let workplace = Workplace::new().unwrap();
    let (store, senders) = (workplace.sqlite(), workplace.senders(&["sms", "email"]));
    let sections = [settings::SERVER, &store, &senders, settings::LOG, settings::KEYS, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let run = async |arguments: &[&str], input: &str| {
        let mut command = process::command(Some(&config)).unwrap();
        command.args(arguments);
        let output = process::run(command, input).await.unwrap();
        let said = [output.stdout.clone(), output.stderr].concat();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (String::from_utf8_lossy(&said).into_owned(), answer)
    };
    let issue = ["issue", "login", PHONES[0], "--channel", "sms", "--output", "json", "-v"];
    let (mut said, answer) = run(&issue, "").await;
    let code = workplace.outbox().code(answer["id"].as_str().unwrap());
    for (typed, output) in [(wrong(&code), "text"), ("12".into(), "json"), (code, "json")] {
        let to = ["verify", "login", PHONES[0], "-v", "--output", output];
        said += &run(&to, &typed).await.0;
    }
    let messages = workplace.outbox().messages();
    let secrets = secrets_of(&messages);
    let mut secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    secrets.extend([PHONES[0], DIGITS[0]]);
    assert!(said.contains("code_mismatch") && said.contains("verified"), "{said}");
    assert_eq!(leaks(&said, secrets), Vec::<&str>::new());
}
