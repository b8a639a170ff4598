//! The store's own cost: what a wrong verification asks of Redis, asked by a native client over one connection,
//! from the CPU that the app is on.

use std::time::Instant;

use anyhow::Result;
use countersign_contract::store::{Operation, Step};
use countersign_edge_store_redis::script;
use countersign_tests::edge::Store;
use redis::{Cmd, Connection, FromRedisValue};

use crate::report::percentiles;

/// How long a counter lives; any time does.
const TTL_SECONDS: u32 = 600;

/// The median of `count` times, µs; nothing where the store is in the runtime.
pub(super) fn median_us(store: &Store, count: usize) -> Result<Option<f64>> {
    let (server, batch_as_script) = match store {
        Store::KeyValueRedis(server) => (server, false),
        Store::SharedRedis(server) => (server, true),
        _ => return Ok(None),
    };
    let mut connection = server.connection()?;
    let mut latencies = Vec::new();
    for number in 0..count {
        let batch = batch(number);
        let start = Instant::now();
        if batch_as_script {
            let mut eval = redis::cmd("EVAL");
            eval.arg(script::SCRIPT);
            for argument in script::arguments("bench:", &batch) {
                eval.arg(argument);
            }
            ask::<Vec<Option<Vec<u8>>>>(&eval, &mut connection)?;
        } else {
            one_by_one(&batch, &mut connection)?;
        }
        latencies.push(u64::try_from(start.elapsed().as_nanos())?);
    }
    Ok(Some(percentiles(latencies, [50])).map(|[median]| median))
}

/// As the rules' own: two counts and four looks.
fn batch(number: usize) -> Vec<Operation> {
    let key = |name: &str| format!("{{bench-{number}}}:{name}");
    let get = |name| Operation::Get(key(name));
    let step =
        |name| Operation::Increment(Step { key: key(name), by: 1, ttl_seconds: TTL_SECONDS });
    let counts = [step("odometer"), step("failures")];
    counts.into_iter().chain(["challenge", "closing", "withdrawal", "success"].map(get)).collect()
}

fn one_by_one(batch: &[Operation], connection: &mut Connection) -> Result<()> {
    for operation in batch {
        match operation {
            Operation::Increment(Step { key, by, .. }) => {
                ask::<i64>(redis::cmd("INCRBY").arg(key).arg(by), connection)?;
            }
            other => {
                ask::<Option<Vec<u8>>>(redis::cmd("GET").arg(other.key()), connection)?;
            }
        }
    }
    Ok(())
}

fn ask<T: FromRedisValue>(command: &Cmd, connection: &mut Connection) -> Result<T> {
    Ok(command.query(connection)?)
}
