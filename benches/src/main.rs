//! What countersign costs, measured side by side: `cargo xtask bench`.
//!
//! One run measures four variants of one server: the same HTTP surface, the same Redis, the same keys and policies.
//! What differs is who answers: a constant, the rules compiled natively, the component in shared instances, the
//! component in an instance of its own per call. The variants take turns, round after round, so that whatever else
//! the machine does hits all of them; what is quoted is the median of the rounds, and ratios rather than figures.
//!
//! Each server runs in a process of its own, pinned to the first CPU, with as many tokio workers as it may use CPUs:
//! one. The load generator and Redis share the last CPU. On a machine with one CPU everything shares it, and only
//! CPU time per request means anything.

mod affinity;
mod child;
mod edge;
mod engines;
mod instructions;
mod load;
mod log;
mod map;
mod micro;
mod redis_counts;
mod report;
mod requests;
mod scale;
mod server;
mod setting;
mod startup;
mod stores;
mod traffic;
mod web;

use anyhow::Result;
use clap::{Parser, Subcommand};
use countersign_tests::redis::RedisServer;

use crate::engines::Variant;
use crate::scale::{Load, Rounds};

/// Measures what countersign costs.
#[derive(Parser)]
#[command(about, version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    load: Load,
}

#[derive(Subcommand)]
enum Part {
    /// The servers under load only.
    Web(Load),
    /// The rules and the component in this process only.
    Micro(Rounds),
    /// What a line of the log costs only.
    Log(Rounds),
    /// From start to ready only.
    Startup,
    /// The edge app only; not among what runs without a name.
    Edge(edge::Plan),
    /// The component over each store; not among what runs without a name.
    Stores(stores::Compared),
    /// Challenges that live by the hundred thousand, in Redis and PostgreSQL; not among what runs without a name.
    Live(stores::Live),
    /// What each way to keep data costs, and what a crash takes; not among what runs without a name.
    Durability(stores::Durability),
    /// Instructions per call only, held to the table in the docs: `cargo xtask instructions`.
    Instructions(instructions::Place),
    /// What callgrind counts.
    #[command(hide = true)]
    Counted(instructions::Counted),
    /// One operation in this process, over and over: for a profiler.
    Loop(micro::Endless),
    /// One server under test; ends when its standard input does.
    #[command(hide = true)]
    Server {
        /// Who answers.
        engine: Variant,
        /// The settings of its store, in JSON.
        store: String,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.part {
        Some(Part::Server { engine, store }) => server::run(engine, &store),
        Some(Part::Web(load)) => web(&load),
        Some(Part::Micro(rounds)) => micro::run(rounds.rounds),
        Some(Part::Log(rounds)) => log::run(rounds.rounds),
        Some(Part::Startup) => startup(),
        Some(Part::Edge(plan)) => edge::run(&plan),
        Some(Part::Stores(plan)) => stores::compare(&plan),
        Some(Part::Live(plan)) => stores::fill(&plan),
        Some(Part::Durability(plan)) => stores::crash(&plan),
        Some(Part::Instructions(place)) => instructions::run(&place),
        Some(Part::Counted(counted)) => instructions::run_counted(&counted),
        Some(Part::Loop(endless)) => micro::run_endless(&endless),
        None => {
            web(&cli.load)?;
            micro::run(cli.load.rounds.rounds)?;
            log::run(cli.load.rounds.rounds)?;
            startup()
        }
    }
}

fn web(load: &Load) -> Result<()> {
    // Redis inherits it.
    affinity::pin_to_last()?;
    let redis = RedisServer::start()?;
    web::run(&redis, load)
}

fn startup() -> Result<()> {
    let redis = RedisServer::start()?;
    startup::run(&redis.url())
}
