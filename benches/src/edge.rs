//! The edge app beside a constant answer in the same runtime: `cargo xtask bench edge`.
//!
//! Every runtime that is there runs it over every store, all at once, and they take turns. As with the native servers,
//! each is pinned to the first CPU, the load generator, the receiver of the codes and Redis to the last.

mod load;
mod place;
mod results;
mod store_cost;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use countersign_tests::edge::{Kind, Runtime, Store};

use self::load::{CONNECTIONS, Field, Verb};
use self::place::{Place, Starter, Work};
use self::results::{Results, Turn};
use crate::affinity;
use crate::scale::Rounds;

/// Requests are so many times more over many connections.
const MORE: usize = 4;
/// How much less is asked of a store that waits for its disk.
const ON_DISK: usize = 20;

/// How much, how often.
#[derive(Args)]
pub(crate) struct Plan {
    /// Requests measured per environment, operation and round over one connection; four times as many over sixteen.
    #[arg(long, default_value_t = 200)]
    requests: usize,
    #[command(flatten)]
    rounds: Rounds,
}

/// Runs everything and prints the tables.
pub(crate) fn run(plan: &Plan) -> Result<()> {
    print_sizes()?;
    affinity::pin_to_last()?;
    let starter = Starter::new()?;
    let runtimes: Vec<_> =
        [Some(Runtime::stand_in()?), Runtime::spin()].into_iter().flatten().collect();
    let mut places = Vec::new();
    let mut fresh = Vec::new();
    for runtime in &runtimes {
        let first = places.len();
        for work in Work::ALL {
            if work != Work::Disk || runtime.kind() == Kind::Spin {
                places.push(starter.start(runtime, work, &[])?);
            }
        }
        let options = ["--max-instance-reuse-count", "1"];
        fresh.push((first, starter.start(runtime, Work::Memory, &options)?));
        eprintln!("{} is ready", runtime.name());
    }
    let mut field = Field::new(starter);
    let mut results = Results::default();
    for round in 0..plan.rounds.rounds {
        for (index, place) in places.iter().enumerate() {
            results.take_turn(&mut field, index, place, plan.requests)?;
        }
        for (first, fresh) in &fresh {
            let used = places.get(*first).context("no such environment")?;
            let pair =
                [used, fresh].map(|place| field.sample(place, Verb::Constant, 1, plan.requests));
            let [used, fresh] = pair;
            let pair = [used?.p50_us, fresh?.p50_us];
            results.instance_us.entry(*first).or_default().push(pair);
        }
        eprintln!("round {} of {} done", round + 1, plan.rounds.rounds);
    }
    tables::print(&places, &results);
    tables::print_slow_heading();
    for place in places.iter().filter(|place| place.redis().is_some()) {
        tables::print_slow(place, field.beside_a_slow_sender(place, plan.requests)?);
    }
    Ok(())
}

impl Results {
    fn take_turn(
        &mut self,
        field: &mut Field,
        index: usize,
        place: &Place,
        requests: usize,
    ) -> Result<()> {
        let requests = match place.store {
            Store::KeyValueSqlite => (requests / ON_DISK).max(1),
            _ => requests,
        };
        place.flush()?;
        for verb in Verb::ALL {
            let one = field.sample(place, verb, 1, requests)?;
            let many = field.sample(place, verb, CONNECTIONS, requests * MORE)?;
            self.turns.entry((index, verb)).or_default().push(Turn { one, many });
        }
        if let Some(cost) = affinity::on_first(|| store_cost::median_us(&place.store, requests))?? {
            self.store_us.entry(index).or_default().push(cost);
            self.round_trips.insert(index, field.round_trips(place)?);
        }
        Ok(())
    }
}

fn print_sizes() -> Result<()> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let Some(within) = std::env::var_os("COUNTERSIGN_TEST_WASM").map(PathBuf::from) else {
        anyhow::bail!("COUNTERSIGN_TEST_WASM names no component: run `cargo xtask bench edge`");
    };
    println!("\nSize, bytes\n");
    let edge =
        ["countersign-edge.wasm", "countersign-edge-redis.wasm"].map(|name| built.join(name));
    for path in edge.iter().chain([&within]) {
        let size =
            fs::metadata(path).with_context(|| format!("{} can't be read", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        println!("{name:<28} {:>9}", size.len());
    }
    Ok(())
}
