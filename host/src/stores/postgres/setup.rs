//! What is made sure of when the store is opened: that the server keeps what it is given, and that the tables are there.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::types::Type;

use super::names::Names;
use super::server::{Server, Session};
use super::trouble::Trouble;
use crate::stores::backoff::Backoff;

/// Tries to connect.
const TRIES: u32 = 10;
/// The oldest version that is tested.
const MIN_VERSION: i32 = 140_000;

/// What there is.
const LOOK: &str = "SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4, \
    (SELECT relpersistence::pg_catalog.text FROM pg_catalog.pg_class \
     WHERE oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)::pg_catalog.oid), \
    pg_catalog.to_regprocedure($2) IS NOT NULL AND pg_catalog.to_regprocedure($3) IS NOT NULL";

/// Connects, trying ten times until `deadline`; a server that refuses us is not asked twice.
pub(super) async fn connect(server: &Server, deadline: Instant) -> Result<Session, Trouble> {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    let mut last = Trouble::no_answer();
    for number in 1..=TRIES {
        let left = deadline.saturating_duration_since(Instant::now());
        match timeout_at(deadline, server.connect(left)).await {
            Ok(Ok(session)) => return Ok(session),
            Ok(Err(trouble)) if trouble.is_lasting() => return Err(trouble),
            Ok(Err(trouble)) => last = trouble,
            Err(_) => break,
        }
        if number == 1 {
            tracing::warn!(server = server.shown(), reason = %last, "the store can't be used: trying again");
        }
        if timeout_at(deadline, sleep(backoff.pause())).await.is_err() {
            break;
        }
    }
    Err(last)
}

/// Makes the table and the functions where they aren't there.
pub(super) async fn prepare(
    session: &Session,
    names: &Names,
    deadline: Instant,
) -> Result<(), Trouble> {
    let prepared = async {
        if look(session, names).await? {
            return warn_of_fsync(session).await;
        }
        session.client.batch_execute(&names.setup()).await.map_err(|error| Trouble::of(&error))?;
        tracing::info!(schema = names.schema, "the store's table and functions were set up");
        match look(session, names).await? {
            true => warn_of_fsync(session).await,
            false => Err(Trouble::Unfit("the table and functions can't be made".into())),
        }
    };
    timeout_at(deadline, prepared).await.unwrap_or_else(|_| Err(Trouble::no_answer()))
}

/// Whether everything is there. Refuses what can't keep it.
async fn look(session: &Session, names: &Names) -> Result<bool, Trouble> {
    let [batch, purge] = names.signatures();
    let arguments: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
        [(&names.table, Type::TEXT), (&batch, Type::TEXT), (&purge, Type::TEXT)];
    let rows = session.ask(LOOK, &arguments).await.map_err(|error| Trouble::of(&error))?;
    let unreadable = || Trouble::Unreachable("unexpected answer".into());
    let row = rows.first().ok_or_else(unreadable)?;
    let version: i32 = row.try_get(0).map_err(|_| unreadable())?;
    let persistence: Option<String> = row.try_get(1).map_err(|_| unreadable())?;
    let has_functions: bool = row.try_get(2).map_err(|_| unreadable())?;
    if version < MIN_VERSION {
        let version = version / 10_000;
        return Err(Trouble::Unfit(format!("version {version} is too old: 14 or later is needed")));
    }
    if let Some(kind) = persistence.as_deref().filter(|kind| *kind != "p") {
        let reason = format!(
            "{} is not an ordinary table (relpersistence {kind}): a crash would empty it",
            names.table
        );
        return Err(Trouble::Unfit(reason));
    }
    Ok(persistence.is_some() && has_functions)
}

/// Tells of a server that may lose what it has acknowledged, but uses it: tests have such servers.
async fn warn_of_fsync(session: &Session) -> Result<(), Trouble> {
    let rows = session.ask("SELECT pg_catalog.current_setting('fsync')", &[]).await;
    let rows = rows.map_err(|error| Trouble::of(&error))?;
    if rows.first().and_then(|row| row.try_get(0).ok()) == Some("off") {
        tracing::warn!(
            "the PostgreSQL server has fsync off: a loss of power damages the store, and attempts are forgotten"
        );
    }
    Ok(())
}
