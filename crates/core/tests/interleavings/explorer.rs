//! The search: every order of the clients' steps, and every place for one failure.

use std::collections::HashMap;
use std::hash::Hash;

use countersign_contract::otp::Error;
use countersign_contract::store::{Operation, Reply, Step};
use countersign_contract::types::StoreError;

use crate::client::{Answer, Client, Event, Wants, What};
use crate::store::{Store, digest};

/// Where one client is.
#[derive(Clone, Debug, Hash)]
struct Place {
    /// The client's history; none before its first step.
    history: Option<usize>,
    /// The replies to the part of its batch that has been carried out. As text, for it to be hashed.
    replies: Vec<Got>,
    /// Which clients had finished when this one began: one bit each.
    after: u8,
}

/// A reply that can be hashed.
#[derive(Clone, Debug, Hash)]
enum Got {
    Count(i64),
    Done,
    Value(Option<Vec<u8>>),
}

#[derive(Clone, Hash)]
struct State {
    store: Store,
    places: Vec<Place>,
    failures_left: u8,
    losses_left: u8,
    /// Batches that their client has given up, and that go on: client, history, operations done.
    zombies: Vec<(usize, usize, usize)>,
    now: u64,
}

/// What happens besides the clients' own steps.
#[derive(Clone, Copy, Default)]
pub(crate) struct Conditions {
    /// One batch fails, having been carried out up to any of its operations.
    pub(crate) store_fails: bool,
    /// One send fails.
    pub(crate) sender_fails: bool,
    /// The clock jumps by this many seconds, at any time.
    pub(crate) clock_jumps: u64,
    /// It doesn't while what was sent is being written: the host's deadline for the store is shorter than the jump.
    pub(crate) writes_in_time: bool,
    pub(crate) loses: Option<&'static str>,
    pub(crate) zombies: bool,
    pub(crate) failures: u8,
    pub(crate) skew: [u64; 4],
    /// Nothing of other clients comes between the operations of a batch.
    pub(crate) batches_are_atomic: bool,
}

/// What one client did, from its first step to its last.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) result: Result<Answer, Error>,
    /// Which clients had finished before this one began: one bit each.
    pub(crate) after: u8,
    /// The codes that a provider took, with their challenges.
    pub(crate) sent: Vec<(String, String)>,
    /// Whether it asked a provider.
    pub(crate) asked_to_send: bool,
    /// Whether a batch or a send of its own failed.
    pub(crate) failed: bool,
    /// Whether it got so far as to take a challenge's success.
    pub(crate) took: bool,
}

/// A state in which every client has finished.
pub(crate) struct Ending<'a> {
    pub(crate) store: &'a Store,
    pub(crate) courses: &'a [Course],
    pub(crate) now: u64,
}

/// What was explored.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extent {
    pub(crate) schedules: u128,
    pub(crate) states: usize,
    pub(crate) endings: usize,
}

/// The search through one case.
pub(crate) struct Explorer<'a> {
    clients: Vec<Client>,
    conditions: Conditions,
    seen: HashMap<u128, u128>,
    endings: usize,
    start: u64,
    property: &'a dyn Fn(&Ending<'_>),
}

