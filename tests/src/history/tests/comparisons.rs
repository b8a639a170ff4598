use super::{Script, WRONG, answered, not_found, ok, unavailable};
use crate::history::{Outcome, Request, Rule};

fn mismatched() -> Outcome {
    answered(422, "code_mismatch", "")
}

#[test]
fn a_challenge_compares_no_more_codes_than_it_has_attempts() {
    let mut script = Script::new().issued((0, 1), "a");
    for span in [(2, 9), (3, 5), (4, 8)] {
        script = script.mismatch(span, "a");
    }
    // It is unknown whether these were compared.
    let script = script.right((4, 9), "a", unavailable()).code((4, 9), "a", WRONG, Outcome::Cut);
    let script = script.code((4, 9), "a", WRONG, Outcome::HungUp);
    assert_eq!(script.broken(), [Rule::NoAnswer]);
    assert!(script.clone().mismatch((5, 6), "a").broken().contains(&Rule::OverLimit));
    assert!(script.clone().right((5, 6), "a", ok("a")).broken().contains(&Rule::OverLimit));
    // A loss takes a challenge away; it gives it no new attempts.
    assert!(script.lost((5, 6)).mismatch((7, 8), "a").broken().contains(&Rule::OverLimit));
}

#[test]
fn challenges_that_live_side_by_side_share_their_attempts() {
    let script = Script::new().issued((0, 1), "a").mismatch((2, 3), "a").issued((3, 4), "b");
    let script = script.mismatch((5, 6), "b").by_recipient((5, 6), WRONG, mismatched());
    assert_eq!(script.broken(), []);
    for over in [
        script.clone().mismatch((7, 8), "a"),
        script.clone().mismatch((7, 8), "b"),
        script.clone().by_recipient((7, 8), WRONG, mismatched()),
        script.clone().right((7, 8), "b", ok("b")),
    ] {
        assert_eq!(over.broken(), [Rule::OverLimit]);
    }
}

#[test]
fn what_may_have_ended_a_budget_begins_another() {
    let spent = |begin: Script| {
        let begin = begin.mismatch((2, 3), "a").mismatch((2, 3), "a");
        let begin = begin.by_recipient((3, 4), WRONG, mismatched());
        begin.issued((50, 51), "b").mismatch((52, 53), "b").mismatch((52, 53), "b")
    };
    let begin = || Script::new().issued((0, 1), "a");
    assert_eq!(spent(begin()).broken(), [Rule::OverLimit]);
    let unlock = |script: Script, outcome| script.event((10, 20), Request::Unlock, outcome);
    for excused in [
        spent(begin().right((10, 20), "a", unavailable())),
        spent(begin().by_recipient((10, 20), "A", unavailable())),
        spent(unlock(begin(), answered(204, "", ""))),
        spent(begin().lost((10, 20))),
        // The code of a challenge that is being revoked ends the attempts of those beside it.
        spent(begin().issued((2, 3), "c").revoke((5, 9), "c", answered(204, "", "")).right(
            (6, 9),
            "c",
            not_found(),
        )),
        // Carried out late.
        spent(begin().right((1, 2), "a", unavailable())),
    ] {
        assert_eq!(excused.broken(), []);
    }
    for unexcused in [
        spent(begin().right((10, 20), "a", not_found())),
        spent(begin().code((10, 20), "a", WRONG, unavailable())),
        spent(unlock(begin(), Outcome::NotSent)),
        spent(begin().lost((100, 120))),
    ] {
        assert!(unexcused.broken().contains(&Rule::OverLimit), "{:?}", unexcused.history);
    }
}

#[test]
fn a_recipients_codes_count_where_it_is_known_whose_attempts_they_took() {
    // These may have been compared with an earlier challenge.
    let script = Script::new().by_recipient((0, 2), WRONG, mismatched());
    let script = script.by_recipient((0, 2), WRONG, mismatched()).issued((1, 2), "a");
    let script = script.mismatch((3, 4), "a").mismatch((3, 4), "a").mismatch((3, 4), "a");
    assert_eq!(script.broken(), []);
    // A lifetime is over, and a new budget may have begun.
    let script = Script::new().issued((0, 1), "a").mismatch((2, 3), "a").mismatch((2, 3), "a");
    let script = script.issued((990, 991), "b").mismatch((992, 993), "b").mismatch((992, 993), "b");
    assert_eq!(script.broken(), []);
}

#[test]
fn a_process_with_another_clock_may_begin_another_budget() {
    let script = Script::new().issued((0, 1), "a").mismatch((2, 3), "a").mismatch((2, 3), "a");
    let script = script.at(1).issued((4, 5), "b").mismatch((6, 7), "b").mismatch((6, 7), "b");
    assert_eq!(script.broken(), [Rule::OverLimit]);
    let mut other = script.clone();
    other.terms.clocks.insert(1, -10_000_000);
    assert_eq!(other.broken(), []);
    let other = other.mismatch((8, 9), "b").mismatch((8, 9), "b");
    assert_eq!(other.broken(), [Rule::OverLimit]);
}
