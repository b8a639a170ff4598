//! The cheapest store that there can be: hash maps and no ttl.

use std::collections::HashMap;

use countersign_contract::store::{Assignment, Operation, Outcome, Reply, Step};

/// What the keys hold.
#[derive(Default)]
pub(crate) struct Map {
    values: HashMap<String, Vec<u8>>,
    counts: HashMap<String, i64>,
}

impl Map {
    /// Carries out a batch.
    pub(crate) fn run(&mut self, batch: Vec<Operation>) -> Outcome {
        let replies = batch.into_iter().map(|operation| self.carry_out(operation)).collect();
        Outcome { replies, generation: None }
    }

    fn carry_out(&mut self, operation: Operation) -> Reply {
        match operation {
            Operation::Delete(key) => {
                self.values.remove(&key);
                self.counts.remove(&key);
                Reply::Done
            }
            Operation::Get(key) => Reply::Value(self.values.get(&key).cloned()),
            Operation::Increment(Step { key, by: 0, .. }) => {
                Reply::Count(self.counts.get(&key).copied().unwrap_or(0))
            }
            Operation::Increment(Step { key, by, .. }) => {
                let count = self.counts.entry(key).or_default();
                *count += by;
                Reply::Count(*count)
            }
            Operation::Set(Assignment { key, value, .. }) => {
                self.values.insert(key, value);
                Reply::Done
            }
        }
    }
}
