//! Carries histories, which say who is locked, from each of two stores to the other.
//!
//! **From the first to the second** each history is copied as it is written, before the write is acknowledged, and all of
//! them at start and after the second could not be reached. A copy reads the first store again afterwards, and is repeated
//! where that has changed: so the last copy is of the last write, however many hosts copy at once.
//!
//! **From the second to the first** nothing can be copied while the first is out of reach. A history is written twice
//! instead: under its own key, and before that under a key of its own that marks it as owed. Before the first store is used
//! again, what is owed is joined with what it holds, by the component: values are sealed. Marks outlive a host that ends
//! before that; any host finds them, since a count says that there are new ones. While another host may owe something,
//! nothing is copied to the second store: it would write over what that host knows.
//!
//! **A second store that was emptied**, restarted or replaced has lost its copies: a key that stands for all of them is gone
//! then, or its generation is another one.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_contract::store::{Assignment, HISTORY, MAX_TTL_SECONDS, Operation, Reply, Step};
use countersign_contract::types::StoreError;
use tokio::time::timeout;

use super::aid::Aid;
use super::history::{OWED, carry_one, copy, run, values};
use super::pages::Pages;
use crate::stores::Store;

/// Stands for all copies. No key of the engine's is called so: they begin with `{`.
const COPIED: &str = "copied";
/// Counts what was ever owed. No key of the engine's is called so: they begin with `{`.
const OWED_COUNT: &str = "owed";
/// How long the copy of a history that is written may keep its caller waiting.
const MIRROR_TIMEOUT: Duration = Duration::from_secs(1);
/// Histories compared in one batch.
const COMPARED: usize = 16;

/// What is known of histories that one of the stores lacks.
pub(super) struct Histories {
    /// Whether the second store may lack histories of the first.
    is_behind: AtomicBool,
    is_copying: AtomicBool,
    /// The count of what is owed when it was last carried; -1 where that isn't known.
    carried_at: AtomicI64,
    /// The second store's generation when it was last looked at.
    generation: Mutex<Option<u64>>,
    /// Whether it was told that a mark doesn't open.
    is_told: AtomicBool,
}

impl Default for Histories {
    fn default() -> Self {
        Self {
            is_behind: AtomicBool::new(true),
            is_copying: AtomicBool::new(false),
            carried_at: AtomicI64::new(-1),
            generation: Mutex::default(),
            is_told: AtomicBool::new(false),
        }
    }
}

/// The histories that a batch writes.
pub(super) fn written(batch: &[Operation]) -> Vec<Assignment> {
    let histories = batch.iter().filter_map(|operation| match operation {
        Operation::Set(assignment) if assignment.key.ends_with(HISTORY) => Some(assignment.clone()),
        _ => None,
    });
    histories.collect()
}

impl Histories {
    /// Copies what was just written to the first store; where it isn't known whether it was, or where the second can't
    /// be reached, all histories are copied later.
    pub(super) async fn mirror(
        &self,
        written: Vec<Assignment>,
        is_known: bool,
        first: &Arc<dyn Store>,
        second: Option<&Arc<dyn Store>>,
    ) {
        // A second that is behind already is not waited for.
        let Some(second) = second.filter(|_| is_known && !self.is_behind.load(Ordering::Relaxed))
        else {
            self.is_behind.store(true, Ordering::Relaxed);
            return;
        };
        let copied = self.copy_where_nothing_is_owed(written, first.as_ref(), second.as_ref());
        if !matches!(timeout(MIRROR_TIMEOUT, copied).await, Ok(Ok(()))) {
            self.is_behind.store(true, Ordering::Relaxed);
        }
    }

    /// Marks what is about to be written to the second store as owed to the first.
    pub(super) async fn mark(
        &self,
        written: &[Assignment],
        second: &dyn Store,
    ) -> Result<(), StoreError> {
        for history in written {
            let number = getrandom::u64().map_err(|_| StoreError::Unavailable)?;
            let key = format!("{}:{number:016x}{OWED}", history.key);
            let mark = Assignment { key, ..history.clone() };
            run(second, vec![Operation::Set(mark)]).await?;
            run(second, vec![count(1)]).await?;
        }
        Ok(())
    }

