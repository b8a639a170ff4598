//! Expiry without a time to live: a store under constant load stays as large as it is.

use std::time::Duration;

use countersign_http_api::keys::new_key;
use countersign_spin::Clock;
use countersign_tests::cluster::all_at_once;
use countersign_tests::outbox::wrong;
use data_encoding::HEXLOWER;
use serde_json::json;

use crate::deployment::{Deployment, RULES, issue, prepare, prepare_of, verify};

const START: Duration = Duration::from_secs(1_800_000_000);
/// Between two bursts of challenges.
const STEP: Duration = Duration::from_secs(12 * 3_600);
const BURST: usize = 50;
const CHALLENGES: usize = 20_000;

/// As many challenges as fit into a step: some answered at once, some after a wrong code, some never.
async fn burst(app: &Deployment, number: usize) {
    let (client, workplace) = (app.client(), &app.workplace);
    let issued = all_at_once(BURST, |index| {
        let client = client.clone();
        let to = format!("+62812{:08}", number * BURST + index);
        async move { issue(&client, &to).await }
    });
    let codes: Vec<_> = issued
        .await
        .into_iter()
        .map(|answer| {
            assert_eq!(answer.status, 201, "{answer:?}");
            (answer.id().to_owned(), workplace.outbox().code(answer.id()))
        })
        .collect();
    let answers = all_at_once(BURST, |index| {
        let (client, (id, code)) = (client.clone(), codes[index].clone());
        async move {
            match index % 10 {
                0 => 200,
                1..4 => {
                    let answer = verify(&client, &id, &wrong(&code)).await;
                    assert_eq!(answer.status, 422, "{answer:?}");
                    verify(&client, &id, &code).await.status
                }
                _ => verify(&client, &id, &code).await.status,
            }
        }
    });
    assert_eq!(answers.await, [200; BURST]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_constant_load_the_number_of_keys_stays_flat() {
    stays_flat("spin.toml").await;
}

/// An instance serves one request there: whether a sweep is due is drawn by lot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_constant_load_the_number_of_keys_stays_flat_with_the_front_for_wasi_0_2() {
    stays_flat("spin-wasip2.toml").await;
}

async fn stays_flat(manifest: &str) {
    let clock = Clock::stopped_at(START);
    let mut prepared = prepare_of(manifest, RULES).await;
    prepared.spin = prepared.spin.clock(clock.clone());
    prepared.receiver.at_any_time();
    let app = prepared.start().await;
    let store = app.running.store().unwrap();
    let mut counts = Vec::new();
    for number in 0..CHALLENGES / BURST {
        burst(&app, number).await;
        clock.advance(STEP);
        counts.push(store.count().await.unwrap());
    }
    let most = |counts: &[usize]| counts.iter().copied().max().unwrap();
    let quarter = counts.len() / 4;
    let (early, late) = (most(&counts[quarter..2 * quarter]), most(&counts[3 * quarter..]));
    println!("keys: at most {early} in the second quarter, {late} in the last one");
    assert!(late <= early + early / 10, "the store grows: {counts:?}");
    // That a challenge was answered is kept for 3 days; the odometer of one that wasn't for a month, and as long again
    // until it is looked at twice. The rest is gone within hours.
    let living = BURST * 2 * 4 + BURST / 10 * 2 * 62;
    assert!(late < 2 * living, "{late} keys where {living} say something");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_with_an_operators_key_sweeps_all_that_has_expired() {
    let (key, sha256) = new_key(&[7; 32]);
    let entry = format!(
        "{RULES}[[api_keys]]\nname = \"timer\"\noperator = true\nsha256 = \"{}\"\n",
        HEXLOWER.encode(&sha256)
    );
    let clock = Clock::stopped_at(START);
    let mut prepared = prepare(&entry).await;
    prepared.spin = prepared.spin.clock(clock.clone());
    prepared.receiver.at_any_time();
    let app = prepared.start().await;
    let client = app.client().with_key(key.expose());
    for number in 0..100 {
        let answer = issue(&client, &format!("+628123456{number:04}")).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let code = app.workplace.outbox().code(answer.id());
        verify(&client, answer.id(), &wrong(&code)).await;
    }
    let store = app.running.store().unwrap();
    let before = store.count().await.unwrap();
    assert!(before > 200, "{before}");
    // What may be a failure is remembered for a month, and a count is looked at twice before it is forgotten.
    for _ in 0..100 {
        clock.advance(Duration::from_secs(86_400));
        loop {
            let answer = client.post("/v1/sweep", &json!({ "limit": 200 })).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(answer.number_of("examined") <= Some(200));
            if answer.json["more"] == false {
                break;
            }
        }
    }
    let keys = store.keys().await.unwrap();
    assert!(keys.len() <= 8, "{before} keys became {}: {keys:?}", keys.len());
    assert_eq!(app.client().post("/v1/sweep", &json!({})).await.status, 401);
}
