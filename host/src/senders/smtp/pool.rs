//! Connections that wait for the next mail, and a bound on how many there are at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep};

use super::conversation::Conversation;

/// How long a connection may wait: less than servers and the boxes on the way have patience for.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// The connections to one server.
pub(super) struct Pool {
    places: Semaphore,
    idle: Arc<Mutex<Idle>>,
}

#[derive(Default)]
struct Idle {
    /// Oldest first.
    conversations: Vec<(Instant, Conversation)>,
    /// Whether a task looks after them.
    is_watched: bool,
}

impl Pool {
    pub(super) fn new(max_connections: u16) -> Self {
        Self { places: Semaphore::new(max_connections.into()), idle: Arc::default() }
    }

    /// Waits for a place among the connections. Held as long as one is used.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.places.acquire().await.ok()
    }

    /// The connection that was used last, where one waits.
    pub(super) fn take(&self) -> Option<Conversation> {
        lock(&self.idle).conversations.pop().map(|(_, conversation)| conversation)
    }

    /// Lets a connection wait for the next mail.
    pub(super) fn put(&self, conversation: Conversation) {
        let mut idle = lock(&self.idle);
        idle.conversations.push((Instant::now(), conversation));
        if !std::mem::replace(&mut idle.is_watched, true) {
            tokio::spawn(watch(Arc::clone(&self.idle)));
        }
    }

    /// Drops all that wait: the server has gone, or gone silent, since.
    pub(super) fn clear(&self) {
        lock(&self.idle).conversations.clear();
    }
}

/// Ends connections that wait for too long, until none is left.
async fn watch(idle: Arc<Mutex<Idle>>) {
    loop {
        sleep(IDLE_LIMIT).await;
        let mut idle = lock(&idle);
        let old = |entry: &mut (Instant, _)| entry.0.elapsed() >= IDLE_LIMIT;
        for (_, conversation) in idle.conversations.extract_if(.., old) {
            conversation.leave();
        }
        if idle.conversations.is_empty() {
            idle.is_watched = false;
            return;
        }
    }
}

fn lock(idle: &Mutex<Idle>) -> MutexGuard<'_, Idle> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
