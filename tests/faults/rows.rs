//! The table of stores and faults. A further store is a further name in [`Store`] and its rows.

use std::time::Duration;

use countersign_tests::history::Verdict;
use countersign_tests::redis::RedisServer;

use crate::network::{self, Trouble};
use crate::run::{Length, Scene, run, terms};
use crate::site::{Keeps, Launch, Site};
use crate::{hosts, redis, report, sqlite};

/// What the hosts keep everything in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Store {
    /// One Redis that keeps nothing on a disk.
    Redis,
    /// One Redis that writes each change to its disk before it answers.
    DurableRedis,
    /// One file.
    Sqlite,
}

/// What happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    KillStore,
    StopStore(u64),
    Wires(Trouble),
    FillMemory,
    FillDisk,
    Flush,
    GoBack,
    KillHost,
    KillHosts,
    Terminate,
    Clock(i64),
    HangUp,
}

struct Row {
    store: Store,
    fault: Fault,
    name: &'static str,
    is_short: bool,
}

const fn row(store: Store, fault: Fault, name: &'static str) -> Row {
    Row { store, fault, name, is_short: false }
}

const ROWS: &[Row] = &[
    row(Store::DurableRedis, Fault::KillStore, "kill -9"),
    row(Store::Redis, Fault::KillStore, "kill -9"),
    row(Store::Redis, Fault::StopStore(5), "SIGSTOP for 5 s"),
    row(Store::Redis, Fault::StopStore(30), "SIGSTOP for 30 s"),
    row(Store::Redis, Fault::Wires(Trouble::Cut), "network cut"),
    Row {
        is_short: true,
        ..row(Store::Redis, Fault::Wires(Trouble::CutOneWay), "network cut one way")
    },
    row(Store::Redis, Fault::Wires(Trouble::Slow), "network slow, 300 ms each way"),
    row(Store::Redis, Fault::Wires(Trouble::Lossy), "network loses 10 %"),
    row(Store::Redis, Fault::FillMemory, "out of memory"),
    row(Store::Redis, Fault::FillDisk, "disk full (MISCONF)"),
    row(Store::Redis, Fault::Flush, "FLUSHALL"),
    Row { is_short: true, ..row(Store::Redis, Fault::GoBack, "restart from an old snapshot") },
    row(Store::Redis, Fault::KillHost, "kill -9 of one host"),
    row(Store::Redis, Fault::Terminate, "SIGTERM of one host"),
    row(Store::Redis, Fault::Clock(120), "one clock 2 minutes ahead"),
    row(Store::Redis, Fault::Clock(-120), "one clock 2 minutes behind"),
    row(Store::Redis, Fault::HangUp, "clients hang up"),
    Row { is_short: true, ..row(Store::Sqlite, Fault::KillHosts, "kill -9 of each host") },
    row(Store::Sqlite, Fault::FillDisk, "disk full"),
];

impl Store {
    const fn name(self) -> &'static str {
        match self {
            Self::Redis => "Redis, no persistence",
            Self::DurableRedis => "Redis, AOF always",
            Self::Sqlite => "SQLite",
        }
    }

    fn redis(self) -> Option<RedisServer> {
        match self {
            Self::Redis => Some(RedisServer::start_with(redis::CHANGEABLE).unwrap()),
            Self::DurableRedis => Some(RedisServer::start_with(redis::DURABLE).unwrap()),
            Self::Sqlite => None,
        }
    }
}

