//! Whatever a network, or a server behind it, does to an exchange.

use std::time::{Duration, Instant};

use countersign_recorded::{ALL, Failed, Recorded, WithoutWords};
use countersign_tests::counterpart::Behaviour;
use countersign_tests::surface::Kind;
use tokio::task::LocalSet;

use super::stand::Stand;

/// Longer than any send may take, and shorter than a request.
const DEADLINE: Duration = Duration::from_secs(20);

async fn every_failure(environment: Kind, recorded: &'static Recorded) {
    let stand = Stand::start(environment, recorded).await;
    assert_eq!(stand.issue().await.status, 201);
    let garbled = match recorded.without_words {
        WithoutWords::Accepted => None,
        WithoutWords::Unreadable => Some("unreadable"),
    };
    let failed = match recorded.failed {
        Failed::NotTaken => "unavailable",
        Failed::PerhapsTaken => "unreadable",
    };
    let status = stand.last().answer.status;
    let words = |status: u16, body: &str| Behaviour::Answer {
        status,
        headers: vec![("content-type".into(), "text/html".into())],
        body: body.as_bytes().to_vec(),
    };
    let half = stand.last().answer.body.len() / 2;
    let half = stand.last().answer.body.as_bytes().split_at(half).0.to_vec();
    let throttled = |seconds: &str| Behaviour::Answer {
        status: 429,
        headers: vec![("retry-after".into(), seconds.into())],
        body: Vec::new(),
    };
    for (name, behaviour, expected) in [
        ("429", words(429, ""), Some("throttled")),
        ("429 with Retry-After", throttled("1"), Some("throttled")),
        ("500", words(500, "<h1>Error</h1>"), Some(failed)),
        ("502", words(502, "<h1>Bad Gateway</h1>"), Some("unreadable")),
        ("503", words(503, ""), Some(failed)),
        ("504", words(504, ""), Some("timeout")),
        ("empty", words(status, ""), garbled),
        ("HTML", words(status, "<!doctype html><title>Welcome</title>"), garbled),
        ("truncated", Behaviour::Truncated { status, body: half }, garbled),
        ("10 MB", Behaviour::Oversized(10_000_000), garbled),
        ("drip", Behaviour::Drip, garbled),
        ("reset", Behaviour::Reset, Some("unreadable")),
        ("hang", Behaviour::Hang, Some("timeout")),
    ] {
        let begun = Instant::now();
        let told = stand.issue_to(behaviour).await;
        let case = format!("{:?} {name}", recorded.settings);
        assert!(begun.elapsed() < DEADLINE, "{case}: {:?}", begun.elapsed());
        match expected {
            None => assert_eq!(told.status, 201, "{case}: {told:?}"),
            Some(kind) => assert_eq!(told.json["kind"], kind, "{case}: {told:?}"),
        }
        let again = stand.issue_again(Duration::from_secs(3)).await;
        assert!(again.is_some(), "{case}: not again\n{}", stand.surface.output());
    }
}

/// All providers at once: each has its own process.
async fn every_provider(environment: Kind) {
    let set = LocalSet::new();
    let providers = ALL.iter().copied().map(|recorded| every_failure(environment, recorded));
    let providers: Vec<_> = providers.map(|provider| set.spawn_local(provider)).collect();
    set.await;
    for provider in providers {
        provider.await.unwrap();
    }
}

#[tokio::test]
async fn the_native_host_bears_whatever_the_network_does() {
    every_provider(Kind::Native).await;
}

#[tokio::test]
async fn the_edge_app_bears_whatever_the_network_does() {
    every_provider(Kind::Edge).await;
}
