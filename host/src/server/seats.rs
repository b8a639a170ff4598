//! The connections that are open, and which of them goes when there is no room for a new one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::patience::Phase;

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
}

struct Occupant {
    phase: Phase,
    leave: Arc<Notify>,
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
        let is_full = taken.seats.len() >= self.most;
        if is_full {
            taken.evict(self.least_rest)?;
        }
        let number = taken.next;
        taken.next += 1;
        let leave = Arc::new(Notify::new());
        let occupant = Occupant { phase: phase.clone(), leave: Arc::clone(&leave) };
        taken.seats.insert(number, occupant);
        Some((Seat { seats: Arc::clone(self), number, leave }, is_full))
    }

    /// Closes the connection that has rested longest, so that the system has a file descriptor
    /// again.
    pub(super) fn close_one(&self) -> bool {
        self.taken().evict(self.least_rest).is_some()
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn evict(&mut self, least_rest: Duration) -> Option<()> {
        let resting = self.seats.iter().filter_map(|(number, occupant)| {
            let rest = occupant.phase.rest().filter(|rest| *rest >= least_rest)?;
            Some((rest, *number))
        });
        let (_, longest) = resting.max()?;
        let occupant = self.seats.remove(&longest)?;
        occupant.leave.notify_one();
        Some(())
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
        self.seats.taken().seats.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::super::heads::Framing;
    use super::*;

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
