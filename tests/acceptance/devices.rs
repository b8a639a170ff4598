//! Device cookies: what strangers do to a recipient doesn't keep out the device that answered before.

use countersign_tests::outbox::wrong;
use serde_json::json;

use crate::calls::{By, Challenge, assert_problem, issue_with, issued, phone, verify};
use crate::environment::Environment;

const RULES: &str = r#"
[purposes.login]
channels = ["sms"]
cooldown_seconds = 0
[purposes.payment]
channels = ["sms"]
[purposes.forgets]
channels = ["sms"]
remember_device_seconds = 0
"#;

pub(crate) async fn strangers_do_not_keep_a_known_device_out(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "login", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);
    let answer = verify(&client, By::Id, &challenge, &code).await;
    let cookie = answer.json["device_cookie"].as_str().unwrap().to_owned();
    assert_eq!(cookie.len(), 28);

    // A stranger locks the recipient.
    let theirs = issued(&client, "login", &phone(1)).await;
    let code = environment.outbox().code(&theirs.id);
    for _ in 0..3 {
        assert_eq!(verify(&client, By::Id, &theirs, &wrong(&code)).await.status, 422);
    }
    let refused = verify(&client, By::Id, &theirs, &code).await;
    assert_eq!(refused.status, 429, "{refused:?}");

    // The owner's device logs in, and gets a new cookie.
    let body = json!({ "purpose": "login", "to": phone(1), "device_cookie": cookie });
    let answer = issue_with(&client, body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let own = Challenge { id: answer.id().into(), ..challenge.clone() };
    let code = environment.outbox().code(&own.id);
    let answer = verify(&client, By::Id, &own, &code).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.json["device_cookie"].is_string());

    // The cookie counts for every purpose.
    let body = json!({ "purpose": "payment", "to": phone(1), "device_cookie": cookie });
    assert_eq!(issue_with(&client, body).await.status, 201);

    // Another recipient's, and two that are none.
    for (to, cookie) in [(phone(2), cookie.as_str()), (phone(3), "\u{e9}"), (phone(4), "")] {
        issued(&client, "payment", &to).await;
        let body = json!({ "purpose": "payment", "to": to, "device_cookie": cookie });
        assert_problem(
            &issue_with(&client, body).await,
            429,
            "throttled",
            json!({ "scope": "cooldown", "retry_after": [1, 60] }),
        );
    }
    for bad in [json!(7), json!("A".repeat(257))] {
        let body = json!({ "purpose": "login", "to": phone(5), "device_cookie": bad });
        assert_eq!(issue_with(&client, body).await.status, 400);
    }
    let body = json!({ "purpose": "login", "to": phone(5), "device_cookie": "A".repeat(256) });
    assert_eq!(issue_with(&client, body).await.status, 201);
    environment.assert_silent(&[&cookie]);
}

pub(crate) async fn a_purpose_may_remember_no_device(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "forgets", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);
    let answer = verify(&client, By::Id, &challenge, &code).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json.get("device_cookie").is_none(), "{answer:?}");
}
