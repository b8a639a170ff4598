//! Clients that ask for all that callers ask for, and write down what they asked and heard.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use countersign_tests::history::{Event, History, Outcome, Request};
use countersign_tests::outbox::wrong;
use fastrand::Rng;
use tokio::task::JoinSet;

use crate::people::{People, Person};
use crate::service::Service;

/// Clients at once.
pub(crate) const CLIENTS: usize = 64;

/// A load on a service.
pub(crate) struct Load<S> {
    pub(crate) service: Arc<S>,
    people: People,
    events: Mutex<Vec<Event>>,
    ends: AtomicBool,
    /// Of 256 requests, how many are hung up on.
    hanging_up: AtomicU8,
}

impl<S: Service> Load<S> {
    pub(crate) fn new(service: Arc<S>, series: usize) -> Arc<Self> {
        Arc::new(Self {
            service,
            people: People::new(series),
            events: Mutex::default(),
            ends: AtomicBool::new(false),
            hanging_up: AtomicU8::new(0),
        })
    }

    /// Has clients hang up on so many of 256 requests.
    pub(crate) fn hang_up(&self, share: u8) {
        self.hanging_up.store(share, Ordering::Relaxed);
    }

    /// The latest challenge of each that is asked about at present.
    pub(crate) fn present(&self) -> Vec<String> {
        self.people.present()
    }

    /// Lets the clients finish what they do.
    pub(crate) fn end(&self) {
        self.ends.store(true, Ordering::Relaxed);
    }

    /// Starts the clients, each with so many turns at most.
    pub(crate) fn begin(self: &Arc<Self>, seed: u64, turns: usize) -> JoinSet<()> {
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let load = Arc::clone(self);
            let mut rng = Rng::with_seed(seed * 1_000 + client as u64);
            clients.spawn(async move {
                for _ in 0..turns {
                    load.service.pause(&mut rng).await;
                    if load.ends.load(Ordering::Relaxed) {
                        break;
                    }
                    load.turn(client, &mut rng).await;
                }
            });
        }
        clients
    }

    /// One thing that a client does: mostly one request, sometimes two at once.
    async fn turn(&self, client: usize, rng: &mut Rng) {
        let person = self.people.pick(rng);
        let subject = &person.subject;
        let place = rng.usize(..self.service.places());
        // Mostly of the latest ones.
        let behind = rng.usize(..4).min(person.ids.len().saturating_sub(1));
        let id = person.ids.iter().rev().nth(behind);
        let known = id.and_then(|id| Some((id, self.service.code(id)?)));
        let Some((id, code)) = known.filter(|_| rng.u8(..8) > 0) else {
            self.asked(client, place, subject, Request::Issue).await;
            return;
        };
        let right = |id: Option<&String>| Request::Verify { id: id.cloned(), code: code.clone() };
        let wrong = |id: Option<&String>| Request::Verify { id: id.cloned(), code: wrong(&code) };
        let request = match rng.u8(..20) {
            0..=5 => wrong(Some(id)),
            6..=7 => wrong(None),
            8..=10 => {
                let second = if rng.bool() { right(Some(id)) } else { right(None) };
                let other = rng.usize(..self.service.places());
                tokio::join!(
                    self.asked(client, place, subject, right(Some(id))),
                    self.asked(client, other, subject, second),
                );
                return;
            }
            11 => right(None),
            12..=13 => right(Some(id)),
            14..=15 => Request::Resend { id: id.clone() },
            16 => Request::Revoke { id: id.clone() },
            _ => Request::Status,
        };
        if rng.u8(..) < self.hanging_up.load(Ordering::Relaxed) {
            self.hung_up(client, place, &person, request, rng).await;
        } else {
            self.asked(client, place, subject, request).await;
        }
    }

    async fn asked(&self, client: usize, place: usize, subject: &str, request: Request) {
        let start = self.service.now();
        let outcome = self.service.ask(place, subject, &request).await;
        let event = self.noted(client, place, subject, start, request, outcome);
        if let Some(id) = event.issued() {
            self.people.learn(subject, id);
        }
    }

    async fn hung_up(
        &self,
        client: usize,
        place: usize,
        person: &Person,
        request: Request,
        rng: &mut Rng,
    ) {
        let start = self.service.now();
        // All of the request, or a part.
        let share = if rng.bool() { u8::MAX } else { rng.u8(..) };
        self.service.hang_up(place, &person.subject, &request, share).await;
        self.noted(client, place, &person.subject, start, request, Outcome::HungUp);
    }

    fn noted(
        &self,
        client: usize,
        host: usize,
        subject: &str,
        start: u64,
        request: Request,
        outcome: Outcome,
    ) -> Event {
        let (end, subject) = (self.service.now(), subject.into());
        let event = Event { client, host, start, end, subject, request, outcome };
        self.events.lock().unwrap().push(event.clone());
        event
    }

    /// Gives the right code of every challenge that clients know of, of so many at most, at two processes at once.
    pub(crate) async fn reckon(self: &Arc<Self>, most: usize) {
        let challenges = self.people.challenges();
        let challenges: Arc<Vec<_>> = Arc::new(challenges.into_iter().take(most).collect());
        let (next, mut clients) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
        for client in 0..CLIENTS {
            let (load, next) = (Arc::clone(self), Arc::clone(&next));
            let challenges = Arc::clone(&challenges);
            clients.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some((subject, id)) = challenges.get(number) else { return };
                    let Some(code) = load.service.code(id) else { continue };
                    let request = Request::Verify { id: Some(id.clone()), code };
                    let places = load.service.places();
                    tokio::join!(
                        load.asked(client, number % places, subject, request.clone()),
                        load.asked(client, (number + 1) % places, subject, request),
                    );
                }
            });
        }
        clients.join_all().await;
    }

    /// All that was asked, with the codes that were sent.
    pub(crate) fn history(&self) -> History {
        let events = std::mem::take(&mut *self.events.lock().unwrap());
        let ids = events.iter().filter_map(|event| event.issued());
        let codes = ids.filter_map(|id| Some((id.to_owned(), self.service.code(id)?))).collect();
        History { events, codes }
    }
}
