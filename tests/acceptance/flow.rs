//! The way of a code: out, back, and never again.

use countersign_tests::outbox::wrong;
use serde_json::json;

use crate::calls::{
    By, assert_problem, issue, issue_with, issued, phone, resend, revoke, status, verify,
    verify_with,
};
use crate::environment::Environment;

const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["sms", "email"]
default_region = "ID"
[purposes.other]
verify_by = "both"
channels = ["sms", "email"]
[purposes.funding]
verify_by = "both"
channels = ["sms"]
reference_required = true
[purposes.quick]
verify_by = "both"
channels = ["sms"]
cooldown_seconds = 0
[purposes.words]
verify_by = "both"
channels = ["sms"]
alphabet = "unambiguous"
code_length = 8
"#;

pub(crate) async fn a_code_goes_out_comes_back_and_works_once(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let recipients = [phone(1), phone(2), "Jane.Doe@example.com".into(), "joe@example.com".into()];
    for (by, to) in By::BOTH.into_iter().cycle().zip(recipients) {
        let challenge = issued(&client, "login", &to).await;
        let code = environment.outbox().code(&challenge.id);
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code:?}");

        assert_eq!(verify(&client, by, &challenge, &code).await.status, 200);
        for by in By::BOTH {
            let again = verify(&client, by, &challenge, &code).await;
            let field = match by {
                By::Id => json!({ "field": "id" }),
                By::Recipient => json!({}),
            };
            assert_problem(&again, 404, "challenge_not_found", field);
        }
    }
    assert_eq!(environment.outbox().count(), 4);
}

pub(crate) async fn a_code_is_bound_to_its_reference(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    for (number, by) in By::BOTH.into_iter().enumerate() {
        let to = phone(number as u32);
        let body = json!({ "purpose": "funding", "channel": "sms", "to": to, "reference": "IDR 5.000.000 → Budi" });
        let answer = issue_with(&client, body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let message = environment.outbox().message(answer.id());
        assert_eq!(message["reference"], "IDR 5.000.000 → Budi");
        let code = message["code"].as_str().unwrap();
        let challenge =
            crate::calls::Challenge { id: answer.id().into(), purpose: "funding".into(), to };

        let body = json!({ "code": code, "reference": "IDR 9.000.000 → Budi" });
        let answer = verify_with(&client, by, &challenge, body).await;
        assert_problem(&answer, 422, "reference_mismatch", json!({ "attempts_left": 2 }));
        let answer = verify(&client, by, &challenge, code).await;
        assert_problem(&answer, 400, "reference_required", json!({ "field": "reference" }));
        let body = json!({ "code": code, "reference": "IDR 5.000.000 → Budi" });
        let answer = verify_with(&client, by, &challenge, body).await;
        assert_eq!((answer.status, answer.text_of("reference")), (200, "IDR 5.000.000 → Budi"));
    }

    // A code that was bound to nothing confirms nothing in particular.
    let challenge = issued(&client, "login", &phone(9)).await;
    let code = environment.outbox().code(&challenge.id);
    let body = json!({ "code": code, "reference": "anything" });
    let answer = verify_with(&client, By::Id, &challenge, body).await;
    assert_problem(&answer, 422, "reference_mismatch", json!({ "attempts_left": 2 }));
}

pub(crate) async fn a_new_issue_leaves_the_earlier_code_good_and_shares_its_attempts(
    environment: &mut impl Environment,
) {
    environment.start(RULES).await;
    let client = environment.client();
    let first = issued(&client, "quick", &phone(1)).await;
    let old_code = environment.outbox().code(&first.id);
    let answer = verify(&client, By::Id, &first, &wrong(&old_code)).await;
    assert_problem(&answer, 422, "code_mismatch", json!({ "attempts_left": 2 }));

    let answer = issue(&client, "quick", &phone(1)).await;
    assert_eq!((answer.status, answer.number_of("attempts_left")), (201, Some(2)), "{answer:?}");
    let second = crate::calls::Challenge { id: answer.id().into(), ..first.clone() };
    let code = environment.outbox().code(&second.id);
    assert_eq!(verify(&client, By::Id, &first, &old_code).await.status, 200);
    // One success ends them all.
    let answer = verify(&client, By::Id, &second, &code).await;
    assert_problem(&answer, 404, "challenge_not_found", json!({ "field": "id" }));
}

pub(crate) async fn a_revoked_challenge_takes_no_code(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "login", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);
    assert_eq!(revoke(&client, &challenge).await.status, 204);
    for by in By::BOTH {
        let answer = verify(&client, by, &challenge, &code).await;
        assert_problem(&answer, 410, "challenge_revoked", json!({}));
    }
    let answer = resend(&client, &challenge).await;
    assert_problem(&answer, 410, "challenge_revoked", json!({}));
    let answer = revoke(&client, &challenge).await;
    assert_problem(&answer, 404, "challenge_not_found", json!({ "field": "id" }));
}

