//! Why a store could not be opened.

use std::path::PathBuf;

/// Why a store could not be opened. The text is for an operator; no password is ever in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The server is a node of a Redis Cluster, where the keys of one batch lie on several servers, and wasn't said to be one.
    #[error("Redis at {server} is a node of a Redis Cluster ({reason}): set store.cluster = true")]
    Clustered {
        /// Its address.
        server: String,
        /// What it said: an error code, no more.
        reason: String,
    },
    /// The server refuses our credentials, or a command that the store needs.
    #[error("the store's server refuses the user, the password or the database: {reason}")]
    Denied {
        /// What it said: an error code, no more.
        reason: String,
    },
    /// The server may drop keys before their time, and a store must not forget.
    #[error(
        "Redis at {server} evicts keys when its memory is full (maxmemory-policy {policy}), so that attempts would be \
         forgotten: set `maxmemory-policy noeviction`"
    )]
    Evicting {
        /// Its address.
        server: String,
        /// What its `maxmemory-policy` is.
        policy: String,
    },
    /// A file that can't be created, read or written.
    #[error("can't use {}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that is not a countersign store, or of another version. It was left as it is.
    #[error("{} is not a store of this version of countersign: {reason}", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting that is missing, out of its range, or not supported.
    #[error("store.{name}: {reason}")]
    Setting {
        /// Which setting.
        name: &'static str,
        /// What it has to be.
        reason: String,
    },
    /// The server's certificate is not good, or the server refuses ours.
    #[error("the store's server {server} can't be trusted: {reason}")]
    Untrusted {
        /// Its address.
        server: String,
        /// What is wrong.
        reason: String,
    },
    /// The server was said to be a node of a Redis Cluster, and isn't.
    #[error(
        "store.cluster = true, but Redis at {server} is not a node of a Redis Cluster ({reason} to CLUSTER SLOTS): leave out \
         store.cluster for a single server, or name a node of the cluster in store.url"
    )]
    Unclustered {
        /// Its address.
        server: String,
        /// What it said: an error code, no more.
        reason: String,
    },
    /// The backend could not be used within the time allowed for start-up.
    #[error("the store can't be reached: {reason}")]
    Unavailable {
        /// What went wrong last.
        reason: String,
    },
    /// The backend works, and can't keep the contract's promises as it is set up.
    #[error("the store can't keep its promises: {reason}")]
    Unfit {
        /// What is wrong with it.
        reason: String,
    },
}

/// The number `value` of setting `name`, if it lies in `range`.
pub(super) fn within(
    name: &'static str,
    value: u64,
    range: std::ops::RangeInclusive<u64>,
) -> Result<u64, OpenError> {
    if range.contains(&value) {
        return Ok(value);
    }
    let reason = format!("{value} is not between {} and {}", range.start(), range.end());
    Err(OpenError::Setting { name, reason })
}
