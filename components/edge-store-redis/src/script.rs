//! A batch as one `EVAL`, and its answer as replies.

use countersign_contract::store::{Assignment, Operation, Outcome, Reply, Step};
use countersign_contract::types::StoreError;
use sha2::{Digest, Sha256};

/// Carries out a batch: for each key, three arguments that say what to do with it. A count is read back after it was
/// stepped, because numbers of a script lose their last digits beyond 2^53; texts don't. Two more answers follow, the
/// server's run id and its replication id, empty where the user may not ask.
pub const SCRIPT: &str = "\
local out = {} \
for i, key in ipairs(KEYS) do \
  local what, a, ttl = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i] \
  if what == 'g' then \
    out[i] = redis.call('GET', key) \
  elseif what == 'i' then \
    redis.call('INCRBY', key, a) \
    redis.call('PEXPIRE', key, ttl) \
    out[i] = redis.call('GET', key) \
  elseif what == 's' then \
    redis.call('SET', key, a, 'PX', ttl) \
    out[i] = '' \
  else \
    redis.call('DEL', key) \
    out[i] = '' \
  end \
end \
local function info(section, field) \
  local text = redis.pcall('INFO', section) \
  return type(text) == 'string' and text:match(field .. ':(%w+)') or '' \
end \
out[#KEYS + 1] = info('server', 'run_id') \
out[#KEYS + 2] = info('replication', 'master_replid') \
return out";

/// The arguments of `EVAL`, after the script.
#[must_use]
pub fn arguments(prefix: &str, batch: &[Operation]) -> Vec<Vec<u8>> {
    let mut arguments = Vec::with_capacity(1 + 4 * batch.len());
    arguments.push(batch.len().to_string().into_bytes());
    arguments.extend(batch.iter().map(|operation| [prefix, operation.key()].concat().into_bytes()));
    for operation in batch {
        let (what, argument, ttl_seconds) = match operation {
            Operation::Delete(_) => ("d", Vec::new(), 0),
            Operation::Get(_) | Operation::Increment(Step { by: 0, .. }) => ("g", Vec::new(), 0),
            Operation::Increment(Step { by, ttl_seconds, .. }) => {
                ("i", by.to_string().into_bytes(), *ttl_seconds)
            }
            Operation::Set(Assignment { value, ttl_seconds, .. }) => {
                ("s", value.clone(), *ttl_seconds)
            }
        };
        let milliseconds = u64::from(ttl_seconds) * 1_000;
        arguments.extend([what.into(), argument, milliseconds.to_string().into_bytes()]);
    }
    arguments
}

/// What the batch brought, from the answers of `EVAL`: bytes or nothing for each operation, then the two ids.
///
/// # Errors
/// `InvalidArgument` where what is read as a count is none, `Other` where the answer has another shape.
pub fn outcome(
    batch: &[Operation],
    mut answers: Vec<Option<Vec<u8>>>,
) -> Result<Outcome, StoreError> {
    if answers.len() != batch.len() + 2 {
        return Err(unexpected());
    }
    let replication_id = answers.pop().flatten().unwrap_or_default();
    let run_id = answers.pop().flatten().unwrap_or_default();
    let is_known = !run_id.is_empty() && !replication_id.is_empty();
    let generation = is_known.then(|| generation(&run_id, &replication_id));
    Ok(Outcome { replies: replies(batch, answers)?, generation })
}

