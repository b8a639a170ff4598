//! Limits and cooldown: counted before anything is done, and every refusal says when to come back.

use countersign_tests::outbox::wrong;
use serde_json::{Value, json};

use crate::calls::{
    By, assert_problem, issue, issue_with, issued, phone, resend, verify, verify_with,
};
use crate::environment::Environment;

/// Windows of 31 days: the suite doesn't run into the end of one.
const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["sms"]
[purposes.subject]
verify_by = "both"
channels = ["sms"]
cooldown_seconds = 0
limits = [{ scope = "subject", on = "send", max = 2, window_seconds = 2678400 }]
[purposes.address]
verify_by = "both"
channels = ["sms"]
limits = [{ scope = "ip", on = "send", max = 2, window_seconds = 2678400 }]
[purposes.purpose]
verify_by = "both"
channels = ["sms"]
limits = [{ scope = "purpose", on = "send", max = 2, window_seconds = 2678400 }]
[purposes.tenant]
verify_by = "both"
channels = ["sms"]
limits = [{ scope = "tenant", on = "send", max = 2, window_seconds = 2678400 }]
[purposes.tenant-too]
verify_by = "both"
channels = ["sms"]
limits = [{ scope = "tenant", on = "send", max = 2, window_seconds = 2678400 }]
[purposes.tenant-longer]
verify_by = "both"
channels = ["sms"]
limits = [{ scope = "tenant", on = "send", max = 2, window_seconds = 2678399 }]
[purposes.careful]
verify_by = "both"
channels = ["sms"]
max_attempts = 10
limits = [{ scope = "subject", on = "verify", max = 2, window_seconds = 2678400 }]
"#;

fn throttled(scope: &str) -> Value {
    json!({ "scope": scope, "retry_after": [1, 2_678_400] })
}

pub(crate) async fn a_second_send_has_to_wait(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "login", &phone(1)).await;
    let wait = json!({ "scope": "cooldown", "retry_after": [50, 60] });
    assert_problem(&issue(&client, "login", &phone(1)).await, 429, "throttled", wait.clone());
    assert_problem(&resend(&client, &challenge).await, 429, "throttled", wait);
    issued(&client, "login", &phone(2)).await;
    assert_eq!(environment.outbox().count(), 2);
    // The challenge stands as it did. Its success ends the doubling, not the wait.
    let code = environment.outbox().code(&challenge.id);
    assert_eq!(verify(&client, By::Id, &challenge, &code).await.status, 200);
    let wait = json!({ "scope": "cooldown", "retry_after": [50, 60] });
    assert_problem(&issue(&client, "login", &phone(1)).await, 429, "throttled", wait);
}

pub(crate) async fn a_limit_per_subject_counts_one_recipient(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    issued(&client, "subject", &phone(1)).await;
    let challenge = issued(&client, "subject", &phone(1)).await;
    for _ in 0..3 {
        let answer = issue(&client, "subject", &phone(1)).await;
        assert_problem(&answer, 429, "throttled", throttled("subject"));
        assert_problem(&resend(&client, &challenge).await, 429, "throttled", throttled("subject"));
    }
    issued(&client, "subject", &phone(2)).await;
    assert_eq!(environment.outbox().count(), 3);
}

pub(crate) async fn a_limit_per_client_address_counts_networks(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let mut number = 0;
    let mut from = async |address: &str| {
        number += 1;
        let to = phone(number);
        let body =
            json!({ "purpose": "address", "channel": "sms", "to": to, "client_ip": address });
        issue_with(&client, body).await
    };
    for address in
        ["198.51.100.7", "::ffff:198.51.100.7", "2001:db8:0:1::1", "2001:db8:0:1:ffff::2"]
    {
        assert_eq!(from(address).await.status, 201, "{address}");
    }
    for address in ["198.51.100.7", "2001:db8:0:1:abcd::3"] {
        assert_problem(&from(address).await, 429, "throttled", throttled("ip"));
    }
    for address in ["198.51.100.8", "2001:db8:0:2::1"] {
        assert_eq!(from(address).await.status, 201, "{address}");
    }
}

pub(crate) async fn a_limit_per_purpose_counts_all_recipients(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    issued(&client, "purpose", &phone(1)).await;
    issued(&client, "purpose", &phone(2)).await;
    let answer = issue(&client, "purpose", &phone(3)).await;
    assert_problem(&answer, 429, "throttled", throttled("purpose"));
    issued(&client, "login", &phone(3)).await;
}

pub(crate) async fn a_limit_per_tenant_counts_all_purposes(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    issued(&client, "tenant", &phone(1)).await;
    issued(&client, "tenant-too", &phone(2)).await;
    // The last one has a window of its own, in which the others are counted.
    for purpose in ["tenant", "tenant-too", "tenant-longer"] {
        let answer = issue(&client, purpose, &phone(3)).await;
        assert_problem(&answer, 429, "throttled", throttled("tenant"));
    }
    issued(&client, "login", &phone(3)).await;
}

pub(crate) async fn a_limited_verification_compares_nothing(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    for (number, by) in By::BOTH.into_iter().enumerate() {
        let challenge = issued(&client, "careful", &phone(number as u32)).await;
        let code = environment.outbox().code(&challenge.id);
        for _ in 0..2 {
            assert_eq!(verify(&client, by, &challenge, &wrong(&code)).await.status, 422);
        }
        let answer = verify_with(&client, by, &challenge, json!({ "code": code })).await;
        assert_problem(&answer, 429, "throttled", throttled("subject"));
    }
}
