//! The store that a process works with: one, or two of which one is in use.

use std::sync::Arc;

use super::fallback::FallbackStore;
use super::{OpenError, Store, StoreSettings};

/// The store that a process works with.
pub struct Opened {
    /// The one that is used.
    pub store: Arc<dyn Store>,
    /// The same, where it is two.
    pub fallback: Option<FallbackStore>,
}

/// Opens the store that `first` describes, and the one that is used while that is out of reach.
///
/// # Errors
///
/// As [`super::open`]; where there are two, a server that can't be reached is no error while the other one can be.
pub async fn open_all(
    first: &StoreSettings,
    second: Option<&StoreSettings>,
) -> Result<Opened, OpenError> {
    let Some(second) = second else {
        return Ok(Opened { store: super::open(first).await?, fallback: None });
    };
    let fallback = FallbackStore::open(first, second).await?;
    Ok(Opened { store: Arc::new(fallback.clone()), fallback: Some(fallback) })
}
