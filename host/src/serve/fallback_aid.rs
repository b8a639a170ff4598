//! What two stores need of the engine and of the keys.

use std::sync::Arc;

use countersign_contract::types::StoreError;
use countersign_http_api::otp::Failure;

use crate::engine::Engine;
use crate::fingerprint::Fingerprint;
use crate::stores::Store;
use crate::stores::fallback::{Aid, Told};

pub(super) struct FallbackAid {
    pub(super) engine: Engine,
    pub(super) fingerprint: Option<Arc<Fingerprint>>,
}

impl Aid for FallbackAid {
    fn join(
        &self,
        key: String,
        kept: Option<Vec<u8>>,
        carried: Vec<u8>,
    ) -> Told<'_, Result<Option<Vec<u8>>, StoreError>> {
        Box::pin(async move {
            match self.engine.join_histories(key, kept, carried).await {
                Ok(joined) => Ok(Some(joined)),
                Err(Failure::Refused(_)) => Ok(None),
                Err(Failure::Internal | Failure::Overloaded) => Err(StoreError::Unavailable),
            }
        })
    }

    fn fits<'a>(&'a self, store: &'a dyn Store) -> Told<'a, bool> {
        Box::pin(async move {
            match &self.fingerprint {
                Some(fingerprint) => fingerprint.fits(store).await,
                None => true,
            }
        })
    }
}
