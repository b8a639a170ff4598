//! One look at a key: it goes, or it is looked at again.
//!
//! **Values** carry their deadline. A minute after it they are removed, as `marker.rs` says.
//!
//! **Counts** are bare numbers, so a look notes the number, and the same number a ttl later says that no instance has
//! counted. A step that comes between that look and the removal, some calls apart, is lost. The engine is right all
//! the same: it comes an hour or more after the count's last use. An odometer that begins anew shows another
//! epoch than its budget, which is refused; `verdict`, `sending` and `limit` keys are named for what is over
//! by then; an odometer goes after a month. A count of 0 is as good as none, and goes after an hour.

use std::collections::BTreeMap;

use countersign_contract::types::StoreError;
use countersign_contract::upkeep::Swept;

use crate::Store;
use crate::backend::Backend;
use crate::entry::{Entry, Seen};
use crate::journal::bucket_after;
use crate::lease::{self, Lease};
use crate::marker;
use crate::patience::{Grade, Patience};
use crate::physical::{Held, place, sort};

/// For clocks that differ.
const MARGIN_SECONDS: u64 = 60;
/// When a key that was gone is looked at again: far longer than any batch takes.
const CONFIRM_SECONDS: u64 = 600;
/// A key is looked at so often at least, so that one removed otherwise doesn't stay in the journal for a year.
const LONGEST_SECONDS: u64 = 7 * 86_400;

/// What one step of sweeping has done so far, and what it owes the journal.
#[derive(Default)]
pub(crate) struct Looks {
    pub(crate) swept: Swept,
    /// What is to be looked at again, by bucket.
    pub(crate) survivors: BTreeMap<u64, Vec<Entry>>,
    /// The grades read so far, by sort of key.
    grades: Vec<(String, Grade)>,
}

impl Looks {
    /// Has a key looked at again.
    fn again(&mut self, now: u64, delay: u64, key: &str, seen: Seen) {
        let bucket = bucket_after(now, delay.clamp(CONFIRM_SECONDS, LONGEST_SECONDS));
        self.survivors.entry(bucket).or_default().push(Entry::new(key, seen));
    }
}

impl<B: Backend> Store<B> {
    /// Looks at a few keys, and removes what may be.
    pub(crate) async fn look_at(
        &self,
        entries: Vec<Entry>,
        looks: &mut Looks,
        lease: &Lease,
    ) -> Result<(), StoreError> {
        let now = self.calls.now();
        looks.swept.examined += u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let (leases, entries): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| entry.seen == Seen::Lease);
        let mut over: Vec<_> = leases.iter().map(|entry| lease::key(&entry.key)).collect();
        let keys: Vec<_> = entries.iter().map(|entry| entry.key.as_str()).collect();
        let held = self.held_all(&keys).await?;
        let (mut expired, mut idle) = (Vec::new(), Vec::new());
        let mut looked_at: Vec<&str> = Vec::new();
        for (entry, held) in entries.iter().zip(held) {
            if looked_at.contains(&entry.key.as_str()) {
                continue;
            }
            match held {
                // Another entry of the same key has its own second look to come.
                Held::Absent if entry.seen == Seen::Gone => continue,
                Held::Absent => looks.again(now, CONFIRM_SECONDS, &entry.key, Seen::Gone),
                Held::Count(count) if self.is_idle(entry, count, looks).await? => idle.push(entry),
                Held::Count(_) => {}
                Held::Foreign => looks.again(now, LONGEST_SECONDS, &entry.key, Seen::New),
                Held::Value { deadline, .. } => match time_left(deadline, now) {
                    0 => expired.push(entry.key.clone()),
                    left => looks.again(now, left, &entry.key, Seen::New),
                },
            }
            looked_at.push(&entry.key);
        }
        over.extend(idle.iter().map(|entry| place(&entry.key)));
        let are_removed = self.remove_in_time(over, idle.len(), looks, lease).await?;
        for entry in idle {
            let (delay, seen) =
                if are_removed { (CONFIRM_SECONDS, Seen::Gone) } else { (0, entry.seen) };
            looks.again(now, delay, &entry.key, seen);
        }
        if !are_removed {
            // Nothing but these is left of a lease that is over.
            leases.iter().for_each(|entry| looks.again(now, 0, &entry.key, entry.seen));
        }
        if expired.is_empty() { Ok(()) } else { self.remove_values(expired, looks, lease).await }
    }

    /// Whether a count has had its number for a ttl, and so may go. Otherwise it is looked at again.
    async fn is_idle(
        &self,
        entry: &Entry,
        count: i64,
        looks: &mut Looks,
    ) -> Result<bool, StoreError> {
        let now = self.calls.now();
        let sort = sort(&entry.key);
        let grade = match looks.grades.iter().find(|(known, _)| known == sort) {
            _ if count == 0 => Grade::Hour,
            Some((_, grade)) => *grade,
            None => {
                let grade = Patience::learn(&self.calls, &entry.key).await?;
                looks.grades.push((sort.into(), grade));
                grade
            }
        };
        let patience = grade.seconds().saturating_add(MARGIN_SECONDS);
        let since = match entry.seen {
            // A clock that went back proves nothing.
            Seen::Noted { count: noted, since } if noted == count && since <= now => since,
            _ => now,
        };
        let left = since.saturating_add(patience).saturating_sub(now);
        if left > 0 {
            looks.again(now, left, &entry.key, Seen::Noted { count, since });
        }
        Ok(left == 0)
    }

    /// Removes values, unless they have just been written.
    async fn remove_values(
        &self,
        keys: Vec<String>,
        looks: &mut Looks,
        lease: &Lease,
    ) -> Result<(), StoreError> {
        marker::publish(&self.calls, &keys).await?;
        let names: Vec<_> = keys.iter().map(String::as_str).collect();
        let held = self.held_all(&names).await?;
        let now = self.calls.now();
        let is_over = |held: &Held| matches!(held, Held::Value { deadline, .. } if time_left(*deadline, now) == 0);
        let (over, others): (Vec<_>, Vec<_>) =
            names.into_iter().zip(held).partition(|(_, held)| is_over(held));
        let places: Vec<_> = over.iter().map(|(key, _)| place(key)).collect();
        let are_removed = self.remove_in_time(places, over.len(), looks, lease).await?;
        let seen = if are_removed { Seen::Gone } else { Seen::New };
        over.iter().for_each(|(key, _)| looks.again(now, CONFIRM_SECONDS, key, seen));
        others.iter().for_each(|(key, _)| looks.again(now, CONFIRM_SECONDS, key, Seen::New));
        marker::clear(&self.calls).await
    }

    /// Removes keys, of which so many are the contract's, where the lease lasts.
    async fn remove_in_time(
        &self,
        places: Vec<String>,
        counted: usize,
        looks: &mut Looks,
        lease: &Lease,
    ) -> Result<bool, StoreError> {
        if !lease.lasts(&self.calls) {
            return Ok(false);
        }
        self.calls.delete_all(places).await?;
        looks.swept.removed += u32::try_from(counted).unwrap_or(u32::MAX);
        Ok(true)
    }
}

/// Seconds until a value may be removed.
const fn time_left(deadline: u64, now: u64) -> u64 {
    deadline.saturating_add(MARGIN_SECONDS).saturating_sub(now)
}
