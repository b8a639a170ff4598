//! Two stores: which of them a batch is carried out on.

use countersign_contract::store::{Operation, Outcome};
use countersign_contract::types::StoreError;

use super::histories::{self, Histories};
use super::mode::{InUse, Mode};
use super::side::Side;

/// Two stores, and which of them is in use.
pub(super) struct Both {
    pub(super) first: Side,
    pub(super) second: Side,
    pub(super) mode: Mode,
    pub(super) histories: Histories,
}

impl Both {
    /// One of them.
    pub(super) const fn side(&self, which: InUse) -> &Side {
        match which {
            InUse::First => &self.first,
            InUse::Second => &self.second,
        }
    }

    /// Carries out a call's first batch: on the second store where the first turns out to be lost. The first may have
    /// carried it out all the same; nothing is sent or compared before a call's first batch is answered.
    pub(super) async fn begin(
        &self,
        batch: Vec<Operation>,
    ) -> (InUse, Result<Outcome, StoreError>) {
        if self.mode.in_use() == InUse::Second {
            return (InUse::Second, self.run(InUse::Second, batch).await);
        }
        match self.run(InUse::First, batch.clone()).await {
            Err(StoreError::InvalidArgument) => (InUse::First, Err(StoreError::InvalidArgument)),
            Err(error) if !self.is_first_lost(&error).await => (InUse::First, Err(error)),
            Err(_) => (InUse::Second, self.run(InUse::Second, batch).await),
            Ok(outcome) => (InUse::First, Ok(outcome)),
        }
    }

    /// Carries out a batch on one of them, with what has to be done for the other.
    pub(super) async fn run(
        &self,
        which: InUse,
        batch: Vec<Operation>,
    ) -> Result<Outcome, StoreError> {
        let store = self.side(which).store().ok_or(StoreError::Unavailable)?;
        let written = histories::written(&batch);
        match which {
            InUse::First => {
                let outcome = store.run(batch).await;
                if !written.is_empty() {
                    let second = self.second.store();
                    self.histories.mirror(written, outcome.is_ok(), store, second).await;
                }
                outcome
            }
            InUse::Second => {
                self.histories.mark(&written, store.as_ref()).await?;
                store.run(batch).await
            }
        }
    }

    /// Finds out whether the first store works, and uses the second where only that one does. All who ask at once wait
    /// for one answer.
    pub(super) async fn is_first_lost(&self, error: &StoreError) -> bool {
        let mut looked = self.mode.look().await;
        if looked.is_recent() {
            return self.mode.in_use() == InUse::Second;
        }
        let is_lost = !self.first.works().await && self.second.works().await;
        if is_lost {
            self.mode.use_second(&format!("{error:?}"));
        }
        looked.done();
        is_lost
    }
}
