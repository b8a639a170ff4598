//! The story of weelo: codes by text message through Amazon SNS, to customers and to captains; and a managed Redis that
//! was silently never used.

use countersign_contract::types::SendError;
use countersign_tests::certificates::Authority;
use countersign_tests::client::Client;
use countersign_tests::counterpart::{Behaviour, Request};
use countersign_tests::process::Host;
use countersign_tests::redis::{RedisServer, free_port};
use countersign_tests::settings::{self, Workplace};
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
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_managed_redis_is_reached_over_tls() {
    let authority = Authority::new().unwrap();
    let certified = authority.certify("127.0.0.1").unwrap();
    let server = RedisServer::start_encrypted(&certified, &authority, false).unwrap();
    let store = format!("[store]\ntype = \"redis\"\nurl = \"{}\"\n", server.url());
    let trusting = |authority: &Authority| {
        format!("{store}[store.tls]\nca_file = {:?}\n", authority.file().unwrap())
    };
    let sms = "[senders.sms]\ntype = \"console\"\n";

    // Its authority isn't a public one, and another private one is no better.
    let complaint = "the server's certificate comes from an authority that isn't trusted";
    refused::names(&[&store, sms, RULES], 1, &[complaint]).await;
    let other = Authority::new().unwrap();
    refused::names(&[&trusting(&other), sms, RULES], 1, &[complaint]).await;

    let workplace = Workplace::new().unwrap();
    let sections = [
        settings::SERVER,
        settings::KEYS,
        settings::LOG,
        &trusting(&authority),
        &workplace.senders(&["sms"]),
        RULES,
    ];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let host = Host::start(&config).await.unwrap();
    let client = Client::new(host.address());
    let body = json!({ "purpose": "customer_login", "to": "+919876543210" });
    let issued = client.post("/v1/challenges", &body).await;
    assert_eq!((issued.status, issued.text_of("to")), (201, "91****3210"), "{issued:?}");
    let code = workplace.outbox().code(issued.id());
    let body = json!({ "purpose": "customer_login", "to": "+919876543210", "code": code });
    assert_eq!(client.post("/v1/verify", &body).await.status, 200);
    let mut inside = server.connection().unwrap();
    assert!(redis::cmd("DBSIZE").query::<u64>(&mut inside).unwrap() > 3, "not in this Redis");
}

/// They accepted any certificate.
#[tokio::test]
async fn certificates_cannot_go_unverified() {
    let url =
        "[store]\ntype = \"redis\"\nurl = \"rediss://weelo:hunter2@127.0.0.1:1/0#insecure\"\n";
    refused::names(&[url, RULES], 2, &["store.url", "always verified"]).await;
}

#[tokio::test]
async fn a_store_that_cannot_be_reached_ends_the_start() {
    let port = free_port().unwrap();
    let store = settings::redis(port) + "connect_timeout_seconds = 1\n";
    let server = format!("the store can't be reached: Redis at 127.0.0.1:{port}: ");
    refused::names(&[&store, RULES], 1, &[&server]).await;
}
