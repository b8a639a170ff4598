//! Replies in all the forms that servers give them: their codes decide.

use countersign_contract::types::SendError;
use serde_json::{Value, json};

use crate::place::{changed, not_configured, open, send};
use crate::stub::{Act, GREETED, Stub, TAKEN};

const USER: &str = "courier";
const PASSWORD: &str = "hunter2-hunter2";

/// What comes of a script for a mail, and what the server heard.
async fn played(
    script: Vec<Act>,
    changes: Value,
) -> (Result<Option<String>, SendError>, Vec<String>) {
    let stub = Stub::start(vec![script]).await;
    let outcome = send(&open(changed(stub.settings(), changes)), "ada@example.org").await;
    (outcome, stub.heard().lines().map(str::to_owned).collect())
}

fn signing_in() -> Value {
    json!({"user": USER, "password": PASSWORD})
}

/// The first `count` acts of a conversation that would succeed, then `act`, then the rest but one.
fn with(count: usize, act: Act) -> Vec<Act> {
    let mut script: Vec<Act> = GREETED.into_iter().chain(TAKEN).collect();
    script[count] = act;
    script
}

#[tokio::test]
async fn a_reply_without_a_text_means_what_its_code_means() {
    for (count, reply) in [
        (0, "220"),
        (0, "220-a\r\n220"),
        (1, "250-mx\r\n250"),
        (1, "250"),
        (2, "250"),
        (3, "250"),
        (4, "354"),
        (5, "250"),
        (5, "250-queued\r\n250"),
    ] {
        let (outcome, _) = played(with(count, Act::Say(reply)), json!({})).await;
        assert!(outcome.is_ok(), "{count} {reply}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_text_may_be_in_any_bytes() {
    for count in 0..6 {
        let reply: &[u8] = match count {
            0 => b"220 \xb5\xc7\xc2\xbc",
            4 => b"354 \xb5\xc7\xc2\xbc",
            _ => b"250 \xee\xc5\xd4",
        };
        let (outcome, _) = played(with(count, Act::SayBytes(reply)), json!({})).await;
        assert!(outcome.is_ok(), "{count}: {outcome:?}");
    }
    for reply in [&b"550 5.1.1 \xee\xc5\xd4"[..], b"550 5.1.1 Empf\xe4nger", b"550 \xff\xfe"] {
        let (outcome, _) = played(with(3, Act::SayBytes(reply)), json!({})).await;
        assert_eq!(outcome, Err(SendError::RecipientRefused));
    }
}

#[tokio::test]
async fn a_reply_that_ends_in_a_line_feed_alone_is_none() {
    for count in 0..5 {
        let script = with(count, Act::Say("250-a\n250 b"));
        let (outcome, _) = played(script, json!({})).await;
        assert_eq!(outcome, Err(SendError::Unavailable), "{count}");
    }
}

/// The replies to EHLO and to each step of signing in, and then to a mail.
fn offering(replies: &[Act]) -> Vec<Act> {
    [Act::Say("220 stub")].iter().chain(replies).chain(&TAKEN).copied().collect()
}

#[tokio::test]
async fn whatever_stands_behind_334_the_user_is_sent_and_then_the_password() {
    for (first, second) in [
        (&b"334 VXNlcm5hbWU6"[..], &b"334 UGFzc3dvcmQ6"[..]),
        (b"334 ", b"334 "),
        (b"334", b"334"),
        (b"334 UGxlYXNlIGVudGVyIGxvZ2lu", b"334 VXNlcjo="),
        (b"334 UGFzc3dvcmQ6", b"334 VXNlcm5hbWU6"),
        (b"334 not base64", b"334 \xff\xfe"),
    ] {
        for offer in ["250-stub\r\n250 AUTH LOGIN", "250-stub\r\n250 auth=login"] {
            let script = offering(&[
                Act::Say(offer),
                Act::SayBytes(first),
                Act::SayBytes(second),
                Act::Say("235"),
            ]);
            let (outcome, heard) = played(script, signing_in()).await;
            assert!(outcome.is_ok(), "{outcome:?}");
            let expected = ["AUTH LOGIN", "Y291cmllcg==", "aHVudGVyMi1odW50ZXIy"];
            assert_eq!(heard[1..4], expected, "{heard:?}");
        }
    }
}

#[tokio::test]
async fn keywords_count_in_any_capitals_and_in_their_old_form() {
    for offer in [
        "250-stub\r\n250 AUTH PLAIN LOGIN",
        "250-stub\r\n250 auth login plain",
        "250-stub\r\n250-AUTH=LOGIN PLAIN\r\n250",
    ] {
        let script = offering(&[Act::Say(offer), Act::Say("235 welcome")]);
        let (outcome, heard) = played(script, signing_in()).await;
        assert!(outcome.is_ok(), "{offer}: {outcome:?}");
        assert_eq!(heard[1], "AUTH PLAIN AGNvdXJpZXIAaHVudGVyMi1odW50ZXIy");
    }
}

#[tokio::test]
async fn a_login_that_is_refused_in_any_language_is_unauthorised() {
    for reply in [&b"535 \xb5\xc7\xc2\xbc\xca\xa7\xb0\xdc"[..], b"535", b"535-a\r\n535 \xff"] {
        let offer = Act::Say("250-stub\r\n250 AUTH PLAIN");
        let (outcome, _) = played(offering(&[offer, Act::SayBytes(reply)]), signing_in()).await;
        assert_eq!(outcome, Err(SendError::Unauthorised));
    }
}

#[tokio::test]
async fn starttls_is_used_in_whatever_capitals_it_is_offered() {
    for offer in ["250-stub\r\n250 starttls", "250-stub\r\n250 StartTLS"] {
        let script = offering(&[Act::Say(offer), Act::Say("454 4.7.0 TLS not available")]);
        let (outcome, heard) = played(script, json!({"tls": "starttls"})).await;
        assert_eq!(outcome, Err(SendError::Unavailable));
        assert_eq!(heard[1], "STARTTLS");
    }
}

#[tokio::test]
async fn a_server_without_ehlo_is_greeted_as_of_old() {
    for refused in ["502 what?", "500 5.5.1 what?", "502"] {
        let greeted = || [Act::Say(refused), Act::Say("250 stub")];
        let (outcome, heard) = played(offering(&greeted()), json!({})).await;
        assert!(outcome.is_ok(), "{refused}: {outcome:?}");
        assert_eq!(heard[..2], ["EHLO example.test", "HELO example.test"]);

        let (outcome, _) = played(offering(&greeted()), json!({"tls": "starttls"})).await;
        assert!(not_configured(outcome).starts_with("senders.email.tls: "));
        let (outcome, _) = played(offering(&greeted()), signing_in()).await;
        assert!(not_configured(outcome).starts_with("senders.email.user: "));
    }
    let (outcome, heard) = played(offering(&[Act::Say("550 go away")]), json!({})).await;
    assert!(matches!(outcome, Err(SendError::Other(_))), "{outcome:?}");
    assert_eq!(heard.len(), 1);
}

#[tokio::test]
async fn an_odd_line_among_the_offers_is_passed_over() {
    let offer = Act::Say("250-stub\r\n250- \r\n250-\r\n250 HELP");
    let (outcome, _) = played(offering(&[offer]), json!({})).await;
    assert!(outcome.is_ok(), "{outcome:?}");
}
