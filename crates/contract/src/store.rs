//! `wit/store.wit`: the memory that all processes share, and the limits of a batch: every store refuses the same ones.
//!
//! ```
//! use countersign_contract::store::{Assignment, Operation, check};
//! use countersign_contract::types::StoreError;
//!
//! let set = |ttl_seconds| {
//!     Operation::Set(Assignment { key: "{a}:b".into(), value: vec![1], ttl_seconds })
//! };
//! assert_eq!(check(&[set(60)]), Ok(()));
//! assert_eq!(check(&[set(60), set(0)]), Err(StoreError::InvalidArgument));
//! ```

use crate::types::StoreError;

/// Operations in a batch, at most.
pub const MAX_OPERATIONS: usize = 32;
/// Bytes of a key, at most: printable ASCII.
pub const MAX_KEY_BYTES: usize = 192;
/// Bytes of a value, at most.
pub const MAX_VALUE_BYTES: usize = 2_048;
/// What the keys end in that hold a recipient's history: who is locked, and by how many wrong codes.
pub const HISTORY: &str = ":history";
/// Seconds of a ttl, at most: 396 days. The least is 1.
pub const MAX_TTL_SECONDS: u32 = 34_214_400;

/// Writes a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Assignment {
    /// Where.
    pub key: String,
    /// What: sealed bytes.
    pub value: Vec<u8>,
    /// Seconds after which the key may be forgotten.
    pub ttl_seconds: u32,
}

/// Changes a count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// Which count.
    pub key: String,
    /// How much is added; by 0 it reads, creates nothing and prolongs nothing.
    pub by: i64,
    /// Seconds after which the key may be forgotten.
    pub ttl_seconds: u32,
}

/// One thing to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Operation {
    /// Removes a key.
    Delete(String),
    /// Reads a value.
    Get(String),
    /// Adds to a count.
    Increment(Step),
    /// Writes a value.
    Set(Assignment),
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

impl Operation {
    /// The key that it is about.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Delete(key)
            | Self::Get(key)
            | Self::Increment(Step { key, .. })
            | Self::Set(Assignment { key, .. }) => key,
        }
    }

    /// Whether it can bring a key into being.
    #[must_use]
    pub const fn creates(&self) -> bool {
        match self {
            Self::Delete(_) | Self::Get(_) => false,
            Self::Increment(Step { by, .. }) => *by != 0,
            Self::Set(_) => true,
        }
    }

    /// Whether it leaves everything as it is.
    #[must_use]
    pub const fn only_reads(&self) -> bool {
        match self {
            Self::Delete(_) | Self::Set(_) => false,
            Self::Get(_) => true,
            Self::Increment(step) => step.by == 0,
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
                Self::Increment(Step { by, ttl_seconds, .. }) => *by == 0 || ttl_fits(*ttl_seconds),
                Self::Set(Assignment { value, ttl_seconds, .. }) => {
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
