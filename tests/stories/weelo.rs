//! The story of weelo: codes by text message through Amazon SNS, to customers and to captains; and a managed Redis that
//! was silently never used.

use countersign_contract::types::SendError;
use countersign_tests::counterpart::{Behaviour, Request};
use countersign_tests::redis::free_port;
use countersign_tests::settings;
use countersign_tests::surface::Kind;
use serde_json::{Value, json};

use crate::refused;
use crate::scene::{Carried, Deployment, Scene, code_in, field, in_both_environments, told_of};

const RULES: &str = r#"
[purposes.customer_login]
verify_by = "both"
channels = ["sms"]
default_region = "IN"
[purposes.captain_login]
verify_by = "both"
channels = ["sms"]
default_region = "IN"
"#;

fn sender(origin: &str) -> Value {
    json!({
        "type": "aws_sns",
        "region": "ap-south-1",
        "access_key_id": "AKIDEXAMPLEEXAMPLE",
        "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "sender_id": "WEELO",
        "entity_id": "1101234567890123456",
        "template_id": "1107234567890123456",
        "url": origin,
    })
}

fn read(request: &Request) -> Option<Carried> {
    let signed = request.header("authorization")?;
    assert!(signed.contains("/ap-south-1/sns/aws4_request"), "{signed}");
    assert_eq!(field(request, "Action")?, "Publish");
    let text = field(request, "Message")?;
    assert!(text.contains("Weelo"), "{text}");
    Some(Carried { to: field(request, "PhoneNumber")?, code: code_in(&text) })
}

async fn scene(kind: Kind) -> Scene {
    let messages = json!({ "brand": "Weelo" });
    Scene::start(kind, Deployment { rules: RULES, channel: "sms", sender, messages, read }).await
}

in_both_environments! {
    a_code_by_text_message_is_good_once,
    customers_and_captains_have_codes_of_their_own,
    every_failed_send_is_told_apart_and_keeps_no_person_waiting,
    wrong_codes_count_down_to_a_lock,
}

async fn a_code_by_text_message_is_good_once(kind: Kind) {
    let mut scene = scene(kind).await;
    let (answer, carried) = scene.asked("customer_login", "98765 43210").await;
    told_of(&answer, "91****3210");
    assert_eq!(answer.text_of("provider"), "aws_sns");
    assert_eq!(carried.to, "+919876543210");
    let path = format!("/v1/challenges/{}/verify", answer.id());
    let verified = scene.client.post(&path, &json!({ "code": carried.code })).await;
    assert_eq!(verified.status, 200, "{verified:?}");
    let again = scene.client.post(&path, &json!({ "code": carried.code })).await;
    assert_eq!((again.status, again.code()), (404, "challenge_not_found"), "{again:?}");
    scene.end();
}

async fn customers_and_captains_have_codes_of_their_own(kind: Kind) {
    let mut scene = scene(kind).await;
    let to = "+919876543210";
    let (_, customer) = scene.asked("customer_login", to).await;
    // The same person drives as well, and doesn't wait for the other purpose.
    let (_, captain) = scene.asked("captain_login", to).await;
    if customer.code != captain.code {
        let crossed = scene.verify("captain_login", to, &customer.code).await;
        assert_eq!((crossed.status, crossed.code()), (422, "code_mismatch"), "{crossed:?}");
    }
    assert_eq!(scene.verify("captain_login", to, &captain.code).await.status, 200);
    assert_eq!(scene.verify("customer_login", to, &customer.code).await.status, 200);
    scene.end();
}

async fn every_failed_send_is_told_apart_and_keeps_no_person_waiting(kind: Kind) {
    let mut scene = scene(kind).await;
    let clock = "AWS refused the time of the request: the clock of this machine is off by minutes";
    let cases = [
        (scene.answer(403, &SendError::Unauthorised, "SignatureDoesNotMatch"), "unauthorised"),
        (scene.answer(400, &SendError::RecipientRefused, "OptedOut"), "recipient_refused"),
        (scene.answer(400, &SendError::RecipientRefused, "PhoneNumber"), "recipient_refused"),
        (scene.answer(429, &SendError::Throttled(None), "Throttled"), "throttled"),
        (scene.answer(400, &SendError::Other(clock.into()), "RequestExpired"), "other"),
        (scene.answer(503, &SendError::Unavailable, ""), "unavailable"),
        (Behaviour::Reset, "unreadable"),
    ];
    for (number, (behaviour, kind)) in cases.into_iter().enumerate() {
        let to = format!("+9198765432{number:02}");
        scene.fails("customer_login", &to, behaviour, kind).await;
    }
    scene.end();
}

async fn wrong_codes_count_down_to_a_lock(kind: Kind) {
    let mut scene = scene(kind).await;
    scene.wrong_codes_count_down("captain_login", "+919876543210").await;
    scene.end();
}

/// It was stripped to `redis://`, the connection failed, and production ran on process memory.
#[tokio::test]
async fn a_redis_over_tls_is_never_silently_something_else() {
    let store = "[store]\ntype = \"redis\"\nurl = \"rediss://weelo:hunter2@127.0.0.1:1/0\"\n";
    refused::names(&[store, RULES], 2, &["store.url", "TLS"]).await;
}

#[tokio::test]
async fn a_store_that_cannot_be_reached_ends_the_start() {
    let port = free_port().unwrap();
    let store = settings::redis(port) + "connect_timeout_seconds = 1\n";
    let server = format!("the store can't be reached: Redis at 127.0.0.1:{port}: ");
    refused::names(&[&store, RULES], 1, &[&server]).await;
}
