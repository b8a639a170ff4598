//! Everything that callers do, all at once and for the same people, with clients that hang up in the middle.

use std::sync::{Arc, Mutex};

use countersign_tests::client::Answer;
use countersign_tests::outbox::{text, wrong};
use countersign_tests::redis::RedisServer;
use countersign_tests::wait::until;
use fastrand::Rng;
use tokio::task::JoinSet;

use crate::calls::Call;
use crate::site::{ATTEMPTS, FEW_ATTEMPTS, Kind, Site, recipient};
use crate::tally::PurposeTally;
use crate::{PATIENCE, rounds};

/// Clients at once, and what each asks for in a round.
const CLIENTS: usize = 12;
const CALLS: usize = 12;

/// A recipient of codes.
#[derive(Clone)]
struct Person {
    to: String,
    purpose: &'static str,
    /// Whether right codes are given too.
    is_answering: bool,
    /// Whether operators unlock too.
    is_unlocked: bool,
    /// The ids that callers know of.
    ids: Arc<Mutex<Vec<String>>>,
    /// Wrong codes that were compared, as callers hear it.
    mismatches: Arc<Mutex<usize>>,
}

fn people(round: usize) -> Vec<Person> {
    [
        ("strict", false, false),
        ("strict", true, false),
        ("open", true, true),
        ("strict", true, true),
    ]
    .into_iter()
    .enumerate()
    .map(|(number, (purpose, is_answering, is_unlocked))| Person {
        to: recipient(round, number),
        purpose,
        is_answering,
        is_unlocked,
        ids: Arc::default(),
        mismatches: Arc::default(),
    })
    .collect()
}

impl Person {
    /// What is asked for next, and whether it is an answer with a code.
    fn next(&self, site: &Site, rng: &mut Rng) -> (bool, Call) {
        let Self { to, purpose, .. } = self;
        let ids = self.ids.lock().unwrap().clone();
        // Mostly of the latest ones.
        let id = ids.iter().rev().nth(rng.usize(..4).min(ids.len().saturating_sub(1)));
        let Some(id) = id.filter(|_| rng.u32(..8) > 0) else {
            return (false, Call::issue(purpose, to));
        };
        let right = site.workplace().outbox().code(id);
        let is_right = self.is_answering && rng.u32(..3) == 0;
        let code = if is_right { right } else { wrong(&right) };
        match rng.u32(..12) {
            0..=4 => (true, Call::verify(id, &code)),
            5..=7 => (true, Call::verify_by_recipient(purpose, to, &code)),
            8 => (false, Call::resend(id)),
            9 => (false, Call::status(purpose, to)),
            10 if self.is_unlocked => (false, Call::unlock(purpose, to)),
            _ => (false, Call::revoke(id)),
        }
    }

    fn heard(&self, verifies: bool, answer: &Answer, tally: &Mutex<PurposeTally>) {
        assert!(![0, 400, 401, 500].contains(&answer.status), "{answer:?}");
        match (verifies, answer.status) {
            (false, 201) => self.ids.lock().unwrap().push(answer.id().into()),
            (true, 200) => tally.lock().unwrap().succeeded(answer.id()),
            (true, 422) if answer.code() == "code_mismatch" => {
                *self.mismatches.lock().unwrap() += 1;
            }
            _ => {}
        }
    }
}

/// What clients did and heard.
#[derive(Default)]
struct Heard {
    tally: Arc<Mutex<PurposeTally>>,
    calls: usize,
    hung_up: usize,
    /// Codes compared for people who give wrong ones only, beyond the attempts of the one budget that they have.
    over: usize,
}

