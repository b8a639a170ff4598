//! A Redis Cluster of a bench's own: so many masters, without replicas.

use std::time::Duration;

use anyhow::{Result, bail};
use countersign_tests::redis::{RedisServer, free_port};

const SLOTS: u16 = 16_384;
/// How often the servers are asked whether they have found each other, and with what pause.
const LOOKS: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// Starts so many masters, which share the slots, and returns once they are one cluster.
pub(crate) fn start(count: u16) -> Result<Vec<RedisServer>> {
    let mut masters = Vec::new();
    for number in 0..count {
        let bus = free_port()?.to_string();
        let master =
            RedisServer::start_with(&["--cluster-enabled", "yes", "--cluster-port", &bus])?;
        let (first, last) = (SLOTS / count * number, SLOTS / count * (number + 1) - 1);
        let last = if number + 1 == count { SLOTS - 1 } else { last };
        master.run(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()])?;
        master.run(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()])?;
        masters.push((master, bus));
    }
    if let Some((first, others)) = masters.split_first() {
        for (other, bus) in others {
            let port = other.port().to_string();
            first.0.run(&["CLUSTER", "MEET", "127.0.0.1", &port, bus])?;
        }
    }
    let masters: Vec<RedisServer> = masters.into_iter().map(|(master, _)| master).collect();
    for _ in 0..LOOKS {
        if masters.iter().all(|master| is_whole(master, count)) {
            return Ok(masters);
        }
        std::thread::park_timeout(PAUSE);
    }
    bail!("the masters don't find each other")
}

fn is_whole(master: &RedisServer, count: u16) -> bool {
    let info = || -> redis::RedisResult<String> {
        redis::cmd("CLUSTER").arg("INFO").query(&mut master.connection()?)
    };
    let known = format!("cluster_known_nodes:{count}\r");
    info().is_ok_and(|text| text.contains("cluster_state:ok") && text.contains(&known))
}
