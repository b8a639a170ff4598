use super::{SECOND, Script, answered, ok, unavailable};
use crate::history::{Outcome, Rule, write};

#[test]
fn every_request_is_answered_unless_it_was_cut_on_purpose() {
    let cut = |outcome| Script::new().at(2).right((20, 30), "a", outcome);
    assert_eq!(cut(Outcome::Late).broken(), [Rule::NoAnswer]);
    assert_eq!(cut(Outcome::Cut).broken(), [Rule::NoAnswer]);
    assert_eq!(cut(Outcome::NotSent).broken(), [Rule::NoAnswer]);
    assert_eq!(cut(Outcome::HungUp).broken(), []);
    assert_eq!(cut(unavailable()).broken(), []);
    assert_eq!(cut(answered(500, "internal", "")).broken(), [Rule::Fault]);
    assert_eq!(cut(answered(504, "timeout", "")).broken(), [Rule::Fault]);
    for outcome in [Outcome::Cut, Outcome::NotSent] {
        let mut script = cut(outcome);
        script.terms.dead.push((1, 0..9 * SECOND));
        assert_eq!(script.broken(), [Rule::NoAnswer], "another process");
        script.terms.dead.push((2, 2_500_000..2_600_000));
        assert_eq!(script.broken(), []);
    }
    let mut script = cut(Outcome::Late);
    script.terms.dead.push((2, 0..9 * SECOND));
    script.terms.cut.push(0..9 * SECOND);
    assert_eq!(script.broken(), [Rule::NoAnswer], "a deadline is a deadline");
}

#[test]
fn all_is_well_again_when_the_last_request_began_that_was_not_served() {
    let mut script = Script::new().right((0, 80), "a", unavailable());
    script.terms.fault = 2 * SECOND..4 * SECOND;
    assert_eq!(script.verdict().figures.until_whole, 0);
    let script = script.right((55, 56), "a", Outcome::Cut).right((50, 99), "a", unavailable());
    let script = script.right((70, 75), "a", ok("a")).right((70, 71), "a", Outcome::HungUp);
    let figures = script.verdict().figures;
    assert_eq!(figures.until_whole, 1_500_000);
    assert_eq!((figures.requests, figures.unavailable, figures.cut), (4, 2, 1));
    assert_eq!((figures.successes, figures.hung_up, figures.slowest), (1, 1, 8 * SECOND));
}

#[test]
fn a_violation_is_shown_with_all_that_happened_to_its_recipient() {
    let script = Script::new().issued((0, 1), "a").right((2, 3), "a", ok("a"));
    let script = script.right((4, 5), "a", ok("a"));
    let mut history = script.history.clone();
    history
        .events
        .push(crate::history::Event { subject: "other".into(), ..history.events[0].clone() });
    let text = write::lines(&history, &script.verdict());
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.starts_with("{\"events\":[1,2],\"rule\":\"SecondSuccess\""), "{text}");
}
