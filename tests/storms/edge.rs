//! The same storms at the edge: two apps beside two native hosts over one Redis, and apps over Spin's key-value store.

use crate::failover::fail_overs;
use crate::flush::Storm;
use crate::mixed::storm;
use crate::restart::restarts;
use crate::rounds;
use crate::site::Kind;

/// Hosts and edge apps in turn.
const SHARED: [Kind; 4] = [Kind::Native, Kind::SharedRedis, Kind::Native, Kind::SharedRedis];
const KEY_VALUE: [Kind; 2] = [Kind::KeyValue; 2];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loss_of_everything_in_flight_lets_no_code_succeed_twice_at_the_edge() {
    Storm::new(&SHARED, 11).await.rage(rounds(12, 200)).await;
    Storm::new(&KEY_VALUE, 12).await.rage(rounds(8, 200)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_goes_back_lets_no_code_succeed_twice_at_the_edge() {
    let rounds = (rounds(1, 10), rounds(1, 3));
    let losses = restarts(&SHARED, "", rounds.0, 13).await;
    losses.assert_none(&format!("{} restarts from an old snapshot", rounds.0));
    let losses = fail_overs(&SHARED, "", rounds.1, 14).await;
    losses.assert_none(&format!("{} fail-overs to a stale replica", rounds.1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_asked_at_once_nothing_succeeds_twice_at_the_edge() {
    storm(&SHARED, rounds(2, 40), 15).await;
    storm(&KEY_VALUE, rounds(2, 40), 16).await;
}
