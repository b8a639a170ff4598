//! What callers, other people and the operator's log see of a refused recipient.

use countersign_tests::client::Answer;
use countersign_tests::surface::{Kind, Plan, Surface};
use serde_json::{Value, json};

use crate::stub::{Act, GREETED, Stub, TAKEN};

const RULES: &str = r#"
[purposes.login]
channels = ["email"]
cooldown_seconds = 0
"#;

/// The statuses of five mails whose recipient is refused with `reply`, of one more that is taken,
/// and of the server.
async fn after_five(reply: &'static str) -> (Vec<u16>, u16, Value) {
    let refused: Vec<Act> =
        GREETED.into_iter().chain([Act::Say("250 ok"), Act::Say(reply)]).collect();
    let mut scripts = vec![refused; 5];
    scripts.push(GREETED.into_iter().chain(TAKEN).collect());
    let stub = Stub::start(scripts).await;
    let surface = surface(&stub).await;
    let mut statuses = Vec::new();
    for number in 0..5 {
        statuses.push(issue(&surface, &format!("ada{number}@gmial.test")).await.status);
    }
    let good = issue(&surface, "grace@example.org").await.status;
    let ready = surface.client().get("/readyz").await;
    (statuses, good, ready.json["status"].clone())
}

/// The native host, which sends its mail through `stub`.
async fn surface(stub: &Stub) -> Surface {
    let mut sender = stub.settings();
    sender["type"] = json!("smtp");
    let plan = Plan {
        rules: RULES,
        senders: json!({ "email": sender }),
        messages: Value::Null,
        public_url: None,
        origin: "http://127.0.0.1:1".to_owned(),
    };
    Surface::start(Kind::Native, &plan).await.unwrap()
}

async fn issue(surface: &Surface, to: &str) -> Answer {
    let body = json!({ "purpose": "login", "to": to });
    surface.client().post("/v1/challenges", &body).await
}

#[tokio::test]
async fn a_recipient_who_is_refused_for_now_does_not_count_against_the_server() {
    for reply in [
        "450 4.1.2 <a@gmial.test>: Recipient address rejected: Domain not found",
        "451 4.7.1 Greylisted, try again",
        "450 4.2.0 <a@gmial.test>: Recipient address rejected: Greylisted",
        "450-4.2.1 The user is receiving mail too quickly.\r\n450 4.2.1 Try later.",
        "450 4.1.1 <a@gmial.test>: Recipient address rejected: unverified address: x",
        "452 4.2.2 full",
        "451",
    ] {
        let (refused, good, ready) = after_five(reply).await;
        assert_eq!((refused, good, ready), (vec![502; 5], 201, json!("ok")), "{reply}");
    }
}

#[tokio::test]
async fn a_sender_or_a_system_in_trouble_counts_against_the_server() {
    for reply in [
        "450 4.1.8 <codes@example.test>: Sender address rejected: Domain not found",
        "452 4.3.1 Insufficient system storage",
    ] {
        let (refused, good, ready) = after_five(reply).await;
        assert_eq!((refused, good, ready), (vec![502; 5], 502, json!("degraded")), "{reply}");
    }
}

/// The operator has to know why; the caller and the log's readers aren't to know of whom.
#[tokio::test]
async fn the_operators_log_shows_why_without_addresses_and_the_caller_is_not_told() {
    let reply =
        "550-relay to <ada.lovelace@example.org> (Ada.Lovelace) not permitted\r\n550 hunter2";
    let script = GREETED.into_iter().chain([Act::Say("250 ok"), Act::Say(reply)]).collect();
    let stub = Stub::start(vec![script]).await;
    let surface = surface(&stub).await;
    let refused = issue(&surface, "ada.lovelace@example.org").await;
    assert_eq!((refused.status, &refused.json["kind"]), (502, &json!("other")), "{refused:?}");
    assert!(!refused.json.to_string().contains("relay"), "{refused:?}");
    let output = surface.output();
    assert!(output.contains("550"), "{output}");
    assert!(output.contains("relay to [address] ([address]) not permitted"), "{output}");
    let lower = output.to_lowercase();
    assert!(!lower.contains("lovelace") && !lower.contains("hunter2"), "{output}");
}