    /// Finds out whether the second store has lost its copies.
    pub(super) async fn look(&self, second: &dyn Store) {
        let looked = run(second, vec![Operation::Get(COPIED.to_owned())]).await;
        let is_whole = looked.is_ok_and(|outcome| {
            let mut known = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
            let before = std::mem::replace(&mut *known, outcome.generation);
            before == outcome.generation
                && matches!(outcome.replies.as_slice(), [Reply::Value(Some(_))])
        });
        if !is_whole {
            self.carried_at.store(-1, Ordering::Relaxed);
            self.is_behind.store(true, Ordering::Relaxed);
        }
    }

    /// Copies histories, unless another host may have written a newer one to the second store: then what that host owes
    /// is carried first.
    async fn copy_where_nothing_is_owed(
        &self,
        histories: Vec<Assignment>,
        first: &dyn Store,
        second: &dyn Store,
    ) -> Result<(), StoreError> {
        if owed_count(second).await? != self.carried_at.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable);
        }
        copy(histories, first, second).await
    }

    /// Copies every history of the first store that the second has not, or has another one of.
    pub(super) async fn copy_all(
        &self,
        first: &dyn Store,
        second: &dyn Store,
    ) -> Result<(), StoreError> {
        if self.is_copying.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        // What is written from now on is copied by itself, or says so again.
        self.is_behind.store(false, Ordering::Relaxed);
        let copied = async {
            self.compare_all(first, second).await?;
            let all =
                Assignment { key: COPIED.to_owned(), value: vec![1], ttl_seconds: MAX_TTL_SECONDS };
            run(second, vec![Operation::Set(all)]).await.map(drop)
        };
        let copied = copied.await;
        if copied.is_err() {
            self.is_behind.store(true, Ordering::Relaxed);
        }
        self.is_copying.store(false, Ordering::Relaxed);
        copied
    }

    async fn compare_all(&self, first: &dyn Store, second: &dyn Store) -> Result<(), StoreError> {
        let mut pages = Pages::of(first, HISTORY);
        while let Some(keys) = pages.next().await? {
            for keys in keys.chunks(COMPARED) {
                let gets = || keys.iter().cloned().map(Operation::Get).collect();
                let (ours, theirs) =
                    tokio::try_join!(values(first, gets()), values(second, gets()))?;
                let lacking = keys.iter().zip(ours.into_iter().zip(theirs));
                let lacking = lacking.filter_map(|(key, (ours, theirs))| {
                    let value = ours.filter(|ours| theirs.as_ref() != Some(ours))?;
                    // How long the first will keep it isn't told: so for as long as any.
                    Some(Assignment { key: key.clone(), value, ttl_seconds: MAX_TTL_SECONDS })
                });
                let lacking: Vec<_> = lacking.collect();
                if !lacking.is_empty() {
                    self.copy_where_nothing_is_owed(lacking, first, second).await?;
                }
            }
        }
        Ok(())
    }

    /// Whether the second store may lack histories of the first.
    pub(super) fn is_behind(&self) -> bool {
        self.is_behind.load(Ordering::Relaxed)
    }

    /// Joins what is owed with what the first store holds. Tells how many histories that were.
    pub(super) async fn carry(
        &self,
        first: &dyn Store,
        second: &dyn Store,
        aid: &dyn Aid,
    ) -> Result<u64, StoreError> {
        let count = owed_count(second).await?;
        if self.carried_at.load(Ordering::Relaxed) == count {
            return Ok(0);
        }
        let mut carried = 0_u64;
        let mut pages = Pages::of(second, OWED);
        while let Some(marks) = pages.next().await? {
            for mark in marks {
                if carry_one(&mark, first, second, aid).await? {
                    carried = carried.saturating_add(1);
                } else if !self.is_told.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        "a history of the fall-back store doesn't open, and isn't carried: was it written with \
                         other keys?"
                    );
                }
            }
        }
        self.carried_at.store(count, Ordering::Relaxed);
        if carried > 0 {
            tracing::info!(carried, "histories of the fall-back store were carried to the store");
        }
        Ok(carried)
    }
}

fn count(by: i64) -> Operation {
    let step = Step { key: OWED_COUNT.to_owned(), by, ttl_seconds: MAX_TTL_SECONDS };
    Operation::Increment(step)
}

async fn owed_count(second: &dyn Store) -> Result<i64, StoreError> {
    match run(second, vec![count(0)]).await?.replies.as_slice() {
        [Reply::Count(count)] => Ok(*count),
        _ => Err(StoreError::Unavailable),
    }
}
