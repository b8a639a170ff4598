//! The checker is shown to catch what it is there for: the same load on the native core, over a store that keeps its
//! promises and over some that don't.

mod core;
mod store;

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_tests::history::{History, Outcome, Rule, Verdict, check, write};
use fastrand::Rng;

use self::core::Native;
use self::store::Flaw;
use crate::load::Load;
use crate::run::{kept, terms};

/// What each client does.
const TURNS: usize = 60;

async fn history(flaw: Flaw, seed: u64) -> History {
    let load = Load::new(Arc::new(Native::new(flaw, seed)), 1);
    load.begin(seed, TURNS).join_all().await;
    load.reckon(usize::MAX).await;
    load.history()
}

async fn verdict(flaw: Flaw, seed: u64) -> Verdict {
    let history = history(flaw, seed).await;
    let verdict = check(&history, &terms());
    if flaw == Flaw::None && !verdict.violations.is_empty() {
        println!("{}", kept(&write::lines(&history, &verdict)).display());
    }
    let figures = &verdict.figures;
    assert!(figures.successes > 100 && figures.compared > 300, "hardly a load: {figures:?}");
    verdict
}

/// The rules that some of a few runs break.
async fn broken(flaw: Flaw) -> BTreeSet<Rule> {
    let mut rules = BTreeSet::new();
    for seed in 0..3 {
        rules.extend(verdict(flaw, seed).await.violations.iter().map(|violation| violation.rule));
    }
    println!("{flaw:?}: {rules:?}");
    rules
}

#[tokio::test]
async fn of_a_store_that_keeps_its_promises_nothing_is_said() {
    for seed in 0..40 {
        let verdict = verdict(Flaw::None, seed).await;
        let first = verdict.violations.first();
        assert!(first.is_none(), "seed {seed}: {first:?}");
    }
}

/// Whatever answers are lost on their way, and in whichever order the history was written.
#[tokio::test]
async fn who_hears_less_of_a_store_that_keeps_its_promises_says_nothing_of_it_either() {
    let unheard = [Outcome::HungUp, Outcome::Cut, Outcome::Late];
    for seed in 100..110 {
        let mut rng = Rng::with_seed(seed);
        let mut history = history(Flaw::None, seed).await;
        for event in &mut history.events {
            if rng.u8(..5) == 0 {
                event.outcome = unheard[rng.usize(..unheard.len())].clone();
                event.end = rng.u64(event.start..=event.end);
            }
        }
        rng.shuffle(&mut history.events);
        let violations = check(&history, &terms()).violations;
        let mut broken = violations.iter().filter(|violation| violation.rule != Rule::NoAnswer);
        assert!(broken.next().is_none(), "seed {seed}: {:?}", violations.first());
    }
}

/// What is caught is caught from whichever order of the same events.
#[tokio::test]
async fn the_order_in_which_a_history_was_written_does_not_matter() {
    let mut history = history(Flaw::GoesBack, 1).await;
    let rules = |history: &History| {
        let violations = check(history, &terms()).violations;
        let mut rules: Vec<Rule> = violations.iter().map(|violation| violation.rule).collect();
        rules.sort_unstable();
        rules
    };
    let before = rules(&history);
    Rng::with_seed(1).shuffle(&mut history.events);
    assert!(!before.is_empty());
    assert_eq!(rules(&history), before);
}

#[tokio::test]
async fn a_store_that_loses_increments_is_caught() {
    assert!(broken(Flaw::LosesIncrements).await.contains(&Rule::OverLimit));
}

#[tokio::test]
async fn a_store_that_carries_batches_out_twice_is_caught() {
    assert!(broken(Flaw::CarriesOutTwice).await.contains(&Rule::Unanswerable));
}

#[tokio::test]
async fn a_store_that_forgets_which_codes_were_used_is_caught() {
    assert!(broken(Flaw::ForgetsUse).await.contains(&Rule::SecondSuccess));
}

#[tokio::test]
async fn a_store_that_goes_back_without_saying_so_is_caught() {
    let rules = broken(Flaw::GoesBack).await;
    assert!(rules.contains(&Rule::SecondSuccess) && rules.contains(&Rule::OverLimit), "{rules:?}");
}

#[tokio::test]
async fn a_store_that_forgets_revocations_is_caught() {
    assert!(broken(Flaw::ForgetsRevocations).await.contains(&Rule::AfterEnd));
}

#[tokio::test]
async fn a_store_that_loses_what_it_acknowledged_is_caught() {
    assert!(broken(Flaw::LosesChallenges).await.contains(&Rule::Unanswerable));
}

#[tokio::test]
async fn a_store_that_writes_what_it_read_too_long_ago_is_caught() {
    let rules = broken(Flaw::LosesUpdates).await;
    assert!(rules.contains(&Rule::SecondSuccess) && rules.contains(&Rule::OverLimit), "{rules:?}");
}
