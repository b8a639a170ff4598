//! An entry of the journal: a key, and what is known of it. A line each.

/// A key that an instance may have created.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) seen: Seen,
}

/// What an earlier look at a key has brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Seen {
    /// It was absent, or was removed.
    Gone,
    /// It is a window of the sweeper's own lease (the key is its number): to be removed without a look.
    Lease,
    /// Nothing yet.
    New,
    /// It is a count, and had this number since then or longer.
    Noted { count: i64, since: u64 },
}

impl Entry {
    pub(crate) fn new(key: &str, seen: Seen) -> Self {
        Self { key: key.into(), seen }
    }

    /// The line. A key is printable ASCII, so it can't end one; it stands last, so it may hold spaces.
    pub(crate) fn line(&self) -> String {
        let key = &self.key;
        match self.seen {
            Seen::Gone => format!("g {key}\n"),
            Seen::Lease => format!("l {key}\n"),
            Seen::New => format!("n {key}\n"),
            Seen::Noted { count, since } => format!("c {count} {since} {key}\n"),
        }
    }

    /// Reads all lines of a segment. What can't be read was not written here, and is passed over.
    pub(crate) fn lines(bytes: &[u8]) -> Vec<Self> {
        let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
        text.split('\n').filter_map(Self::read).collect()
    }

    fn read(line: &str) -> Option<Self> {
        let (sort, rest) = line.split_once(' ')?;
        Some(match sort {
            "g" => Self::new(rest, Seen::Gone),
            "l" => Self::new(rest, Seen::Lease),
            "n" => Self::new(rest, Seen::New),
            "c" => {
                let (count, rest) = rest.split_once(' ')?;
                let (since, key) = rest.split_once(' ')?;
                let (count, since) = (count.parse().ok()?, since.parse().ok()?);
                Self::new(key, Seen::Noted { count, since })
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written_whatever_the_key() {
        let seen =
            [Seen::Gone, Seen::Lease, Seen::New, Seen::Noted { count: i64::MIN, since: u64::MAX }];
        let keys = ["", " ", "{a}n", "c 1 2 {a} b", " ~!{}: "];
        let entries: Vec<_> =
            seen.iter().flat_map(|seen| keys.map(|key| Entry::new(key, *seen))).collect();
        let text: String = entries.iter().map(Entry::line).collect();
        assert_eq!(Entry::lines(text.as_bytes()), entries);
        assert_eq!(Entry::lines(b"x y\nc 1 x y\n\xff"), []);
        assert_eq!(Entry::lines(b"x y\nc 1 x y\nn k\n"), [Entry::new("k", Seen::New)]);
    }
}
