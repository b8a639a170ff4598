//! Servers that are gone, silent, or break off: in time, and never called a failure where the mail may have gone out.

use std::time::Duration;

use countersign_contract::Secret;
use countersign_contract::types::SendError;
use countersign_tests::certificates::Authority;
use countersign_tests::redis::free_port;
use serde_json::json;
use tokio::time::Instant;

use crate::place::{DEADLINE, NAME, changed, mail, open, send};
use crate::stub::{Act, GREETED, Stub, TAKEN};

/// What a caller waits at most, where the server is silent.
const PATIENCE: Duration = Duration::from_millis(1500);
/// What a loaded machine may add.
const GRACE: Duration = Duration::from_secs(5);

/// The first `count` acts of a conversation that would succeed, then `act`.
fn until(count: usize, act: Act) -> Vec<Act> {
    GREETED.into_iter().chain(TAKEN).take(count).chain([act]).collect()
}

/// What comes of a script, and after how long.
async fn outcome(script: Vec<Act>) -> (Result<Option<String>, SendError>, Duration) {
    let stub = Stub::start(vec![script]).await;
    let smtp = open(stub.settings());
    let start = Instant::now();
    let outcome = smtp.send(&mail(), "ada@example.org", "1", PATIENCE).await;
    (outcome, start.elapsed())
}

#[tokio::test]
async fn a_server_that_is_down_is_unavailable_at_once() {
    let settings = json!({
        "host": "127.0.0.1",
        "port": free_port().unwrap(),
        "tls": "none",
        "from": "codes@example.test",
    });
    let start = Instant::now();
    assert_eq!(send(&open(settings), "ada@example.org").await, Err(SendError::Unavailable));
    assert!(start.elapsed() < DEADLINE / 4);
}

#[tokio::test]
async fn silence_keeps_the_deadline_in_every_phase() {
    let phases = async |count, expected| {
        let (outcome, elapsed) = outcome(until(count, Act::Hang)).await;
        assert_eq!(outcome, Err(expected), "silent after {count}");
        assert!((PATIENCE..PATIENCE + GRACE).contains(&elapsed), "{count}: {elapsed:?}");
    };
    tokio::join!(
        phases(0, SendError::Unavailable),
        phases(1, SendError::Unavailable),
        phases(2, SendError::Unavailable),
        phases(3, SendError::Unavailable),
        phases(4, SendError::Unavailable),
        phases(5, SendError::Timeout),
    );
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_open_only_what_is_open() {
    for count in 0..5 {
        let (outcome, _) = outcome(until(count, Act::Close)).await;
        assert_eq!(outcome, Err(SendError::Unavailable), "closed after {count}");
    }
    let (outcome, _) = outcome(until(5, Act::Close)).await;
    assert_eq!(outcome, Err(SendError::Unreadable));
}

#[tokio::test]
async fn nonsense_leaves_open_only_what_is_open() {
    for count in 0..5 {
        let (outcome, _) = outcome(until(count, Act::Say("hello there"))).await;
        assert_eq!(outcome, Err(SendError::Unavailable), "nonsense after {count}");
    }
    for nonsense in ["hello there", "354 go on"] {
        let (outcome, _) = outcome(until(5, Act::Say(nonsense))).await;
        assert_eq!(outcome, Err(SendError::Unreadable), "{nonsense}");
    }
}

#[tokio::test]
async fn a_content_that_is_not_acknowledged_with_354_is_never_sent() {
    let stub = Stub::start(vec![until(4, Act::Say("250 what?"))]).await;
    let outcome = send(&open(stub.settings()), "ada@example.org").await;
    assert_eq!(outcome, Err(SendError::Unavailable));
    assert!(stub.heard().ends_with("DATA\r\n"), "{}", stub.heard());
}

#[tokio::test]
async fn a_content_that_never_reached_its_end_cannot_have_gone_out() {
    // More than fits into the buffers on the way to a server that doesn't read.
    let stub = Stub::start(vec![until(4, Act::Ignore("354 go on"))]).await;
    let mut long = mail();
    long.text = Secret::new("0123456789 ".repeat(3_000_000));
    let outcome = open(stub.settings()).send(&long, "ada@example.org", "1", PATIENCE * 4).await;
    assert_eq!(outcome, Err(SendError::Unavailable));
}

#[tokio::test]
async fn silence_while_encryption_begins_keeps_the_deadline() {
    let offered = [Act::Say("220 stub"), Act::Say("250-stub\r\n250 STARTTLS")];
    let authority = Authority::new().unwrap();
    for rest in [vec![Act::Hang], vec![Act::Ignore("220 go on")]] {
        let script: Vec<Act> = offered.into_iter().chain(rest).collect();
        let stub = Stub::start(vec![script]).await;
        let changes =
            json!({"host": NAME, "tls": "starttls", "ca_file": authority.file().unwrap()});
        let smtp = open(changed(stub.settings(), changes));
        let start = Instant::now();
        let outcome = smtp.send(&mail(), "ada@example.org", "1", PATIENCE).await;
        assert_eq!(outcome, Err(SendError::Unavailable));
        assert!((PATIENCE..PATIENCE + GRACE).contains(&start.elapsed()));
    }
}
