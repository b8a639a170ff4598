//! What an attacker gets: the table of `docs/attackers.md`, made by the rules themselves over a simulated year.
//!
//! `UPDATE=1` writes the table.

use countersign_contract::Secret;
use countersign_contract::otp::{Error, Target};
use countersign_contract::settings::{self, Activity, Limit, Preset, VerifyBy};
use countersign_contract::types::{Scope, Throttle};

use super::caller::{Caller, PHONE, draft, wrong};
use super::test_world::Memory;

const DAY: u64 = 86_400;
const DAYS: u64 = 365;
/// Between two logins of the owner: a little over four hours, so that they fall on every time of day.
const BETWEEN_LOGINS: u64 = 4 * 3_600 + 577;
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/attackers.md");

/// What the attacker has beside addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Knows {
    /// The recipient, and may verify.
    Recipient,
    /// The recipient, and may issue and verify.
    HowToIssue,
    /// The ids of the owner's challenges.
    Ids,
}

/// The owner's device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Device {
    Known,
    New,
}

#[derive(Clone, Copy, Default)]
struct Count {
    all: u64,
    day: u64,
    today: u64,
    most_in_a_day: u64,
}

impl Count {
    fn add(&mut self, now: u64) {
        if self.day != now / DAY {
            (self.day, self.today) = (now / DAY, 0);
        }
        self.all += 1;
        self.today += 1;
        self.most_in_a_day = self.most_in_a_day.max(self.today);
    }
}

#[derive(Clone, Copy, Default)]
struct Outcome {
    guesses: Count,
    messages: Count,
    logins: u64,
    refused: u64,
}

struct Attack {
    caller: Caller,
    knows: Knows,
    addresses: u64,
    /// The address in use.
    address: u64,
    /// When each address may ask again.
    resting: Vec<u64>,
    id: Option<String>,
    by_recipient: bool,
    outcome: Outcome,
}

/// The limits that the docs recommend.
fn limits() -> Vec<Limit> {
    let limit =
        |scope, on, max, window_seconds| Limit { scope, on, max: Some(max), window_seconds };
    vec![
        limit(Scope::Subject, Activity::Send, 20, 86_400),
        limit(Scope::Ip, Activity::Send, 20, 3_600),
        limit(Scope::Ip, Activity::Verify, 60, 3_600),
        limit(Scope::Tenant, Activity::Send, 10_000, 3_600),
    ]
}

fn policy(preset: Preset, verify_by: VerifyBy) -> settings::Policy {
    settings::Policy {
        preset: Some(preset),
        verify_by: Some(verify_by),
        limits: limits(),
        channels: draft().channels,
        ..settings::Policy::default()
    }
}

impl Attack {
    fn new(draft: &settings::Policy, knows: Knows, addresses: u64) -> Self {
        Self {
            caller: Caller::new(Memory::Forgets, draft.clone()),
            knows,
            addresses,
            address: 0,
            resting: vec![0; usize::try_from(addresses).unwrap()],
            id: None,
            by_recipient: draft.verify_by != Some(VerifyBy::Id),
            outcome: Outcome::default(),
        }
    }

    fn now(&self) -> u64 {
        crate::world::World::now(&self.caller.world).0
    }

    /// Does everything that can be done now, and says when there is more to do.
    fn act(&mut self) -> u64 {
        let now = self.now();
        let mut next = now + DAY;
        for _ in 0..self.addresses.min(50) {
            let own = usize::try_from(self.address).unwrap();
            if self.resting[own] > now {
                next = next.min(self.resting[own]);
                self.address = (self.address + 1) % self.addresses;
                continue;
            }
            self.caller.ip = Some(format!("10.{}.{}.1", self.address / 250, self.address % 250));
            match self.step() {
                Ok(()) => {}
                Err(Error::Throttled(Throttle { scope: Scope::Ip, retry_after_seconds })) => {
                    self.resting[own] = now + u64::from(retry_after_seconds);
                }
                Err(Error::Throttled(Throttle { retry_after_seconds: seconds, .. }))
                | Err(Error::Locked(seconds) | Error::Exhausted(seconds)) => {
                    return now + u64::from(seconds);
                }
                Err(_) => return now + 3_600,
            }
        }
        next
    }

    /// Spends a challenge, or asks for the next one.
    fn step(&mut self) -> Result<(), Error> {
        if self.knows == Knows::HowToIssue && self.id.is_none() {
            self.id = Some(self.caller.issue()?.id);
            self.outcome.messages.add(self.now());
        }
        let target = match &self.id {
            Some(id) if !self.by_recipient => Target::Id(id.clone()),
            _ if self.by_recipient => Target::Recipient(self.caller.addressee(PHONE)),
            _ => return Err(Error::NotFound),
        };
        loop {
            // The newest message is no attacker's to read: a code that is wrong for all that live.
            let code = wrong(&self.caller.code());
            match self.caller.answer(target.clone(), &code, None) {
                Err(Error::Mismatch(left)) => {
                    self.outcome.guesses.add(self.now());
                    if left == 0 {
                        self.id = None;
                        return Err(Error::Exhausted(1));
                    }
                }
                Err(Error::Throttled(Throttle { scope, retry_after_seconds })) => {
                    return Err(Error::Throttled(Throttle { scope, retry_after_seconds }));
                }
                Err(error) => {
                    self.id = None;
                    return Err(error);
                }
                Ok(_) => unreachable!("a wrong code"),
            }
        }
    }

