//! One run: the load, the fault in the middle of it, a right code for every challenge at the end, and what the checker
//! says of it all.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use countersign_tests::history::terms::{Loss, Purpose, Terms};
use countersign_tests::history::{History, Micros, Rule, Verdict, check, write};
use tokio::time::sleep;

use crate::load::Load;
use crate::people::PURPOSES;
use crate::service::Service;
use crate::site::{Front, Site};
use crate::slots;

/// How long the load lasts before the fault and after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Length {
    pub(crate) before: Duration,
    pub(crate) after: Duration,
    /// Challenges of which the right code is given at the end, at most.
    pub(crate) reckoned: usize,
    /// How long a fault lasts, where it is not the fault itself that says so.
    pub(crate) fault: Duration,
}

impl Length {
    pub(crate) const SHORT: Self = Self {
        before: Duration::from_millis(1_500),
        after: Duration::from_millis(1_500),
        reckoned: 150,
        fault: Duration::from_millis(1_500),
    };
    pub(crate) const FULL: Self = Self {
        before: Duration::from_secs(5),
        after: Duration::from_secs(10),
        reckoned: 2_000,
        fault: Duration::from_secs(5),
    };
}

/// What a fault works on.
pub(crate) struct Scene<'a> {
    pub(crate) site: &'a mut Site,
    pub(crate) load: &'a Load<Front>,
    pub(crate) terms: &'a mut Terms,
    pub(crate) length: Length,
}

impl Scene<'_> {
    pub(crate) fn now(&self) -> Micros {
        self.site.front.now()
    }

    /// What was acknowledged by now may be forgotten since `begin`, whatever it is about.
    pub(crate) fn lost(&mut self, begin: Micros) {
        self.lost_of(begin, None);
    }

    /// The same, of these parts of the store.
    pub(crate) fn lost_of(&mut self, begin: Micros, parts: Option<Range<u16>>) {
        let span = begin..self.now();
        self.terms.losses.push(Loss { span, parts, is_final: true });
    }

    /// The fault is over as soon as it began: what follows is for the others to deal with, and counts until all is well.
    pub(crate) fn struck(&mut self, begin: Micros) {
        self.terms.fault = begin..begin + 1;
    }

    /// For as long as the fault lasts.
    pub(crate) async fn wait(&self) {
        sleep(self.length.fault).await;
    }
}

/// The terms of the purposes that all runs have.
pub(crate) fn terms() -> Terms {
    let purposes = PURPOSES.map(|(name, max_attempts, seconds)| {
        (name.to_owned(), Purpose { max_attempts, lifetime: seconds * 1_000_000 })
    });
    Terms { purposes: purposes.into(), ..Terms::default() }
}

/// Runs a load on a site with a fault in the middle.
pub(crate) async fn run(
    site: &mut Site,
    length: Length,
    terms: &mut Terms,
    series: usize,
    fault: impl AsyncFnOnce(Scene<'_>),
) -> Verdict {
    let load = Load::new(std::sync::Arc::clone(&site.front), series);
    let clients = load.begin(series as u64, usize::MAX);
    sleep(length.before).await;
    let begin = site.front.now();
    fault(Scene { site: &mut *site, load: &load, terms: &mut *terms, length }).await;
    if terms.fault.is_empty() {
        terms.fault = begin..site.front.now();
    }
    site.until_ready().await;
    sleep(length.after).await;
    load.end();
    clients.join_all().await;
    load.reckon(length.reckoned).await;
    let history = load.history();
    terms.parts = slots::of_all(&history);
    let verdict = check(&history, terms);
    println!("{} challenges were refused for a loss alone", refused(&history, terms));
    if !verdict.violations.is_empty() {
        let path = kept(&write::lines(&history, &verdict));
        println!("{} violations, see {}", verdict.violations.len(), path.display());
        for violation in verdict.violations.iter().take(5) {
            println!("  {:?}: {}", violation.rule, violation.text);
        }
    }
    site.assert_sane();
    verdict
}

/// The challenges whose right code was refused where nothing but a loss of the store explains it.
fn refused(history: &History, terms: &Terms) -> usize {
    let lossless = Terms { losses: Vec::new(), ..terms.clone() };
    let violations = check(history, &lossless).violations;
    let refused = violations.iter().filter(|violation| violation.rule == Rule::Unanswerable);
    refused.filter_map(|violation| violation.events.first()).collect::<BTreeSet<_>>().len()
}

/// Writes the history of violations where it stays.
pub(crate) fn kept(text: &str) -> PathBuf {
    let path =
        std::env::temp_dir().join(format!("countersign-history-{}.jsonl", fastrand::u64(..)));
    std::fs::write(&path, text).unwrap();
    path
}
