//! What operators are told: where a recipient stands, and how many challenges there are.

use countersign_contract::Secret;
use countersign_contract::otp::{Error, MAX_TALLIED_KEYS, PurposeTally, SideReport, State};
use countersign_contract::settings;
use countersign_contract::types::Channel;

use super::caller::{Caller, MAIL, OTHER_PHONE, PHONE, draft, whatever_is_forgotten};
use super::test_world::{Memory, TestWorld, done};

const NOTHING: SideReport = SideReport {
    failures: 0,
    locked_for_seconds: 0,
    disabled: false,
    cooldown_seconds: 0,
    challenges: Vec::new(),
};

fn quick() -> settings::Policy {
    settings::Policy { cooldown_seconds: Some(0), ..draft() }
}

#[test]
fn a_recipient_that_is_not_known_stands_as_a_new_one() {
    let caller = Caller::new(Memory::Forgets, draft());
    let report = caller.inspect("+62 812-3456-7890").unwrap();
    assert_eq!(report.masked_recipient, "62****7890");
    assert_eq!(report.purpose, "login");
    assert_eq!((&report.known_devices, &report.other_clients), (&NOTHING, &NOTHING));
    assert_eq!(caller.world.round_trips(), 2);
    assert_eq!(caller.world.dump().len(), 0);
}

#[test]
fn an_operator_is_told_what_the_person_runs_into() {
    whatever_is_forgotten(&draft(), |caller| {
        let (id, code) = caller.issued();
        let before = caller.world.dump();
        let side = caller.inspect(PHONE).unwrap().other_clients;
        assert!(caller.world.dump() == before, "it changed something");
        let Err(Error::Throttled(throttle)) = caller.issue() else { panic!("no cooldown") };
        assert_eq!(side.cooldown_seconds, throttle.retry_after_seconds);
        assert_eq!(side.challenges, [caller.status(&id).unwrap()]);
        assert_eq!(side.challenges[0].state, State::Pending);

        caller.exhaust(&id, &code);
        let side = caller.inspect(PHONE).unwrap().other_clients;
        assert_eq!(side.challenges[0].state, State::Exhausted);
        assert_eq!((side.failures, side.locked_for_seconds), (3, 900));
        assert_eq!(caller.issue().unwrap_err(), Error::Locked(900));
        assert_eq!(caller.inspect(OTHER_PHONE).unwrap().other_clients, NOTHING);

        caller.unlock(PHONE).unwrap();
        let side = caller.inspect(PHONE).unwrap().other_clients;
        assert_eq!((side.failures, side.locked_for_seconds, side.cooldown_seconds), (0, 0, 0));
        assert!(caller.issue().is_ok());
    });
}

#[test]
fn a_disabled_recipient_is_told_as_such() {
    let caller = Caller::new(Memory::Never, settings::Policy { failure_cap: Some(3), ..quick() });
    let (id, code) = caller.issued();
    caller.exhaust(&id, &code);
    assert!(caller.inspect(PHONE).unwrap().other_clients.disabled);
    assert_eq!(caller.issue().unwrap_err(), Error::Disabled);
}

#[test]
fn known_devices_and_other_clients_are_told_apart() {
    whatever_is_forgotten(&quick(), |caller| {
        let (id, code) = caller.issued();
        let cookie = caller.verify(&id, &code).unwrap().device_cookie;
        caller.world.advance(1_000);
        let cookie = cookie.as_ref().map(Secret::expose).cloned();
        let owner = Caller { cookie, ..caller.with_keys(&[("k1", 1)]) };
        let of_owner = owner.issued().0;
        let mut of_stranger: Vec<String> = (0..3).map(|_| caller.issued().0).collect();
        of_stranger.reverse();
        let report = caller.inspect(PHONE).unwrap();
        let ids = |side: &SideReport| -> Vec<String> {
            side.challenges.iter().map(|report| report.id.clone()).collect()
        };
        assert_eq!(ids(&report.known_devices), [of_owner]);
        assert_eq!(ids(&report.other_clients), of_stranger, "the newest first");
    });
}

#[test]
fn an_operator_is_refused_what_a_caller_would_be() {
    let caller = Caller::new(Memory::Forgets, draft());
    assert!(matches!(caller.inspect("no recipient"), Err(Error::InvalidRecipient(_))));
    let other = Caller { purpose: "other".into(), ..caller.with_keys(&[("k1", 1)]) };
    assert_eq!(other.inspect(PHONE).unwrap_err(), Error::UnknownPurpose);
    let tally =
        |purposes: &[String], keys: &[String]| done(caller.engine.tally("default", purposes, keys));
    let texts = |count| vec!["a".to_owned(); count];
    assert!(matches!(
        tally(&[], &texts(MAX_TALLIED_KEYS + 1)),
        Err(Error::InvalidArgument(fault)) if fault.field == "keys"
    ));
    assert!(matches!(
        tally(&texts(257), &[]),
        Err(Error::InvalidArgument(fault)) if fault.field == "purposes"
    ));
    assert!(matches!(done(caller.engine.tally("Ü", &[], &[])), Err(Error::InvalidArgument(_))));
}

