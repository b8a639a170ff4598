//! A store in memory, whole or with one flaw.

use std::collections::BTreeMap;
use std::sync::Mutex;

use countersign_contract::store::{Assignment, Operation, Reply, Step};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Flaw {
    None,
    /// Each batch is carried out twice, and the second replies are those that come back: a repeated request.
    CarriesOutTwice,
    /// What says that a code was used is never kept, nor what is deleted with it.
    ForgetsUse,
    /// What says that a challenge was taken back is never kept.
    ForgetsRevocations,
    /// It returns to an earlier state now and then, and says nothing of it.
    GoesBack,
    /// Every third increment is replied to and not kept.
    LosesIncrements,
    /// Now and then challenges that were written are gone.
    LosesChallenges,
    /// A batch writes all that it read back, whatever was written meanwhile.
    LosesUpdates,
}

#[derive(Clone)]
enum Cell {
    Count(i64),
    Value(Vec<u8>),
}

type Cells = BTreeMap<String, Cell>;

pub(crate) struct Store {
    flaw: Flaw,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    cells: Cells,
    earlier: Cells,
    batches: usize,
    increments: usize,
}

/// Batches from one earlier state to the return to it.
const RETURN: usize = 1_500;

impl Store {
    pub(crate) fn new(flaw: Flaw) -> Self {
        Self { flaw, inner: Mutex::default() }
    }

    /// Carries a batch out, at one moment unless that is the flaw.
    pub(crate) async fn run(&self, batch: &[Operation]) -> Vec<Reply> {
        if self.flaw == Flaw::LosesUpdates {
            let mut read = self.inner.lock().unwrap().cells.clone();
            let mut increments = 0;
            let replies = batch.iter().map(|it| step(&mut read, it, self.flaw, &mut increments));
            let replies = replies.collect();
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            let mut inner = self.inner.lock().unwrap();
            for key in batch.iter().map(Operation::key) {
                match read.get(key).cloned() {
                    Some(cell) => inner.cells.insert(key.into(), cell),
                    None => inner.cells.remove(key),
                };
            }
            return replies;
        }
        let mut inner = self.inner.lock().unwrap();
        let Inner { cells, earlier, batches, increments } = &mut *inner;
        *batches += 1;
        if self.flaw == Flaw::GoesBack {
            match *batches % RETURN {
                0 => *cells = earlier.clone(),
                700 => *earlier = cells.clone(),
                _ => {}
            }
        }
        if self.flaw == Flaw::CarriesOutTwice && batches.is_multiple_of(20) {
            for operation in batch {
                step(cells, operation, self.flaw, increments);
            }
        }
        batch.iter().map(|operation| step(cells, operation, self.flaw, increments)).collect()
    }
}

/// Carries one operation out.
fn step(cells: &mut Cells, operation: &Operation, flaw: Flaw, increments: &mut usize) -> Reply {
    let key = operation.key();
    let is_of = |names: &[&str]| names.iter().any(|name| key.contains(name));
    let is_forgotten = match flaw {
        Flaw::ForgetsUse => {
            is_of(&[":verdict:", ":success"]) || matches!(operation, Operation::Delete(_))
        }
        Flaw::ForgetsRevocations => is_of(&[":verdict:", ":withdrawal"]),
        Flaw::LosesChallenges => is_of(&[":challenges"]) && fastrand::u8(..) < 8,
        _ => false,
    };
    match operation {
        Operation::Get(_) => Reply::Value(match cells.get(key) {
            Some(Cell::Value(value)) => Some(value.clone()),
            Some(Cell::Count(_)) => panic!("a get of a count: {key}"),
            None => None,
        }),
        Operation::Delete(_) => {
            if !is_forgotten {
                cells.remove(key);
            }
            Reply::Done
        }
        Operation::Set(Assignment { value, .. }) => {
            if is_forgotten {
                cells.remove(key);
            } else {
                cells.insert(key.into(), Cell::Value(value.clone()));
            }
            Reply::Done
        }
        Operation::Increment(Step { by, .. }) => {
            let before = match cells.get(key) {
                Some(Cell::Count(count)) => *count,
                Some(Cell::Value(_)) => panic!("a step of a value: {key}"),
                None => 0,
            };
            *increments += usize::from(*by != 0);
            let is_lost =
                flaw == Flaw::LosesIncrements && increments.is_multiple_of(3) && before != 0;
            if *by != 0 && !is_lost && !is_forgotten {
                cells.insert(key.into(), Cell::Count(before + by));
            }
            Reply::Count(before + by)
        }
    }
}
