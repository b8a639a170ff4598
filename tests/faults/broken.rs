//! The checker is shown to catch what it is there for: the same load on the native core, over a store that keeps its
//! promises and over some that don't.

mod core;
mod store;

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_tests::history::{Rule, Verdict, check, write};

use self::core::Native;
use self::store::Flaw;
use crate::load::Load;
use crate::run::{kept, terms};

/// What each client does.
const TURNS: usize = 60;

async fn verdict(flaw: Flaw, seed: u64) -> Verdict {
    let load = Load::new(Arc::new(Native::new(flaw, seed)), 1);
    load.begin(seed, TURNS).join_all().await;
    load.reckon(usize::MAX).await;
    let history = load.history();
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
