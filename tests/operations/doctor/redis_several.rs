//! A Redis Cluster, and a Redis that sentinels know.

use countersign_tests::redis::free_port;
use countersign_tests::redis_cluster::RedisCluster;
use countersign_tests::sentinel::{MASTER, Sentinels};
use countersign_tests::settings::{self, Workplace};

use super::{HEALTHY, UNHEALTHY, configured, doctor};

#[tokio::test]
async fn every_master_of_a_cluster_is_looked_at() {
    let mut cluster = RedisCluster::start().unwrap();
    let workplace = Workplace::new().unwrap();
    let store = format!("{}cluster = true\n", settings::redis(cluster.nodes[0].port()));
    configured(&workplace, &[&store, &workplace.senders(&["sms"])]);
    let found = doctor(&workplace, &[]).await;
    assert_eq!((found.exit, found.ended("failed")), (HEALTHY, vec![]), "{:#}", found.json);
    found.says("store", "store.cluster", "ok", "3 masters, 16384 of 16384 slots");
    assert_eq!((found.store("store.open"), found.store("store.generation")), ("ok", "ok"));
    for node in &cluster.nodes[..3] {
        let subject = format!("store 127.0.0.1:{}", node.port());
        found.says(&subject, "store.rights", "ok", "every command");
        found.says(&subject, "store.replication", "ok", "the primary, 1 replicas");
    }

    // Not said to be one.
    configured(&workplace, &[&settings::redis(cluster.nodes[0].port())]);
    let found = doctor(&workplace, &[]).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("store", "store.cluster", "failed", "node of a Redis Cluster");

    // The second master and its replica are gone: a third of the slots has no server.
    configured(&workplace, &[&store, &workplace.senders(&["sms"])]);
    cluster.nodes[1].stop().unwrap();
    cluster.nodes[4].stop().unwrap();
    let found = doctor(&workplace, &[]).await;
    assert_eq!(found.exit, UNHEALTHY);
    let subject = format!("store 127.0.0.1:{}", cluster.nodes[1].port());
    found.says(&subject, "store.reachable", "failed", "refused");
    let subject = format!("store 127.0.0.1:{}", cluster.nodes[2].port());
    found.says(&subject, "store.rights", "ok", "every command");
}

#[tokio::test]
async fn sentinels_have_to_answer_and_to_agree() {
    let sentinels = Sentinels::start().unwrap();
    let workplace = Workplace::new().unwrap();
    let look = async |addresses: &[String]| {
        let store = format!(
            "[store]\ntype = \"redis\"\nurl = \"redis://{MASTER}\"\nsentinels = {addresses:?}\n"
        );
        configured(&workplace, &[&store, &workplace.senders(&["sms"])]);
        doctor(&workplace, &[]).await
    };
    let mut addresses = sentinels.addresses();
    let found = look(&addresses).await;
    assert_eq!((found.exit, found.ended("failed")), (HEALTHY, vec![]), "{:#}", found.json);
    let master = format!("all 3 name 127.0.0.1:{} as the master", sentinels.servers[0].port());
    found.says("store", "store.sentinels", "ok", &master);
    found.says("store", "store.replication", "ok", "the primary, 2 replicas");

    let absent = || format!("127.0.0.1:{}", free_port().unwrap());
    addresses.push(absent());
    let found = look(&addresses).await;
    assert_eq!(found.exit, HEALTHY);
    found.says("store", "store.sentinels", "warning", "3 of 4 name");
    let found = look(&[addresses[0].clone(), absent()]).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("store", "store.sentinels", "failed", "no majority");
    let found = look(&[absent(), absent()]).await;
    assert_eq!((found.exit, found.store("store.reachable")), (UNHEALTHY, "skipped"));
    found.says("store", "store.sentinels", "failed", "refused");
}
