//! Every documented answer, and what the caller is told.

use std::time::Duration;

use countersign_contract::types::SendError;
use countersign_recorded::{ALL, Recorded};
use countersign_tests::surface::Kind;
use tokio::task::LocalSet;

use super::stand::{Stand, behaviour};

/// The word for an error in a problem.
fn kind(error: &SendError) -> &'static str {
    match error {
        SendError::NotConfigured(_) => "not_configured",
        SendError::Other(_) => "other",
        SendError::RecipientRefused => "recipient_refused",
        SendError::TemplateUnknown => "template_unknown",
        SendError::Throttled(_) => "throttled",
        SendError::Timeout => "timeout",
        SendError::Unauthorised => "unauthorised",
        SendError::Unavailable => "unavailable",
        SendError::Unreadable => "unreadable",
    }
}

async fn every_answer(environment: Kind, recorded: &'static Recorded) {
    let stand = Stand::start(environment, recorded).await;
    let accepted = stand.issue().await;
    assert_eq!(accepted.status, 201, "{accepted:?}\n{}", stand.surface.output());
    let provider = accepted.json["provider"].clone();
    stand.requests_are_as_recorded();
    for (answer, error) in recorded.documented() {
        let is_login = recorded.accepted.len() > 1 && error == SendError::Unauthorised;
        let told = if is_login {
            // Once alone it is a token that ends in mid-flight.
            stand.counterpart.usually(stand.path(), behaviour(&answer));
            let told = stand.issue().await;
            stand.counterpart.usually(stand.path(), behaviour(&stand.last().answer));
            told
        } else {
            stand.issue_to(behaviour(&answer)).await
        };
        let case = format!("{provider}: {} {}", answer.status, answer.body);
        assert_eq!(told.json["code"], "delivery_failed", "{case}: {told:?}");
        assert_eq!(told.json["kind"], kind(&error), "{case}");
        let shown = told.json.to_string();
        assert!(answer.body.len() < 20 || !shown.contains(answer.body), "{case}: {shown}");
        // Nothing is left of it. A provider that named a time has it, all the same.
        let patience = match error {
            SendError::Throttled(Some(_)) => Duration::from_secs(5),
            _ => Duration::ZERO,
        };
        assert!(stand.issue_again(patience).await.is_some(), "{case}: not again at once");
    }
    // WhatsApp's names for messages hold the recipient's number, in base64.
    let output = stand.surface.output();
    let is_told = recorded.message_id.is_some_and(|id| output.contains(id));
    assert!(!is_told, "{provider}: its name for the message is in the log");
}

/// All providers at once: each has its own process.
async fn every_provider(environment: Kind) {
    let set = LocalSet::new();
    let providers = ALL.iter().copied().map(|recorded| every_answer(environment, recorded));
    let providers: Vec<_> = providers.map(|provider| set.spawn_local(provider)).collect();
    set.await;
    for provider in providers {
        provider.await.unwrap();
    }
}

#[tokio::test]
async fn the_native_host_tells_every_documented_answer_apart() {
    every_provider(Kind::Native).await;
}

#[tokio::test]
async fn the_edge_app_tells_every_documented_answer_apart() {
    every_provider(Kind::Edge).await;
}
