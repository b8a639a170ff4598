use super::{Script, not_found, ok, unavailable};
use crate::history::{Outcome, Request, Rule};

#[test]
fn one_success_of_a_challenge_is_right_whatever_else_was_tried() {
    let script = Script::new().issued((0, 1), "a");
    let script = script.right((2, 5), "a", ok("a")).right((2, 5), "a", not_found());
    let script = script.right((2, 9), "a", Outcome::Late).right((6, 7), "a", unavailable());
    assert_eq!(script.broken(), [Rule::NoAnswer]);
}

#[test]
fn two_successes_of_a_challenge_are_a_violation_in_any_order_and_at_the_same_time() {
    for (first, second) in [((2, 3), (4, 5)), ((2, 5), (3, 4)), ((4, 5), (2, 3))] {
        let script = Script::new().issued((0, 1), "a").right(first, "a", ok("a"));
        let script = script.by_recipient(second, "A", ok("a"));
        assert_eq!(script.broken(), [Rule::SecondSuccess]);
        // Also where something was lost in between, which excuses much, but not this.
        assert!(script.lost((3, 4)).broken().contains(&Rule::SecondSuccess));
    }
}

#[test]
fn of_challenges_that_share_their_attempts_one_succeeds() {
    let both = Script::new().issued((0, 1), "a").issued((2, 3), "b");
    let one = both.clone().right((4, 5), "a", ok("a"));
    assert_eq!(one.clone().right((6, 7), "b", ok("b")).broken(), [Rule::SecondSuccess]);
    assert_eq!(one.clone().right((6, 7), "b", not_found()).broken(), []);
    // What the first one's end leaves open: which came first, and whose attempts those of the second are.
    assert_eq!(one.clone().right((5, 6), "b", ok("b")).broken(), []);
    let later = Script::new().issued((0, 1), "a").right((2, 3), "a", ok("a")).issued((3, 4), "b");
    assert_eq!(later.right((5, 6), "b", ok("b")).broken(), []);
    let over = Script::new().issued((0, 1), "a").issued((980, 981), "b");
    let over = over.right((982, 983), "a", ok("a")).right((984, 985), "b", ok("b"));
    assert_eq!(over.broken(), []);
    let lost = one.clone().lost((1, 2)).right((6, 7), "b", ok("b"));
    assert_eq!(lost.broken(), []);
    // What is forgotten after both were issued is forgotten of both.
    let lost = one.clone().lost((5, 6)).right((7, 8), "b", ok("b"));
    assert_eq!(lost.broken(), [Rule::SecondSuccess, Rule::AfterEnd]);
    let mut clocks = one.clone().right((6, 7), "b", ok("b")).at(1).issued((1, 2), "c");
    clocks.terms.clocks.insert(1, -90_000_000);
    assert_eq!(clocks.broken(), []);
    let unlocked = both.event((1, 4), Request::Unlock, super::answered(204, "", ""));
    let unlocked = unlocked.right((4, 5), "a", ok("a")).right((6, 7), "b", ok("b"));
    assert_eq!(unlocked.broken(), []);
}

#[test]
fn a_wrong_code_and_another_challenges_code_let_nothing_succeed() {
    let script = Script::new().issued((0, 1), "a").issued((0, 1), "b");
    let wrong = script.clone().code((2, 3), "a", super::WRONG, ok("a"));
    assert_eq!(wrong.broken(), [Rule::WrongSuccess]);
    let others = script.clone().code((2, 3), "a", "B", ok("b"));
    assert_eq!(others.broken(), [Rule::WrongSuccess]);
    assert_eq!(script.by_recipient((2, 3), "B", ok("b")).broken(), []);
}
