//! What is done beside the batches, over a connection of its own: removing what has expired, comparing clocks, and ending
//! sessions that are no longer needed.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_postgres::types::Type;

use super::names::Names;
use super::pool::{Lease, Pool};
use super::server::{Server, Session, TRY_TIMEOUT};
use super::trouble::{self, Trouble};
use crate::stores::clock::Clock;
use crate::stores::skew::{MAX_ROUND_TRIP, Skew, SkewWatch};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(5);
/// How often the clocks are compared.
const CLOCK_EVERY: Duration = Duration::from_secs(60);
/// How many rows are removed at once: a batch that steps one of them waits that long.
const AT_ONCE: i32 = 500;
/// The pause between two removals, which follow each other for as long as there is something to remove.
const PAUSE: Duration = Duration::from_millis(20);
/// How long one removal may take.
const PURGE_TIMEOUT: Duration = Duration::from_secs(10);

/// Milliseconds since 1970.
const TIME: &str = "SELECT (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) \
    OPERATOR(pg_catalog.*) 1000::pg_catalog.float8)::pg_catalog.int8";

/// Who does it, until it is dropped.
pub(super) struct Keeper {
    pub(super) server: Arc<Server>,
    pub(super) pool: Arc<Pool>,
    pub(super) names: Arc<Names>,
    pub(super) clock: Clock,
    pub(super) skew: Arc<SkewWatch>,
}

/// Over which connection it is done.
enum Way {
    Borrowed(Lease),
    Own(Session),
}

impl Way {
    fn session(&mut self) -> Option<&Session> {
        match self {
            Self::Borrowed(lease) => lease.session(),
            Self::Own(session) => Some(session),
        }
    }
}

impl Keeper {
    /// Works for ever.
    pub(super) async fn work(self) -> Infallible {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut session = None;
        let mut compared: Option<Instant> = None;
        let mut is_failing = false;
        loop {
            ticks.tick().await;
            self.pool.tidy();
            let Some(mut way) = self.way(session.take()).await else { continue };
            let Some(used) = way.session() else { continue };
            if compared.is_none_or(|at| at.elapsed() >= CLOCK_EVERY) {
                self.compare_clocks(used).await;
                compared = Some(Instant::now());
            }
            let purged = self.purge(used).await;
            if let Err(reason) = &purged
                && !is_failing
            {
                let server = self.server.shown();
                tracing::warn!(server, reason, "expired keys can't be removed");
            }
            is_failing = purged.is_err();
            session = match way {
                Way::Own(own) if purged.is_ok() => Some(own),
                Way::Own(own) => {
                    self.server.cancel(own).await;
                    None
                }
                Way::Borrowed(mut lease) => {
                    if purged.is_ok() {
                        lease.is_done();
                    }
                    None
                }
            };
        }
    }

    /// The connection that there is, or a new one; where the server has room for none, one of those for batches. Where
    /// there is none at all the batches find out, and tell.
    async fn way(&self, session: Option<Session>) -> Option<Way> {
        if let Some(session) = session.filter(|session| !session.client.is_closed()) {
            return Some(Way::Own(session));
        }
        match self.server.connect(TRY_TIMEOUT).await {
            Ok(session) => Some(Way::Own(session)),
            Err(Trouble::Crowded(_)) => {
                let lease = timeout(EVERY, self.pool.lease()).await.ok()?;
                lease.ok().map(Way::Borrowed)
            }
            Err(_) => None,
        }
    }

    async fn compare_clocks(&self, session: &Session) {
        let asked = Instant::now();
        // What took so long would say little. A lost connection is noticed elsewhere.
        let Ok(Ok(rows)) = timeout(MAX_ROUND_TRIP, session.ask(TIME, &[])).await else { return };
        let theirs = rows.first().and_then(|row| row.try_get::<_, i64>(0).ok());
        let theirs = theirs.and_then(|theirs| u64::try_from(theirs).ok());
        if let Some(theirs) = theirs
            && let Some(skew) = Skew::between((self.clock)(), theirs, asked.elapsed())
        {
            self.skew.measured(skew);
        }
    }

    /// Removes what has expired, some rows at a time: all of it, or what can be until it is time to look after the rest.
    async fn purge(&self, session: &Session) -> Result<(), String> {
        let call = self.names.call_purge();
        let start = Instant::now();
        while start.elapsed() < EVERY {
            let removed = session.ask(&call, &[(&AT_ONCE, Type::INT4)]);
            let rows = match timeout(PURGE_TIMEOUT, removed).await {
                Ok(Ok(rows)) => rows,
                Ok(Err(error)) => return Err(trouble::reason(&error)),
                Err(_) => return Err("no answer in time".into()),
            };
            let removed: i64 = rows.first().and_then(|row| row.try_get(0).ok()).unwrap_or(0);
            if removed < i64::from(AT_ONCE) {
                break;
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }
}
