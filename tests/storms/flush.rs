//! FLUSHALL while right codes are under way.

use std::time::Duration;

use countersign_tests::client::Answer;
use countersign_tests::outbox::wrong;
use countersign_tests::redis::RedisServer;
use fastrand::Rng;
use tokio::task::JoinSet;

use crate::calls::Call;
use crate::rounds;
use crate::site::{ATTEMPTS, Challenge, Kind, Site, recipient};
use crate::tally::PurposeTally;
use crate::tries::{held_up, right};

/// What else is under way when everything is lost.
#[derive(Clone, Copy, Debug)]
enum Beside {
    Nothing,
    /// An issue for the same recipient, which writes the earlier challenge along.
    Issue,
    /// A resend, which writes its challenge once more.
    Resend,
}

pub(crate) struct Storm {
    redis: RedisServer,
    site: Site,
    rng: Rng,
    /// Whether a batch is one call of Redis.
    is_batched: bool,
    tally: PurposeTally,
    /// Right codes that came to the decision after everything was lost, of challenges that had succeeded before.
    late: usize,
    lost: usize,
}

impl Storm {
    pub(crate) async fn new(kinds: &[Kind], seed: u64) -> Self {
        let redis = RedisServer::start().unwrap();
        let site = Site::start(kinds, redis.port(), "").await;
        let is_batched = !kinds.contains(&Kind::KeyValue);
        let (rng, tally) = (Rng::with_seed(seed), PurposeTally::default());
        Self { redis, site, rng, is_batched, tally, late: 0, lost: 0 }
    }

    pub(crate) async fn rage(&mut self, rounds: usize) {
        for round in 0..rounds {
            let to = recipient(round, 0);
            match (self.is_batched, round % 4) {
                (true, 0) => self.between_batches(&to, Beside::Nothing).await,
                (true, 1) => self.between_batches(&to, Beside::Resend).await,
                (true, 2) => self.between_batches(&to, Beside::Issue).await,
                _ => self.anywhere(&to).await,
            }
        }
        for wire in self.site.wires() {
            wire.forward();
        }
        self.site.serves(99_999).await;
        let Self { tally, late, lost, .. } = self;
        let (second, over) = (tally.second_successes(), tally.over(ATTEMPTS));
        println!(
            "{rounds} times everything lost, {lost} calls under way: {} codes compared, {} challenges succeeded, {late} \
             more right codes came to the decision; {second} second successes, {over} comparisons over the limit",
            tally.compared(),
            tally.succeeded_challenges(),
        );
        assert_eq!((second, over), (0, 0));
        assert!(tally.succeeded_challenges() * 3 >= rounds, "hardly anything happened: {tally:?}");
        assert!(!self.is_batched || *late >= rounds, "the storm misses what it aims at: {late}");
    }

    fn lose_everything(&self) {
        self.redis.run(&["FLUSHALL"]).unwrap();
    }

    /// Right codes wait between their two batches at all processes but one or two, another one wins, everything is lost,
    /// what is under way beside writes what it knows, and then the others come to the decision.
    async fn between_batches(&mut self, to: &str, beside: Beside) {
        let mut places: Vec<usize> = (0..self.site.places()).collect();
        self.rng.shuffle(&mut places);
        let (winner, mut late) = (places[0], places[1..].to_vec());
        let writer = match beside {
            Beside::Nothing => None,
            Beside::Issue | Beside::Resend => late.pop(),
        };
        let challenge = self.site.issued(winner, to).await;
        let mut contenders = Vec::new();
        for place in &late {
            let call = right(&challenge, self.rng.bool());
            contenders.push(held_up(&self.site, *place, &call).await);
        }
        let call = match beside {
            Beside::Resend => Call::resend(&challenge.id),
            _ => Call::issue("open", to),
        };
        let mut writing = None;
        if let Some(place) = writer {
            writing = Some((place, held_up(&self.site, place, &call).await));
        }
        let won = self.site.asked(winner, right(&challenge, false)).await;
        assert_eq!(won.status, 200, "{won:?}");
        self.tally.count(&challenge.id, &won);
        self.lose_everything();
        self.lost += late.len() + usize::from(writer.is_some());
        if let Some((place, writing)) = writing {
            self.site.wire(place).forward();
            let written = writing.await.unwrap();
            assert!([200, 201].contains(&written.status), "{written:?}");
        }
        for place in &late {
            self.site.wire(*place).forward();
        }
        for contender in contenders {
            self.tally.count(&challenge.id, &contender.await.unwrap());
        }
        let answers = self.answers_at_decision();
        assert_eq!(answers, late.len(), "they came to the decision after the loss");
        self.late += answers;
        self.nothing_more(&challenge, to).await;
    }

