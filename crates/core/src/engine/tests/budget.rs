//! Round trips to the store.

use countersign_contract::otp::Error;
use countersign_contract::settings::{self, Activity, Limit};
use countersign_contract::types::{DeliveryOutcome, Scope};

use super::caller::{Caller, PHONE, draft, wrong};
use super::test_world::Memory;

/// With two limits of each kind, as an operator would have.
fn caller() -> Caller {
    let limit = |scope, on| Limit { scope, on, max: Some(1_000), window_seconds: 3_600 };
    let limits = [Scope::Subject, Scope::Ip]
        .into_iter()
        .flat_map(|scope| [limit(scope, Activity::Send), limit(scope, Activity::Verify)])
        .collect();
    let mut caller = Caller::new(Memory::Forgets, settings::Policy { limits, ..draft() });
    caller.ip = Some("192.0.2.1".into());
    caller
}

#[test]
fn round_trips_stay_within_their_budget() {
    let caller = caller();
    let spent = || (caller.world.round_trips(), caller.world.operations());
    let (id, code) = caller.issued();
    println!("issue: {:?}", spent());
    let trips = |what: &str, most: u32| {
        let (trips, operations) = spent();
        println!("{what}: {trips} round trips, {operations} operations");
        assert_eq!(trips, most, "{what}");
    };
    caller.verify(&id, &wrong(&code)).unwrap_err();
    trips("a wrong code by id", 1);
    caller.verify_by_recipient(PHONE, &wrong(&code)).unwrap_err();
    trips("a wrong code by recipient", 1);
    caller.status(&id).unwrap();
    trips("status by id", 1);
    caller.status_by_recipient(PHONE).unwrap();
    trips("status by recipient", 1);
    caller.note(&id, 1, DeliveryOutcome::Failed).unwrap();
    trips("a report", 2);
    caller.note(&id, 1, DeliveryOutcome::Failed).unwrap();
    trips("the same report once more", 1);
    caller.status_by_recipient(PHONE).unwrap();
    trips("status after a report", 1);
    caller.verify(&id, &code).unwrap();
    trips("a right code by id", 2);
    caller.world.advance(60);
    caller.issue_to(None, PHONE, None).unwrap();
    trips("issue without a channel", 2);
    caller.verify_by_recipient(PHONE, &caller.code()).unwrap();
    trips("a right code by recipient", 2);
    caller.verify("login.made-up", &code).unwrap_err();
    caller.status("").unwrap_err();
    trips("a made-up id", 0);
}

#[test]
fn refusals_cost_at_most_one_round_trip_more() {
    let caller = caller();
    let (id, code) = caller.issued();
    caller.world.round_trips();
    assert!(matches!(caller.issue(), Err(Error::Throttled(_))));
    assert_eq!(caller.world.round_trips(), 2);
    caller.exhaust(&id, &code);
    assert_eq!(caller.world.round_trips(), 3 + 1);
    assert!(matches!(caller.verify(&id, &code), Err(Error::Exhausted(_))));
    assert_eq!(caller.world.round_trips(), 2);
}

#[test]
fn preparing_touches_no_store() {
    let caller = caller();
    caller.engine.prepare("default", "login").unwrap();
    assert_eq!(caller.engine.prepare("default", "nothing").unwrap_err(), Error::UnknownPurpose);
    assert_eq!(caller.world.round_trips(), 0);
}
