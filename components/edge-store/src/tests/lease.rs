//! The sweeper's lease: one holder at a time, whatever those do that were refused.

use super::model::{FORMATS, Model, block};
use crate::backend::Calls;
use crate::journal::Journal;
use crate::lease::Lease;
use crate::memory::Memory;

/// One that asks, as an instance of its own.
struct Sweeper {
    calls: Calls<Model>,
    lease: Lease,
}

impl Sweeper {
    fn ask(model: &Model) -> Self {
        let mut calls = Calls::new(model.clone());
        calls.begin(20_000);
        let (mut journal, mut memory) = (Journal::default(), Memory::default());
        let lease = block(Lease::ask(&calls, &mut journal, &mut memory)).unwrap();
        Self { calls, lease }
    }

    /// Gives the lease back; whether it was held.
    fn stop(self) -> bool {
        block(self.lease.give_back(&self.calls)).unwrap();
        self.lease.held
    }
}

#[test]
fn those_that_were_refused_give_nothing_back() {
    for format in FORMATS {
        let model = Model::new(format);
        let holder = Sweeper::ask(&model);
        assert!(holder.lease.held);
        let (second, third) = (Sweeper::ask(&model), Sweeper::ask(&model));
        assert!(!second.stop());
        assert!(!Sweeper::ask(&model).stop());
        assert!(!third.stop());
        assert!(!Sweeper::ask(&model).stop());
        assert!(holder.stop());
        for _ in 0..3 {
            assert!(Sweeper::ask(&model).stop());
        }
    }
}

/// A holder's window ends while it works: the next window is refused, however often it is asked for.
#[test]
fn a_holder_is_seen_from_the_windows_beside_its_own() {
    for (format, ahead) in FORMATS.into_iter().flat_map(|format| [(format, -30), (format, 30)]) {
        let model = Model::new(format);
        let holder = Sweeper::ask(&model);
        assert!(holder.lease.held);
        let beside = model.skewed(ahead);
        for _ in 0..3 {
            assert!(!Sweeper::ask(&beside).stop());
        }
        assert!(holder.stop());
        assert!(Sweeper::ask(&beside).stop());
    }
}

/// One that was cut off blocks its own window and those beside it, and no later one.
#[test]
fn a_lease_that_is_never_given_back_ends_by_itself() {
    for format in FORMATS {
        let model = Model::new(format);
        assert!(Sweeper::ask(&model).lease.held);
        model.advance(60);
        assert!(Sweeper::ask(&model).stop());
    }
}