/// The generation of a server: as the native host's store computes it, so that both can serve the same challenges.
fn generation(run_id: &[u8], replication_id: &[u8]) -> u64 {
    let digest = Sha256::new().chain_update(run_id).chain_update(b"\0");
    let digest = digest.chain_update(replication_id).finalize();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn replies(batch: &[Operation], answers: Vec<Option<Vec<u8>>>) -> Result<Vec<Reply>, StoreError> {
    batch
        .iter()
        .zip(answers)
        .map(|(operation, answer)| match (operation, answer) {
            (Operation::Get(_), answer) => Ok(Reply::Value(answer)),
            (Operation::Increment(Step { by: 0, .. }), None) => Ok(Reply::Count(0)),
            (Operation::Increment(_), Some(digits)) => count(&digits).map(Reply::Count),
            (Operation::Delete(_) | Operation::Set(_), Some(_)) => Ok(Reply::Done),
            _ => Err(unexpected()),
        })
        .collect()
}

/// What an error of the runtime means. Its text is never passed on: it may repeat the command.
#[must_use]
pub fn trouble(text: &str) -> StoreError {
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    // The server's own codes: <https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors>. The
    // client library writes some of them in words of its own.
    if says(&[
        "NOAUTH",
        "NOPERM",
        "WRONGPASS",
        "DENIED",
        "Password authentication failed",
        "AuthenticationFailed",
    ]) {
        StoreError::Denied
    } else if says(&["WRONGTYPE", "not an integer", "would overflow"]) {
        StoreError::InvalidArgument
    } else if says(&["timed out", "TimedOut"]) {
        StoreError::Timeout
    } else {
        StoreError::Unavailable
    }
}

/// Whether the server may forget what it was given, going by what it says to `INFO memory`.
#[must_use]
pub fn evicts(info: &str) -> bool {
    let field =
        |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    match (field("maxmemory"), field("maxmemory_policy")) {
        (Some("0"), _) | (_, None | Some("noeviction")) => false,
        (_, Some(_)) => true,
    }
}

fn count(digits: &[u8]) -> Result<i64, StoreError> {
    let text = std::str::from_utf8(digits).map_err(|_| StoreError::InvalidArgument)?;
    text.parse().map_err(|_| StoreError::InvalidArgument)
}

fn unexpected() -> StoreError {
    StoreError::Other("redis: unexpected answer".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(by: i64) -> Operation {
        Operation::Increment(Step { key: "{a}:n".into(), by, ttl_seconds: 60 })
    }

    #[test]
    fn a_batch_is_keys_first_and_three_arguments_for_each() {
        let set =
            Operation::Set(Assignment { key: "{a}:v".into(), value: vec![0, 255], ttl_seconds: 2 });
        let batch = [set, step(-3), step(0), Operation::Delete("{a}:d".into())];
        let told = arguments("p:", &batch);
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        let told: Vec<_> = told.iter().map(text).collect();
        let keys = ["4", "p:{a}:v", "p:{a}:n", "p:{a}:n", "p:{a}:d"];
        let rest = ["s", "\0\u{fffd}", "2000", "i", "-3", "60000", "g", "", "0", "d", "", "0"];
        assert_eq!(told, [&keys[..], &rest].concat());
    }

    #[test]
    fn answers_become_replies_of_their_operations() {
        let batch =
            [Operation::Get("k".into()), step(0), step(0), step(1), Operation::Delete("k".into())];
        let answers = vec![
            Some(vec![1]),
            None,
            Some(b"-2".to_vec()),
            Some(b"9007199254740993".to_vec()),
            Some(vec![]),
            Some(vec![b'a'; 40]),
            Some(vec![b'b'; 40]),
        ];
        let expected = [
            Reply::Value(Some(vec![1])),
            Reply::Count(0),
            Reply::Count(-2),
            Reply::Count(9_007_199_254_740_993),
            Reply::Done,
        ];
        let outcome = outcome(&batch, answers).unwrap();
        assert_eq!(outcome.replies, expected);
        // The number that the native host has for the same server.
        assert_eq!(outcome.generation, Some(244_849_102_557_863_269));
    }

    #[test]
    fn a_server_that_does_not_say_its_ids_has_no_generation() {
        let batch = [Operation::Get("k".into())];
        for nothing in [None, Some(vec![])] {
            let answers = vec![None, nothing.clone(), nothing];
            let outcome = outcome(&batch, answers).unwrap();
            assert_eq!(outcome, Outcome { replies: vec![Reply::Value(None)], generation: None });
        }
    }

    #[test]
    fn answers_of_another_shape_are_refused() {
        assert!(matches!(outcome(&[step(1)], vec![]), Err(StoreError::Other(_))));
        assert!(matches!(outcome(&[step(1)], vec![None]), Err(StoreError::Other(_))));
        assert!(matches!(replies(&[step(1)], vec![None]), Err(StoreError::Other(_))));
        assert_eq!(
            replies(&[step(1)], vec![Some(b"x".to_vec())]),
            Err(StoreError::InvalidArgument)
        );
    }

    #[test]
    fn errors_are_told_apart_by_their_codes() {
        assert_eq!(trouble("NOPERM: no permissions to run the 'eval' command"), StoreError::Denied);
        let overflow =
            "An error was signalled by the server: increment or decrement would overflow script: 1";
        assert_eq!(trouble(overflow), StoreError::InvalidArgument);
        assert_eq!(trouble("broken pipe"), StoreError::Unavailable);
        assert_eq!(trouble("OOM: command not allowed"), StoreError::Unavailable);
    }

    #[test]
    fn a_server_that_may_evict_is_known() {
        assert!(evicts("maxmemory:100\r\nmaxmemory_policy:allkeys-lru\r\n"));
        assert!(!evicts("maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n"));
        assert!(!evicts("maxmemory:100\r\nmaxmemory_policy:noeviction\r\n"));
        assert!(!evicts(""));
    }
}
