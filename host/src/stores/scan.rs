//! Walking over the keys of a store, a page at a time, while batches go on.

/// Keys on a page, at most.
pub const MAX_PAGE: usize = 1_000;

/// The longest [`Cursor`], in bytes: more than a key and the number of a shard.
const MAX_CURSOR_BYTES: usize = 320;

/// Some of the keys that a scan looks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Page {
    /// Their names, at most [`MAX_PAGE`] of them. There may be none on a page although more pages follow.
    pub keys: Vec<String>,
    /// Where the next page begins; nothing after the last one.
    pub next: Option<Cursor>,
}

/// Where a scan goes on. Every store has its own kind, which only that store can read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor that a store has made.
    pub(super) const fn new(text: String) -> Self {
        Self(text)
    }

    /// Takes back what [`as_str`](Self::as_str) gave. Nothing where no store can have made it.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let fits = (1..=MAX_CURSOR_BYTES).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        fits.then(|| Self(text.to_owned()))
    }

    /// The cursor as text: printable ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_as_text_and_nothing_else_is_one() {
        let cursor = Cursor::new("3:{a}:challenges".to_owned());
        assert_eq!(Cursor::read(cursor.as_str()), Some(cursor));
        for text in ["", "a\nb", "ü", &"x".repeat(MAX_CURSOR_BYTES + 1)] {
            assert_eq!(Cursor::read(text), None, "{text:?}");
        }
    }
}
