//! Connections that serve more than one mail, and what happens when they are gone.

use std::sync::Arc;

use countersign_contract::types::SendError;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::place::{DEADLINE, Place, changed, mail, open, send};
use crate::stub::{Act, GREETED, Stub, TAKEN};

#[tokio::test]
async fn several_mails_go_over_one_connection() {
    let place = Place::new().await;
    let smtp = place.smtp();
    for number in 1..=5 {
        send(&smtp, &format!("ada{number}@example.org")).await.unwrap();
    }
    place.exim.mails(5).await.unwrap();
    assert_eq!((place.exim.count("CONNECTED"), place.exim.count("SIGN-IN")), (1, 1));
}

#[tokio::test]
async fn there_are_never_more_connections_than_allowed() {
    let place = Place::new().await;
    let smtp = Arc::new(open(changed(place.settings(), json!({"max_connections": 2}))));
    let mut sends = JoinSet::new();
    for number in 0..12 {
        let smtp = Arc::clone(&smtp);
        sends.spawn(async move { send(&smtp, &format!("ada{number}@example.org")).await });
    }
    while let Some(sent) = sends.join_next().await {
        sent.unwrap().unwrap();
    }
    place.exim.mails(12).await.unwrap();
    assert_eq!(place.exim.count("CONNECTED"), 2);
}

#[tokio::test]
async fn a_server_that_was_restarted_gets_the_next_mail_once() {
    let mut place = Place::new().await;
    let smtp = place.smtp();
    send(&smtp, "ada@example.org").await.unwrap();
    place.exim.mails(1).await.unwrap();
    place.exim.stop().unwrap();
    assert_eq!(send(&smtp, "ada@example.org").await, Err(SendError::Unavailable));
    place.exim.restart().await.unwrap();
    send(&smtp, "ada@example.org").await.unwrap();
    assert_eq!(place.exim.mails(2).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_connection_that_closed_while_idle_is_replaced_within_the_send() {
    let mut place = Place::new().await;
    let smtp = place.smtp();
    send(&smtp, "ada@example.org").await.unwrap();
    place.exim.mails(1).await.unwrap();
    place.exim.stop().unwrap();
    place.exim.restart().await.unwrap();
    send(&smtp, "ada@example.org").await.unwrap();
    assert_eq!(place.exim.mails(2).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_connection_that_fell_silent_while_idle_is_replaced_within_the_send() {
    let first: Vec<Act> = GREETED.into_iter().chain(TAKEN).chain([Act::Hang]).collect();
    let second: Vec<Act> = GREETED.into_iter().chain(TAKEN).collect();
    let stub = Stub::start(vec![first, second]).await;
    let smtp = open(stub.settings());
    send(&smtp, "ada@example.org").await.unwrap();
    let start = Instant::now();
    send(&smtp, "ada@example.org").await.unwrap();
    assert!(start.elapsed() < DEADLINE / 2, "{:?}", start.elapsed());
    assert_eq!(stub.heard().matches("MAIL FROM").count(), 3, "{}", stub.heard());
}

#[tokio::test]
async fn a_mail_that_may_have_gone_out_is_not_sent_again() {
    let taken = || GREETED.into_iter().chain(TAKEN);
    let first: Vec<Act> = taken().chain(TAKEN.into_iter().take(3)).chain([Act::Close]).collect();
    let stub = Stub::start(vec![first, taken().collect()]).await;
    let smtp = open(stub.settings());
    send(&smtp, "ada@example.org").await.unwrap();
    assert_eq!(send(&smtp, "ada@example.org").await, Err(SendError::Unreadable));
    assert_eq!(stub.heard().matches("DATA").count(), 2, "{}", stub.heard());
}

#[tokio::test]
async fn a_server_that_wants_a_new_connection_gets_one() {
    let full = [Act::Say("421 4.7.0 enough over this connection"), Act::Close];
    let first: Vec<Act> = GREETED.into_iter().chain(TAKEN).chain(full).collect();
    let second: Vec<Act> = GREETED.into_iter().chain(TAKEN).collect();
    let stub = Stub::start(vec![first, second]).await;
    let smtp = open(stub.settings());
    for _ in 0..2 {
        smtp.send(&mail(), "ada@example.org", "1", DEADLINE).await.unwrap();
    }
}
