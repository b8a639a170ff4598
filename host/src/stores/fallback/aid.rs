//! What two stores are told from outside.

use std::future::Future;
use std::pin::Pin;

use countersign_contract::types::StoreError;

use crate::stores::Store;

/// What is told, in time.
pub type Told<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What two stores need of the engine and of the keys.
pub trait Aid: Send + Sync + 'static {
    /// Joins the histories of a recipient; nothing where `carried` is none under our keys. An error where it has to be
    /// tried again.
    fn join(
        &self,
        key: String,
        kept: Option<Vec<u8>>,
        carried: Vec<u8>,
    ) -> Told<'_, Result<Option<Vec<u8>>, StoreError>>;

    /// Whether the data of a store was made with our keys.
    fn fits<'a>(&'a self, store: &'a dyn Store) -> Told<'a, bool>;
}
