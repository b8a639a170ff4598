//! Who may call, and for whom.

use countersign_http_api::keys::new_key;
use countersign_tests::outbox::wrong;
use data_encoding::HEXLOWER;
use serde_json::json;

use crate::calls::{
    By, assert_problem, issue, issued, phone, resend, revoke, status, unlock, verify,
};
use crate::environment::Environment;

/// A key of the test's own, and its entry.
fn key(seed: u8, name: &str, tenant: &str, operator: bool) -> (String, String) {
    let (key, sha256) = new_key(&[seed; 32]);
    let entry = format!(
        "[[api_keys]]\nname = \"{name}\"\ntenant = \"{tenant}\"\nsha256 = \"{}\"\noperator = {operator}\n",
        HEXLOWER.encode(&sha256)
    );
    (key.expose().to_owned(), entry)
}

struct Keys {
    ours: String,
    operators: String,
    theirs: String,
    rules: String,
}

fn keys() -> Keys {
    let (ours, first) = key(1, "app", "default", false);
    let (operators, second) = key(2, "ann", "default", true);
    let (theirs, third) = key(3, "acme-app", "acme", true);
    let purposes = r#"
[purposes.login]
verify_by = "both"
channels = ["sms"]
failure_cap = 3
[tenants.acme.purposes.login]
verify_by = "both"
channels = ["sms"]
[tenants.acme.purposes.special]
verify_by = "both"
channels = ["sms"]
"#;
    Keys { ours, operators, theirs, rules: format!("{first}{second}{third}{purposes}") }
}

pub(crate) async fn a_call_needs_a_known_key(environment: &mut impl Environment) {
    let keys = keys();
    environment.start(&keys.rules).await;
    let without_key = environment.client();
    let challenge = issued(&without_key.with_key(&keys.ours), "login", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);
    let strangers = [
        without_key.clone(),
        without_key.with_key("countersign_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        without_key.with_key(&keys.ours[1..]),
        without_key.with_key(&keys.ours.to_lowercase()),
        without_key.with_header(hyper::header::AUTHORIZATION, &format!("Basic {}", keys.ours)),
    ];
    for client in strangers {
        let answers = [
            issue(&client, "login", &phone(2)).await,
            verify(&client, By::Id, &challenge, &code).await,
            verify(&client, By::Recipient, &challenge, &code).await,
            status(&client, By::Id, &challenge).await,
            status(&client, By::Recipient, &challenge).await,
            resend(&client, &challenge).await,
            revoke(&client, &challenge).await,
            unlock(&client, "login", &phone(1)).await,
        ];
        for answer in answers {
            assert_problem(&answer, 401, "unauthorized", json!({}));
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        assert_eq!(client.get("/healthz").await.status, 200);
        assert_eq!(client.get("/readyz").await.status, 200);
        assert_eq!(client.get("/openapi.json").await.status, 200);
    }
    assert_eq!(environment.outbox().count(), 1);
    let ours = without_key.with_key(&keys.ours);
    assert_eq!(verify(&ours, By::Id, &challenge, &code).await.status, 200);
    environment.assert_silent(&[&keys.ours, &keys.operators, &keys.theirs]);
    assert!(environment.output().contains("\"caller\":\"app\""), "the caller is not named");
}

pub(crate) async fn a_tenant_sees_nothing_of_another(environment: &mut impl Environment) {
    let keys = keys();
    environment.start(&keys.rules).await;
    let ours = environment.client().with_key(&keys.ours);
    let theirs = environment.client().with_key(&keys.theirs);
    let challenge = issued(&ours, "login", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);

    let answers = [
        verify(&theirs, By::Id, &challenge, &code).await,
        status(&theirs, By::Id, &challenge).await,
        resend(&theirs, &challenge).await,
        revoke(&theirs, &challenge).await,
    ];
    for answer in answers {
        assert_problem(&answer, 404, "challenge_not_found", json!({ "field": "id" }));
    }
    let answers = [
        verify(&theirs, By::Recipient, &challenge, &code).await,
        status(&theirs, By::Recipient, &challenge).await,
    ];
    for answer in answers {
        assert_problem(&answer, 404, "challenge_not_found", json!({}));
    }
    let answer = issue(&ours, "special", &phone(1)).await;
    assert_problem(&answer, 404, "unknown_purpose", json!({ "field": "purpose" }));
    assert_eq!(unlock(&theirs, "login", &phone(1)).await.status, 204);

    // The same number of theirs waits for nothing of ours, and takes nothing of ours.
    let other = issued(&theirs, "login", &phone(1)).await;
    assert_eq!(environment.outbox().message(&other.id)["tenant"], "acme");
    for _ in 0..3 {
        let theirs_code = environment.outbox().code(&other.id);
        verify(&theirs, By::Recipient, &other, &wrong(&theirs_code)).await;
    }
    let answer = status(&ours, By::Recipient, &challenge).await;
    assert_eq!(answer.number_of("attempts_left"), Some(3), "{answer:?}");
    assert_eq!(verify(&ours, By::Recipient, &challenge, &code).await.status, 200);
}

pub(crate) async fn only_an_operator_unlocks(environment: &mut impl Environment) {
    let keys = keys();
    environment.start(&keys.rules).await;
    let ours = environment.client().with_key(&keys.ours);
    let operator = environment.client().with_key(&keys.operators);
    let challenge = issued(&ours, "login", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);
    for _ in 0..3 {
        verify(&ours, By::Id, &challenge, &wrong(&code)).await;
    }
    let answer = status(&ours, By::Id, &challenge).await;
    assert_eq!(answer.json["disabled"], true, "{answer:?}");
    assert!(answer.number_of("locked_for") > Some(0), "{answer:?}");
    let answer = issue(&ours, "login", &phone(1)).await;
    assert_problem(&answer, 403, "disabled", json!({}));

    assert_problem(&unlock(&ours, "login", &phone(1)).await, 403, "forbidden", json!({}));
    assert_problem(&issue(&ours, "login", &phone(1)).await, 403, "disabled", json!({}));

    let answer = unlock(&operator, "login", &phone(1)).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{answer:?}");
    let answer = verify(&ours, By::Id, &challenge, &code).await;
    assert_problem(&answer, 410, "challenge_revoked", json!({}));
    let challenge = issued(&ours, "login", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);
    assert_eq!(verify(&ours, By::Id, &challenge, &code).await.status, 200);
}
