//! Which keys the next batch of the same request is likely to create.

use crate::physical::{sort, tag};

/// Adds to what a batch creates what the next one is likely to: the keys that this one reads and that are known not to
/// be there. Only where it creates all that it writes under their tag: then it is the first to deal with them. So an
/// issue writes to the journal once. Windows of which one is created are left out: their neighbours are not created
/// next.
pub(crate) fn foresee<'a>(written: &[&str], mut likely: Vec<&'a str>, fresh: &mut Vec<&'a str>) {
    let is_new = |tag: &str| {
        let mut written = written.iter().filter(|key| self::tag(key) == Some(tag));
        written.all(|key| fresh.contains(key))
    };
    let begins = |key: &str| {
        tag(key).is_some_and(|own| fresh.iter().any(|key| tag(key) == Some(own)) && is_new(own))
    };
    let is_window =
        |key: &str| written.iter().any(|other| tag(other) == tag(key) && sort(other) == sort(key));
    likely.retain(|key| begins(key) && !is_window(key));
    fresh.extend(likely);
}
