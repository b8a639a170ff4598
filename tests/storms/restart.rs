//! Redis is killed and comes back from an old snapshot, while codes are under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_tests::client::Answer;
use countersign_tests::cluster::all_at_once;
use countersign_tests::outbox::Outbox;
use countersign_tests::redis::RedisServer;
use fastrand::Rng;
use tokio::task::{JoinHandle, JoinSet};

use crate::calls::Call;
use crate::rounds;
use crate::site::{ATTEMPTS, Challenge, Kind, Site, recipient};
use crate::tally::PurposeTally;
use crate::tries::{everywhere, held_up, right};

/// Codes that are answered after the snapshot, in each round.
const CODES: usize = 16;
/// People who come and go meanwhile.
const CROWD: usize = 4;

/// What came of a loss.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    /// Codes that had succeeded, and succeeded once more after the store went back.
    pub(crate) again: usize,
    /// Codes that were compared with challenges of before.
    pub(crate) compared: usize,
    /// All else.
    pub(crate) tally: PurposeTally,
}

impl Losses {
    /// What may never be seen.
    pub(crate) fn assert_none(&self, what: &str) {
        let Self { again, compared, tally } = self;
        let (second, over) = (tally.second_successes(), tally.over(ATTEMPTS));
        println!(
            "{what}: {} codes compared, {} challenges succeeded; {again} answered codes succeeded again, {compared} were \
             compared again, {second} second successes, {over} comparisons over the limit",
            tally.compared(),
            tally.succeeded_challenges(),
        );
        assert_eq!((*again, *compared, second, over), (0, 0, 0, 0));
    }

    /// What becomes of one loss without any protection.
    pub(crate) fn assert_all_again(&self) {
        let Self { again, tally, .. } = self;
        let late = tally.second_successes();
        println!(
            "without protection {again} answered codes succeeded again, and {late} that were under way"
        );
        assert_eq!(*again, CODES - 1, "{self:?}");
    }
}

/// Challenges, one for each recipient of a series.
pub(crate) async fn issued(site: &Site, series: usize) -> Vec<Challenge> {
    let mut challenges = Vec::new();
    for number in 0..CODES {
        challenges.push(site.issued(number, &recipient(series, number)).await);
    }
    challenges
}

/// Answers every code, at all processes at once.
pub(crate) async fn answered(site: &Site, challenges: &[Challenge], losses: &mut Losses) {
    let answers = all_at_once(challenges.len() * site.places(), |index| {
        let challenge = challenges[index / site.places()].clone();
        let asked = site.asked(index, right(&challenge, index % 3 == 0));
        async move { (challenge.id, asked.await) }
    });
    for (id, answer) in answers.await {
        losses.tally.count(&id, &answer);
    }
    for challenge in challenges {
        assert_eq!(losses.tally.successes_of(&challenge.id), 1, "{challenge:?}");
    }
}

/// Right codes that wait between their two batches at all processes but the first, where another one wins.
pub(crate) struct Waiting {
    challenge: Challenge,
    calls: Vec<JoinHandle<Answer>>,
}

impl Waiting {
    pub(crate) async fn new(
        site: &Site,
        challenge: Challenge,
        rng: &mut Rng,
        losses: &mut Losses,
    ) -> Self {
        let mut calls = Vec::new();
        for place in 1..site.places() {
            calls.push(held_up(site, place, &right(&challenge, rng.bool())).await);
        }
        let won = site.asked(0, right(&challenge, false)).await;
        assert_eq!(won.status, 200, "{won:?}");
        losses.tally.count(&challenge.id, &won);
        Self { challenge, calls }
    }

    /// What came of them, once their answers are let through.
    pub(crate) async fn ended(self, losses: &mut Losses) {
        for call in self.calls {
            losses.tally.count(&self.challenge.id, &call.await.unwrap());
        }
    }
}

/// People who ask for codes and answer them twice at once, until they are told to go.
pub(crate) struct Crowd {
    goes: Arc<AtomicBool>,
    people: JoinSet<PurposeTally>,
}

impl Crowd {
    pub(crate) fn new(site: &Site, series: usize) -> Self {
        let goes = Arc::new(AtomicBool::new(false));
        let mut people = JoinSet::new();
        for number in 0..CROWD {
            let (goes, clients) =
                (Arc::clone(&goes), [site.client(number), site.client(number + 1)]);
            let path = site.workplace().outbox().path().to_owned();
            people.spawn(async move {
                let (outbox, mut tally) = (Outbox::new(path), PurposeTally::default());
                for turn in 0.. {
                    if goes.load(Ordering::Relaxed) {
                        break;
                    }
                    let to = recipient(series, 100 + number * 200 + turn % 200);
                    let issue = Call::issue("open", &to).ask(clients[0].clone()).await;
                    if issue.status != 201 {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        continue;
                    }
                    let verify = Call::verify(issue.id(), &outbox.code(issue.id()));
                    let [first, second] = clients.clone().map(|client| verify.clone().ask(client));
                    let (first, second) = tokio::join!(first, second);
                    tally.count(issue.id(), &first);
                    tally.count(issue.id(), &second);
                }
                tally
            });
        }
        Self { goes, people }
    }

    pub(crate) async fn gone(self, losses: &mut Losses) {
        self.goes.store(true, Ordering::Relaxed);
        for tally in self.people.join_all().await {
            losses.tally.add(&tally);
        }
    }
}

/// Restarts Redis so many times from a snapshot taken before codes were answered.
pub(crate) async fn restarts(kinds: &[Kind], store: &str, rounds: usize, seed: u64) -> Losses {
    let mut redis = RedisServer::start().unwrap();
    let site = Site::start(kinds, redis.port(), store).await;
    let (mut rng, mut losses) = (Rng::with_seed(seed), Losses::default());
    for round in 0..rounds {
        let mut challenges = issued(&site, round).await;
        let contended = challenges.pop().unwrap();
        redis.run(&["SAVE"]).unwrap();
        answered(&site, &challenges, &mut losses).await;
        let waiting = Waiting::new(&site, contended, &mut rng, &mut losses).await;
        let crowd = Crowd::new(&site, 50_000 + round);
        redis.stop().unwrap();
        redis.restart().unwrap();
        for wire in site.wires() {
            wire.forward();
        }
        waiting.ended(&mut losses).await;
        site.until_ready().await;
        let again = everywhere(&site, &challenges).await;
        losses.again += again.succeeded_challenges();
        losses.compared += again.compared();
        crowd.gone(&mut losses).await;
        site.serves(90_000 + round).await;
    }
    let (endless, keys) = redis.endless_keys().unwrap();
    assert_eq!((endless, keys > 0), (Vec::<String>::new(), true));
    losses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_from_an_old_snapshot_lets_no_code_succeed_twice() {
    let rounds = rounds(3, 20);
    let losses = restarts(&[Kind::Native; 4], "", rounds, 2).await;
    losses.assert_none(&format!("{rounds} restarts from an old snapshot"));
}

/// The same without the protection, so that the test above can't pass for another reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_generations_every_answered_code_succeeds_again_after_a_restart() {
    let losses = restarts(&[Kind::Native; 4], "after_restart = \"trust\"\n", 1, 3).await;
    losses.assert_all_again();
}
