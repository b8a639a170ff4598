//! What is counted over a run.

use super::terms::Terms;
use super::{Event, History, Micros, Outcome};

/// Counts, and how long it took until all was well again.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Requests of which the client waited for the answer.
    pub requests: usize,
    /// Challenges that were acknowledged as issued.
    pub issued: usize,
    /// Verifications that succeeded.
    pub successes: usize,
    /// Codes that were compared, as callers were told.
    pub compared: usize,
    /// Answers of 503.
    pub unavailable: usize,
    /// Other answers of 500 and above.
    pub failures: usize,
    /// Requests without an answer within the deadline.
    pub hanging: usize,
    /// Connections that ended without an answer.
    pub cut: usize,
    /// Connections that could not be made.
    pub not_sent: usize,
    /// Requests whose client hung up.
    pub hung_up: usize,
    /// From the end of the fault until the latest start of a request that was not served; 0 where all of them began
    /// before that.
    pub until_whole: Micros,
    /// The longest time until an answer.
    pub slowest: Micros,
}

impl Figures {
    /// Counts.
    #[must_use]
    pub fn of(history: &History, terms: &Terms) -> Self {
        let mut figures = Self::default();
        for event in &history.events {
            figures.count(event);
            if !is_served(event) && event.start > terms.fault.end {
                figures.until_whole = figures.until_whole.max(event.start - terms.fault.end);
            }
        }
        figures
    }

    fn count(&mut self, event: &Event) {
        self.requests += usize::from(event.outcome != Outcome::HungUp);
        self.issued += usize::from(event.issued().is_some());
        self.successes += usize::from(event.succeeded().is_some());
        self.compared += usize::from(event.succeeded().is_some() || event.is_mismatch());
        match event.outcome {
            Outcome::Answered { status: 503, .. } => self.unavailable += 1,
            Outcome::Answered { status: 500.., .. } => self.failures += 1,
            Outcome::Answered { .. } => {}
            Outcome::NotSent => self.not_sent += 1,
            Outcome::Cut => self.cut += 1,
            Outcome::Late => self.hanging += 1,
            Outcome::HungUp => self.hung_up += 1,
        }
        if event.status() > 0 {
            self.slowest = self.slowest.max(event.end.saturating_sub(event.start));
        }
    }
}

/// Whether the service did its work, be it that it refused. A client that hung up says nothing.
fn is_served(event: &Event) -> bool {
    event.outcome == Outcome::HungUp || (1..500).contains(&event.status())
}