impl Heard {
    async fn round(&mut self, site: &Arc<Site>, people: &[Person], rng: &mut Rng) {
        let mut clients: JoinSet<(usize, usize)> = JoinSet::new();
        for _ in 0..CLIENTS {
            let (site, people, mut rng) = (Arc::clone(site), people.to_vec(), rng.fork());
            let tally = Arc::clone(&self.tally);
            clients.spawn(async move {
                let mut hung_up = 0;
                for _ in 0..CALLS {
                    let (person, place) =
                        (&people[rng.usize(..people.len())], rng.usize(..site.places()));
                    let (verifies, call) = person.next(&site, &mut rng);
                    if rng.u32(..4) == 0 {
                        // All of the request, or a part.
                        let share = if rng.bool() { 255 } else { rng.u8(..) };
                        call.ask_and_hang_up(site.address(place), share).await;
                        hung_up += 1;
                    } else {
                        person.heard(verifies, &site.asked(place, call).await, &tally);
                    }
                }
                (CALLS, hung_up)
            });
        }
        for (calls, hung_up) in clients.join_all().await {
            self.calls += calls;
            self.hung_up += hung_up;
        }
        for person in people.iter().filter(|person| !person.is_answering) {
            self.over += person.mismatches.lock().unwrap().saturating_sub(FEW_ATTEMPTS);
        }
    }

    /// Every code that has gone out, at two processes at once: also those whose client had hung up.
    async fn leftovers(&mut self, site: &Site, from: usize) -> usize {
        let messages = site.workplace().outbox().messages();
        let mut tries = JoinSet::new();
        for (number, message) in messages.iter().enumerate().skip(from) {
            for place in [number, number + 1] {
                let call = Call::verify(text(message, "challenge_id"), text(message, "code"));
                tries.spawn(site.asked(place, call));
            }
        }
        for answer in tries.join_all().await {
            assert!(![0, 400, 401, 500].contains(&answer.status), "{answer:?}");
            if answer.status == 200 {
                self.tally.lock().unwrap().succeeded(answer.id());
            }
        }
        messages.len()
    }
}

/// What the processes' logs say, also of calls whose client had hung up: the challenges of `open` and of `strict`.
fn logged(site: &Site) -> [PurposeTally; 2] {
    let mut tallies = [PurposeTally::default(), PurposeTally::default()];
    for line in site.verifications() {
        let Some(challenge) = line["challenge"].as_str() else { continue };
        let tally = &mut tallies[usize::from(challenge.starts_with("strict."))];
        match line["outcome"].as_str() {
            Some("ok") => tally.succeeded(challenge),
            Some("code_mismatch") => tally.mismatched(challenge),
            _ => {}
        }
    }
    tallies
}

pub(crate) async fn storm(kinds: &[Kind], rounds: usize, seed: u64) {
    let redis = RedisServer::start().unwrap();
    let site = Arc::new(Site::start(kinds, redis.port(), "").await);
    let (mut rng, mut heard, mut sent) = (Rng::with_seed(seed), Heard::default(), 0);
    for round in 0..rounds {
        heard.round(&site, &people(round), &mut rng).await;
        sent = heard.leftovers(&site, sent).await;
        site.serves(50_000 + round).await;
        if !kinds.contains(&Kind::KeyValue) {
            let (endless, keys) = redis.endless_keys().unwrap();
            assert_eq!((endless, keys > 20), (Vec::<String>::new(), true), "round {round}");
        }
    }
    let Heard { tally, calls, hung_up, over } = heard;
    let tally = std::mem::take(&mut *tally.lock().unwrap());
    // A line is written a little after its answer.
    let complete = || {
        let tallies = logged(&site);
        let known = tallies.iter().map(PurposeTally::succeeded_challenges).sum::<usize>();
        (known >= tally.succeeded_challenges()).then_some(tallies)
    };
    let [open, strict] = until(PATIENCE, complete).await.expect("every success is in a log");
    let second = tally.second_successes() + open.second_successes() + strict.second_successes();
    let over = over + open.over(ATTEMPTS) + strict.over(FEW_ATTEMPTS);
    println!(
        "{rounds} rounds, {calls} calls, of which {hung_up} hung up, {sent} messages: {} challenges succeeded, {} codes \
         compared by id; {second} second successes, {over} comparisons over the limit",
        open.succeeded_challenges() + strict.succeeded_challenges(),
        open.compared() + strict.compared(),
    );
    assert_eq!((second, over), (0, 0));
    // Of those that succeeded, many clients had hung up.
    let succeeded = open.succeeded_challenges() + strict.succeeded_challenges();
    assert!(succeeded >= rounds && hung_up >= 10 * rounds, "hardly a storm");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_succeeds_twice_whatever_is_asked_at_once_and_whichever_clients_hang_up() {
    storm(&[Kind::Native; 4], rounds(12, 120), 6).await;
}
