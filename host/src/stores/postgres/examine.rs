//! What `countersign doctor` asks of PostgreSQL: over one connection of its own, one try, each answer within a deadline.
//! Nothing is set up: that is for the first start.

mod line;
mod rights;
mod server;

use self::line::Line;
use super::names::Names;
use super::settings::{Parsed, PostgresSettings};
use crate::findings::{Check, Findings};

/// What is looked at.
const CHECKS: [Check; 9] = [
    Check::StoreReachable,
    Check::StoreTls,
    Check::StoreLogin,
    Check::StoreVersion,
    Check::StoreRights,
    Check::StoreCapacity,
    Check::StorePersistence,
    Check::StoreReplication,
    Check::StoreClock,
];

/// Looks at the server that `settings` lead to.
///
/// # Errors
///
/// Why it is no use to open the store.
pub(in crate::stores) async fn examine(
    settings: &PostgresSettings,
    findings: &mut Findings,
) -> Result<(), String> {
    let parsed = settings.parse().map_err(|_| "its settings are wrong".to_owned())?;
    let names = Names::of(&settings.schema);
    let connections = settings.max_connections;
    let examined = ask(parsed, &names, connections, findings).await;
    findings.skip_rest(&CHECKS, "the server can't be asked");
    examined
}

async fn ask(
    parsed: Parsed,
    names: &Names,
    connections: u64,
    findings: &mut Findings,
) -> Result<(), String> {
    let unusable = |_| "the server can't be used".to_owned();
    let line = Line::open(parsed.address, parsed.tls, findings).await.map_err(unusable)?;
    server::examine(&line, connections, findings).await.map_err(unusable)?;
    let is_set_up = rights::examine(&line, names, findings).await.map_err(unusable)?;
    if is_set_up {
        return Ok(());
    }
    Err("nothing is set up in the database yet: the first start does it".to_owned())
}
