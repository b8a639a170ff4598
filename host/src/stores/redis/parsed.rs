//! What an operator decides about a Redis store, checked.

use std::time::Duration;

use super::address::{self, Access, Address};
use super::settings::RedisSettings;
use super::topology::{self, Topology};
use crate::stores::error::{OpenError, within};

/// Settings that hold.
pub(super) struct Parsed {
    /// Where the data is.
    pub(super) topology: Topology,
    /// Who we are there.
    pub(super) access: Access,
    /// For all tries to connect at start-up.
    pub(super) patience: Duration,
    /// For each batch.
    pub(super) response_timeout: Duration,
    /// Batches on their way to one server at once.
    pub(super) max_in_flight: usize,
}

impl RedisSettings {
    /// Finds what is wrong with them, without connecting.
    ///
    /// # Errors
    ///
    /// [`OpenError::Setting`], the first one that is missing or out of its range.
    pub fn check(&self) -> Result<(), OpenError> {
        self.parse().map(drop)
    }

    /// Reads them.
    pub(super) fn parse(&self) -> Result<Parsed, OpenError> {
        let address = address::from(self.url.as_ref(), &self.tls)?;
        let topology = topology::of(self, &address)?;
        let Address { access, .. } = address;
        check_prefix(&self.key_prefix)?;
        let patience = within("connect_timeout_seconds", self.connect_timeout_seconds, 1..=300)?;
        let response_timeout =
            within("response_timeout_ms", self.response_timeout_ms, 10..=60_000)?;
        let in_flight = within("max_in_flight", self.max_in_flight, 1..=65_536)?;
        Ok(Parsed {
            topology,
            access,
            patience: Duration::from_secs(patience),
            response_timeout: Duration::from_millis(response_timeout),
            max_in_flight: usize::try_from(in_flight).unwrap_or(usize::MAX),
        })
    }
}

fn check_prefix(prefix: &str) -> Result<(), OpenError> {
    let fits = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'{' | b'}');
    if prefix.len() <= 64 && prefix.bytes().all(fits) {
        return Ok(());
    }
    let reason = "at most 64 bytes of printable ASCII without braces".into();
    Err(OpenError::Setting { name: "key_prefix", reason })
}
