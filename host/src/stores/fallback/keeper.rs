//! The task beside two stores: it opens the one that is missing, carries histories, and goes back to the first store.

use std::sync::Arc;
use std::time::Duration;

use countersign_contract::types::StoreError;
use tokio::time::{MissedTickBehavior, interval};

use super::aid::Aid;
use super::both::Both;
use super::mode::InUse;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// How many looks in a row the first store has to work before it is used again.
const WELL: u32 = 3;
/// For how long after a change each look asks: longer than a call may take.
const FRESH: Duration = Duration::from_secs(40);
/// Which looks ask a store that is in use.
const SELDOM: u32 = 5;

/// Keeps two stores for as long as the process lives.
pub(super) async fn keep(both: Arc<Both>, aid: Arc<dyn Aid>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut look, mut well) = (0_u32, 0_u32);
    loop {
        ticks.tick().await;
        open_missing(&both);
        match both.mode.in_use() {
            InUse::First => {
                well = 0;
                // Calls that had begun in the second store may still write there.
                let is_fresh = both.mode.switches().last.is_some_and(|since| since < FRESH);
                if is_fresh || look.is_multiple_of(SELDOM) {
                    in_first(&both, aid.as_ref()).await;
                }
            }
            InUse::Second => well = in_second(&both, aid.as_ref(), well).await,
        }
        look = look.wrapping_add(1);
    }
}

fn open_missing(both: &Arc<Both>) {
    for which in [InUse::First, InUse::Second] {
        if both.side(which).store().is_none() {
            let both = Arc::clone(both);
            tokio::spawn(async move { both.side(which).reopen().await });
        }
    }
}

/// Finds out that the first is lost also where no request does, and brings both up to date.
async fn in_first(both: &Arc<Both>, aid: &dyn Aid) {
    let (Some(first), Some(second)) = (both.first.store(), both.second.store()) else { return };
    if !both.first.works().await {
        both.is_first_lost(&StoreError::Unavailable).await;
        return;
    }
    both.histories.look(second.as_ref()).await;
    // What fails is tried again at the next look.
    let _ = both.histories.carry(first.as_ref(), second.as_ref(), aid).await;
    if both.histories.is_behind() {
        let both = Arc::clone(both);
        // All histories may take longer than a look.
        tokio::spawn(async move {
            if let (Some(first), Some(second)) = (both.first.store(), both.second.store()) {
                let _ = both.histories.copy_all(first.as_ref(), second.as_ref()).await;
            }
        });
    }
}

/// Goes back to the first store once it has worked for a while. How many looks it has.
async fn in_second(both: &Both, aid: &dyn Aid, well: u32) -> u32 {
    let Some(first) = both.first.store() else { return 0 };
    if !both.first.works().await || !aid.fits(first.as_ref()).await {
        return 0;
    }
    let well = well.saturating_add(1);
    let Some(second) = both.second.store().filter(|_| well >= WELL) else { return well };
    let is_told = both.histories.carry(first.as_ref(), second.as_ref(), aid).await.is_ok();
    // A second store that is lost as well is of no use: what it owes is carried when it is back.
    if is_told || !both.second.works().await {
        both.mode.use_first();
        return 0;
    }
    well
}
