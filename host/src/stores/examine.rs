//! What `countersign doctor` looks at in a store before it is opened: each backend has its own way.

use std::time::Duration;

use tokio::time::timeout;

use super::{StoreSettings, postgres, redis, sqlite};
use crate::findings::{Check, Findings};

/// How long all questions to one store may take. Each has a shorter deadline of its own.
const LIMIT: Duration = Duration::from_secs(8);

/// Looks at the store of `settings`, without waiting for one that isn't there, and changes nothing in it but the scratch
/// key.
///
/// # Errors
///
/// Why it is no use to open it.
pub async fn examine(settings: &StoreSettings, findings: &mut Findings) -> Result<(), String> {
    let examined = timeout(LIMIT, async {
        match settings {
            StoreSettings::Memory(_) => {
                findings.ok(Check::StoreReachable, "in the memory of each process");
                Ok(())
            }
            StoreSettings::Postgres(settings) => postgres::examine(settings, findings).await,
            StoreSettings::Redis(settings) => redis::examine(settings, findings).await,
            StoreSettings::Sqlite(settings) => sqlite::examine(settings, findings).await,
        }
    });
    match examined.await {
        Ok(examined) => examined,
        Err(_) => {
            findings.forget(Check::StoreReachable);
            let found = "it answers too slowly to be looked at";
            let mend = "look at the server's load and at the network to it";
            findings.failed(Check::StoreReachable, found, mend);
            Err("the store is too slow".to_owned())
        }
    }
}
