//! What providers report of their messages, from the callback to the challenge's status.

use std::time::UNIX_EPOCH;

use countersign_tests::client::{Answer, Client};
use countersign_tests::counterpart::{Behaviour, Counterpart};
use countersign_tests::surface::{Kind, Plan, Surface};
use hyper::Method;
use hyper::header::HeaderName;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const PUBLIC_URL: &str = "https://otp.example.com";
const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["sms", "voice"]
cooldown_seconds = 0
"#;

struct Stand {
    counterpart: Counterpart,
    surface: Surface,
}

impl Stand {
    /// Text messages by Eskiz, calls by a webhook.
    async fn start(kind: Kind) -> Self {
        let counterpart = Counterpart::start().await.unwrap();
        let origin = counterpart.origin();
        let json = |status: u16, body: &str| Behaviour::Answer {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.as_bytes().to_vec(),
        };
        counterpart.usually("/codes", json(204, ""));
        counterpart.usually("/api/auth/login", json(200, r#"{"data":{"token":"a.b.c"}}"#));
        let sent = r#"{"id":"4385062","message":"Waiting for SMS provider","status":"waiting"}"#;
        counterpart.usually("/api/message/sms/send", json(200, sent));
        let senders = json!({
            "sms": { "type": "eskiz", "email": "a@example.com", "password": "p4ssw0rd", "url": origin },
            "voice": { "type": "webhook", "url": format!("{origin}/codes"), "secret": SECRET },
        });
        let plan = Plan {
            rules: RULES,
            senders,
            messages: Value::Null,
            public_url: Some(PUBLIC_URL),
            origin,
        };
        let surface = Surface::start(kind, &plan).await.unwrap();
        Self { counterpart, surface }
    }

    fn client(&self) -> Client {
        self.surface.client()
    }

    async fn issue(&self, channel: &str) -> String {
        let body = json!({ "purpose": "login", "channel": channel, "to": "+998901234567" });
        let issued = self.client().post("/v1/challenges", &body).await;
        assert_eq!(issued.status, 201, "{issued:?}\n{}", self.surface.output());
        issued.json["id"].as_str().unwrap().to_owned()
    }

    async fn delivery(&self, id: &str) -> Value {
        let status = self.client().get(&format!("/v1/challenges/{id}")).await;
        assert_eq!(status.status, 200, "{status:?}");
        status.json["delivery"].clone()
    }

    /// Reports as a webhook's receiver does.
    async fn report(&self, name: &str, secret: &str, body: &Value) -> Answer {
        let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
        let body = body.to_string();
        let webhook = Webhook::new(secret).unwrap();
        let signature = webhook.sign("m-1", i64::try_from(now).unwrap(), body.as_bytes()).unwrap();
        let client = self
            .client()
            .with_header(HeaderName::from_static("webhook-id"), "m-1")
            .with_header(HeaderName::from_static("webhook-timestamp"), &now.to_string())
            .with_header(HeaderName::from_static("webhook-signature"), &signature);
        client.send(Method::POST, &format!("/v1/callbacks/{name}"), Some(&body)).await
    }
}

fn status_of(id: &str, send_number: u32, status: &str) -> Value {
    json!({
        "type": "code.status",
        "timestamp": "2026-11-21T10:00:00Z",
        "data": { "tenant": "default", "challenge_id": id, "send_number": send_number, "status": status },
    })
}

async fn what_a_receiver_reports_is_shown(kind: Kind) {
    let stand = Stand::start(kind).await;
    let id = stand.issue("voice").await;
    assert_eq!(stand.delivery(&id).await, "sent");
    let told = stand.report("voice-webhook", SECRET, &status_of(&id, 1, "failed")).await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(stand.delivery(&id).await, "failed");
    stand.report("voice-webhook", SECRET, &status_of(&id, 1, "delivered")).await;
    assert_eq!(stand.delivery(&id).await, "delivered");
    // What comes late takes nothing back.
    stand.report("voice-webhook", SECRET, &status_of(&id, 1, "failed")).await;
    assert_eq!(stand.delivery(&id).await, "delivered");
    // The next message has a fate of its own.
    let path = format!("/v1/challenges/{id}/resend");
    assert_eq!(stand.client().post(&path, &json!({})).await.status, 200);
    assert_eq!(stand.delivery(&id).await, "sent");
}

async fn only_the_provider_can_report(kind: Kind) {
    let stand = Stand::start(kind).await;
    let id = stand.issue("voice").await;
    let body = status_of(&id, 1, "failed");
    let forged =
        stand.report("voice-webhook", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &body).await;
    assert_eq!(forged.status, 401, "{forged:?}");
    assert_eq!(forged.json["code"], "callback_unauthenticated");
    let unsigned = stand.client().post("/v1/callbacks/voice-webhook", &body).await;
    assert_eq!(unsigned.status, 401, "{unsigned:?}");
    let elsewhere = stand.report("sms-webhook", SECRET, &body).await;
    assert_eq!((elsewhere.status, &elsewhere.json["code"]), (404, &json!("unknown_provider")));
    assert_eq!(stand.delivery(&id).await, "sent");
    // A challenge that never was concerns no tenant.
    let made_up = stand.report("voice-webhook", SECRET, &status_of("login.x.y", 1, "failed")).await;
    assert_eq!(made_up.status, 200, "{made_up:?}");
    let output = stand.surface.output();
    assert!(!output.contains(SECRET) && !output.contains("998901234567"), "{output}");
}

async fn a_provider_that_signs_nothing_is_known_by_its_url(kind: Kind) {
    let stand = Stand::start(kind).await;
    let id = stand.issue("sms").await;
    let requests = stand.counterpart.requests();
    let url = requests
        .iter()
        .flat_map(|request| request.body.split('&'))
        .find_map(|field| field.strip_prefix("callback_url="))
        .unwrap_or_else(|| panic!("{requests:?}"));
    let signs = [("%3A", ":"), ("%2F", "/"), ("%3F", "?"), ("%3D", "="), ("%26", "&")];
    let url = signs.iter().fold(url.to_owned(), |url, (code, sign)| url.replace(code, sign));
    let path = url.strip_prefix(PUBLIC_URL).unwrap();
    let report =
        json!({ "message_id": "4385062", "status": "DELIVRD", "phone_number": "998901234567" });

    // The last sign but one: the last carries bits that say nothing.
    let mut forged = path.to_owned();
    let sign = forged.remove(forged.len() - 2);
    forged.insert(forged.len() - 1, if sign == 'A' { 'B' } else { 'A' });
    let refused = stand.client().post(&forged, &report).await;
    assert_eq!(refused.status, 401, "{refused:?}");
    assert_eq!(stand.delivery(&id).await, "sent");

    let told = stand.client().post(path, &report).await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(stand.delivery(&id).await, "delivered");
    let query = path.split('?').nth(1).unwrap();
    assert!(!stand.surface.output().contains(query), "the URL's token is in the log");
}

in_both! {
    a_provider_that_signs_nothing_is_known_by_its_url
    only_the_provider_can_report
    what_a_receiver_reports_is_shown
}
