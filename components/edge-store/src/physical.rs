//! What stands in the backend: names of keys, and how values and counts are written.

/// Everything of ours begins so: on Redis, Spin's label for a store is no part of a key.
const KEYS: &str = "countersign-edge:store:";
const BOOKKEEPING: &str = "countersign-edge:sweep:";

/// The first byte of a value. A count never has it in a text of digits, and never is longer than 8 bytes otherwise.
const VALUE_MARK: u8 = b'v';
const DEADLINE_BYTES: usize = 8;

/// Where a key of the contract stands.
pub(crate) fn place(key: &str) -> String {
    [KEYS, key].concat()
}

/// Where the sweeper's own things stand.
pub(crate) fn bookkeeping(name: &str) -> String {
    [BOOKKEEPING, name].concat()
}

/// What a key holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Held {
    Absent,
    Count(i64),
    /// What this store hasn't written.
    Foreign,
    Value {
        deadline: u64,
        value: Vec<u8>,
    },
}

impl Held {
    pub(crate) fn of(bytes: Option<Vec<u8>>) -> Self {
        let Some(bytes) = bytes else { return Self::Absent };
        if let Some(count) = count(&bytes) {
            return Self::Count(count);
        }
        match bytes.split_first() {
            Some((&VALUE_MARK, rest)) => match rest.split_first_chunk::<DEADLINE_BYTES>() {
                Some((deadline, value)) => {
                    Self::Value { deadline: u64::from_be_bytes(*deadline), value: value.to_vec() }
                }
                None => Self::Foreign,
            },
            _ => Self::Foreign,
        }
    }
}

/// A value, with the second from which on it counts as absent.
pub(crate) fn encode(value: &[u8], deadline: u64) -> Vec<u8> {
    [&[VALUE_MARK], deadline.to_be_bytes().as_slice(), value].concat()
}

/// The number of a count: 8 bytes little-endian as Spin's SQLite writes it, or decimal text as Redis does.
///
/// Both may be 8 bytes long. Text comes first: 8 bytes that are all digits (or a minus and 7 digits) would be, read
/// little-endian, a number whose highest byte is `0` to `9`, so at least `0x30 << 56`, which is 3.4 × 10^18. No count
/// comes near: the largest steps are 2^32 each.
fn count(bytes: &[u8]) -> Option<i64> {
    if let Some(count) = text_count(bytes) {
        return Some(count);
    }
    bytes.try_into().ok().map(i64::from_le_bytes)
}

/// Whether this is a count as SQLite has it, and certainly nothing else: the texts written here have no such bytes.
pub(crate) fn is_binary_count(bytes: &[u8]) -> bool {
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    bytes.len() == 8 && !bytes.iter().all(is_text)
}

fn text_count(bytes: &[u8]) -> Option<i64> {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// The hash tag of a key, braces included.
pub(crate) fn tag(key: &str) -> Option<&str> {
    let begin = key.find('{')?;
    let end = key.get(begin..)?.find('}')?;
    key.get(begin..=begin.saturating_add(end))
}

/// What sort of key it is: its name without the tag and, where it has several parts, without the last, which names
/// one of many (`limit:ip:send:60:29384756`, `used:<nonce>`).
pub(crate) fn sort(key: &str) -> &str {
    let name = key.rsplit_once('}').map_or(key, |(_, name)| name).trim_start_matches(':');
    name.rsplit_once(':').map_or(name, |(sort, _)| sort)
}