impl Row {
    /// Runs it; nothing where this machine can't.
    async fn run(&self, length: Length, series: usize) -> Option<Verdict> {
        let is_possible = match (self.store, self.fault) {
            (_, Fault::Clock(_)) => hosts::can_move_clocks(),
            (Store::Sqlite, Fault::FillDisk) => sqlite::can_limit(),
            _ => true,
        };
        if !is_possible {
            return None;
        }
        let mut server = self.store.redis();
        let keeps = server.as_ref().map_or(Keeps::Sqlite, |server| Keeps::Redis(server.port()));
        let mut site = Site::start(keeps, |number| self.launch(number)).await;
        let mut terms = terms();
        if let Fault::Clock(seconds) = self.fault {
            terms.clocks.insert(0, seconds * 1_000_000);
        }
        let strike = async |scene: Scene<'_>| self.strike(scene, server.as_mut()).await;
        let verdict = run(&mut site, length, &mut terms, series, strike).await;
        if let Some(server) = &server {
            let (endless, keys) = server.endless_keys().unwrap();
            assert_eq!((endless, keys > 0), (Vec::<String>::new(), true));
        }
        Some(verdict)
    }

    fn launch(&self, number: usize) -> Launch {
        match self.fault {
            Fault::Clock(seconds) if number == 0 => hosts::with_clock(seconds),
            Fault::FillDisk if self.store == Store::Sqlite => {
                Launch { before: Some(sqlite::BEARS), ..Launch::default() }
            }
            _ => Launch::default(),
        }
    }

    async fn strike(&self, scene: Scene<'_>, server: Option<&mut RedisServer>) {
        match (self.fault, server) {
            (Fault::KillStore, Some(server)) => redis::kill(scene, server).await,
            (Fault::GoBack, Some(server)) => redis::go_back(scene, server).await,
            (Fault::StopStore(seconds), Some(server)) => {
                redis::stop(scene, server, Duration::from_secs(seconds)).await;
            }
            (Fault::Flush, Some(server)) => redis::flush(scene, server).await,
            (Fault::FillMemory, Some(server)) => redis::fill_memory(scene, server).await,
            (Fault::FillDisk, Some(server)) => redis::fill_disk(scene, server).await,
            (Fault::FillDisk, None) => sqlite::fill_disk(scene).await,
            (Fault::Wires(trouble), Some(_)) => network::trouble(scene, trouble).await,
            (Fault::KillHost, _) => hosts::kill(scene).await,
            (Fault::KillHosts, _) => hosts::kill_all(scene).await,
            (Fault::Terminate, _) => hosts::terminate(scene).await,
            (Fault::Clock(_), _) => hosts::go_on(scene).await,
            (Fault::HangUp, _) => hosts::hang_up(scene).await,
            (fault, None) => panic!("{fault:?} is not for {:?}", self.store),
        }
    }
}

async fn run_rows(rows: impl Iterator<Item = (usize, &'static Row)>, length: Length) {
    let (mut lines, mut broken) = (vec![report::HEAD.to_owned()], Vec::new());
    for (number, row) in rows {
        println!("{}: {}", row.store.name(), row.name);
        let Some(verdict) = row.run(length, number).await else {
            lines.push(format!("| {} | {}: not run here |", row.store.name(), row.name));
            continue;
        };
        let line = report::line(row.store.name(), row.name, &verdict);
        println!("{line}");
        lines.push(line);
        let figures = &verdict.figures;
        assert!(figures.successes > 20 && figures.compared > 40, "hardly a load: {figures:?}");
        broken.extend(verdict.violations.into_iter().map(|it| format!("{}: {it:?}", row.name)));
    }
    println!("\n{}", lines.join("\n"));
    assert!(broken.is_empty(), "{} violations, the first: {}", broken.len(), broken[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fails_nothing_succeeds_twice_and_no_limit_is_passed() {
    let is_full = std::env::var_os("COUNTERSIGN_TEST_FAULTS").is_some_and(|value| value == "full");
    let only = std::env::var("COUNTERSIGN_TEST_FAULTS_ONLY").unwrap_or_default();
    let rows = ROWS.iter().enumerate();
    let rows = rows.filter(|(_, row)| (is_full || row.is_short) && row.name.contains(&only));
    run_rows(rows, if is_full { Length::FULL } else { Length::SHORT }).await;
}
