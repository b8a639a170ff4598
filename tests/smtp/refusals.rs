//! What a server refuses, and what becomes of it.

use countersign::senders::smtp::Smtp;
use countersign_contract::Secret;
use countersign_contract::types::SendError;
use serde_json::json;

use crate::place::{CODE, DEADLINE, Place, changed, mail, not_configured, open, send};

#[tokio::test]
async fn a_wrong_password_is_unauthorised() {
    let place = Place::new().await;
    let smtp = open(changed(place.settings(), json!({"password": "wrong"})));
    assert_eq!(send(&smtp, "ada@example.org").await, Err(SendError::Unauthorised));
    assert_eq!(place.exim.count("SIGN-IN"), 1);
    assert_eq!(place.exim.count("BEGUN"), 0);
}

#[tokio::test]
async fn a_recipient_that_is_unknown_or_full_is_refused() {
    let place = Place::new().await;
    let smtp = place.smtp();
    for recipient in ["unknown@example.org", "full@example.org"] {
        let refused = send(&smtp, recipient).await;
        assert_eq!(refused, Err(SendError::RecipientRefused), "{recipient}");
    }
    // The next one is none the worse for it.
    send(&smtp, "ada@example.org").await.unwrap();
    place.exim.mails(1).await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_carry_for_us_is_not_the_recipients_fault() {
    let place = Place::new().await;
    let text = other(&place.smtp(), "relay@example.org").await;
    assert_eq!(
        text,
        "senders.email: the server won't carry mail from us to this recipient: 550 5.7.1"
    );
}

#[tokio::test]
async fn a_sender_that_is_refused_names_the_setting() {
    let place = Place::new().await;
    let smtp = open(changed(place.settings(), json!({"from": "stranger@example.test"})));
    let text = not_configured(send(&smtp, "ada@example.org").await);
    assert_eq!(text, "senders.email.from: the server refuses this sender: 550 5.1.8");
}

#[tokio::test]
async fn a_greylisted_recipient_is_unavailable_at_first_and_served_on_the_next_try() {
    let place = Place::new().await;
    let smtp = place.smtp();
    assert_eq!(send(&smtp, "grey@example.org").await, Err(SendError::Unavailable));
    assert!(place.exim.is_untouched());
    send(&smtp, "grey@example.org").await.unwrap();
    place.exim.mails(1).await.unwrap();
}

#[tokio::test]
async fn a_limit_by_policy_is_throttled() {
    let place = Place::new().await;
    let outcome = send(&place.smtp(), "limited@example.org").await;
    assert_eq!(outcome, Err(SendError::Throttled(None)));
}

#[tokio::test]
async fn a_mail_that_is_refused_as_a_whole_repeats_nothing_but_numbers() {
    let place = Place::new().await;
    let mut junk = mail();
    junk.text = Secret::new(format!("{CODE} GTUBE"));
    let outcome = place.smtp().send(&junk, "ada@example.org", "1", DEADLINE).await;
    let text = "senders.email: the server refuses the mail: 554 5.7.1".to_owned();
    assert_eq!(outcome, Err(SendError::Other(text)));
    assert!(place.exim.is_untouched());
}

async fn other(smtp: &Smtp, recipient: &str) -> String {
    match send(smtp, recipient).await {
        Err(SendError::Other(text)) => text,
        other => panic!("another outcome: {other:?}"),
    }
}
