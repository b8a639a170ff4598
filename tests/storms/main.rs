//! Storms: many clients at four processes at once, while the store loses or rolls back what it holds and clients hang up.
//! No challenge succeeds twice, no budget compares more codes than it has attempts, and no key is without an end.
//!
//! `cargo test` runs a few rounds of each, `cargo xtask storms` all.
#![cfg(test)]

mod calls;
mod edge;
mod failover;
mod flush;
mod key_value;
mod mixed;
mod restart;
mod site;
mod tally;
mod tries;

use std::time::Duration;

/// How long something may take that is bound to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// `short` rounds in `cargo test`; `full` where `COUNTERSIGN_TEST_STORMS` says so.
fn rounds(short: usize, full: usize) -> usize {
    let is_full = std::env::var_os("COUNTERSIGN_TEST_STORMS").is_some_and(|value| value == "full");
    if is_full { full } else { short }
}
