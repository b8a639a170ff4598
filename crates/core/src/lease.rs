//! The lease on sending to a subject: of two simultaneous sends one goes out, and the one that writes the
//! challenges does so alone.
//!
//! A lease is a count in a key that is named after a window of time:
//!
//! ```text
//! bit  62                43 42           23 22                  21            0
//!      | claims given back | claims made  | the first is done  | requests     |
//! ```
//!
//! Each of them only grows, like every count of the engine: some stores can't step down.
//!
//! Every request that wants to send steps `requests`, in its first batch. The first of a window holds the lease with
//! that; where it is refused, or its send fails, it says that it is done. A later one that may send, and sees the
//! first done, *claims* the lease in a batch of its own: the only claim holds it. So a request that is refused never
//! stands in the way of one that isn't, except for the moment between its own two batches, once a window.
//!
//! A first request that wrote a challenge removes the count, so that the next one is the first again. No request
//! claims before the first is done, so this removes no claim. Neighbouring
//! windows, two on either side, are read *after* one's own is stepped, so of two requests at most one sees no other,
//! also where their clocks differ by half a minute and one was held up for as long. A holder that died is forgotten
//! when three windows have passed.

use countersign_contract::Timestamp;
use countersign_contract::types::StoreError;

use crate::batch::{Batch, CountTicket, Replies};
use crate::subject::Subject;
use crate::times::{LEASE_SECONDS, LEASE_WINDOW_SECONDS, LEASE_WRITE_SECONDS};

const REQUEST_BITS: u32 = 22;
const CLAIM_BITS: u32 = 20;
const REQUEST: i64 = 1;
const DONE: i64 = 1 << REQUEST_BITS;
const CLAIM: i64 = DONE << 1;
const GIVE_BACK: i64 = CLAIM << CLAIM_BITS;

// A count is an `s64` that never goes below 0.
const _: () = assert!(REQUEST_BITS + 1 + 2 * CLAIM_BITS == 63);

/// What a request has of the lease.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    /// It was the first of its window.
    First,
    /// It claimed it.
    Claim,
    /// Nothing: others were there before.
    None,
}

/// What the counts say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum View {
    /// Another request sends, or may do so.
    Busy,
    /// It may be claimed.
    Claimable,
    /// It is held.
    Held,
}

/// A request's view of the lease.
pub(crate) struct Lease {
    subject: Subject,
    window: u64,
    since: Timestamp,
    part: Part,
}

/// The counts that were asked for: of one's own window, and of those nearby.
pub(crate) struct Asked {
    own: CountTicket,
    nearby: [CountTicket; 4],
}

impl Lease {
    pub(crate) fn new(subject: &Subject, now: Timestamp) -> Self {
        let window = now.0 / u64::from(LEASE_WINDOW_SECONDS);
        Self { subject: subject.clone(), window, since: now, part: Part::None }
    }

    /// Asks for the lease.
    pub(crate) fn ask(&self, batch: &mut Batch) -> Asked {
        self.step_and_look(REQUEST, batch)
    }

    /// Claims it, where that is possible.
    pub(crate) fn claim(&self, batch: &mut Batch) -> Asked {
        self.step_and_look(CLAIM, batch)
    }

    fn step_and_look(&self, by: i64, batch: &mut Batch) -> Asked {
        let own = self.step(by, batch);
        let nearby = [
            self.window.saturating_sub(2),
            self.window.saturating_sub(1),
            self.window.saturating_add(1),
            self.window.saturating_add(2),
        ];
        Asked { own, nearby: nearby.map(|window| batch.read(self.key(window))) }
    }

    /// Reads the replies to `ask`.
    pub(crate) fn asked(&mut self, asked: &Asked, replies: &Replies) -> Result<View, StoreError> {
        let own = Count(replies.count(asked.own)?);
        if own.requests() == 1 {
            self.part = Part::First;
        }
        let alone = own.requests() == 1 && own.claims() == 0;
        Ok(if !Self::quiet_nearby(asked, replies)? {
            View::Busy
        } else if alone {
            View::Held
        } else if own.claims() == 0 && own.first_is_done() {
            View::Claimable
        } else {
            View::Busy
        })
    }

    /// Reads the replies to `claim`: whether the lease is held now.
    pub(crate) fn claimed(&mut self, asked: &Asked, replies: &Replies) -> Result<bool, StoreError> {
        let own = Count(replies.count(asked.own)?);
        self.part = Part::Claim;
        Ok(own.claims() == 1 && own.first_is_done() && Self::quiet_nearby(asked, replies)?)
    }

