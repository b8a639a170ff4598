//! All that a Redis holds.

use std::collections::BTreeMap;

use countersign_tests::redis::RedisServer;

/// Each key's value, and the moment when it ends.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Snapshot(BTreeMap<String, (Vec<u8>, i64)>);

impl Snapshot {
    pub(crate) fn of(redis: &RedisServer) -> Self {
        let mut connection = redis.connection().unwrap();
        let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
        assert!(!keys.is_empty());
        let mut all = BTreeMap::new();
        for key in keys {
            let value = redis::cmd("GET").arg(&key).query(&mut connection).unwrap();
            let end = redis::cmd("PEXPIRETIME").arg(&key).query(&mut connection).unwrap();
            all.insert(key, (value, end));
        }
        Self(all)
    }
}
