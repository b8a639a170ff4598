//! The story of wati: people log in with a code that WATI carries over WhatsApp in an approved template.

use std::time::Duration;

use countersign_contract::types::SendError;
use countersign_tests::cluster::Cluster;
use countersign_tests::counterpart::{Behaviour, Request};
use countersign_tests::redis_cluster::RedisCluster;
use countersign_tests::settings::{self, Workplace};
use countersign_tests::surface::{Kind, Plan, Surface};
use countersign_tests::wait::until_async;
use serde_json::{Value, json};

use crate::refused;
use crate::scene::{Carried, Deployment, Scene, in_both_environments, told_of};

/// With the default cooldown of a minute but for what is brief.
const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["whatsapp"]
default_region = "IN"
[purposes.brief]
verify_by = "both"
channels = ["whatsapp"]
default_region = "IN"
lifetime_seconds = 30
[purposes.texted]
verify_by = "both"
channels = ["sms"]
default_region = "IN"
"#;

const KEY: &str = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl";

/// The URL as WATI's dashboard shows it, with the tenant's number.
fn sender(origin: &str) -> Value {
    json!({ "type": "wati", "url": format!("{origin}/12345"), "api_key": KEY, "template": "login_otp" })
}

fn read(request: &Request) -> Option<Carried> {
    let body: Value = serde_json::from_str(&request.body).ok()?;
    assert_eq!(request.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(body["template_name"], "login_otp");
    let recipient = &body["recipients"][0];
    assert_eq!(recipient["custom_params"][0]["name"], "otp");
    Some(Carried {
        to: recipient["phone_number"].as_str()?.to_owned(),
        code: recipient["custom_params"][0]["value"].as_str()?.to_owned(),
    })
}

async fn scene(kind: Kind) -> Scene {
    let messages = Value::Null;
    Scene::start(kind, Deployment { rules: RULES, channel: "whatsapp", sender, messages, read })
        .await
}

in_both_environments! {
    a_code_from_whatsapp_logs_in_once,
    a_destination_that_cannot_be_one_is_refused_before_a_provider_is_asked,
    a_key_or_url_that_is_missing_is_named,
    an_expired_code_is_refused_and_a_new_one_is_good,
    every_failed_send_is_told_apart_and_keeps_no_person_waiting,
    no_code_is_found_where_none_was_sent,
    wrong_codes_count_down_to_a_lock,
}

async fn a_code_from_whatsapp_logs_in_once(kind: Kind) {
    let mut scene = scene(kind).await;
    let (answer, carried) = scene.asked("login", "919876543210").await;
    told_of(&answer, "91****3210");
    assert_eq!(answer.text_of("provider"), "wati");
    assert_eq!((carried.to.as_str(), carried.code.len()), ("919876543210", 6));
    let verified = scene.verify("login", "+91 98765 43210", &carried.code).await;
    assert_eq!((verified.status, &verified.json["verified"]), (200, &json!(true)), "{verified:?}");
    let again = scene.verify("login", "919876543210", &carried.code).await;
    assert_eq!((again.status, again.code()), (404, "challenge_not_found"), "{again:?}");
    scene.end();
}

async fn a_destination_that_cannot_be_one_is_refused_before_a_provider_is_asked(kind: Kind) {
    let mut scene = scene(kind).await;
    let body = json!({ "purpose": "login" });
    let missing = scene.client.post("/v1/challenges", &body).await;
    assert_eq!((missing.status, missing.code()), (400, "invalid_request"), "{missing:?}");
    assert_eq!(missing.text_of("field"), "to");
    for (to, reason) in [
        ("", "empty"),
        ("login", "malformed_number"),
        ("+91", "unassignable_number"),
        ("98765", "unassignable_number"),
        ("jane@example.com", "wrong_kind"),
    ] {
        let answer = scene.ask("login", to).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_recipient"), "{to}: {answer:?}");
        assert_eq!((answer.text_of("field"), answer.text_of("reason")), ("to", reason), "{to}");
    }
    assert!(scene.carried().is_empty());
}

async fn every_failed_send_is_told_apart_and_keeps_no_person_waiting(kind: Kind) {
    let mut scene = scene(kind).await;
    let refused = SendError::Other("WATI refused the message".into());
    let no_api =
        SendError::NotConfigured("senders.whatsapp.url: WATI has no API there (404)".into());
    let cases = [
        (scene.answer(401, &SendError::Unauthorised, ""), "unauthorised"),
        (scene.answer(404, &SendError::TemplateUnknown, ""), "template_unknown"),
        (scene.answer(200, &SendError::TemplateUnknown, "not found"), "template_unknown"),
        (scene.answer(404, &no_api, ""), "not_configured"),
        (Behaviour::Hang, "timeout"),
        (scene.answer(200, &refused, "something else"), "other"),
        (scene.answer(200, &SendError::RecipientRefused, "no valid"), "recipient_refused"),
        (scene.answer(429, &SendError::Throttled(None), ""), "throttled"),
        // WATI may have taken it all the same.
        (scene.answer(500, &SendError::Unreadable, ""), "unreadable"),
    ];
    for (number, (behaviour, kind)) in cases.into_iter().enumerate() {
        // Each with a number of its own: after a good send the same one would have to wait.
        scene.fails("login", &format!("+9198765432{number:02}"), behaviour, kind).await;
    }
    let unknown = scene.ask("texted", "919876543210").await;
    assert_eq!((unknown.status, unknown.text_of("kind")), (502, "not_configured"), "{unknown:?}");
    scene.end();
}

async fn no_code_is_found_where_none_was_sent(kind: Kind) {
    let scene = scene(kind).await;
    let answer = scene.verify("login", "919876543210", "123456").await;
    assert_eq!((answer.status, answer.code()), (404, "challenge_not_found"), "{answer:?}");
    let path = format!("/v1/challenges/login.{}/verify", "a".repeat(40));
    let answer = scene.client.post(&path, &json!({ "code": "123456" })).await;
    assert_eq!((answer.status, answer.code()), (404, "challenge_not_found"), "{answer:?}");
}

async fn wrong_codes_count_down_to_a_lock(kind: Kind) {
    let mut scene = scene(kind).await;
    scene.wrong_codes_count_down("login", "919876543210").await;
    // Right on the second try, for another recipient.
    let (_, carried) = scene.asked("login", "919876543211").await;
    let wrong = countersign_tests::outbox::wrong(&carried.code);
    assert_eq!(
        scene.verify("login", "919876543211", &wrong).await.number_of("attempts_left"),
        Some(2)
    );
    assert_eq!(scene.verify("login", "919876543211", &carried.code).await.status, 200);
    scene.end();
}

async fn an_expired_code_is_refused_and_a_new_one_is_good(kind: Kind) {
    let mut scene = scene(kind).await;
    let to = "919876543210";
    let (answer, carried) = scene.asked("brief", to).await;
    assert!(matches!(answer.number_of("expires_in"), Some(29 | 30)), "{answer:?}");
    let path = format!("/v1/challenges/{}", answer.id());
    let expired = until_async(Duration::from_secs(40), async || {
        let answer = scene.client.get(&path).await;
        (answer.text_of("state") == "expired").then_some(())
    });
    assert_eq!(expired.await, Some(()), "it never expires");
    let late = scene.verify("brief", to, &carried.code).await;
    assert_eq!((late.status, late.code()), (410, "challenge_expired"), "{late:?}");
    scene.end();
}

async fn a_key_or_url_that_is_missing_is_named(kind: Kind) {
    for missing in ["api_key", "url"] {
        let mut sender = sender("https://live-mt-server.wati.io");
        sender.as_object_mut().unwrap().remove(missing);
        let senders = json!({ "whatsapp": sender });
        match kind {
            Kind::Native => {
                let section = toml::to_string(&json!({ "senders": senders })).unwrap();
                let word = format!("`{missing}` is missing");
                let words = ["senders.whatsapp", word.as_str()];
                refused::names(&[settings::MEMORY, RULES, &section], 2, &words).await;
            }
            Kind::Edge => {
                let origin = "https://live-mt-server.wati.io".to_owned();
                let messages = Value::Null;
                let plan = Plan { rules: RULES, senders, messages, public_url: None, origin };
                let surface = Surface::start(kind, &plan).await.unwrap();
                let body = json!({ "purpose": "login", "to": "919876543210" });
                let answer = surface.client().post("/v1/challenges", &body).await;
                assert_eq!((answer.status, answer.code()), (500, "misconfigured"), "{answer:?}");
                let said = surface.output();
                let problem = format!("senders.whatsapp: missing field `{missing}`");
                assert!(said.contains(&problem), "{said}");
            }
        }
    }
}

/// A code that one server issued is answered at another one, and all of them count together: on a Redis Cluster.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_servers_share_one_redis_cluster() {
    let redis = RedisCluster::start().unwrap();
    let store = format!("[store]\ntype = \"redis\"\nurl = \"{}\"\ncluster = true\n", redis.url());
    let workplace = Workplace::new().unwrap();
    let senders = workplace.senders(&["whatsapp"]);
    let sections = [settings::SERVER, settings::KEYS, settings::LOG, &store, &senders, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let servers = Cluster::start(4, workplace.path(), &config, &[]).await.unwrap();
    for person in 0..20 {
        let to = format!("+9198765432{person:02}");
        let body =
            json!({ "purpose": "login", "to": to, "client_ip": format!("192.0.2.{person}") });
        let issued = servers.client(person).post("/v1/challenges", &body).await;
        assert_eq!(issued.status, 201, "{issued:?}");
        let code = workplace.outbox().code(issued.id());
        let wrong = countersign_tests::outbox::wrong(&code);
        let verify = |at, code: &str| {
            let body = json!({ "purpose": "login", "to": to, "code": code });
            let client = servers.client(at);
            async move { client.post("/v1/verify", &body).await }
        };
        let answer = verify(person + 1, &wrong).await;
        assert_eq!(answer.json["attempts_left"], 2, "{answer:?}");
        assert_eq!(verify(person + 2, &code).await.status, 200);
        assert_eq!(verify(person + 3, &code).await.status, 404);
    }
}