impl<'a> Explorer<'a> {
    /// Explores everything that can happen from a store and a time on, and shows each ending to `property`.
    pub(crate) fn explore(
        store: Store,
        now: u64,
        mut clients: Vec<Client>,
        conditions: Conditions,
        property: &'a dyn Fn(&Ending<'_>),
    ) -> Extent {
        let place = Place { history: None, replies: Vec::new(), after: 0 };
        let places = vec![place; clients.len()];
        let failures_left =
            u8::from(conditions.store_fails || conditions.sender_fails).max(conditions.failures);
        for (client, skew) in clients.iter_mut().zip(conditions.skew) {
            client.skew = skew;
        }
        let losses_left = u8::from(conditions.loses.is_some());
        let mut explorer =
            Self { clients, conditions, seen: HashMap::new(), endings: 0, start: now, property };
        let schedules = explorer.visit(State {
            store,
            places,
            failures_left,
            losses_left,
            zombies: Vec::new(),
            now,
        });
        Extent { schedules, states: explorer.seen.len(), endings: explorer.endings }
    }

    /// Visits a state and all that can follow; the number of schedules from here on.
    fn visit(&mut self, state: State) -> u128 {
        let digest = digest(&state);
        if let Some(schedules) = self.seen.get(&digest) {
            return *schedules;
        }
        for (key, ttl) in state.store.ttls() {
            assert!(ttl > 0, "{key} has no ttl");
        }
        let mut schedules = 0_u128;
        let held_up = self.conditions.writes_in_time && self.is_writing(&state);
        if self.conditions.clock_jumps > 0 && state.now == self.start && !held_up {
            let now = state.now + self.conditions.clock_jumps;
            schedules += self.visit(State { now, ..state.clone() });
        }
        if let Some(name) = self.conditions.loses
            && state.losses_left > 0
        {
            let mut next = state.clone();
            if next.store.lose(name) {
                next.losses_left = 0;
                schedules = schedules.saturating_add(self.visit(next));
            }
        }
        for zombie in 0..state.zombies.len() {
            let mut next = state.clone();
            let (client, history, done) = next.zombies[zombie];
            let Wants::Run(batch) = self.clients[client].wants(history).clone() else {
                unreachable!()
            };
            next.store.step(&batch[done]);
            if done + 1 == batch.len() {
                next.zombies.remove(zombie);
            } else {
                next.zombies[zombie].2 += 1;
            }
            schedules = schedules.saturating_add(self.visit(next));
        }
        let mut finished = state.zombies.is_empty();
        for client in 0..self.clients.len() {
            for next in self.steps(&state, client) {
                finished = false;
                schedules = schedules.saturating_add(self.visit(next));
            }
        }
        if finished {
            self.end(&state);
            schedules += 1;
        }
        self.seen.insert(digest, schedules);
        schedules
    }

    /// All that one client's next step can lead to; nothing where it has finished.
    fn steps(&mut self, state: &State, client: usize) -> Vec<State> {
        let Some(history) = state.places[client].history else {
            let mut next = state.clone();
            next.places[client].after = self.finished(state);
            next.places[client].history = Some(self.clients[client].begin(state.now));
            // Where no time passes, having begun can't be told from not having begun.
            let tells = self.conditions.clock_jumps > 0;
            return if tells { vec![next] } else { self.steps(&next, client) };
        };
        match self.clients[client].wants(history).clone() {
            Wants::Finished(_) => Vec::new(),
            Wants::Run(batch) => {
                let done = state.places[client].replies.len();
                let mut all = Vec::new();
                let fails = self.conditions.store_fails && state.failures_left > 0;
                if fails {
                    all.push(self.fail(state, client, history));
                }
                let mut next = state.clone();
                let end = if self.conditions.batches_are_atomic { batch.len() } else { done + 1 };
                for operation in &batch[done..end] {
                    let reply = next.store.step(operation);
                    next.places[client].replies.push(got(reply));
                }
                if end == batch.len() {
                    if fails {
                        all.push(self.fail(&next, client, history));
                    }
                    let replies = std::mem::take(&mut next.places[client].replies);
                    let replies = replies.into_iter().map(reply_of).collect();
                    self.tell(&mut next, client, history, What::Replies(Ok(replies)));
                }
                all.push(next);
                all
            }
            Wants::Send(_) => {
                let mut all = Vec::new();
                if self.conditions.sender_fails && state.failures_left > 0 {
                    let mut next = state.clone();
                    next.failures_left -= 1;
                    self.tell(&mut next, client, history, What::Sent(false));
                    all.push(next);
                }
                let mut next = state.clone();
                self.tell(&mut next, client, history, What::Sent(true));
                all.push(next);
                all
            }
        }
    }

    fn fail(&mut self, state: &State, client: usize, history: usize) -> State {
        let mut next = state.clone();
        next.failures_left -= 1;
        let done = next.places[client].replies.len();
        next.places[client].replies.clear();
        if self.conditions.zombies {
            let Wants::Run(batch) = self.clients[client].wants(history).clone() else {
                unreachable!()
            };
            if done < batch.len() {
                next.zombies.push((client, history, done));
            }
        }
        self.tell(&mut next, client, history, What::Replies(Err(StoreError::Timeout)));
        next
    }

    fn tell(&mut self, state: &mut State, client: usize, history: usize, what: What) {
        let event = Event { what, now: state.now };
        state.places[client].history = Some(self.clients[client].after(history, event));
    }

    /// Whether a client has sent and is writing that down.
    fn is_writing(&self, state: &State) -> bool {
        state.places.iter().zip(&self.clients).any(|(place, client)| {
            let Some(history) = place.history else { return false };
            let sent =
                client.events(history).last().is_some_and(|last| last.what == What::Sent(true));
            sent && matches!(client.wants(history), Wants::Run(_))
        })
    }

    fn finished(&self, state: &State) -> u8 {
        let mut mask = 0;
        for (client, place) in state.places.iter().enumerate() {
            let history = place.history.map(|history| self.clients[client].wants(history));
            if matches!(history, Some(Wants::Finished(_))) {
                mask |= 1 << client;
            }
        }
        mask
    }

    fn end(&mut self, state: &State) {
        self.endings += 1;
        let courses: Vec<_> = state
            .places
            .iter()
            .zip(&self.clients)
            .map(|(place, client)| course(client, place.history.unwrap(), place.after))
            .collect();
        (self.property)(&Ending { store: &state.store, courses: &courses, now: state.now });
    }
}

fn course(client: &Client, history: usize, after: u8) -> Course {
    let Wants::Finished(result) = client.wants(history).clone() else { unreachable!() };
    let events = client.events(history);
    let wanted = client.wanted(history);
    let mut sent = Vec::new();
    let mut took = false;
    for (wants, event) in wanted.iter().zip(&events[1..]) {
        match wants {
            Wants::Send(message) if event.what == What::Sent(true) => {
                sent.push((message.challenge_id.clone(), message.code.expose().clone()));
            }
            Wants::Run(batch) => {
                took |= batch.iter().any(|operation| {
                    matches!(operation, Operation::Increment(Step { key, by, .. })
                        if key.contains(":verdict:") && *by != 0)
                });
            }
            _ => {}
        }
    }
    let asked_to_send = wanted.iter().any(|wants| matches!(wants, Wants::Send(_)));
    let bad = |event: &Event| matches!(event.what, What::Replies(Err(_)) | What::Sent(false));
    Course { result, after, sent, asked_to_send, failed: events.iter().any(bad), took }
}

fn got(reply: Reply) -> Got {
    match reply {
        Reply::Count(count) => Got::Count(count),
        Reply::Done => Got::Done,
        Reply::Value(value) => Got::Value(value),
    }
}

fn reply_of(got: Got) -> Reply {
    match got {
        Got::Count(count) => Reply::Count(count),
        Got::Done => Reply::Done,
        Got::Value(value) => Reply::Value(value),
    }
}
