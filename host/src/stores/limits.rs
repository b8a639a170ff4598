//! The limits of `wit/store.wit`, the same for every backend.

use crate::bindings::countersign::otp::store::Operation;
use crate::bindings::countersign::otp::types::StoreError;

/// Operations in a batch, at most.
pub const MAX_OPERATIONS: usize = 32;
/// Bytes of a key, at most: printable ASCII.
pub const MAX_KEY_BYTES: usize = 192;
/// Bytes of a value, at most.
pub const MAX_VALUE_BYTES: usize = 2_048;
/// Seconds of a ttl, at most: 396 days. The least is 1.
pub const MAX_TTL_SECONDS: u32 = 34_214_400;

/// Says whether a backend may carry out `batch`. Every backend asks before it does anything, so that a batch
/// with one bad operation leaves nothing behind.
pub(super) fn check(batch: &[Operation]) -> Result<(), StoreError> {
    if batch.len() <= MAX_OPERATIONS && batch.iter().all(fits) {
        Ok(())
    } else {
        Err(StoreError::InvalidArgument)
    }
}

fn fits(operation: &Operation) -> bool {
    match operation {
        Operation::Delete(key) | Operation::Get(key) => key_fits(key),
        // A read has no use for its ttl, so none is asked of it.
        Operation::Increment(step) => {
            key_fits(&step.key) && (step.by == 0 || ttl_fits(step.ttl_seconds))
        }
        Operation::Set(assignment) => {
            key_fits(&assignment.key)
                && assignment.value.len() <= MAX_VALUE_BYTES
                && ttl_fits(assignment.ttl_seconds)
        }
    }
}

fn key_fits(key: &str) -> bool {
    key.len() <= MAX_KEY_BYTES && key.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn ttl_fits(seconds: u32) -> bool {
    (1..=MAX_TTL_SECONDS).contains(&seconds)
}

/// Whether `operation` leaves everything as it is.
pub(super) fn only_reads(operation: &Operation) -> bool {
    match operation {
        Operation::Delete(_) | Operation::Set(_) => false,
        Operation::Get(_) => true,
        Operation::Increment(step) => step.by == 0,
    }
}
