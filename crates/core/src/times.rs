//! Every time to live in the store, and what each has to outlast.
//!
//! A ttl is permission to forget. Nothing is right *because* a key has vanished, but much would be wrong if one
//! vanished early: the assertions below hold the times to one another.

/// How far two clocks of a deployment may differ.
pub(crate) const CLOCKS_DIFFER_SECONDS: u32 = 60;

/// The longest lifetime that a policy may ask for.
pub(crate) const LIFETIME_MAX_SECONDS: u32 = 600;
/// The longest cooldown that a policy may ask for.
pub const COOLDOWN_MAX_SECONDS: u32 = 86_400;
/// The longest time for which a policy may ask to know a device.
pub(crate) const REMEMBER_DEVICE_MAX_SECONDS: u32 = 366 * 86_400;
/// The longest lock that a policy may ask for.
pub const LOCKOUT_MAX_SECONDS: u32 = 604_800;

/// An id is answered for this long: its challenge's life, and as long again to tell "expired" from "never was".
pub(crate) const ID_SECONDS: u32 = 2 * LIFETIME_MAX_SECONDS + CLOCKS_DIFFER_SECONDS;
/// An odometer that counted nothing yet.
pub(crate) const ODOMETER_SECONDS: u32 = 3_600;
/// An odometer that counted attempts, until an issue counts the failures among them.
pub(crate) const ATTEMPTS_SECONDS: u32 = 31 * 86_400;
/// Failures: a leap year.
pub(crate) const FAILURES_SECONDS: u32 = 366 * 86_400;
/// The count that decides how challenges end.
pub(crate) const ARBITER_SECONDS: u32 = 3_600;
/// How a challenge ended: as long as its record may be read.
pub(crate) const ENDING_SECONDS: u32 = 3 * 86_400;
/// A window of the lease on sending.
pub(crate) const LEASE_WINDOW_SECONDS: u32 = 30;
/// A holder of the lease may write for this long after it asked.
pub(crate) const LEASE_WRITE_SECONDS: u32 = 25;
/// A count of the lease.
pub(crate) const LEASE_SECONDS: u32 = 180;
/// A limit's window is kept for this long after its end.
pub(crate) const WINDOW_MARGIN_SECONDS: u32 = 60;

/// The longest that a store has to keep anything: `wit/store.wit`.
const STORE_MAX_SECONDS: u32 = 396 * 86_400;

// A challenge's counts outlast the challenge, also where they were begun by a clock that is behind.
const _: () = assert!(ODOMETER_SECONDS > ID_SECONDS + CLOCKS_DIFFER_SECONDS);
const _: () = assert!(ARBITER_SECONDS > LIFETIME_MAX_SECONDS + 2 * CLOCKS_DIFFER_SECONDS);
// A record is kept for two cooldowns, or two lifetimes; how it ended is known for as long.
const _: () = assert!(ENDING_SECONDS >= 2 * COOLDOWN_MAX_SECONDS + CLOCKS_DIFFER_SECONDS);
const _: () = assert!(ENDING_SECONDS > ID_SECONDS);
const _: () = assert!(ATTEMPTS_SECONDS > ODOMETER_SECONDS && ATTEMPTS_SECONDS <= FAILURES_SECONDS);
// Failures outlast the longest lock that they led to.
const _: () = assert!(FAILURES_SECONDS > LOCKOUT_MAX_SECONDS + CLOCKS_DIFFER_SECONDS);
const _: () = assert!(FAILURES_SECONDS <= STORE_MAX_SECONDS);
// A holder of the lease is seen two windows later and one window earlier, by clocks that differ by half a minute.
const _: () = assert!(LEASE_WRITE_SECONDS + CLOCKS_DIFFER_SECONDS / 2 <= 2 * LEASE_WINDOW_SECONDS);
const _: () = assert!(LEASE_SECONDS >= 4 * LEASE_WINDOW_SECONDS + CLOCKS_DIFFER_SECONDS);