#[test]
fn challenges_are_counted_by_purpose_and_by_where_they_stand() {
    whatever_is_forgotten(&quick(), |caller| {
        caller.world.set_policy("default", "pay", quick());
        let pay = Caller { purpose: "pay".into(), ..caller.with_keys(&[("k1", 1)]) };
        for _ in 0..2 {
            caller.issue().unwrap();
        }
        let issued = |to| caller.issue_to(Channel::Sms, to, None).unwrap().id;
        caller.revoke(&issued(OTHER_PHONE)).unwrap();
        let verified = issued("+6281234567892");
        caller.verify(&verified, &caller.code()).unwrap();
        let exhausted = issued("+6281234567893");
        caller.exhaust(&exhausted, &caller.code());
        pay.issue_to(Channel::Email, MAIL, None).unwrap();

        let before = caller.world.dump();
        let keys = before.keys().filter(|key| key.ends_with(":challenges")).count();
        caller.world.round_trips();
        let mut tallies = caller.tally(&["pay", "login"]);
        assert_eq!(caller.world.round_trips(), u32::try_from(keys).unwrap());
        assert!(caller.world.dump() == before, "it changed something");
        tallies.sort_by_key(|tally| tally.purpose.clone());
        let of = |purpose: &str| PurposeTally {
            purpose: Some(purpose.into()),
            ..PurposeTally::default()
        };
        let login =
            PurposeTally { pending: 2, revoked: 1, verified: 1, exhausted: 1, ..of("login") };
        assert_eq!(tallies, [login, PurposeTally { pending: 1, ..of("pay") }]);

        let mut tallies = caller.tally(&["pay"]);
        tallies.sort_by_key(|tally| tally.purpose.clone());
        assert_eq!(tallies[0].purpose, None, "a purpose that was not asked for");
        assert_eq!(tallies[0].pending, 2);

        caller.world.advance(300);
        let login = caller.tally(&["login"]).into_iter().find(|it| it.purpose.is_some());
        assert_eq!(login.unwrap().pending, 0, "their time is over");
    });
}

#[test]
fn only_the_tenants_own_challenges_are_counted() {
    let caller = Caller::new(Memory::Never, quick());
    caller.world.set_policy("other", "login", quick());
    let other = Caller { tenant: "other".into(), ..caller.with_keys(&[("k1", 1)]) };
    caller.issue().unwrap();
    for to in [PHONE, OTHER_PHONE] {
        other.issue_to(Channel::Sms, to, None).unwrap();
    }
    assert_eq!(caller.tally(&["login"]).iter().map(|tally| tally.pending).sum::<u32>(), 1);
    assert_eq!(other.tally(&["login"]).iter().map(|tally| tally.pending).sum::<u32>(), 2);
}

/// Known devices have keys of their own.
#[test]
fn a_challenge_of_a_known_device_is_counted() {
    let caller = Caller::new(Memory::Never, quick());
    let (id, code) = caller.issued();
    let cookie = caller.verify(&id, &code).unwrap().device_cookie;
    caller.world.advance(1_000);
    let cookie = cookie.as_ref().map(Secret::expose).cloned();
    Caller { cookie, ..caller.with_keys(&[("k1", 1)]) }.issue().unwrap();
    assert_eq!(caller.tally(&["login"]).iter().map(|tally| tally.pending).sum::<u32>(), 1);
}

#[test]
fn what_is_no_key_of_challenges_counts_for_nothing() {
    let caller = Caller::over(TestWorld::new(Memory::Never), &[("k1", 1)]);
    let keys = [
        "",
        ":challenges",
        "challenges",
        "{AAAAAAAAAAAAAAAAAAAAAA}:history",
        "{AAAAAAAAAAAAAAAAAAAAAA}:abcdefgh:challenges",
        "{AAAAAAAAAAAAAAAAAAAAA}:abcdefgh:challenges",
        "{AAAAAAAAAAAAAAAAAAAAAA}:abcdefghi:challenges",
        "{€€€}:abcdefgh:challenges",
    ];
    let keys = keys.map(str::to_owned);
    assert_eq!(done(caller.engine.tally("default", &[], &keys)).unwrap(), []);
}

/// Codes of a store that may have gone back are refused: such challenges are none.
#[test]
fn challenges_of_another_generation_are_not_counted() {
    let caller = Caller::new(Memory::Never, quick());
    caller.world.set_generation(Some(1));
    caller.issue().unwrap();
    assert_eq!(caller.tally(&["login"])[0].pending, 1);
    caller.world.set_generation(Some(2));
    assert_eq!(caller.tally(&["login"]), []);
    assert_eq!(caller.inspect(PHONE).unwrap().other_clients.challenges, []);
}