    /// The owner logs in, with the attacker at work between the message and the answer.
    fn login(&mut self, owner: &mut Caller) {
        self.outcome.logins += 1;
        let Ok(issued) = owner.issue() else {
            self.outcome.refused += 1;
            return;
        };
        let code = owner.code();
        if self.knows == Knows::Ids {
            self.id = Some(issued.id.clone());
        }
        self.act();
        self.caller.world.advance(20);
        match owner.verify(&issued.id, &code) {
            Ok(verified) if owner.cookie.is_some() => {
                owner.cookie = verified.device_cookie.as_ref().map(Secret::expose).cloned();
            }
            Ok(_) => {}
            Err(_) => self.outcome.refused += 1,
        }
        if self.knows == Knows::Ids {
            self.id = None;
        }
    }

    /// A year of it. An owner with a new device tries and leaves no trace: whether the attack goes on doesn't hang on
    /// whether that worked.
    fn run(mut self, device: Device) -> Outcome {
        let (id, code) = self.caller.issued();
        let cookie = self.caller.verify(&id, &code).unwrap().device_cookie.unwrap();
        let mut owner = Caller {
            cookie: (device == Device::Known).then(|| cookie.expose().clone()),
            ip: Some("192.0.2.1".into()),
            ..self.caller.with_keys(&[("k1", 1)])
        };
        self.caller.world.advance(DAY);
        let end = self.now() + DAYS * DAY;
        let (mut act_at, mut login_at) = (self.now(), self.now() + BETWEEN_LOGINS);
        while self.now() < end {
            let now = self.now();
            if act_at <= now {
                act_at = self.act().max(now + 1);
            }
            if login_at <= now {
                login_at = now + BETWEEN_LOGINS;
                let kept = self.caller.world.dump();
                let Outcome { guesses, messages, .. } = self.outcome;
                let id = self.id.clone();
                self.login(&mut owner);
                if device == Device::New && self.knows == Knows::HowToIssue {
                    self.caller.world.tamper(|entries| *entries = kept);
                    (self.outcome.guesses, self.outcome.messages) = (guesses, messages);
                    self.id = id;
                }
            }
            let until = act_at.min(login_at).saturating_sub(self.now());
            self.caller.world.advance(until.max(1));
        }
        self.outcome
    }
}

fn row(
    name: &str,
    draft: &settings::Policy,
    knows: Knows,
    addresses: u64,
) -> (String, [Outcome; 2]) {
    let outcomes =
        [Device::Known, Device::New].map(|device| Attack::new(draft, knows, addresses).run(device));
    let [known, new] = &outcomes;
    let worst = |of: fn(&Outcome) -> u64| of(known).max(of(new));
    // By recipient a guess is compared with each challenge that lives: three at most.
    let each: f64 = if draft.verify_by == Some(VerifyBy::Id) { 1e-6 } else { 3e-6 };
    let guesses = worst(|outcome| outcome.guesses.all);
    let out = |outcome: &Outcome| 100.0 * outcome.refused as f64 / outcome.logins as f64;
    let knows = match knows {
        Knows::Recipient => "(a)",
        Knows::HowToIssue => "(b)",
        Knows::Ids => "(c)",
    };
    let text = format!(
        "| {name} | {knows} | {addresses} | {} | {guesses} | {:.3} % | {} | {:.0} % | {:.0} % |",
        worst(|outcome| outcome.guesses.most_in_a_day),
        100.0 * (1.0 - (1.0 - each).powf(guesses as f64)),
        worst(|outcome| outcome.messages.most_in_a_day),
        out(known),
        out(new),
    );
    (text, outcomes)
}

#[test]
fn the_docs_say_what_an_attacker_gets() {
    let policies = [
        ("`strict`", policy(Preset::Strict, VerifyBy::Id)),
        ("`default`", policy(Preset::Default, VerifyBy::Id)),
        ("`lenient`", policy(Preset::Lenient, VerifyBy::Id)),
        ("`default`, `verify_by = \"both\"`", policy(Preset::Default, VerifyBy::Both)),
    ];
    let mut table = String::new();
    for (name, draft) in &policies {
        for knows in [Knows::Recipient, Knows::HowToIssue, Knows::Ids] {
            for addresses in [1, 10, 1_000] {
                let (text, [known, new]) = row(name, draft, knows, addresses);
                println!("{text}");
                table.push_str(&text);
                table.push('\n');
                if draft.verify_by == Some(VerifyBy::Id) && knows == Knows::Recipient {
                    assert_eq!(known.guesses.all + new.guesses.all, 0, "{text}");
                    assert_eq!(known.refused + new.refused, 0, "{text}");
                }
                if knows != Knows::Ids {
                    assert_eq!(known.refused, 0, "{text}");
                }
                // The cap of those without a cookie, and of the known devices.
                assert!(known.guesses.all <= 200 && new.guesses.all <= 200, "{text}");
            }
        }
    }
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let (head, rest) = document.split_once("<!-- table: begin -->\n").unwrap();
    let (told, tail) = rest.split_once("<!-- table: end -->").unwrap();
    let rows = told.splitn(3, '\n').nth(2).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        let titles = told.strip_suffix(rows).unwrap();
        let marks = ["<!-- table: begin -->\n", "<!-- table: end -->"];
        let document = [head, marks[0], titles, &table, marks[1], tail].concat();
        std::fs::write(DOCUMENT, document).unwrap();
        return;
    }
    assert_eq!(rows, table, "the rules have changed: run this test with UPDATE=1 and look");
}
