//! What a restart changes: nothing but the keys.

use countersign_tests::outbox::wrong;
use countersign_tests::settings::key;
use serde_json::json;

use crate::calls::{By, assert_problem, issued, phone, status, verify};
use crate::environment::Environment;

const PURPOSES: &str = "[purposes.login]\nverify_by = \"both\"\nchannels = [\"sms\"]\n";

fn rules(keys: &[(&str, u8)]) -> String {
    let ring: Vec<String> = keys
        .iter()
        .map(|(name, seed)| format!("{{ name = \"{name}\", secret = \"{}\" }}", key(*seed)))
        .collect();
    let (index, ring) = (key(0), ring.join(", "));
    format!("[keys]\nindex = \"{index}\"\nring = [{ring}]\n{PURPOSES}")
}

pub(crate) async fn a_restart_keeps_challenges_and_attempts<E: Environment>(environment: &mut E) {
    environment.start(PURPOSES).await;
    let challenge = issued(&environment.client(), "login", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);
    let answer = verify(&environment.client(), By::Id, &challenge, &wrong(&code)).await;
    assert_problem(&answer, 422, "code_mismatch", json!({ "attempts_left": 2 }));

    environment.kill();
    environment.start(PURPOSES).await;
    let client = environment.client();
    let answer = status(&client, By::Id, &challenge).await;
    if !E::DURABLE {
        return assert_problem(&answer, 404, "challenge_not_found", json!({ "field": "id" }));
    }
    assert_eq!(answer.number_of("attempts_left"), Some(2), "{answer:?}");
    assert_eq!(verify(&client, By::Recipient, &challenge, &code).await.status, 200);
    environment.kill();
    environment.start(PURPOSES).await;
    let answer = verify(&environment.client(), By::Recipient, &challenge, &code).await;
    assert_problem(&answer, 404, "challenge_not_found", json!({}));
}

pub(crate) async fn codes_of_an_older_key_still_verify<E: Environment>(environment: &mut E) {
    environment.start(&rules(&[("old", 0xaa)])).await;
    let [first, second] = [
        issued(&environment.client(), "login", &phone(1)).await,
        issued(&environment.client(), "login", &phone(2)).await,
    ];
    environment.kill();
    environment.start(&rules(&[("new", 0xbb), ("old", 0xaa)])).await;
    let client = environment.client();
    let expected = if E::DURABLE { 200 } else { 404 };
    let code = environment.outbox().code(&first.id);
    assert_eq!(verify(&client, By::Id, &first, &code).await.status, expected);
    let code = environment.outbox().code(&second.id);
    assert_eq!(verify(&client, By::Recipient, &second, &code).await.status, expected);
    // What is new is made with the new key.
    let third = issued(&client, "login", &phone(3)).await;
    environment.kill();
    environment.start(&rules(&[("new", 0xbb)])).await;
    let code = environment.outbox().code(&third.id);
    let answer = verify(&environment.client(), By::Id, &third, &code).await;
    assert_eq!(answer.status, expected, "{answer:?}");
}

pub(crate) async fn a_dropped_key_is_forgotten(environment: &mut impl Environment) {
    environment.start(&rules(&[("old", 0xaa)])).await;
    let challenge = issued(&environment.client(), "login", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);
    environment.kill();
    // A key of the same name is another key.
    environment.start(&rules(&[("old", 0xbb)])).await;
    let client = environment.client();
    for by in By::BOTH {
        assert_eq!(verify(&client, by, &challenge, &code).await.status, 404);
    }
}
