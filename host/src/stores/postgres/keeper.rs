//! What is done beside the batches, over a connection of its own: removing what has expired, comparing clocks, and ending
//! sessions that are no longer needed.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_postgres::types::Type;

use super::names::Names;
use super::pool::Pool;
use super::server::{Server, Session};
use super::trouble;
use crate::stores::clock::Clock;
use crate::stores::skew::{MAX_ROUND_TRIP, Skew, SkewWatch};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(5);
/// How often the clocks are compared.
const CLOCK_EVERY: Duration = Duration::from_secs(60);
/// How many rows are removed at once: a batch that steps one of them waits that long.
const AT_ONCE: i32 = 500;
/// How often in a row, and with what pause between: 10,000 rows in five seconds.
const IN_A_ROW: u32 = 20;
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
            let Some(own) = self.session(session.take()).await else { continue };
            if compared.is_none_or(|at| at.elapsed() >= CLOCK_EVERY) {
                self.compare_clocks(&own).await;
                compared = Some(Instant::now());
            }
            match self.purge(&own).await {
                Ok(()) => {
                    is_failing = false;
                    session = Some(own);
                }
                Err(reason) => {
                    if !std::mem::replace(&mut is_failing, true) {
                        let server = self.server.shown();
                        tracing::warn!(server, reason, "expired keys can't be removed");
                    }
                    self.server.cancel(own).await;
                }
            }
        }
    }

    /// The one there is, or a new one. Where there is none the batches find out, and tell.
    async fn session(&self, session: Option<Session>) -> Option<Session> {
        match session.filter(|session| !session.client.is_closed()) {
            Some(session) => Some(session),
            None => self.server.connect().await.ok(),
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

    /// Removes what has expired, some rows at a time.
    async fn purge(&self, session: &Session) -> Result<(), String> {
        let call = self.names.call_purge();
        for _ in 0..IN_A_ROW {
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