    fn quiet_nearby(asked: &Asked, replies: &Replies) -> Result<bool, StoreError> {
        for ticket in asked.nearby {
            let count = Count(replies.count(ticket)?);
            if count.claims() > 0 || !count.first_is_done() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the holder may still write.
    pub(crate) fn lasts(&self, now: Timestamp) -> bool {
        now.since(self.since) <= LEASE_WRITE_SECONDS
    }

    /// Gives back what this request has, where it wrote nothing.
    pub(crate) fn give_back(&self, batch: &mut Batch) {
        match self.part {
            Part::First => drop(self.step(DONE, batch)),
            Part::Claim => drop(self.step(GIVE_BACK, batch)),
            Part::None => {}
        }
    }

    /// Gives back what this request has, behind the challenges that it writes.
    pub(crate) fn give_back_written(&self, batch: &mut Batch) {
        match self.part {
            Part::First => batch.delete(self.key(self.window)),
            Part::Claim | Part::None => self.give_back(batch),
        }
    }

    fn step(&self, by: i64, batch: &mut Batch) -> CountTicket {
        batch.step(self.key(self.window), by, LEASE_SECONDS)
    }

    fn key(&self, window: u64) -> String {
        self.subject.key(&format!("sending:{window}"))
    }
}

/// One window's count.
#[derive(Clone, Copy)]
struct Count(i64);

impl Count {
    const fn requests(self) -> i64 {
        self.0 & (DONE - 1)
    }

    /// Claims that were not given back: fewer than none, where the store has lost one.
    const fn claims(self) -> i64 {
        let made = (self.0 / CLAIM) & ((1 << CLAIM_BITS) - 1);
        made - self.0 / GIVE_BACK
    }

    const fn first_is_done(self) -> bool {
        self.requests() == 0 || self.0 & DONE != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::Keyring;
    use countersign_contract::store::{Outcome, Reply};

    const NOW: Timestamp = Timestamp(1_800_000_000);

    /// A lease, and the replies to a batch that asked for it: its own count, and those nearby.
    fn told(own: i64, nearby: [i64; 4]) -> (Lease, Asked, Replies) {
        let subject = Subject::from_digest(&Keyring::sample(), [7; 16], "login");
        let lease = Lease::new(&subject, NOW);
        let mut batch = Batch::with_capacity(5);
        let asked = lease.ask(&mut batch);
        let replies = std::iter::once(own).chain(nearby).map(Reply::Count).collect();
        let replies = Replies::new(Outcome { replies, generation: None }, 5).unwrap();
        (lease, asked, replies)
    }

    #[test]
    fn a_lease_is_held_by_the_first_of_a_window_with_quiet_neighbours() {
        let view = |own, nearby| {
            let (mut lease, asked, replies) = told(own, nearby);
            lease.asked(&asked, &replies).unwrap()
        };
        let quiet = [0; 4];
        assert_eq!(view(REQUEST, quiet), View::Held);
        assert_eq!(view(2 * REQUEST, quiet), View::Busy);
        assert_eq!(view(2 * REQUEST + DONE, quiet), View::Claimable);
        assert_eq!(view(2 * REQUEST + DONE + CLAIM, quiet), View::Busy);
        assert_eq!(view(3 * REQUEST + DONE + CLAIM + GIVE_BACK, quiet), View::Claimable);
        assert_eq!(view(3 * REQUEST + DONE + 2 * CLAIM + GIVE_BACK, quiet), View::Busy);
        // One that the store has lost, and that was given back.
        assert_eq!(view(2 * REQUEST + DONE + GIVE_BACK, quiet), View::Busy);
        // The first that finds a claim is one that came after a removal.
        assert_eq!(view(REQUEST + CLAIM, quiet), View::Busy);
        for place in 0..4 {
            let with = |count| {
                let mut nearby = quiet;
                nearby[place] = count;
                nearby
            };
            for (count, is_quiet) in [
                (REQUEST, false),
                (3 * REQUEST, false),
                (CLAIM, false),
                (REQUEST + DONE + CLAIM, false),
                (REQUEST + DONE, true),
                (5 * REQUEST + DONE, true),
                (5 * REQUEST + DONE + 3 * CLAIM + 3 * GIVE_BACK, true),
                (5 * REQUEST + DONE + 3 * CLAIM + 2 * GIVE_BACK, false),
            ] {
                let expected = if is_quiet { View::Held } else { View::Busy };
                assert_eq!(view(REQUEST, with(count)), expected, "{place}: {count:#x}");
                let expected = if is_quiet { View::Claimable } else { View::Busy };
                assert_eq!(view(2 * REQUEST + DONE, with(count)), expected, "{place}: {count:#x}");
            }
        }
    }

    #[test]
    fn the_only_claim_after_the_first_is_done_holds_it() {
        let claimed = |own, nearby| {
            let (mut lease, asked, replies) = told(own, nearby);
            lease.claimed(&asked, &replies).unwrap()
        };
        let quiet = [0; 4];
        assert!(claimed(2 * REQUEST + DONE + CLAIM, quiet));
        assert!(!claimed(2 * REQUEST + CLAIM, quiet));
        assert!(!claimed(2 * REQUEST + DONE + 2 * CLAIM, quiet));
        assert!(claimed(3 * REQUEST + DONE + 7 * CLAIM + 6 * GIVE_BACK, quiet));
        assert!(!claimed(2 * REQUEST + DONE + CLAIM, [0, REQUEST, 0, 0]));
        assert!(!claimed(2 * REQUEST + DONE + CLAIM, [0, 0, 0, REQUEST + DONE + CLAIM]));
    }
}
