//! A provider that hangs, and ten thousand people who want a code from it.

use std::fs;
use std::time::{Duration, Instant};

use countersign_tests::client::{Answer, Client};
use countersign_tests::counterpart::{Behaviour, Counterpart};
use countersign_tests::surface::{Kind, Plan, Surface};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["email", "sms"]
"#;
const SENDS: usize = 10_000;
/// Requests at once: what the server takes less what the other channel needs.
const AT_ONCE: usize = 900;
/// The longest that any request may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// Resident memory of a process, in MiB.
fn resident_mib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kib: u64 = line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1_024
}

fn webhook(url: &str) -> Value {
    json!({
        "type": "webhook",
        "url": url,
        "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    })
}

/// Asks for a code by text message.
async fn text_to(client: Client, number: u64) -> (Answer, Duration) {
    let begun = Instant::now();
    let body = json!({ "purpose": "login", "channel": "sms", "to": format!("+62{number}") });
    (client.post("/v1/challenges", &body).await, begun.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_sends_to_a_provider_that_hangs_hold_up_no_other() {
    let counterpart = Counterpart::start().await.unwrap();
    counterpart.usually("/hangs", Behaviour::Hang);
    let good = Behaviour::Answer { status: 204, headers: Vec::new(), body: Vec::new() };
    counterpart.usually("/works", good);
    let origin = counterpart.origin();
    let senders = json!({
        "sms": webhook(&format!("{origin}/hangs")),
        "email": webhook(&format!("{origin}/works")),
    });
    let plan = Plan { rules: RULES, senders, messages: Value::Null, public_url: None, origin };
    let surface = Surface::start(Kind::Native, &plan).await.unwrap();
    let process = surface.process().unwrap();
    let client = surface.client();
    // Once, so that what is made at first use is there.
    let email = |number: usize| json!({ "purpose": "login", "channel": "email", "to": format!("a{number}@example.com") });
    assert_eq!(client.post("/v1/challenges", &email(0)).await.status, 201);
    let before = resident_mib(process);

    let mut sends = JoinSet::new();
    let (mut started, mut most, mut mails) = (0, before, 0);
    let mut kinds = std::collections::BTreeMap::<String, usize>::new();
    while started < SENDS || !sends.is_empty() {
        while started < SENDS && sends.len() < AT_ONCE {
            let number = 81_200_000_000_u64 + started as u64;
            sends.spawn(text_to(client.clone(), number));
            started += 1;
            // Meanwhile the other channel does its work.
            if started % 250 == 0 {
                mails += 1;
                let begun = Instant::now();
                let answer = client.post("/v1/challenges", &email(mails)).await;
                assert_eq!(answer.status, 201, "mail {mails}: {answer:?}");
                assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
                most = most.max(resident_mib(process));
            }
        }
        if let Some(done) = sends.join_next().await {
            let (answer, took) = done.unwrap();
            assert!(took < DEADLINE, "{took:?}: {answer:?}");
            let kind = answer.json["kind"].as_str().unwrap_or("none").to_owned();
            assert_eq!(answer.json["code"], "delivery_failed", "{answer:?}");
            *kinds.entry(kind).or_default() += 1;
        }
    }
    most = most.max(resident_mib(process));
    assert!(most < before + 150, "{before} MiB before, {most} MiB at most");
    let timeouts = kinds.get("timeout").copied().unwrap_or_default();
    assert!((1..=1_000).contains(&timeouts), "{kinds:?}");
    assert_eq!(kinds.values().sum::<usize>(), SENDS, "{kinds:?}");
    // Few of them ever reached the provider.
    let asked = counterpart.requests().iter().filter(|request| request.path == "/hangs").count();
    assert!(asked <= 1_000, "{asked}");
    assert!(surface.output().contains("it is left alone for a while"), "the log says nothing");
    let ready = client.get("/readyz").await;
    assert_eq!(ready.status, 200, "{ready:?}");
    assert!(ready.text.contains("\"provider sms-webhook\",\"status\":\"degraded\""), "{ready:?}");
}
