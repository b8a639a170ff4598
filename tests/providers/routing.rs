//! Which provider is asked, and which next: as the caller and the providers see it.

use countersign_tests::client::Answer;
use countersign_tests::counterpart::{Behaviour, Counterpart};
use countersign_tests::surface::{Kind, Plan, Surface};
use serde_json::{Value, json};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["whatsapp", "sms", "email"]
cooldown_seconds = 0

[purposes.urgent]
verify_by = "both"
channels = ["sms"]
cooldown_seconds = 0
may_send_twice = true
"#;

/// WhatsApp by one webhook, text messages by two, no mail.
struct Stand {
    counterpart: Counterpart,
    surface: Surface,
}

impl Stand {
    async fn start(kind: Kind) -> Self {
        let counterpart = Counterpart::start().await.unwrap();
        counterpart.usually("/", answer(204, ""));
        let origin = counterpart.origin();
        let webhook = |path: &str| json!({ "type": "webhook", "url": format!("{origin}{path}"), "secret": SECRET });
        let senders = json!({ "whatsapp": webhook("/whatsapp"), "sms": [webhook("/first"), webhook("/second")] });
        let plan = Plan { rules: RULES, senders, messages: Value::Null, public_url: None, origin };
        let surface = Surface::start(kind, &plan).await.unwrap();
        Self { counterpart, surface }
    }

    async fn issue(&self, purpose: &str, channel: Option<&str>) -> Answer {
        let mut body = json!({ "purpose": purpose, "to": "+6281234567890" });
        if let Some(channel) = channel {
            body["channel"] = channel.into();
        }
        self.surface.client().post("/v1/challenges", &body).await
    }

    /// The paths that were asked since, and what each was given.
    fn asked(&self) -> Vec<(String, Value)> {
        let read = |body: &str| serde_json::from_str(body).unwrap();
        let requests = self.counterpart.requests();
        requests.into_iter().map(|request| (request.path, read(&request.body))).collect()
    }

    fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|(path, _)| path).collect()
    }
}

fn answer(status: u16, body: &str) -> Behaviour {
    Behaviour::Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

async fn the_next_channel_is_tried_and_the_answer_says_which(kind: Kind) {
    let stand = Stand::start(kind).await;
    let issued = stand.issue("login", None).await;
    assert_eq!((issued.status, &issued.json["channel"]), (201, &json!("whatsapp")), "{issued:?}");
    assert_eq!(stand.paths(), ["/whatsapp"]);

    // A number without WhatsApp.
    stand.counterpart.once("/whatsapp", answer(422, r#"{"error":"recipient_refused"}"#));
    let issued = stand.issue("login", None).await;
    assert_eq!((issued.status, &issued.json["channel"]), (201, &json!("sms")), "{issued:?}");
    let asked = stand.asked();
    let [(first, by_whatsapp), (second, by_sms)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((first.as_str(), second.as_str()), ("/whatsapp", "/first"));
    assert_eq!(by_whatsapp["data"]["channel"], "whatsapp");
    assert_eq!(by_sms["data"]["channel"], "sms");
    assert_eq!(by_whatsapp["data"]["code"], by_sms["data"]["code"]);

    // The code is good whichever way it came, and another message goes the way that worked.
    let id = issued.json["id"].as_str().unwrap();
    let resent =
        stand.surface.client().post(&format!("/v1/challenges/{id}/resend"), &json!({})).await;
    assert_eq!((resent.status, &resent.json["channel"]), (200, &json!("sms")), "{resent:?}");
    assert_eq!(stand.paths(), ["/first"]);
    let code = &by_sms["data"]["code"];
    let path = format!("/v1/challenges/{id}/verify");
    let verified = stand.surface.client().post(&path, &json!({ "code": code })).await;
    assert_eq!(verified.status, 200, "{verified:?}");
    assert_eq!(verified.json["channel"], "sms");
}

async fn a_named_channel_falls_over_to_no_other(kind: Kind) {
    let stand = Stand::start(kind).await;
    stand.counterpart.once("/whatsapp", answer(500, ""));
    let issued = stand.issue("login", Some("whatsapp")).await;
    assert_eq!(issued.json["kind"], "unavailable", "{issued:?}");
    assert_eq!(stand.paths(), ["/whatsapp"]);
    let issued = stand.issue("login", Some("email")).await;
    assert_ne!(issued.status, 201, "{issued:?}");
}

async fn the_next_provider_is_asked_after_what_passes_and_after_nothing_else(kind: Kind) {
    let stand = Stand::start(kind).await;
    for (status, body, asked) in [
        (500, "", &["/first", "/second"][..]),
        (503, "", &["/first", "/second"]),
        (429, "", &["/first", "/second"]),
        (422, r#"{"error":"recipient_refused"}"#, &["/first"]),
        (422, r#"{"error":"template_unknown"}"#, &["/first"]),
        (401, "", &["/first"]),
        (400, "", &["/first"]),
        (502, "", &["/first"]),
        (504, "", &["/first"]),
    ] {
        stand.counterpart.once("/first", answer(status, body));
        let issued = stand.issue("login", Some("sms")).await;
        assert_eq!(stand.paths(), asked, "{status} {body}");
        assert_eq!(issued.status == 201, asked.len() == 2, "{status} {body}: {issued:?}");
    }
}

async fn a_purpose_may_have_its_message_sent_twice(kind: Kind) {
    let stand = Stand::start(kind).await;
    stand.counterpart.once("/first", answer(504, ""));
    let issued = stand.issue("urgent", None).await;
    assert_eq!(issued.status, 201, "{issued:?}");
    let asked = stand.asked();
    let [(_, first), (_, second)] = &asked[..] else { panic!("{asked:?}") };
    // One send: a recipient who gets both can tell.
    assert_eq!(first["data"]["challenge_id"], second["data"]["challenge_id"]);
    assert_eq!(first["data"]["send_number"], second["data"]["send_number"]);
}

async fn a_provider_that_keeps_failing_is_left_alone(kind: Kind) {
    let stand = Stand::start(kind).await;
    stand.counterpart.usually("/first", answer(500, ""));
    for _ in 0..5 {
        assert_eq!(stand.issue("login", Some("sms")).await.status, 201);
    }
    let before = stand.paths();
    assert_eq!(before.iter().filter(|path| *path == "/first").count(), 5, "{before:?}");
    assert_eq!(stand.issue("login", Some("sms")).await.status, 201);
    assert_eq!(stand.paths(), ["/second"]);
    assert!(stand.surface.output().contains("it is left alone for a while"));
    let ready = stand.surface.client().get("/readyz").await;
    assert_eq!((ready.status, ready.text_of("status")), (200, "degraded"), "{ready:?}");
    let provider = json!({ "name": "provider sms-webhook", "status": "degraded" });
    let dependencies = ready.json["dependencies"].as_array().unwrap();
    assert!(dependencies.contains(&provider), "{ready:?}");
}

in_both! {
    a_named_channel_falls_over_to_no_other
    a_provider_that_keeps_failing_is_left_alone
    a_purpose_may_have_its_message_sent_twice
    the_next_channel_is_tried_and_the_answer_says_which
    the_next_provider_is_asked_after_what_passes_and_after_nothing_else
}
