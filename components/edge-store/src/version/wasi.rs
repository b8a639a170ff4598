//! `wasi:keyvalue@0.2.0-draft`, as other hosts have it: counts are `u64` and only go up.

use self::store::{Bucket, Error};
use crate::Fault;
use crate::bindings::wasi::config0_2_0_rc_1::store as variables;
pub(crate) use crate::bindings::wasi::keyvalue0_2_0_draft::{atomics, batch, store};

/// Whether a step may be below 0.
pub(crate) const COUNTS_DOWN: bool = false;

/// The variable that names the store.
const STORE: &str = "key_value_store";
/// The variable that says who sweeps, and what it says where that is a timer alone.
const SWEEPING: (&str, &str) = ("sweeping", "timer");

/// The name that the host knows the store by: some have but one, without a name.
pub(crate) fn label() -> Result<String, Fault> {
    let name = variables::get(STORE).map_err(|_| Fault::Failed)?;
    Ok(name.unwrap_or_else(|| "default".into()))
}

/// Whether some answers are followed by sweeping. A host may take an instance that is still at work for one that has to
/// be replaced.
pub(crate) fn sweeps_by_itself() -> bool {
    let (variable, timer) = SWEEPING;
    !variables::get(variable).is_ok_and(|sweeper| sweeper.as_deref() == Some(timer))
}

/// What each key holds, in their order.
pub(crate) fn get_many(bucket: &Bucket, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, Error> {
    let found = batch::get_many(bucket, keys)?;
    Ok(found.into_iter().map(|found| found.map(|(_, value)| value)).collect())
}

/// Adds to a count.
pub(crate) fn increment(bucket: &Bucket, key: &str, by: i64) -> Result<i64, Error> {
    let by = u64::try_from(by).map_err(out_of_range)?;
    i64::try_from(atomics::increment(bucket, key, by)?).map_err(out_of_range)
}

fn out_of_range(_: std::num::TryFromIntError) -> Error {
    Error::Other("a count out of range".into())
}
