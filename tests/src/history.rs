//! Histories: every request of a run with its start, its end and its answer, and a checker that decides from them alone
//! what may not be. Nothing here opens a socket or reads a clock.
//!
//! The checker is sound: what it calls a violation is one, whatever else happened at the same time and whatever became
//! of the requests whose answer no client heard. Each rule says what it leaves undecided for that.

pub mod answerable;
pub mod answers;
pub mod comparisons;
pub mod endings;
pub mod figures;
pub mod subject;
pub mod successes;
pub mod terms;
#[cfg(test)]
mod tests;
pub mod write;

use std::collections::BTreeMap;

use self::figures::Figures;
use self::subject::Subjects;
use self::terms::Terms;

/// Microseconds since the run began.
pub type Micros = u64;

/// One request.
#[derive(Clone, Debug)]
pub struct Event {
    /// Which client asked.
    pub client: usize,
    /// Which process was asked.
    pub host: usize,
    /// When the client began to ask.
    pub start: Micros,
    /// When it had its answer, or gave up.
    pub end: Micros,
    /// The purpose and the recipient that the request is about.
    pub subject: String,
    /// What was asked for.
    pub request: Request,
    /// What came of it.
    pub outcome: Outcome,
}

/// What is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Request {
    /// A challenge.
    Issue,
    /// Verification of a code, of the challenge that is named, or else of any of the recipient's.
    Verify {
        /// The challenge.
        id: Option<String>,
        /// The code.
        code: String,
    },
    /// The message of a challenge once more.
    Resend {
        /// The challenge.
        id: String,
    },
    /// That a challenge is taken back.
    Revoke {
        /// The challenge.
        id: String,
    },
    /// Where the recipient's latest challenge stands.
    Status,
    /// That an operator clears the recipient.
    Unlock,
}

/// What came of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// An answer.
    Answered {
        /// Its status.
        status: u16,
        /// The problem's code; empty where there is none.
        code: String,
        /// The challenge that it names; empty where it names none.
        id: String,
    },
    /// No connection could be made: nothing was asked.
    NotSent,
    /// The connection ended without an answer.
    Cut,
    /// The deadline passed without an answer.
    Late,
    /// The client hung up before there was one, as it meant to.
    HungUp,
}

/// All that is known of a run.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The requests, in any order.
    pub events: Vec<Event>,
    /// The codes that were sent, by challenge.
    pub codes: BTreeMap<String, String>,
}

/// What may never be.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Rule {
    /// A challenge succeeds once, and so do all that share its attempts.
    SecondSuccess,
    /// No code but its own lets a challenge succeed, and no challenge but the one that was named.
    WrongSuccess,
    /// A budget compares no more codes than it has attempts.
    OverLimit,
    /// Nothing succeeds once it is acknowledged that it was revoked, has expired or is exhausted.
    AfterEnd,
    /// What was acknowledged as issued can be answered.
    Unanswerable,
    /// Every request is answered before the client's deadline, unless its process was killed.
    NoAnswer,
    /// No answer is a failure of the service itself.
    Fault,
}

/// A rule that was broken.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which one.
    pub rule: Rule,
    /// What the history says.
    pub text: String,
    /// The events that show it, by their place in the history.
    pub events: Vec<usize>,
}

/// What the checker found.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// The rules that were broken.
    pub violations: Vec<Violation>,
    /// What was counted.
    pub figures: Figures,
}

impl Verdict {
    /// How often a rule was broken.
    #[must_use]
    pub fn count(&self, rule: Rule) -> usize {
        self.violations.iter().filter(|violation| violation.rule == rule).count()
    }
}

/// Checks a history by the terms of its run.
#[must_use]
pub fn check(history: &History, terms: &Terms) -> Verdict {
    let subjects = Subjects::of(history);
    let mut violations = answers::check(history, terms);
    for subject in subjects.all() {
        violations.extend(successes::check(subject, terms));
        violations.extend(comparisons::check(subject, terms));
        violations.extend(endings::check(subject, terms));
        violations.extend(answerable::check(subject, terms));
    }
    Verdict { violations, figures: Figures::of(history, terms) }
}

impl Event {
    /// The latest moment at which it may have had an effect: its end where there was an answer that says what it did. A
    /// request without one may be carried out at any time, when its store comes to itself.
    #[must_use]
    pub fn last(&self) -> Micros {
        if self.is_unknown() { Micros::MAX } else { self.end }
    }

    /// Whether its effect is unknown.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        match self.outcome {
            Outcome::Answered { status, .. } => status >= 500,
            Outcome::Cut | Outcome::Late | Outcome::HungUp => true,
            Outcome::NotSent => false,
        }
    }

    /// Whether it certainly did nothing.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.outcome == Outcome::NotSent || self.status() == 400
    }

    /// The status of its answer; 0 where there is none.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.outcome {
            Outcome::Answered { status, .. } => status,
            _ => 0,
        }
    }

    /// The problem's code; empty where there is none.
    #[must_use]
    pub fn problem(&self) -> &str {
        match &self.outcome {
            Outcome::Answered { code, .. } => code,
            _ => "",
        }
    }

    /// The challenge that the answer names; empty where it names none.
    #[must_use]
    pub fn answered_id(&self) -> &str {
        match &self.outcome {
            Outcome::Answered { id, .. } => id,
            _ => "",
        }
    }

    /// Whether it was over before the other began.
    #[must_use]
    pub fn is_before(&self, other: &Self) -> bool {
        self.end < other.start
    }

    /// The challenge that an acknowledged issue made.
    #[must_use]
    pub fn issued(&self) -> Option<&str> {
        (self.request == Request::Issue && self.status() == 201).then(|| self.answered_id())
    }

    /// The challenge that succeeded.
    #[must_use]
    pub fn succeeded(&self) -> Option<&str> {
        (matches!(self.request, Request::Verify { .. }) && self.status() == 200)
            .then(|| self.answered_id())
    }

    /// Whether it is a code that was compared and was wrong.
    #[must_use]
    pub fn is_mismatch(&self) -> bool {
        matches!(self.request, Request::Verify { .. }) && self.problem() == "code_mismatch"
    }
}
