//! What is under test, as a client sees it.

use countersign_tests::history::{Micros, Outcome, Request};

/// Processes that answer requests.
pub(crate) trait Service: Send + Sync + 'static {
    /// How many processes there are.
    fn places(&self) -> usize;

    /// The time since the run began.
    fn now(&self) -> Micros;

    /// The code that was sent for a challenge.
    fn code(&self, id: &str) -> Option<String>;

    /// Asks one process, and waits for the answer until the deadline.
    fn ask(
        &self,
        place: usize,
        subject: &str,
        request: &Request,
    ) -> impl Future<Output = Outcome> + Send;

    /// Sends so many of 256 parts of a request, and hangs up.
    fn hang_up(
        &self,
        place: usize,
        subject: &str,
        request: &Request,
        share: u8,
    ) -> impl Future<Output = ()> + Send;

    /// What a client does between two requests.
    fn pause(&self, rng: &mut fastrand::Rng) -> impl Future<Output = ()> + Send;
}
