//! A batch for the store, and its replies: each operation that answers with something gives a ticket, and only
//! that ticket reads its reply.

use countersign_contract::store::{Assignment, Operation, Outcome, Reply, Step};
use countersign_contract::types::StoreError;

/// Operations to be carried out together.
#[derive(Default)]
pub(crate) struct Batch(Vec<Operation>);

/// Reads the reply to a `step` or a `read`.
#[derive(Clone, Copy)]
pub(crate) struct CountTicket(usize);

/// Reads the reply to a `get`.
#[derive(Clone, Copy)]
pub(crate) struct ValueTicket(usize);

impl Batch {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn with_capacity(operations: usize) -> Self {
        Self(Vec::with_capacity(operations))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds to a count.
    pub(crate) fn step(&mut self, key: String, by: i64, ttl_seconds: u32) -> CountTicket {
        self.0.push(Operation::Increment(Step { key, by, ttl_seconds }));
        CountTicket(self.0.len().saturating_sub(1))
    }

    /// Reads a count.
    pub(crate) fn read(&mut self, key: String) -> CountTicket {
        self.step(key, 0, 1)
    }

    /// Reads a value.
    pub(crate) fn get(&mut self, key: String) -> ValueTicket {
        self.0.push(Operation::Get(key));
        ValueTicket(self.0.len().saturating_sub(1))
    }

    /// Writes a value.
    pub(crate) fn set(&mut self, key: String, value: Vec<u8>, ttl_seconds: u32) {
        self.0.push(Operation::Set(Assignment { key, value, ttl_seconds }));
    }

    /// Removes a key.
    pub(crate) fn delete(&mut self, key: String) {
        self.0.push(Operation::Delete(key));
    }

    /// The operations, and how many replies they must bring.
    pub(crate) fn into_operations(self) -> Vec<Operation> {
        self.0
    }
}

/// The replies to a batch.
pub(crate) struct Replies {
    replies: Vec<Reply>,
    generation: Option<u64>,
}

impl Replies {
    /// Takes the replies to a batch of so many operations.
    ///
    /// # Errors
    /// Where there are more or fewer.
    pub(crate) fn new(outcome: Outcome, operations: usize) -> Result<Self, StoreError> {
        let Outcome { replies, generation } = outcome;
        if replies.len() == operations {
            Ok(Self { replies, generation })
        } else {
            Err(out_of_step())
        }
    }

    /// The store's generation when it carried out the batch, where it can tell.
    pub(crate) const fn generation(&self) -> Option<u64> {
        self.generation
    }

    /// A count.
    ///
    /// # Errors
    /// Where the store replied with something else: never a guess.
    pub(crate) fn count(&self, ticket: CountTicket) -> Result<i64, StoreError> {
        match self.replies.get(ticket.0) {
            Some(Reply::Count(count)) => Ok(*count),
            _ => Err(out_of_step()),
        }
    }

    /// A value, taken out.
    ///
    /// # Errors
    /// Where the store replied with something else: never a guess.
    pub(crate) fn value(&mut self, ticket: ValueTicket) -> Result<Option<Vec<u8>>, StoreError> {
        match self.replies.get_mut(ticket.0) {
            Some(Reply::Value(value)) => Ok(value.take()),
            _ => Err(out_of_step()),
        }
    }
}

fn out_of_step() -> StoreError {
    StoreError::Other("the store's replies don't match the operations".into())
}
