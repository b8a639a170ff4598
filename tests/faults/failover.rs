//! What happens to a Redis of which there are several: behind sentinels, and in a cluster.

use std::ops::Range;
use std::time::Duration;

use countersign_tests::history::Micros;
use countersign_tests::history::terms::Loss;
use countersign_tests::redis::RedisServer;
use countersign_tests::redis_cluster::{RedisCluster, first_master, first_slots};
use countersign_tests::sentinel::Sentinels;
use countersign_tests::wait::until_async;
use rustix::process::Signal;
use tokio::time::sleep;

use crate::run::Scene;
use crate::slots;
use crate::steps::Steps;

/// How long something may take that is bound to happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long is counted before a fault.
const AHEAD: Duration = Duration::from_secs(1);
/// How many slots move, and how long nothing happens after each.
const MOVES: usize = 12;
const PAUSE: Duration = Duration::from_millis(300);
/// What is counted beside the load. In a cluster its slot is of the first master.
const BESIDE: &str = "beside{06S}";

/// The master of the sentinels is killed, and stays away. What it had acknowledged may be lost; what is acknowledged
/// afterwards is not.
pub(crate) async fn kill_master(scene: Scene<'_>, sentinels: &mut Sentinels) {
    let (old, heirs) = sentinels.servers.split_first_mut().unwrap();
    kill(scene, old, heirs, None).await;
}

/// A master of a cluster is killed, and stays away. Of the other masters nothing is lost.
pub(crate) async fn kill_node(scene: Scene<'_>, cluster: &mut RedisCluster) {
    let (masters, replicas) = cluster.nodes.split_at_mut(3);
    kill(scene, &mut masters[0], replicas, Some(first_slots(0))).await;
}

/// The master of the sentinels stands still until another one has been in its place for a while.
pub(crate) async fn stop_master(scene: Scene<'_>, sentinels: &Sentinels) {
    let (old, heirs) = sentinels.servers.split_first().unwrap();
    stop(scene, old, heirs, None).await;
}

/// The same, of a cluster.
pub(crate) async fn stop_node(scene: Scene<'_>, cluster: &RedisCluster) {
    let (masters, replicas) = cluster.nodes.split_at(3);
    stop(scene, &masters[0], replicas, Some(first_slots(0))).await;
}

async fn kill(
    mut scene: Scene<'_>,
    old: &mut RedisServer,
    heirs: &[RedisServer],
    parts: Option<Range<u16>>,
) {
    let steps = Steps::begin(old, BESIDE);
    sleep(AHEAD).await;
    let begin = scene.now();
    old.stop().unwrap();
    scene.lost_of(begin, parts);
    succeeded(&mut scene, begin, heirs, steps).await;
}

/// Nothing that is acknowledged from now on may be lost: no host may use the old master, although it takes itself for the
/// master until it is told.
async fn stop(
    mut scene: Scene<'_>,
    old: &RedisServer,
    heirs: &[RedisServer],
    parts: Option<Range<u16>>,
) {
    let steps = Steps::begin(old, BESIDE);
    sleep(AHEAD).await;
    let begin = scene.now();
    old.signal(Signal::STOP).unwrap();
    scene.lost_of(begin, parts);
    succeeded(&mut scene, begin, heirs, steps).await;
    let begin = scene.now();
    old.signal(Signal::CONT).unwrap();
    let demoted = until_async(PATIENCE, async || (!is_master(old)).then_some(())).await;
    demoted.expect("it is told");
    println!("the old one took itself for a master for {} ms", (scene.now() - begin) / 1_000);
}

/// Waits until one of the heirs is in the old one's place, says what it has forgotten, and lets it work for a while.
async fn succeeded(scene: &mut Scene<'_>, begin: Micros, heirs: &[RedisServer], steps: Steps) {
    scene.struck(begin);
    let find = async || heirs.iter().find(|server| is_master(server));
    let next = until_async(PATIENCE, find).await.expect("one takes over");
    println!("another master after {} ms", (scene.now() - begin) / 1_000);
    steps.compare(next);
    scene.wait().await;
}

/// Slots with the keys of those who are asked about move, one after the other; every other one moves back. One of them is
/// that of the tenant's limit, which every verification counts.
pub(crate) async fn move_slots(mut scene: Scene<'_>, cluster: &RedisCluster) {
    let mut moved = vec![slot_of_limit(cluster)];
    for number in 0..MOVES {
        let slot = *moved.last().unwrap();
        let from = first_master(slot);
        let to = (from + 1) % 3;
        let comes_back = number % 2 == 1;
        move_slot(&mut scene, cluster, slot, (from, to), !comes_back).await;
        if comes_back {
            move_slot(&mut scene, cluster, slot, (to, from), false).await;
        }
        let present = scene.load.present().into_iter().map(|id| slots::of_challenge(&id));
        let mut others = present.filter(|slot| !moved.contains(slot));
        let next = others.next().expect("a person is there");
        moved.push(next);
    }
}

async fn move_slot(
    scene: &mut Scene<'_>,
    cluster: &RedisCluster,
    slot: u16,
    way: (usize, usize),
    is_final: bool,
) {
    let begin = scene.now();
    tokio::task::block_in_place(|| cluster.move_between(slot, way, || {})).unwrap();
    let (span, parts) = (begin..scene.now(), Some(slot..slot + 1));
    scene.terms.losses.push(Loss { span, parts, is_final });
    sleep(PAUSE).await;
}

fn slot_of_limit(cluster: &RedisCluster) -> u16 {
    let keys = cluster.connections().unwrap().into_iter().flat_map(|mut connection| {
        let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
        keys
    });
    let mut limits = keys.filter(|key| key.contains(":limit:tenant:"));
    slots::slot(&limits.next().expect("verifications are counted"))
}

fn is_master(server: &RedisServer) -> bool {
    server.info("replication").is_ok_and(|text| text.contains("role:master"))
}
