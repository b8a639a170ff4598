//! The cases.

use std::time::Instant;

use countersign_core::request::DeliveryOutcome;

use crate::client::Call;
use crate::explorer::{Conditions, Explorer, Extent};
use crate::properties::{Case, hold};
use crate::scene::Scene;

const NOTHING: Conditions =
    Conditions { store_fails: false, sender_fails: false, clock_jumps: 0, writes_in_time: false };
const STORE: Conditions = Conditions { store_fails: true, ..NOTHING };
const SENDER: Conditions = Conditions { sender_fails: true, ..NOTHING };

fn explore(name: &str, scene: &Scene, calls: &[Call], conditions: Conditions) {
    let case = Case { scene, calls, conditions };
    let began = Instant::now();
    let extent = Explorer::explore(
        scene.store.clone(),
        scene.now,
        scene.clients(calls),
        conditions,
        &|ending| hold(&case, ending),
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
    let coming = Call::Verify(None, scene.code_to_come(0));
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
