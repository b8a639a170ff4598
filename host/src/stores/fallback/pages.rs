//! The keys of a store with some ending, page by page.

use countersign_contract::types::StoreError;

use crate::stores::Store;
use crate::stores::scan::Cursor;

/// How often a scan is begun anew that a store broke off.
const SCANS: usize = 3;

/// The keys with an ending, page by page.
pub(super) struct Pages<'a> {
    store: &'a dyn Store,
    ending: &'static str,
    after: Option<Cursor>,
    is_done: bool,
    begun: usize,
}

impl<'a> Pages<'a> {
    pub(super) const fn of(store: &'a dyn Store, ending: &'static str) -> Self {
        Self { store, ending, after: None, is_done: false, begun: 1 }
    }

    /// The next page; nothing after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<String>>, StoreError> {
        while !self.is_done {
            match self.store.scan(self.ending, self.after.take()).await {
                Ok(page) => {
                    self.is_done = page.next.is_none();
                    self.after = page.next;
                    return Ok(Some(page.keys));
                }
                // The store's servers have changed meanwhile.
                Err(StoreError::InvalidArgument) if self.begun < SCANS => {
                    self.begun = self.begun.saturating_add(1);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}
