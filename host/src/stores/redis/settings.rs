//! What an operator decides about a Redis store.

use countersign_contract::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::stores::generation::AfterRestart;
use crate::stores::tls::TlsSettings;

/// `[store]` with `type = "redis"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RedisSettings {
    /// Where it is: `redis://user:password@host:port/database`, `valkey://…`, the same with TLS as `rediss://…` or
    /// `valkeys://…`, or `redis+unix:///path`.
    pub url: Option<Secret<String>>,
    /// How `rediss://` and `valkeys://` are encrypted.
    pub tls: TlsSettings,
    /// The sentinels that know the master, as `host:port`: the host in `url` is then the master's name, without a port.
    pub sentinels: Vec<String>,
    /// The user that the sentinels want, where they do.
    pub sentinel_user: Option<String>,
    /// The password that the sentinels want, where they do.
    pub sentinel_password: Option<Secret<String>>,
    /// Whether the server in `url` is a node of a Redis Cluster, or the one address of a managed one.
    pub cluster: bool,
    /// More nodes of the cluster, as `host:port`, that are asked for the others at start-up where the one in `url` does not
    /// answer.
    pub cluster_nodes: Vec<String>,
    /// What every key begins with; `countersign:` if left out. At most 64 bytes of printable ASCII without braces,
    /// which mark the part that decides where in a cluster a key lives.
    pub key_prefix: String,
    /// Seconds for all tries to connect at start-up: 1 to 300; 30 if left out.
    #[schemars(range(min = 1, max = 300))]
    pub connect_timeout_seconds: u64,
    /// Milliseconds after which a batch is given up: 10 to 60,000; 1,000 if left out.
    #[schemars(range(min = 10, max = 60_000))]
    pub response_timeout_ms: u64,
    /// How many batches may be on their way to one server at once, at most: 1 to 65,536; 1,024 if left out. More wait, within the
    /// time for their answer.
    #[schemars(range(min = 1, max = 65_536))]
    pub max_in_flight: u64,
    /// What becomes of codes whose challenge was issued before the server was restarted or failed over.
    pub after_restart: AfterRestart,
}

impl Default for RedisSettings {
    fn default() -> Self {
        Self {
            url: None,
            tls: TlsSettings::default(),
            sentinels: Vec::new(),
            sentinel_user: None,
            sentinel_password: None,
            cluster: false,
            cluster_nodes: Vec::new(),
            key_prefix: "countersign:".into(),
            connect_timeout_seconds: 30,
            response_timeout_ms: 1_000,
            max_in_flight: 1_024,
            after_restart: AfterRestart::Refuse,
        }
    }
}
