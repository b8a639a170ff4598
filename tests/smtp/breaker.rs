//! A refusal of one recipient shuts mail out for nobody else.

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
    let mut sender = stub.settings();
    sender["type"] = json!("smtp");
    let plan = Plan {
        rules: RULES,
        senders: json!({ "email": sender }),
        messages: Value::Null,
        public_url: None,
        origin: "http://127.0.0.1:1".to_owned(),
    };
    let surface = Surface::start(Kind::Native, &plan).await.unwrap();
    let issue = async |to: String| {
        let body = json!({ "purpose": "login", "to": to });
        surface.client().post("/v1/challenges", &body).await.status
    };
    let mut statuses = Vec::new();
    for number in 0..5 {
        statuses.push(issue(format!("ada{number}@gmial.test")).await);
    }
    let good = issue("grace@example.org".to_owned()).await;
    let ready = surface.client().get("/readyz").await;
    (statuses, good, ready.json["status"].clone())
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
