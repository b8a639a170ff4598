//! The words and limits of `wit/store.wit` and `wit/upkeep.wit`, apart from any binding: so that a store's logic runs
//! natively too, and every store refuses the same batches.
//!
//! ```
//! use countersign_store::{Operation, StoreError, check};
//!
//! let set = |ttl_seconds| Operation::Set { key: "{a}:b".into(), value: vec![1], ttl_seconds };
//! assert_eq!(check(&[set(60)]), Ok(()));
//! assert_eq!(check(&[set(60), set(0)]), Err(StoreError::InvalidArgument));
//! ```

mod contract;

/// Operations in a batch, at most.
pub const MAX_OPERATIONS: usize = 32;
/// Bytes of a key, at most: printable ASCII.
pub const MAX_KEY_BYTES: usize = 192;
/// Bytes of a value, at most.
pub const MAX_VALUE_BYTES: usize = 2_048;
/// Seconds of a ttl, at most: 396 days. The least is 1.
pub const MAX_TTL_SECONDS: u32 = 34_214_400;

/// One thing to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Operation {
    /// Removes a key.
    Delete(String),
    /// Reads a value.
    Get(String),
    /// Adds to a count; by 0 it reads.
    Increment {
        /// Which count.
        key: String,
        /// How much is added.
        by: i64,
        /// Seconds after which the key may be forgotten.
        ttl_seconds: u32,
    },
    /// Writes a value.
    Set {
        /// Where.
        key: String,
        /// What.
        value: Vec<u8>,
        /// Seconds after which the key may be forgotten.
        ttl_seconds: u32,
    },
}

/// What an operation brought.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// The new count.
    Count(i64),
    /// Carried out.
    Done,
    /// The value, if there is one.
    Value(Option<Vec<u8>>),
}

/// What a batch brought.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// A reply to each operation, in their order.
    pub replies: Vec<Reply>,
    /// Changes whenever the backend may have lost or rolled back what it had acknowledged; nothing where that can't
    /// be told.
    pub generation: Option<u64>,
}

/// Why a call was not carried out to its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StoreError {
    /// The runtime grants no such store, or the backend refuses us.
    Denied,
    /// A limit of the contract is passed, a count would wrap around, or a key is of the other kind.
    InvalidArgument,
    /// Anything else. The text is safe to show to an operator.
    Other(String),
    /// The call's time is over.
    Timeout,
    /// The backend fails, is locked or takes no more requests.
    Unavailable,
}

/// What one step of sweeping did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Swept {
    /// Keys looked at.
    pub examined: u32,
    /// Keys removed.
    pub removed: u32,
    /// Whether there is more to do now.
    pub more: bool,
}

impl Operation {
    /// The key that it is about.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Delete(key)
            | Self::Get(key)
            | Self::Increment { key, .. }
            | Self::Set { key, .. } => key,
        }
    }

    /// Whether it can bring a key into being.
    #[must_use]
    pub const fn creates(&self) -> bool {
        match self {
            Self::Delete(_) | Self::Get(_) => false,
            Self::Increment { by, .. } => *by != 0,
            Self::Set { .. } => true,
        }
    }

    fn fits(&self) -> bool {
        let key = self.key();
        let key_fits =
            key.len() <= MAX_KEY_BYTES && key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        key_fits
            && match self {
                Self::Delete(_) | Self::Get(_) => true,
                // A read has no use for its ttl, so none is asked of it.
                Self::Increment { by, ttl_seconds, .. } => *by == 0 || ttl_fits(*ttl_seconds),
                Self::Set { value, ttl_seconds, .. } => {
                    value.len() <= MAX_VALUE_BYTES && ttl_fits(*ttl_seconds)
                }
            }
    }
}

/// Refuses a batch that passes a limit, before anything of it is carried out.
///
/// # Errors
/// [`StoreError::InvalidArgument`].
pub fn check(batch: &[Operation]) -> Result<(), StoreError> {
    if batch.len() <= MAX_OPERATIONS && batch.iter().all(Operation::fits) {
        Ok(())
    } else {
        Err(StoreError::InvalidArgument)
    }
}

fn ttl_fits(seconds: u32) -> bool {
    (1..=MAX_TTL_SECONDS).contains(&seconds)
}
