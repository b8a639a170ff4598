//! What `countersign doctor` asks of Redis: over connections of its own, one try each, every answer within a deadline.
//! Nothing here blocks a server: no `KEYS`, no `DEBUG`, no scan.

mod cluster;
mod info;
mod line;
mod node;
mod persistence;
mod replication;
mod rights;
mod sentinels;

use self::node::{CHECKS, Place};
use super::connect::Whereabouts;
use super::settings::RedisSettings;
use super::topology::Topology;
use crate::findings::Findings;
use crate::stores::store::SCRATCH;

/// Looks at all servers that `settings` lead to.
///
/// # Errors
///
/// Why none of them can be used.
pub(in crate::stores) async fn examine(
    settings: &RedisSettings,
    findings: &mut Findings,
) -> Result<(), String> {
    let parsed = settings.parse().map_err(|_| "its settings are wrong".to_owned())?;
    let access = parsed.access;
    let key = format!("{}{SCRATCH}", settings.key_prefix);
    let server = match &parsed.topology {
        Topology::Cluster(seeds) => {
            return cluster::examine(seeds, &access, &settings.key_prefix, findings).await;
        }
        Topology::Single(Whereabouts::At(server)) => server.clone(),
        Topology::Single(Whereabouts::Sentinels(all)) => {
            match sentinels::examine(all, findings).await {
                Some(server) => server,
                None => {
                    let reason = "no sentinel names a master";
                    findings.skip_rest(&CHECKS, reason);
                    return Err(reason.to_owned());
                }
            }
        }
    };
    let place = Place { server, access: &access, key, is_in_cluster: false };
    let examined = node::examine(&place, findings).await;
    let examined = examined.map_err(|_| "the server can't be used".to_owned());
    findings.skip_rest(&CHECKS, "the server can't be asked");
    examined
}
