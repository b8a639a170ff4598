use super::{Script, WRONG, answered, exhausted, not_found, ok, unavailable};
use crate::history::{Outcome, Request, Rule};

fn refused(script: Script) -> Vec<Rule> {
    script.right((50, 51), "a", not_found()).broken()
}

fn issued() -> Script {
    Script::new().issued((0, 1), "a")
}

#[test]
fn what_was_acknowledged_can_be_answered() {
    assert_eq!(refused(issued()), [Rule::Unanswerable]);
    // However often it is tried: one refusal is no excuse for the other.
    let twice = issued().right((50, 51), "a", not_found()).right((50, 51), "a", not_found());
    assert_eq!(twice.broken(), [Rule::Unanswerable; 2]);
    assert_eq!(issued().by_recipient((50, 51), "A", not_found()).broken(), [Rule::Unanswerable]);
    // Wrong codes are refused, and so is what no client was told of.
    assert_eq!(issued().code((50, 51), "a", WRONG, not_found()).broken(), []);
    let unheard = Script::new().event((0, 1), Request::Issue, unavailable());
    assert_eq!(unheard.right((50, 51), "a", not_found()).broken(), []);
}

#[test]
fn a_right_code_is_never_called_wrong() {
    let mismatch = || answered(422, "code_mismatch", "");
    let script = issued().right((2, 3), "a", ok("a")).lost((4, 5));
    assert_eq!(script.right((6, 7), "a", mismatch()).broken(), [Rule::Unanswerable]);
    // By recipient it may be, where it is that of an earlier challenge.
    let script = issued().right((2, 3), "a", ok("a")).issued((4, 5), "b");
    assert_eq!(script.by_recipient((6, 7), "A", mismatch()).broken(), []);
}

#[test]
fn what_stands_in_the_way_excuses_a_refusal() {
    assert_eq!(refused(issued().right((2, 3), "a", ok("a"))), []);
    assert_eq!(refused(issued().right((2, 3), "a", unavailable())), []);
    assert_eq!(refused(issued().right((2, 3), "a", Outcome::HungUp)), []);
    assert_eq!(refused(issued().right((40, 90), "a", ok("a"))), []);
    assert_eq!(refused(issued().issued((2, 3), "b").right((4, 5), "b", ok("b"))), []);
    assert_eq!(refused(issued().revoke((2, 3), "a", answered(204, "", ""))), []);
    assert_eq!(refused(issued().revoke((2, 3), "a", unavailable())), []);
    assert_eq!(refused(issued().event((2, 3), Request::Unlock, answered(204, "", ""))), []);
    assert_eq!(refused(issued().lost((30, 40))), []);
    assert_eq!(refused(issued().lost_of((30, 40), Some(7..9), false).in_part(8)), []);
    let followed = issued().issued((2, 3), "b").issued((4, 5), "c");
    let last = followed.clone().event((6, 7), Request::Issue, unavailable());
    assert_eq!(refused(last), []);
    let old = issued().right((985, 986), "a", answered(410, "challenge_expired", ""));
    assert_eq!(old.broken(), []);
    assert_eq!(refused(followed), [Rule::Unanswerable]);
}

#[test]
fn what_does_not_stand_in_the_way_excuses_nothing() {
    for script in [
        issued().right((60, 61), "a", ok("a")),
        issued().right((2, 3), "a", Outcome::NotSent),
        issued().code((2, 3), "a", WRONG, unavailable()),
        issued().revoke((2, 3), "a", not_found()),
        issued().revoke((2, 3), "b", answered(204, "", "")),
        issued().lost((60, 70)),
        issued().lost_of((30, 40), Some(7..9), false).in_part(6),
        Script::new().lost((0, 1)).issued((2, 3), "a"),
    ] {
        assert!(refused(script.clone()).contains(&Rule::Unanswerable), "{:?}", script.history);
    }
}

#[test]
fn the_code_of_a_revoked_challenge_may_look_like_an_answer_for_a_moment() {
    let both = || issued().issued((2, 3), "b").right((49, 52), "b", not_found());
    assert!(refused(both()).contains(&Rule::Unanswerable));
    let revoked = both().revoke((48, 50), "b", answered(204, "", ""));
    assert_eq!(refused(revoked), []);
}

#[test]
fn attempts_are_spent_by_other_codes_only() {
    let spent = issued().mismatch((2, 3), "a").mismatch((2, 3), "a");
    let told = |script: Script| script.right((50, 51), "a", exhausted()).broken();
    assert_eq!(told(spent.clone()), [Rule::Unanswerable]);
    assert_eq!(told(spent.clone().mismatch((4, 5), "a")), []);
    assert_eq!(told(spent.clone().by_recipient((4, 5), WRONG, unavailable())), []);
    assert_eq!(
        told(spent.by_recipient((4, 5), WRONG, Outcome::NotSent)),
        [Rule::Unanswerable, Rule::NoAnswer].into_iter().rev().collect::<Vec<_>>()
    );
}

#[test]
fn by_recipient_the_answer_is_about_the_newest() {
    let mut script = issued().issued((2, 3), "b").revoke((4, 5), "b", answered(204, "", ""));
    let told = |script: &Script| {
        let outcome = answered(410, "challenge_revoked", "");
        script.clone().by_recipient((50, 51), "A", outcome).broken()
    };
    assert_eq!(told(&script), [Rule::Unanswerable]);
    for _ in 0..3 {
        script = script.mismatch((6, 7), "a");
    }
    assert_eq!(told(&script), []);
}

#[test]
fn of_two_clocks_nothing_is_said() {
    let mut script = issued().at(1).right((50, 51), "a", not_found());
    script.terms.clocks.insert(1, -120_000_000);
    assert_eq!(script.broken(), []);
    script.terms.clocks.insert(0, -120_000_000);
    assert_eq!(script.broken(), [Rule::Unanswerable]);
}
