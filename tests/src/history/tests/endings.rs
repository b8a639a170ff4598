use super::{Script, WRONG, answered, exhausted, ok, unavailable};
use crate::history::{Outcome, Rule};

fn expired() -> Outcome {
    answered(410, "challenge_expired", "")
}

#[test]
fn nothing_succeeds_after_its_revocation_was_acknowledged() {
    let script = Script::new().issued((0, 1), "a").issued((0, 1), "b");
    let revoked = script.clone().revoke((2, 4), "a", answered(204, "", ""));
    assert_eq!(revoked.clone().right((5, 6), "a", ok("a")).broken(), [Rule::AfterEnd]);
    assert_eq!(revoked.clone().by_recipient((5, 6), "A", ok("a")).broken(), [Rule::AfterEnd]);
    // It began before, or is another one.
    assert_eq!(revoked.clone().right((3, 9), "a", ok("a")).broken(), []);
    assert_eq!(revoked.right((5, 6), "b", ok("b")).broken(), []);
    // No client heard that it was revoked.
    for outcome in [unavailable(), Outcome::HungUp, answered(404, "challenge_not_found", "")] {
        let tried = script.clone().revoke((2, 4), "a", outcome);
        assert_eq!(tried.right((5, 6), "a", ok("a")).broken(), []);
    }
    let told = script.code((2, 3), "a", WRONG, answered(410, "challenge_revoked", ""));
    assert_eq!(told.right((5, 6), "a", ok("a")).broken(), [Rule::AfterEnd]);
}

#[test]
fn nothing_succeeds_after_its_expiry_was_told_or_its_time_was_over() {
    let script = Script::new().issued((0, 1), "a").code((900, 901), "a", WRONG, expired());
    assert_eq!(script.clone().right((902, 903), "a", ok("a")).broken(), [Rule::AfterEnd]);
    // Told by a clock that is fast, accepted by one that is right.
    let mut fast = script.clone();
    fast.terms.clocks.insert(0, 120_000_000);
    assert_eq!(fast.clone().at(1).right((902, 903), "a", ok("a")).broken(), []);
    assert_eq!(fast.right((902, 903), "a", ok("a")).broken(), [Rule::AfterEnd]);
    let script = Script::new().issued((0, 1), "a");
    assert_eq!(script.clone().right((1_015, 1_016), "a", ok("a")).broken(), []);
    let mut late = script.right((1_032, 1_033), "a", ok("a"));
    assert_eq!(late.broken(), [Rule::AfterEnd]);
    late.terms.clocks.insert(0, -120_000_000);
    assert_eq!(late.broken(), []);
}

#[test]
fn nothing_succeeds_after_its_attempts_were_said_to_be_spent() {
    let script = Script::new().issued((0, 1), "a").code((4, 5), "a", WRONG, exhausted());
    assert_eq!(script.clone().right((6, 7), "a", ok("a")).broken(), [Rule::AfterEnd]);
    // An attempt was under way that compared nothing: it was counted for a moment, and then was not.
    let beside = script.clone().code((3, 6), "b", WRONG, expired());
    assert_eq!(beside.right((7, 8), "a", ok("a")).broken(), []);
    let unknown = script.clone().code((1, 2), "a", WRONG, unavailable());
    assert_eq!(unknown.right((6, 7), "a", ok("a")).broken(), []);
    // One that was over before, or began after, was not counted then.
    let apart = script.code((2, 3), "b", WRONG, expired()).code((6, 6), "b", WRONG, expired());
    assert_eq!(apart.right((7, 8), "a", ok("a")).broken(), [Rule::AfterEnd]);
}

#[test]
fn what_the_store_may_have_forgotten_succeeds_no_more() {
    let succeeded = |script: Script| script.right((8, 9), "a", ok("a")).broken();
    let issued = || Script::new().issued((0, 1), "a");
    assert_eq!(succeeded(issued().lost((4, 5))), [Rule::AfterEnd]);
    // Before or after, as far as anybody can tell.
    assert_eq!(succeeded(issued().lost((1, 5))), []);
    assert_eq!(succeeded(issued().lost((4, 8))), []);
    // It may be back by then.
    assert_eq!(succeeded(issued().lost_of((4, 5), None, false)), []);
    // Of its own part of the store, or of another.
    assert_eq!(succeeded(issued().lost_of((4, 5), Some(7..9), true).in_part(7)), [Rule::AfterEnd]);
    assert_eq!(succeeded(issued().lost_of((4, 5), Some(7..9), true).in_part(9)), []);
    assert_eq!(succeeded(issued().lost_of((4, 5), Some(7..9), true)), []);
}
