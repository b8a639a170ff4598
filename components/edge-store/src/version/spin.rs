//! `wasi:keyvalue@0.2.0-draft2`, as Spin has it.

use std::collections::BTreeMap;

use self::store::{Bucket, Error};
use crate::Fault;
pub(crate) use crate::bindings::wasi::keyvalue0_2_0_draft2::{atomics, batch, store};

/// Whether a step may be below 0.
pub(crate) const COUNTS_DOWN: bool = true;

/// The store's label in the app's manifest.
#[expect(clippy::unnecessary_wraps, reason = "the other version has to read it")]
pub(crate) fn label() -> Result<String, Fault> {
    Ok("default".into())
}

/// Whether some answers are followed by sweeping.
pub(crate) const fn sweeps_by_itself() -> bool {
    true
}

/// What each key holds, in their order.
pub(crate) fn get_many(bucket: &Bucket, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, Error> {
    // Only what is there comes back, in any order. Not collected: that would sort it first, which is 4 KB of code.
    let mut found = BTreeMap::new();
    found.extend(batch::get_many(bucket, keys)?);
    Ok(keys.iter().map(|key| found.get(key).cloned().flatten()).collect())
}

/// Adds to a count.
pub(crate) fn increment(bucket: &Bucket, key: &str, by: i64) -> Result<i64, Error> {
    atomics::increment(bucket, key, by)
}
