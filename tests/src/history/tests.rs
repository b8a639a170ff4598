//! Histories by hand: for each rule one that breaks it, and those beside it that may be.

mod answerable;
mod answers;
mod comparisons;
mod endings;
mod successes;

use std::ops::Range;

use super::terms::{Loss, Purpose, Terms};
use super::{Event, History, Outcome, Request, Rule, Verdict, check};

const SECOND: u64 = 1_000_000;
/// What the challenges of these histories live for.
const LIFETIME: u64 = 100 * SECOND;

/// A history that is being written. Times are in tenths of a second.
#[derive(Clone)]
pub(super) struct Script {
    pub(super) history: History,
    pub(super) terms: Terms,
    host: usize,
}

/// A code that belongs to no challenge.
pub(super) const WRONG: &str = "wrong";

impl Script {
    pub(super) fn new() -> Self {
        let mut terms = Terms::default();
        let purpose = Purpose { max_attempts: 3, lifetime: LIFETIME };
        terms.purposes.insert("login".into(), purpose);
        Self { history: History::default(), terms, host: 0 }
    }

    /// What follows is asked of this process.
    pub(super) fn at(mut self, host: usize) -> Self {
        self.host = host;
        self
    }

    pub(super) fn event(mut self, span: (u64, u64), request: Request, outcome: Outcome) -> Self {
        let (start, end) = (span.0 * SECOND / 10, span.1 * SECOND / 10);
        let subject = "login +628".to_owned();
        let host = self.host;
        let event = Event { client: 0, host, start, end, subject, request, outcome };
        self.history.events.push(event);
        self
    }

    /// An issue that was acknowledged. The code is the challenge's name in capitals.
    pub(super) fn issued(mut self, span: (u64, u64), id: &str) -> Self {
        self.history.codes.insert(id.into(), id.to_uppercase());
        self.event(span, Request::Issue, answered(201, "", id))
    }

    /// A code for a challenge, and the answer to it.
    pub(super) fn code(self, span: (u64, u64), id: &str, code: &str, outcome: Outcome) -> Self {
        self.event(span, Request::Verify { id: Some(id.into()), code: code.into() }, outcome)
    }

    /// A code for whichever challenge of the recipient.
    pub(super) fn by_recipient(self, span: (u64, u64), code: &str, outcome: Outcome) -> Self {
        self.event(span, Request::Verify { id: None, code: code.into() }, outcome)
    }

    /// A right code.
    pub(super) fn right(self, span: (u64, u64), id: &str, outcome: Outcome) -> Self {
        self.code(span, id, &id.to_uppercase(), outcome)
    }

    /// A wrong code that was compared.
    pub(super) fn mismatch(self, span: (u64, u64), id: &str) -> Self {
        self.code(span, id, WRONG, answered(422, "code_mismatch", ""))
    }

    pub(super) fn revoke(self, span: (u64, u64), id: &str, outcome: Outcome) -> Self {
        self.event(span, Request::Revoke { id: id.into() }, outcome)
    }

    pub(super) fn lost(self, span: (u64, u64)) -> Self {
        self.lost_of(span, None, true)
    }

    /// A loss of these parts of the store.
    pub(super) fn lost_of(
        mut self,
        span: (u64, u64),
        parts: Option<Range<u16>>,
        is_final: bool,
    ) -> Self {
        let span = span.0 * SECOND / 10..span.1 * SECOND / 10;
        self.terms.losses.push(Loss { span, parts, is_final });
        self
    }

    /// The part of the store in which all of it is.
    pub(super) fn in_part(mut self, part: u16) -> Self {
        self.terms.parts.insert("login +628".into(), part);
        self
    }

    pub(super) fn verdict(&self) -> Verdict {
        check(&self.history, &self.terms)
    }

    /// The rules that it breaks.
    pub(super) fn broken(&self) -> Vec<Rule> {
        self.verdict().violations.iter().map(|violation| violation.rule).collect()
    }
}

pub(super) fn answered(status: u16, code: &str, id: &str) -> Outcome {
    Outcome::Answered { status, code: code.into(), id: id.into() }
}

pub(super) fn ok(id: &str) -> Outcome {
    answered(200, "", id)
}

pub(super) fn not_found() -> Outcome {
    answered(404, "challenge_not_found", "")
}

pub(super) fn exhausted() -> Outcome {
    answered(429, "exhausted", "")
}

pub(super) fn unavailable() -> Outcome {
    answered(503, "store_unavailable", "")
}
