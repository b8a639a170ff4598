//! Whether a store takes writes, however many ask: it is written to once a second at most.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::stores::{Store, writable};

/// How long a finding holds.
const HOLDS: Duration = Duration::from_secs(1);

/// What a look at a store has found.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// Whether it takes writes.
    pub(super) works: bool,
    /// How long the write took; nothing where it failed.
    pub(super) took: Option<Duration>,
}

/// A store, and what the last look at it has found.
pub(super) struct Watched {
    /// What the log calls it.
    name: &'static str,
    /// Whether another one stands in for it.
    is_alone: bool,
    found: Mutex<Option<(Instant, Look)>>,
}

impl Watched {
    pub(super) fn new(name: &'static str, is_alone: bool) -> Self {
        Self { name, is_alone, found: Mutex::default() }
    }

    /// Looks, one at a time: what is found counts for all who wait for it. A store that could not be opened yet is one
    /// that doesn't work.
    pub(super) async fn look(&self, store: Option<&Arc<dyn Store>>) -> Look {
        let mut found = self.found.lock().await;
        match &*found {
            Some((at, look)) if at.elapsed() < HOLDS => *look,
            before => {
                let worked = before.is_none_or(|(_, look)| look.works);
                let look = self.look_anew(store, worked).await;
                *found = Some((Instant::now(), look));
                look
            }
        }
    }

    /// Logs once per change, not once per question.
    async fn look_anew(&self, store: Option<&Arc<dyn Store>>, worked: bool) -> Look {
        let Some(store) = store else { return Look { works: false, took: None } };
        let (name, begun) = (self.name, Instant::now());
        let of_all = |words| if self.is_alone { words } else { "" };
        match writable(store.as_ref()).await {
            Ok(()) => {
                if !worked {
                    tracing::info!("{}{name} takes writes", of_all("ready again: "));
                }
                Look { works: true, took: Some(begun.elapsed()) }
            }
            Err(error) => {
                if worked {
                    tracing::warn!(?error, "{}{name} takes no writes", of_all("not ready: "));
                }
                Look { works: false, took: None }
            }
        }
    }
}