    /// Right and wrong codes, resends and issues at random processes, held up after random answers; everything is lost
    /// at a random moment.
    async fn anywhere(&mut self, to: &str) {
        let challenge = self.site.issued(self.rng.usize(..4), to).await;
        for place in 0..self.site.places() {
            if self.rng.bool() {
                let keys = [":odometer:", ":verdict:", ":challenges", ":success"];
                let (key, after) = (keys[self.rng.usize(..keys.len())], self.rng.usize(..3));
                self.site.wire(place).hold_answers_to(key, after);
            }
        }
        let mut calls: JoinSet<(bool, Answer)> = JoinSet::new();
        let count = self.rng.usize(6..16);
        for _ in 0..count {
            let (verifies, call) = match self.rng.u32(..10) {
                0 => (false, Call::resend(&challenge.id)),
                1 => (false, Call::issue("open", to)),
                2 => (true, Call::verify(&challenge.id, &wrong(&challenge.code))),
                3..=5 => (true, right(&challenge, true)),
                _ => (true, right(&challenge, false)),
            };
            let asked = self.site.asked(self.rng.usize(..4), call);
            calls.spawn(async move { (verifies, asked.await) });
        }
        let mut answers = Vec::new();
        // As many as come, or as many as are let through.
        for _ in 0..self.rng.usize(..count) {
            let next = tokio::time::timeout(Duration::from_millis(20), calls.join_next()).await;
            answers.extend(next.ok().flatten().map(Result::unwrap));
        }
        self.lost += calls.len();
        self.lose_everything();
        let mut places: Vec<usize> = (0..self.site.places()).collect();
        self.rng.shuffle(&mut places);
        for place in places {
            self.site.wire(place).forward();
        }
        answers.extend(calls.join_all().await);
        assert_eq!(answers.len(), count);
        for (_, answer) in answers.iter().filter(|(verifies, _)| *verifies) {
            self.tally.count(&challenge.id, answer);
        }
        self.nothing_more(&challenge, to).await;
    }

    /// The code is worth nothing afterwards, right or wrong.
    async fn nothing_more(&mut self, challenge: &Challenge, to: &str) {
        for place in 0..self.site.places() {
            for code in [&challenge.code, &wrong(&challenge.code)] {
                let answer = self.site.asked(place, Call::verify(&challenge.id, code)).await;
                assert!(![200, 422].contains(&answer.status), "{answer:?}");
                self.tally.count(&challenge.id, &answer);
            }
        }
        let by_recipient = Call::verify_by_recipient("open", to, &challenge.code);
        let answer = self.site.asked(0, by_recipient).await;
        self.tally.count(&challenge.id, &answer);
    }

    /// Right codes that came to a decision since everything was lost: `crates/core/src/verdict.rs`.
    fn answers_at_decision(&self) -> usize {
        let mut connection = self.redis.connection().unwrap();
        let keys: Vec<String> =
            redis::cmd("KEYS").arg("*:verdict:*").query(&mut connection).unwrap();
        let verdict = |key: &String| redis::cmd("GET").arg(key).query::<usize>(&mut connection);
        keys.iter().map(verdict).map(|verdict| verdict.unwrap() & 15).sum()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loss_of_everything_in_flight_lets_no_code_succeed_twice() {
    Storm::new(&[Kind::Native; 4], 1).await.rage(rounds(40, 500)).await;
}
