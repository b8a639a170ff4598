//! The table of stores and faults. A further store is a further name in [`Store`], its servers and its rows.

use std::time::Duration;

use countersign_tests::history::Verdict;
use countersign_tests::redis::RedisServer;

use crate::network::{self, Trouble};
use crate::run::{Length, Scene, run, terms};
use crate::site::{Launch, Site};
use crate::stores::{Server, Store};
use crate::{failover, fallback, hosts, postgres, redis, report, sqlite};

/// What happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    KillStore,
    StopStore(u64),
    MoveSlots,
    FailOver,
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
    row(Store::Sentinels, Fault::KillStore, "kill -9 of the master"),
    row(Store::Sentinels, Fault::StopStore(5), "SIGSTOP of the master"),
    row(Store::Cluster, Fault::KillStore, "kill -9 of a master"),
    row(Store::Cluster, Fault::StopStore(5), "SIGSTOP of a master"),
    row(Store::Cluster, Fault::MoveSlots, "slots move"),
    row(Store::Postgres, Fault::KillStore, "kill -9"),
    row(Store::Postgres, Fault::StopStore(5), "SIGSTOP for 5 s"),
    row(Store::Postgres, Fault::Wires(Trouble::Cut), "network cut"),
    row(Store::Postgres, Fault::Wires(Trouble::CutOneWay), "network cut one way"),
    row(Store::PostgresPair, Fault::FailOver, "kill -9, the standby takes over"),
    Row { is_short: true, ..row(Store::Sqlite, Fault::KillHosts, "kill -9 of each host") },
    row(Store::Sqlite, Fault::FillDisk, "disk full"),
    row(Store::Fallback, Fault::KillStore, "kill -9 of the first"),
    row(Store::Fallback, Fault::StopStore(10), "SIGSTOP of the first for 10 s"),
];

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
        let mut server = self.store.start();
        let mut site = Site::start(&server.keeps(), |number| self.launch(number)).await;
        let mut terms = terms();
        if let Fault::Clock(seconds) = self.fault {
            terms.clocks.insert(0, seconds * 1_000_000);
        }
        let strike = async |scene: Scene<'_>| self.strike(scene, &mut server).await;
        let verdict = run(&mut site, length, &mut terms, series, strike).await;
        server.assert_no_key_is_endless();
        Some(verdict)
    }

    /// Whether all these words are in the names of its store and fault.
    fn is_called(&self, words: &str) -> bool {
        let name = format!("{}: {}", self.store.name(), self.name);
        name.contains(words)
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

    async fn strike(&self, scene: Scene<'_>, server: &mut Server) {
        match (self.fault, server) {
            (Fault::Wires(trouble), Server::Redis(_) | Server::Postgres(_)) => {
                network::trouble(scene, trouble).await;
            }
            (Fault::KillHost, _) => hosts::kill(scene).await,
            (Fault::KillHosts, _) => hosts::kill_all(scene).await,
            (Fault::Terminate, _) => hosts::terminate(scene).await,
            (Fault::Clock(_), _) => hosts::go_on(scene).await,
            (Fault::HangUp, _) => hosts::hang_up(scene).await,
            (Fault::FillDisk, Server::File) => sqlite::fill_disk(scene).await,
            (fault, Server::Redis(server)) => self.strike_redis(fault, scene, server).await,
            (Fault::KillStore, Server::Sentinels(all)) => failover::kill_master(scene, all).await,
            (Fault::StopStore(_), Server::Sentinels(all)) => {
                failover::stop_master(scene, all).await;
            }
            (Fault::KillStore, Server::Cluster(all)) => failover::kill_node(scene, all).await,
            (Fault::StopStore(_), Server::Cluster(all)) => failover::stop_node(scene, all).await,
            (Fault::MoveSlots, Server::Cluster(all)) => failover::move_slots(scene, all).await,
            (Fault::KillStore, Server::Postgres(server)) => postgres::kill(scene, server).await,
            (Fault::StopStore(_), Server::Postgres(server)) => postgres::stop(scene, server).await,
            (Fault::KillStore, Server::Fallback(first, _)) => fallback::kill(scene, first).await,
            (Fault::StopStore(seconds), Server::Fallback(first, _)) => {
                fallback::stop(scene, first, Duration::from_secs(seconds)).await;
            }
            (Fault::FailOver, Server::PostgresPair(server, standby)) => {
                postgres::fail_over(scene, server, standby).await;
            }
            (fault, _) => panic!("{fault:?} is not for {:?}", self.store),
        }
    }

    async fn strike_redis(&self, fault: Fault, scene: Scene<'_>, server: &mut RedisServer) {
        match fault {
            Fault::KillStore => redis::kill(scene, server).await,
            Fault::GoBack => redis::go_back(scene, server).await,
            Fault::StopStore(seconds) => {
                redis::stop(scene, server, Duration::from_secs(seconds)).await;
            }
            Fault::Flush => redis::flush(scene, server).await,
            Fault::FillMemory => redis::fill_memory(scene, server).await,
            Fault::FillDisk => redis::fill_disk(scene, server).await,
            fault => panic!("{fault:?} is not for {:?}", self.store),
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
    let rows = rows.filter(|(_, row)| (is_full || row.is_short) && row.is_called(&only));
    run_rows(rows, if is_full { Length::FULL } else { Length::SHORT }).await;
}
