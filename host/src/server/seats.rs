//! The connections that are open, and which of them goes when there is no room for a new one.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::phase::Phase;

/// How long one that is in use is passed over.
const LOOKS_AGAIN: Duration = Duration::from_millis(1);

/// A bounded number of connections.
pub(super) struct Seats {
    most: usize,
    /// How long a connection has to have rested before a new one may take its place.
    least_rest: Duration,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    next: u64,
    seats: HashMap<u64, Occupant>,
    /// The seats by when they were last known to be in use: what comes first may have been in use since, what comes later
    /// has not rested for longer.
    order: BTreeSet<(Instant, u64)>,
}

struct Occupant {
    phase: Phase,
    leave: Arc<Notify>,
    /// Where it stands in the order.
    known: Instant,
}

/// A connection's place, given back on drop.
pub(super) struct Seat {
    seats: Arc<Seats>,
    number: u64,
    leave: Arc<Notify>,
}

impl Seats {
    /// Room for `most` connections, of which those that have rested for `least_rest` may be closed
    /// for new ones.
    pub(super) fn new(most: usize, least_rest: Duration) -> Arc<Self> {
        Arc::new(Self { most, least_rest, taken: Mutex::default() })
    }

    /// A place for a connection of this `phase`, and whether the one that had rested longest lost
    /// its own for it. Nothing where none is free and every connection is in use.
    pub(super) fn take(self: &Arc<Self>, phase: &Phase) -> Option<(Seat, bool)> {
        let mut taken = self.taken();
        let now = Instant::now();
        let is_full = taken.seats.len() >= self.most;
        if is_full {
            taken.evict(self.least_rest, now)?;
        }
        let number = taken.next;
        taken.next += 1;
        let leave = Arc::new(Notify::new());
        let occupant = Occupant { phase: phase.clone(), leave: Arc::clone(&leave), known: now };
        taken.seats.insert(number, occupant);
        taken.order.insert((now, number));
        Some((Seat { seats: Arc::clone(self), number, leave }, is_full))
    }

    /// Closes the connection that has rested longest, so that the system has a file descriptor
    /// again.
    pub(super) fn close_one(&self) -> bool {
        self.taken().evict(self.least_rest, Instant::now()).is_some()
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Closes what has rested longest. A flood of connections makes this common, so that it must not look at all of them.
    fn evict(&mut self, least_rest: Duration, now: Instant) -> Option<()> {
        while let Some((known, number)) = self.order.first().copied()
            && known + least_rest <= now
        {
            let occupant = self.seats.get_mut(&number)?;
            let since = match occupant.phase.rests_since() {
                Some(since) if since <= known => {
                    occupant.leave.notify_one();
                    self.remove(number);
                    return Some(());
                }
                Some(since) => since,
                None => now + LOOKS_AGAIN,
            };
            occupant.known = since;
            self.order.remove(&(known, number));
            self.order.insert((since, number));
        }
        None
    }

    fn remove(&mut self, number: u64) {
        if let Some(occupant) = self.seats.remove(&number) {
            self.order.remove(&(occupant.known, number));
        }
    }
}

impl Seat {
    /// Resolves when the connection has to go.
    pub(super) async fn lost(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.taken().remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::super::heads::Framing;
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "time has to pass between two uses")]
    fn a_connection_that_was_in_use_since_rests_for_less() {
        let seats = Seats::new(2, Duration::ZERO);
        let phases = [Phase::default(), Phase::default()];
        let [used, unused] = phases.each_ref().map(|phase| seats.take(phase).unwrap().0);
        let busy = phases[0].busy(Framing::Length(0));
        std::thread::sleep(Duration::from_millis(5));
        drop(busy);
        let (_seat, evicted) = seats.take(&Phase::default()).unwrap();
        assert!(evicted && unused.lost().now_or_never().is_some());
        assert!(used.lost().now_or_never().is_none());
        assert_eq!(seats.taken().order.len(), 2);
    }

    #[test]
    fn the_connection_that_rests_longest_goes_and_busy_ones_stay() {
        let seats = Seats::new(2, Duration::ZERO);
        let phases = [Phase::default(), Phase::default()];
        let (first, _) = seats.take(&phases[0]).unwrap();
        let (second, evicted) = seats.take(&phases[1]).unwrap();
        assert!(!evicted);
        let busy = phases[0].busy(Framing::Length(0));
        let (third, evicted) = seats.take(&Phase::default()).unwrap();
        assert!(evicted);
        let busy_too = phases[1].busy(Framing::Length(0));
        drop(second);
        drop(third);
        let fourth = Phase::default();
        let (_seat, evicted) = seats.take(&fourth).unwrap();
        assert!(!evicted);
        let busy_as_well = fourth.busy(Framing::Length(0));
        assert!(seats.take(&Phase::default()).is_none());
        drop((busy, busy_too, busy_as_well, first));
        assert!(!seats.take(&Phase::default()).unwrap().1);
    }
}
