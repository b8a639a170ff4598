//! What was answered, counted by challenge.

use std::collections::BTreeMap;

use countersign_tests::client::Answer;

/// Successes and compared codes.
#[derive(Debug, Default)]
pub(crate) struct PurposeTally {
    successes: BTreeMap<String, usize>,
    compared: BTreeMap<String, usize>,
    requests: usize,
}

impl PurposeTally {
    /// Counts the answer to a code for a challenge, which is named where the answer doesn't.
    pub(crate) fn count(&mut self, challenge: &str, answer: &Answer) {
        self.requests += 1;
        match (answer.status, answer.code()) {
            (200, _) => self.succeeded(answer.id()),
            (422, "code_mismatch") => self.mismatched(challenge),
            // No answer, where its process lost the store or the client.
            (403 | 404 | 409 | 410 | 422 | 423 | 429 | 503, _) => {}
            _ => panic!("{challenge}: {answer:?}"),
        }
    }

    /// Counts a success.
    pub(crate) fn succeeded(&mut self, challenge: &str) {
        *self.successes.entry(challenge.into()).or_default() += 1;
        *self.compared.entry(challenge.into()).or_default() += 1;
    }

    /// Counts a code that was compared and wrong.
    pub(crate) fn mismatched(&mut self, challenge: &str) {
        *self.compared.entry(challenge.into()).or_default() += 1;
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn add(&mut self, other: &Self) {
        let pairs =
            [(&mut self.successes, &other.successes), (&mut self.compared, &other.compared)];
        for (own, others) in pairs {
            for (challenge, count) in others {
                *own.entry(challenge.clone()).or_default() += count;
            }
        }
        self.requests += other.requests;
    }

    /// Successes of a challenge.
    pub(crate) fn successes_of(&self, challenge: &str) -> usize {
        self.successes.get(challenge).copied().unwrap_or_default()
    }

    /// Challenges that succeeded.
    pub(crate) fn succeeded_challenges(&self) -> usize {
        self.successes.len()
    }

    /// Codes that were compared.
    pub(crate) fn compared(&self) -> usize {
        self.compared.values().sum()
    }

    /// Answers that were counted.
    pub(crate) fn requests(&self) -> usize {
        self.requests
    }

    /// Successes beyond the first of a challenge.
    pub(crate) fn second_successes(&self) -> usize {
        self.successes.values().map(|count| count - 1).sum()
    }

    /// Codes compared with a challenge beyond `limit`.
    pub(crate) fn over(&self, limit: usize) -> usize {
        self.compared.values().map(|count| count.saturating_sub(limit)).sum()
    }
}
