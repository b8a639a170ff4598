//! The cases.

use std::time::Instant;

use countersign_contract::otp::Error;
use countersign_contract::settings::{self, Activity, Limit, ResendCode};
use countersign_contract::types::{DeliveryOutcome, Scope};

use crate::client::{AFTER, Ask, BEFORE, Call};
use crate::explorer::{Conditions, Course, Ending, Explorer, Extent};
use crate::properties::{Case, hold};
use crate::scene::{Scene, other};

mod purposes;

const NOTHING: Conditions = Conditions {
    store_fails: false,
    sender_fails: false,
    clock_jumps: 0,
    writes_in_time: false,
    loses: None,
    zombies: false,
    failures: 0,
    skew: [0; 4],
    batches_are_atomic: false,
};
const STORE: Conditions = Conditions { store_fails: true, ..NOTHING };
const SENDER: Conditions = Conditions { sender_fails: true, ..NOTHING };
/// What the stores of the host do.
const ATOMIC: Conditions = Conditions { batches_are_atomic: true, ..NOTHING };

fn explore(name: &str, scene: &Scene, calls: &[Call], conditions: Conditions) {
    let asks: Vec<Ask> = calls.iter().cloned().map(Ask::from).collect();
    explore_asked(name, scene, &asks, conditions, &|_| None);
}