pub(crate) async fn exhaustion_locks_the_recipient(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    for (number, by) in By::BOTH.into_iter().enumerate() {
        let to = phone(number as u32);
        let challenge = issued(&client, "quick", &to).await;
        let code = environment.outbox().code(&challenge.id);
        for left in [2, 1, 0] {
            let answer = verify(&client, by, &challenge, &wrong(&code)).await;
            assert_problem(&answer, 422, "code_mismatch", json!({ "attempts_left": left }));
        }
        let spent = json!({ "retry_after": [890, 900] });
        for by in By::BOTH {
            let answer = verify(&client, by, &challenge, &code).await;
            assert_problem(&answer, 429, "exhausted", spent.clone());
        }
        let answer = resend(&client, &challenge).await;
        assert_problem(&answer, 429, "exhausted", spent.clone());
        let answer = revoke(&client, &challenge).await;
        assert_problem(&answer, 429, "exhausted", spent.clone());
        let answer = issue(&client, "quick", &to).await;
        assert_problem(&answer, 429, "locked", spent);
        // The lock is the recipient's, whatever the purpose; no other recipient's.
        let answer = issue(&client, "other", &to).await;
        assert_problem(&answer, 429, "locked", json!({ "retry_after": [890, 900] }));
        issued(&client, "other", &phone(number as u32 + 10)).await;
    }
}

pub(crate) async fn spaces_hyphens_and_case_of_a_typed_code_do_not_matter(
    environment: &mut impl Environment,
) {
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "login", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);
    let (left, right) = code.split_at(3);
    let typed = format!(" {left}-{right} ");
    assert_eq!(verify(&client, By::Id, &challenge, &typed).await.status, 200);

    let challenge = issued(&client, "words", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);
    assert_eq!(code.len(), 8);
    assert!(code.bytes().all(|byte| b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ".contains(&byte)), "{code}");
    let typed = code.to_lowercase();
    assert_eq!(verify(&client, By::Recipient, &challenge, &typed).await.status, 200);
}

pub(crate) async fn status_tells_every_state(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let [pending, verified, revoked, exhausted] = [
        issued(&client, "login", &phone(1)).await,
        issued(&client, "login", &phone(2)).await,
        issued(&client, "login", &phone(3)).await,
        issued(&client, "login", &phone(4)).await,
    ];
    let code = environment.outbox().code(&verified.id);
    assert_eq!(verify(&client, By::Id, &verified, &code).await.status, 200);
    assert_eq!(revoke(&client, &revoked).await.status, 204);
    let code = environment.outbox().code(&exhausted.id);
    for _ in 0..3 {
        verify(&client, By::Id, &exhausted, &wrong(&code)).await;
    }
    let states = [
        (pending, "pending"),
        (verified, "verified"),
        (revoked, "revoked"),
        (exhausted, "exhausted"),
    ];
    for (challenge, state) in states {
        for by in By::BOTH {
            let answer = status(&client, by, &challenge).await;
            assert_eq!((answer.status, answer.text_of("state")), (200, state), "{answer:?}");
            assert_eq!(answer.id(), challenge.id);
        }
    }
}
