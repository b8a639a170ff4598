//! One part of the keys, and the order in which their time ends.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What a key holds.
pub(super) enum Content {
    Count(i64),
    Value(Vec<u8>),
}

struct Entry {
    content: Content,
    /// Clock's milliseconds from which on the entry counts as absent.
    expires_at: u64,
    /// Where the entry stands in `Shard::due`: never after `expires_at`. It is moved when its turn comes, so that
    /// prolonging a key costs nothing.
    due_at: u64,
}

/// Some of the keys.
#[derive(Default)]
pub(super) struct Shard {
    entries: HashMap<Arc<str>, Entry>,
    due: BTreeSet<(u64, Arc<str>)>,
}

impl Shard {
    /// What `key` holds, if its time is not over.
    pub(super) fn live(&self, key: &str, now: u64) -> Option<&Content> {
        let entry = self.entries.get(key)?;
        (now < entry.expires_at).then_some(&entry.content)
    }

    /// Whether `key` takes up room, its time over or not.
    pub(super) fn holds(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Puts `content` under `key`, whatever was there; says whether it takes up more room than before.
    pub(super) fn put(&mut self, key: String, content: Content, expires_at: u64) -> bool {
        let Some((name, _)) = self.entries.get_key_value(key.as_str()) else {
            let name: Arc<str> = key.into();
            self.due.insert((expires_at, Arc::clone(&name)));
            self.entries.insert(name, Entry { content, expires_at, due_at: expires_at });
            return true;
        };
        let name = Arc::clone(name);
        if let Some(entry) = self.entries.get_mut(key.as_str()) {
            entry.content = content;
            entry.expires_at = expires_at;
            if expires_at < entry.due_at {
                let place = (entry.due_at, name);
                self.due.remove(&place);
                entry.due_at = expires_at;
                self.due.insert((expires_at, place.1));
            }
        }
        false
    }

    /// Removes `key`; says whether that freed its room.
    pub(super) fn remove(&mut self, key: &str) -> bool {
        let Some((name, entry)) = self.entries.remove_entry(key) else {
            return false;
        };
        self.due.remove(&(entry.due_at, name));
        true
    }

    /// The first keys that come after `after` in their order, end in `ending` and live: up to `at_most`. Looks at
    /// every key of the shard.
    pub(super) fn after(
        &self,
        after: &str,
        ending: &str,
        now: u64,
        at_most: usize,
    ) -> Vec<Arc<str>> {
        let is_told = |(key, entry): &(&Arc<str>, &Entry)| {
            ***key > *after && key.ends_with(ending) && now < entry.expires_at
        };
        let told = self.entries.iter().filter(is_told);
        let mut keys: Vec<_> = told.map(|(key, _)| Arc::clone(key)).collect();
        if keys.len() > at_most {
            keys.select_nth_unstable(at_most);
            keys.truncate(at_most);
        }
        keys.sort_unstable();
        keys
    }

    /// Looks at up to `at_most` keys that may be over, drops those that are, and says how many.
    pub(super) fn sweep(&mut self, now: u64, at_most: usize) -> usize {
        let mut dropped = 0;
        for _ in 0..at_most {
            let Some((_, name)) = self.due.first().filter(|(due_at, _)| *due_at <= now).cloned()
            else {
                break;
            };
            self.due.pop_first();
            let Some(entry) = self.entries.get_mut(&name) else {
                continue;
            };
            if now < entry.expires_at {
                entry.due_at = entry.expires_at;
                self.due.insert((entry.due_at, name));
            } else {
                self.entries.remove(&name);
                dropped += 1;
            }
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_in_the_order_of_names() {
        let mut shard = Shard::default();
        for number in 0..25 {
            let expires_at = if number == 7 { 10 } else { 100 };
            shard.put(format!("{number:02}:x"), Content::Count(1), expires_at);
            shard.put(format!("{number:02}:y"), Content::Count(1), 100);
        }
        let (mut told, mut after) = (Vec::new(), String::new());
        loop {
            let page = shard.after(&after, ":x", 50, 10);
            assert!(page.len() <= 10);
            let Some(last) = page.last() else { break };
            after = last.to_string();
            told.extend(page.iter().map(ToString::to_string));
        }
        let expected = (0..25).filter(|number| *number != 7).map(|number| format!("{number:02}:x"));
        assert_eq!(told, expected.collect::<Vec<_>>());
    }
}