/// Explores calls in their circumstances, and holds each ending to one more property.
fn explore_asked(
    name: &str,
    scene: &Scene,
    asks: &[Ask],
    conditions: Conditions,
    property: &dyn Fn(&Ending<'_>) -> Option<String>,
) {
    let calls: Vec<Call> = asks.iter().map(|ask| ask.call.clone()).collect();
    let case = Case { scene, asks, calls: &calls, conditions };
    let began = Instant::now();
    let extent = Explorer::explore(
        scene.store.clone(),
        scene.now,
        scene.clients(asks),
        conditions,
        &|ending| hold(&case, ending, property),
    );
    let Extent { schedules, states, endings } = extent;
    let elapsed = began.elapsed();
    println!("{name}: {schedules} schedules, {states} states, {endings} endings in {elapsed:.1?}");
    assert!(endings > 0);
}

fn under_all(name: &str, scene: &Scene, calls: &[Call]) {
    explore(name, scene, calls, NOTHING);
    explore(&format!("{name}, the store fails"), scene, calls, STORE);
    if calls.iter().any(|call| matches!(call, Call::Issue | Call::Resend(_))) {
        explore(&format!("{name}, the sender fails"), scene, calls, SENDER);
    }
}

#[test]
fn issue_issue_and_a_right_code() {
    let scene = Scene::new(3, 0, 60);
    under_all("issue/issue/right", &scene, &[Call::Issue, Call::Issue, scene.right_code()]);
    let coming = Call::Verify(None, scene.code_to_come(0, Call::Issue));
    explore("issue/issue/right new", &scene, &[Call::Issue, Call::Issue, coming], NOTHING);
}

#[test]
fn three_right_codes() {
    let scene = Scene::new(3, 0, 60);
    let right = scene.right_code();
    under_all("right/right/right", &scene, &[right.clone(), right.clone(), right]);
}

#[test]
fn wrong_codes_beyond_the_budget() {
    let scene = Scene::new(2, 0, 60);
    let wrong = scene.wrong_code();
    under_all("wrong/wrong/wrong", &scene, &[wrong.clone(), wrong.clone(), wrong.clone()]);
    let right = scene.right_code();
    under_all("wrong/wrong/right", &scene, &[wrong.clone(), wrong.clone(), right.clone()]);
    let spent = Scene::new(3, 2, 60);
    let calls = [spent.wrong_code(), spent.wrong_code(), spent.right_code()];
    explore("one left: wrong/wrong/right", &spent, &calls, NOTHING);
}

#[test]
fn verify_revoke_and_verify() {
    let scene = Scene::new(3, 0, 60);
    let revoke = Call::Revoke(scene.id.clone());
    under_all(
        "right/revoke/right",
        &scene,
        &[scene.right_code(), revoke.clone(), scene.right_code()],
    );
    under_all(
        "right/revoke/wrong",
        &scene,
        &[scene.right_code(), revoke.clone(), scene.wrong_code()],
    );
    under_all("revoke/revoke/wrong", &scene, &[revoke.clone(), revoke.clone(), scene.wrong_code()]);
    let spent = Scene::new(3, 2, 60);
    let calls = [spent.wrong_code(), Call::Revoke(spent.id.clone()), spent.right_code()];
    under_all("one left: wrong/revoke/right", &spent, &calls);
}

#[test]
fn an_issue_while_codes_are_verified() {
    let scene = Scene::new(3, 0, 60);
    under_all("issue/right/wrong", &scene, &[Call::Issue, scene.right_code(), scene.wrong_code()]);
    let spent = Scene::new(3, 2, 60);
    let calls = [Call::Issue, spent.right_code(), spent.wrong_code()];
    under_all("one left: issue/right/wrong", &spent, &calls);
}

#[test]
fn a_resend_while_codes_are_verified() {
    let scene = Scene::new(3, 0, 60);
    let resend = Call::Resend(scene.id.clone());
    let calls = [resend.clone(), scene.right_code(), scene.wrong_code()];
    under_all("resend/right/wrong", &scene, &calls);
    under_all("resend/resend/right", &scene, &[resend.clone(), resend, scene.right_code()]);
}

#[test]
fn resend_issue_and_revoke() {
    let scene = Scene::new(3, 0, 60);
    let calls = [Call::Resend(scene.id.clone()), Call::Issue, Call::Revoke(scene.id.clone())];
    under_all("resend/issue/revoke", &scene, &calls);
}

#[test]
fn what_providers_report_while_a_challenge_is_sent_again_or_replaced() {
    let scene = Scene::new(3, 0, 60);
    let note = |outcome| Call::Note(scene.id.clone(), 1, outcome);
    let [arrived, lost] = [note(DeliveryOutcome::Delivered), note(DeliveryOutcome::Failed)];
    let resend = Call::Resend(scene.id.clone());
    under_all("arrived/lost/resend", &scene, &[arrived.clone(), lost.clone(), resend]);
    under_all("arrived/lost/issue", &scene, &[arrived.clone(), lost.clone(), Call::Issue]);
    under_all("arrived/lost/right", &scene, &[arrived, lost, scene.right_code()]);
}

#[test]
fn an_unlock_while_codes_are_verified() {
    let scene = Scene::new(3, 2, 60);
    under_all(
        "unlock/right/wrong",
        &scene,
        &[Call::Unlock, scene.right_code(), scene.wrong_code()],
    );
    under_all("unlock/issue/wrong", &scene, &[Call::Unlock, Call::Issue, scene.wrong_code()]);
}

/// The lease's windows are named after the time: who asks in one and who asks in the next must see each other. And who
/// reads the clock before the end and wins after it must not succeed.
#[test]
fn the_clock_moves_on_in_between() {
    let scene = Scene::new(3, 0, 60);
    let clock = |clock_jumps| Conditions { clock_jumps, ..NOTHING };
    let calls = [Call::Issue, Call::Resend(scene.id.clone())];
    explore("issue/resend over a window's end", &scene, &calls, clock(20));
    let lease = Conditions { writes_in_time: true, ..clock(40) };
    explore("issue/resend over the lease's end", &scene, &calls, lease);
    let calls = [Call::Issue, scene.right_code(), scene.wrong_code()];
    explore("issue/right/wrong over the challenge's end", &scene, &calls, clock(600));
}

#[test]
fn x1_right_revoke_revoke() {
    let scene = Scene::new(3, 0, 60);
    let revoke = Call::Revoke(scene.id.clone());
    explore("right/revoke/revoke", &scene, &[scene.right_code(), revoke.clone(), revoke], NOTHING);
}

#[test]
fn x2_right_revoke_unlock() {
    let scene = Scene::new(3, 0, 60);
    let revoke = Call::Revoke(scene.id.clone());
    explore("right/revoke/unlock", &scene, &[scene.right_code(), revoke, Call::Unlock], NOTHING);
}

#[test]
fn x2b_right_right_unlock() {
    let scene = Scene::new(3, 0, 60);
    explore("right/unlock", &scene, &[scene.right_code(), Call::Unlock], NOTHING);
}

#[test]
fn x3_late_write() {
    let scene = Scene::new(3, 0, 60);
    let clock = Conditions { clock_jumps: 40, ..NOTHING };
    let calls = [Call::Issue, Call::Resend(scene.id.clone())];
    explore("issue/resend, a write that comes late", &scene, &calls, clock);
}

#[test]
#[ignore = "takes a minute: cargo xtask explore"]
fn x4_four_verifies() {
    let scene = Scene::new(3, 0, 60);
    let (right, wrong) = (scene.right_code(), scene.wrong_code());
    explore("wrong x3 right", &scene, &[wrong.clone(), wrong.clone(), wrong, right], NOTHING);
}

#[test]
fn x4b_issue_issue_resend() {
    let scene = Scene::new(3, 0, 60);
    explore(
        "issue x2 resend",
        &scene,
        &[Call::Issue, Call::Issue, Call::Resend(scene.id.clone())],
        NOTHING,
    );
}

fn losing(name: &'static str) -> Conditions {
    Conditions { loses: Some(name), ..NOTHING }
}

#[test]
fn y1_lost_odometer_verify() {
    let scene = Scene::new(2, 1, 60);
    let wrong = scene.wrong_code();
    explore(
        "lost odometer: wrong x3",
        &scene,
        &[wrong.clone(), wrong.clone(), wrong],
        losing(":odometer"),
    );
}

#[test]
fn y2_lost_odometer_resend() {
    let scene = Scene::new(2, 1, 60);
    let wrong = scene.wrong_code();
    explore(
        "lost odometer: wrong wrong resend",
        &scene,
        &[wrong.clone(), wrong, Call::Resend(scene.id.clone())],
        losing(":odometer"),
    );
}

#[test]
fn y2b_lost_odometer_issue() {
    let scene = Scene::new(2, 1, 60);
    let wrong = Call::Verify(None, "000000".into());
    explore(
        "lost odometer: wrong wrong issue",
        &scene,
        &[wrong.clone(), wrong, Call::Issue],
        losing(":odometer"),
    );
}

#[test]
fn y3_lost_used() {
    let scene = Scene::new(3, 0, 60);
    let right = scene.right_code();
    explore("lost used: right right", &scene, &[right.clone(), right], losing(":verdict:"));
}

#[test]
fn y4_lost_everything() {
    let scene = Scene::new(2, 1, 60);
    let (right, wrong) = (scene.right_code(), scene.wrong_code());
    explore(
        "lost everything: right wrong issue",
        &scene,
        &[right, wrong, Call::Issue],
        losing("{"),
    );
}

#[test]
fn y5_skew() {
    let scene = Scene::new(3, 0, 60);
    for skew in [1, 15, 29, 30] {
        let scene = scene.clone();
        let conditions = Conditions { skew: [0, skew, 0, 0], ..NOTHING };
        let calls = [Call::Issue, Call::Resend(scene.id.clone())];
        explore("skew: issue/resend", &scene, &calls, conditions);
    }
}

#[test]
fn y6_zombies() {
    let scene = Scene::new(3, 0, 60);
    let conditions = Conditions { zombies: true, ..STORE };
    explore("zombie: issue/right", &scene, &[Call::Issue, scene.right_code()], conditions);
    explore(
        "zombie: issue/resend",
        &scene,
        &[Call::Issue, Call::Resend(scene.id.clone())],
        conditions,
    );
    explore(
        "zombie: right/wrong/revoke",
        &scene,
        &[scene.right_code(), scene.wrong_code(), Call::Revoke(scene.id.clone())],
        conditions,
    );
}

#[test]
fn y7_two_failures() {
    let scene = Scene::new(2, 1, 60);
    let conditions = Conditions { failures: 2, ..STORE };
    explore(
        "two failures: right/wrong/issue",
        &scene,
        &[scene.right_code(), scene.wrong_code(), Call::Issue],
        conditions,
    );
    explore(
        "two failures: wrong/wrong/right",
        &scene,
        &[scene.wrong_code(), scene.wrong_code(), scene.right_code()],
        conditions,
    );
}

#[test]
fn y8_skew_and_a_slow_send() {
    let scene = Scene::new(3, 0, 60);
    for (skew, jump) in
        [(5, 20), (10, 20), (15, 20), (20, 20), (25, 20), (6, 24), (10, 24), (29, 10), (29, 2)]
    {
        let scene = scene.clone();
        let conditions = Conditions { skew: [0, skew, 0, 0], clock_jumps: jump, ..NOTHING };
        let calls = [Call::Issue, Call::Resend(scene.id.clone())];
        explore("skew and a slow send: issue/resend", &scene, &calls, conditions);
    }
}

#[test]
fn y10_right_right_revoke() {
    let scene = Scene::new(3, 0, 60);
    explore(
        "right/right/revoke",
        &scene,
        &[scene.right_code(), scene.right_code(), Call::Revoke(scene.id.clone())],
        NOTHING,
    );
    explore(
        "unlock/unlock/right",
        &scene,
        &[scene.right_code(), Call::Unlock, Call::Unlock],
        NOTHING,
    );
    explore(
        "unlock/issue/right",
        &scene,
        &[scene.right_code(), Call::Unlock, Call::Issue],
        NOTHING,
    );
    explore(
        "revoke/issue/right",
        &scene,
        &[scene.right_code(), Call::Revoke(scene.id.clone()), Call::Issue],
        NOTHING,
    );
    explore(
        "revoke/issue/wrong",
        &scene,
        &[scene.wrong_code(), Call::Revoke(scene.id.clone()), Call::Issue],
        NOTHING,
    );
}

const SEND_LIMIT: Limit =
    Limit { scope: Scope::Tenant, on: Activity::Send, max: Some(2), window_seconds: 86_400 };

fn nothing_more(_: &Ending<'_>) -> Option<String> {
    None
}

fn under_all_asked(name: &str, scene: &Scene, asks: &[Ask]) {
    explore_asked(name, scene, asks, NOTHING, &nothing_more);
    explore_asked(&format!("{name}, the store fails"), scene, asks, STORE, &nothing_more);
    explore_asked(&format!("{name}, the sender fails"), scene, asks, SENDER, &nothing_more);
}

/// One more may be sent, of whichever purpose.
#[test]
fn sends_at_a_limit() {
    let scene = Scene::with(
        settings::Policy { limits: vec![SEND_LIMIT], ..settings::Policy::default() },
        Call::Issue,
        0,
    );
    let [login, reset] = [Ask::from(Call::Issue), Ask::from(Call::Issue).of("reset")];
    let resend = Ask::from(Call::Resend(scene.id.clone()));
    under_all_asked("limit: login/reset", &scene, &[login.clone(), reset.clone()]);
    let asks = [login, reset, resend];
    explore_asked("limit: login/reset/resend", &scene, &asks, NOTHING, &nothing_more);
    explore_asked("limit: lost", &scene, &asks[1..], losing(":limit:"), &nothing_more);
}

/// A challenge of a transaction, one of another beside it, and answers for both.
#[test]
fn answers_for_two_transactions() {
    let issue = |reference| Ask::from(Call::Issue).for_reference(reference);
    let scene = Scene::with(settings::Policy::default(), issue("a"), 0);
    let [own, other] =
        ["a", "b"].map(|reference| Ask::from(scene.right_code()).for_reference(reference));
    let by_recipient = |code: String| Ask::from(Call::Verify(None, code));
    let first = by_recipient(scene.code.clone()).for_reference("b");
    let coming = by_recipient(scene.code_to_come(2, issue("b"))).for_reference("b");
    under_all_asked("references: a/b/issue b", &scene, &[own.clone(), other, issue("b")]);
    explore_asked(
        "references: a/b by recipient/issue b",
        &scene,
        &[own, coming, issue("b")],
        NOTHING,
        &nothing_more,
    );
    let wrong = Ask::from(scene.wrong_code()).for_reference("a");
    let asks = [first, wrong, issue("b")];
    explore_asked("references: b/wrong/issue b", &scene, &asks, NOTHING, &nothing_more);
}

#[test]
fn a_resend_with_a_new_code_while_codes_are_verified() {
    let draft =
        settings::Policy { resend_code: Some(ResendCode::New), ..settings::Policy::default() };
    let scene = Scene::with(draft, Call::Issue, 0);
    let resend = Call::Resend(scene.id.clone());
    let new = Call::Verify(Some(scene.id.clone()), scene.code_to_come(0, resend.clone()));
    under_all("new: resend/old/new", &scene, &[resend.clone(), scene.right_code(), new]);
    under_all("new: resend/issue/old", &scene, &[resend, Call::Issue, scene.right_code()]);
}

/// Processes of a deployment while its keys are rotated.
#[test]
fn calls_under_keys_that_are_being_rotated() {
    let issue = |keys| Ask::from(Call::Issue).with_keys(keys);
    let scene = Scene::with(settings::Policy::default(), issue(BEFORE), 0);
    let ask = |call: Call, keys| Ask::from(call).with_keys(keys);
    let right = |keys| ask(scene.right_code(), keys);
    let wrong = ask(scene.wrong_code(), BEFORE);
    let resend = ask(Call::Resend(scene.id.clone()), AFTER);
    let revoke = ask(Call::Revoke(scene.id.clone()), AFTER);
    let asks = [right(BEFORE), right(AFTER), issue(AFTER)];
    explore_asked("keys: right/right/issue", &scene, &asks, NOTHING, &nothing_more);
    under_all_asked("keys: right/wrong/resend", &scene, &[right(AFTER), wrong, resend]);
    let asks = [issue(BEFORE), issue(AFTER), revoke];
    explore_asked("keys: issue/issue/revoke", &scene, &asks, NOTHING, &nothing_more);
}

#[test]
fn four_calls() {
    let scene = Scene::new(3, 0, 60);
    let (right, wrong) = (scene.right_code(), scene.wrong_code());
    let revoke = Call::Revoke(scene.id.clone());
    let calls = [wrong.clone(), revoke.clone(), revoke, Call::Unlock];
    explore("wrong/revoke/revoke/unlock", &scene, &calls, NOTHING);
    let note = |outcome| Call::Note(scene.id.clone(), 1, outcome);
    let calls =
        [note(DeliveryOutcome::Delivered), note(DeliveryOutcome::Failed), right, Call::Unlock];
    explore("arrived/lost/right/unlock", &scene, &calls, NOTHING);
    // Four of the longer ones, over the stores of the host.
    let calls = [scene.right_code(), scene.right_code(), scene.wrong_code(), Call::Issue];
    explore("right/right/wrong/issue", &scene, &calls, ATOMIC);
    let calls = [
        scene.right_code(),
        scene.wrong_code(),
        Call::Revoke(scene.id.clone()),
        Call::Resend(scene.id.clone()),
    ];
    explore("right/wrong/revoke/resend", &scene, &calls, ATOMIC);
}
