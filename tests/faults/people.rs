//! The people that are asked about: a few at a time, each by several clients, and those of before.

use std::sync::{Mutex, MutexGuard};

use fastrand::Rng;

/// People at a time.
const PRESENT: usize = 32;
/// How many requests concern one person before the next person comes.
const TURNS: usize = 24;
/// The purposes, and how many codes each compares.
pub(crate) const PURPOSES: [(&str, usize, u64); 2] = [("login", 5, 300), ("brief", 3, 30)];

/// A person for whom codes are issued.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) subject: String,
    /// The challenges that clients know of.
    pub(crate) ids: Vec<String>,
    turns: usize,
}

/// All of them.
pub(crate) struct People {
    /// The present ones are the last.
    people: Mutex<Vec<Person>>,
    /// What their numbers begin with.
    series: usize,
}

impl People {
    pub(crate) fn new(series: usize) -> Self {
        let people = (0..PRESENT).map(|number| person(series, number)).collect();
        Self { people: Mutex::new(people), series }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Person>> {
        self.people.lock().unwrap()
    }

    /// One of the people at present, or now and then an earlier one.
    pub(crate) fn pick(&self, rng: &mut Rng) -> Person {
        let mut people = self.lock();
        let count = people.len();
        if rng.u8(..10) == 0 {
            return people[rng.usize(..count)].clone();
        }
        let index = count - PRESENT + rng.usize(..PRESENT);
        people[index].turns += 1;
        let picked = people[index].clone();
        if picked.turns >= TURNS {
            // Who has had enough is one of before.
            let next = count - PRESENT;
            people.swap(index, next);
            people.push(person(self.series, count));
        }
        picked
    }

    /// Remembers a challenge of a person.
    pub(crate) fn learn(&self, subject: &str, id: &str) {
        let mut people = self.lock();
        if let Some(person) = people.iter_mut().rfind(|person| person.subject == subject) {
            person.ids.push(id.into());
        }
    }

    /// The latest challenge of each that is present and has one.
    pub(crate) fn present(&self) -> Vec<String> {
        let people = self.lock();
        let present = people.iter().rev().take(PRESENT);
        present.filter_map(|person| person.ids.last().cloned()).collect()
    }

    /// Every challenge that clients know of, with its subject; the latest first.
    pub(crate) fn challenges(&self) -> Vec<(String, String)> {
        let people = self.lock();
        let latest = people.iter().rev();
        latest
            .flat_map(|person| {
                person.ids.iter().rev().map(|id| (person.subject.clone(), id.clone()))
            })
            .collect()
    }
}

fn person(series: usize, number: usize) -> Person {
    let (purpose, ..) = PURPOSES[number % PURPOSES.len()];
    let subject = format!("{purpose} +62812{series:02}{number:06}");
    Person { subject, ids: Vec::new(), turns: 0 }
}
