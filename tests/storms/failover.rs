//! Fail-over to a replica that missed the last writes, while codes are under way.

use countersign_tests::proxy::Proxy;
use countersign_tests::redis::RedisServer;
use countersign_tests::wait::until;
use fastrand::Rng;

use crate::restart::{Crowd, Losses, Waiting, answered, issued};
use crate::site::{Kind, Site};
use crate::tries::everywhere;
use crate::{PATIENCE, rounds};

/// A primary and its replica, with a wire in between.
struct Pair {
    primary: RedisServer,
    replica: RedisServer,
    wire: Proxy,
}

impl Pair {
    async fn new() -> Self {
        let primary = RedisServer::start_with(&["--repl-diskless-sync-delay", "0"]).unwrap();
        let replica = RedisServer::start().unwrap();
        let wire = Proxy::start(primary.port()).await.unwrap();
        replica.run(&["REPLICAOF", "127.0.0.1", &wire.address().port().to_string()]).unwrap();
        let linked = || {
            let mut connection = replica.connection().unwrap();
            let mut info = redis::cmd("INFO");
            let text: String = info.arg("replication").query(&mut connection).unwrap();
            text.contains("master_link_status:up").then_some(())
        };
        until(PATIENCE, linked).await.expect("the replica is in step");
        Self { primary, replica, wire }
    }

    /// Has the replica know all so far, and nothing of what comes.
    fn part(&self) {
        let mut wait = redis::cmd("WAIT");
        let mut connection = self.primary.connection().unwrap();
        // Only what this connection wrote is waited for, and all before it.
        redis::cmd("SET").arg(&["apart", "1", "EX", "600"]).exec(&mut connection).unwrap();
        let replicas: u32 = wait.arg(1).arg(30_000).query(&mut connection).unwrap();
        assert_eq!(replicas, 1);
        self.wire.swallow();
    }
}

/// Fails over so many times to a replica that knows of no answer.
pub(crate) async fn fail_overs(kinds: &[Kind], store: &str, rounds: usize, seed: u64) -> Losses {
    let mut pair = Pair::new().await;
    let site = Site::start(kinds, pair.primary.port(), store).await;
    let (mut rng, mut losses) = (Rng::with_seed(seed), Losses::default());
    for round in 0..rounds {
        let mut challenges = issued(&site, round).await;
        let contended = challenges.pop().unwrap();
        pair.part();
        answered(&site, &challenges, &mut losses).await;
        let waiting = Waiting::new(&site, contended, &mut rng, &mut losses).await;
        let crowd = Crowd::new(&site, 50_000 + round);
        if rng.bool() {
            // Otherwise it lives on, cut off.
            pair.primary.stop().unwrap();
        }
        pair.replica.run(&["REPLICAOF", "NO", "ONE"]).unwrap();
        for wire in site.wires() {
            // Each in its own time, as fail-overs go.
            wire.lead_to(pair.replica.port());
            wire.forward();
        }
        waiting.ended(&mut losses).await;
        site.until_ready().await;
        let again = everywhere(&site, &challenges).await;
        losses.again += again.succeeded_challenges();
        losses.compared += again.compared();
        crowd.gone(&mut losses).await;
        site.serves(90_000 + round).await;
        let (endless, keys) = pair.replica.endless_keys().unwrap();
        assert_eq!((endless, keys > 0), (Vec::<String>::new(), true));

        pair = Pair::new().await;
        for wire in site.wires() {
            wire.lead_to(pair.primary.port());
        }
        site.until_ready().await;
    }
    losses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fail_over_to_a_stale_replica_lets_no_code_succeed_twice() {
    let rounds = rounds(1, 5);
    let losses = fail_overs(&[Kind::Native; 4], "", rounds, 4).await;
    losses.assert_none(&format!("{rounds} fail-overs to a stale replica"));
}

/// The same without the protection, so that the test above can't pass for another reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_generations_every_answered_code_succeeds_again_after_a_fail_over() {
    let losses = fail_overs(&[Kind::Native; 4], "after_restart = \"trust\"\n", 1, 5).await;
    losses.assert_all_again();
}
