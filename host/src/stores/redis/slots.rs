//! Which slot of a cluster a key lives in, and which servers have which slots (Redis Cluster specification, "Key
//! distribution model").

use countersign_contract::store::Operation;
use crc::{CRC_16_XMODEM, Crc};
use redis::{Cmd, ConnectionAddr, Value};

use super::redirect::Place;

/// How many slots there are.
pub(super) const SLOTS: u16 = 16_384;

const CRC16: Crc<u16> = Crc::<u16>::new(&CRC_16_XMODEM);

/// The slot of `key`: where it has a part in braces that isn't empty, that part alone decides.
pub(super) fn slot(key: &str) -> u16 {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    let hashed = tag.map(|(tag, _)| tag).filter(|tag| !tag.is_empty()).unwrap_or(key);
    CRC16.checksum(hashed.as_bytes()) % SLOTS
}

/// Those operations of a batch whose keys live in one slot.
pub(super) struct Part {
    pub(super) slot: u16,
    /// Their places in the batch.
    pub(super) indices: Vec<usize>,
    pub(super) operations: Vec<Operation>,
}

/// Splits a batch by slot, in the order of each slot's first operation.
pub(super) fn split(batch: Vec<Operation>, prefix: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::with_capacity(4);
    for (index, operation) in batch.into_iter().enumerate() {
        // The prefix has no braces; without a tag it counts too.
        let key = operation.key();
        let slot = if key.contains('{') { slot(key) } else { slot(&format!("{prefix}{key}")) };
        match parts.iter_mut().find(|part| part.slot == slot) {
            Some(part) => {
                part.indices.push(index);
                part.operations.push(operation);
            }
            None => parts.push(Part { slot, indices: vec![index], operations: vec![operation] }),
        }
    }
    parts
}

/// A run of slots and the server that has them.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Range {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) server: Place,
}

/// The question after all ranges.
pub(super) fn question() -> Cmd {
    let mut command = Cmd::new();
    command.arg("CLUSTER").arg("SLOTS");
    command
}

/// Reads the answer to [`question`]. Nothing where it isn't one.
pub(super) fn ranges(answer: &Value) -> Option<Vec<Range>> {
    let Value::Array(ranges) = answer else { return None };
    ranges.iter().map(range).collect()
}

fn range(answer: &Value) -> Option<Range> {
    let Value::Array(parts) = answer else { return None };
    let [Value::Int(first), Value::Int(last), Value::Array(server), ..] = parts.as_slice() else {
        return None;
    };
    let [host, Value::Int(port), more @ ..] = server.as_slice() else { return None };
    let slot = |number: &i64| u16::try_from(*number).ok().filter(|slot| *slot < SLOTS);
    let port = u16::try_from(*port).ok()?;
    let host = match host {
        Value::BulkString(host) => std::str::from_utf8(host).ok()?,
        Value::SimpleString(host) => host,
        Value::Nil => "",
        _ => return None,
    };
    let server = match host {
        // It is the host that was asked.
        "" => Place::SameHost(port),
        // A name is preferred and there is none: the address stands beside it.
        "?" => Place::At(ConnectionAddr::Tcp(address(more)?, port)),
        host => Place::At(ConnectionAddr::Tcp(host.to_owned(), port)),
    };
    let (first, last) = (slot(first)?, slot(last)?);
    (first <= last).then_some(Range { first, last, server })
}

/// The address among what is told of a server beside its name, port and id.
fn address(more: &[Value]) -> Option<String> {
    let [_, Value::Array(words), ..] = more else { return None };
    let text = |value: &Value| match value {
        Value::BulkString(text) => String::from_utf8(text.clone()).ok(),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    };
    words.chunks(2).find_map(|pair| match pair {
        [name, address] if text(name).as_deref() == Some("ip") => text(address),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(slot("123456789"), 12_739);
        assert_eq!(slot("foo{}{bar}"), slot("foo{}{bar}"));
        assert_ne!(slot("foo{}{bar}"), slot("bar"));
        for same in ["{user1000}.following", "x{user1000}y", "{user1000}"] {
            assert_eq!(slot(same), slot("user1000"), "{same}");
        }
        assert_eq!(slot("foo{{bar}}zap"), slot("{bar"));
        assert_eq!(slot("foo{bar}{zap}"), slot("bar"));
        assert_eq!(slot("{unclosed"), CRC16.checksum(b"{unclosed") % SLOTS);
    }

    #[test]
    fn a_batch_is_split_by_slot_and_keeps_its_order() {
        let get = |key: &str| Operation::Get(key.to_owned());
        let parts =
            split(vec![get("{a}1"), get("{b}1"), get("{a}2"), get("plain")], "countersign:");
        let indices: Vec<_> = parts.iter().map(|part| part.indices.clone()).collect();
        assert_eq!(indices, [vec![0, 2], vec![1], vec![3]]);
        assert_eq!(parts.first().unwrap().slot, slot("countersign:{a}1"));
        assert_eq!(parts.last().unwrap().slot, slot("countersign:plain"));
    }

    #[test]
    fn ranges_are_read_with_and_without_a_host() {
        let text = |text: &str| Value::BulkString(text.into());
        let server = |host: Value| {
            Value::Array(vec![host, Value::Int(7_000), text("id"), Value::Array(Vec::new())])
        };
        let range = |first, last, host| {
            Value::Array(vec![Value::Int(first), Value::Int(last), server(host), server(text("r"))])
        };
        let read =
            ranges(&Value::Array(vec![range(0, 99, text("a")), range(100, 16_383, Value::Nil)]));
        let expected = [
            Range { first: 0, last: 99, server: Place::At(ConnectionAddr::Tcp("a".into(), 7_000)) },
            Range { first: 100, last: 16_383, server: Place::SameHost(7_000) },
        ];
        assert_eq!(read.unwrap(), expected);
        assert_eq!(ranges(&Value::Array(vec![range(0, 16_384, text("a"))])), None);
        assert_eq!(ranges(&Value::Array(vec![range(-1, 5, text("a"))])), None);
        assert_eq!(ranges(&Value::Array(vec![range(5, 4, text("a"))])), None);
        assert_eq!(ranges(&Value::Array(vec![range(0, 5, text("?"))])), None, "no address");
    }

    #[test]
    fn a_server_without_its_preferred_name_is_found_by_its_address() {
        let text = |text: &str| Value::BulkString(text.into());
        let more = Value::Array(vec![text("ip"), text("127.0.0.2")]);
        let server = Value::Array(vec![text("?"), Value::Int(7_000), text("id"), more]);
        let range = Value::Array(vec![Value::Int(0), Value::Int(5), server]);
        let read = ranges(&Value::Array(vec![range])).unwrap();
        let at = Place::At(ConnectionAddr::Tcp("127.0.0.2".into(), 7_000));
        assert_eq!(read, [Range { first: 0, last: 5, server: at }]);
        assert_eq!(ranges(&Value::Array(vec![Value::Array(Vec::new())])), None);
        assert_eq!(ranges(&Value::Nil), None);
    }
}
