//! The stores of the table, and the servers that they are.

use countersign_tests::postgres::PostgresServer;
use countersign_tests::redis::RedisServer;
use countersign_tests::redis_cluster::RedisCluster;
use countersign_tests::sentinel::Sentinels;

use crate::keeps::Keeps;
use crate::redis;

/// What the hosts keep everything in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Store {
    /// One Redis that keeps nothing on a disk.
    Redis,
    /// One Redis that writes each change to its disk before it answers.
    DurableRedis,
    /// A Redis with two replicas, and three sentinels.
    Sentinels,
    /// Three masters with a replica each.
    Cluster,
    /// One PostgreSQL.
    Postgres,
    /// One with a standby that follows it asynchronously.
    PostgresPair,
    /// One file.
    Sqlite,
    /// A Redis that keeps what it acknowledges, and a PostgreSQL that is used without it.
    Fallback,
}

/// The servers of a store, for as long as it is used.
pub(crate) enum Server {
    Redis(RedisServer),
    Sentinels(Sentinels),
    Cluster(RedisCluster),
    Postgres(PostgresServer),
    PostgresPair(PostgresServer, PostgresServer),
    /// None.
    File,
    Fallback(RedisServer, PostgresServer),
}

impl Store {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Redis => "Redis, no persistence",
            Self::DurableRedis => "Redis, AOF always",
            Self::Sentinels => "Redis, Sentinel",
            Self::Cluster => "Redis Cluster",
            Self::Postgres => "PostgreSQL",
            Self::PostgresPair => "PostgreSQL, standby",
            Self::Sqlite => "SQLite",
            Self::Fallback => "Redis, AOF always; fall-back to PostgreSQL",
        }
    }

    pub(crate) fn start(self) -> Server {
        let redis = |options| Server::Redis(RedisServer::start_with(options).unwrap());
        match self {
            Self::Redis => redis(redis::CHANGEABLE),
            Self::DurableRedis => redis(redis::DURABLE),
            Self::Sentinels => Server::Sentinels(Sentinels::start().unwrap()),
            Self::Cluster => Server::Cluster(RedisCluster::start().unwrap()),
            Self::Postgres => Server::Postgres(PostgresServer::start("").unwrap()),
            Self::PostgresPair => {
                let server = PostgresServer::start("").unwrap();
                let standby = server.standby().unwrap();
                Server::PostgresPair(server, standby)
            }
            Self::Sqlite => Server::File,
            Self::Fallback => {
                let first = RedisServer::start_with(redis::DURABLE).unwrap();
                Server::Fallback(first, PostgresServer::start("").unwrap())
            }
        }
    }
}

impl Server {
    /// How hosts find it.
    pub(crate) fn keeps(&self) -> Keeps {
        match self {
            Self::Redis(server) => Keeps::Redis(server.port()),
            Self::Sentinels(sentinels) => Keeps::Sentinels(sentinels.addresses()),
            Self::Cluster(cluster) => {
                let address = |node: &RedisServer| format!("127.0.0.1:{}", node.port());
                Keeps::Cluster(cluster.nodes.iter().map(address).collect())
            }
            Self::Postgres(server) => Keeps::Postgres(vec![server.port()]),
            Self::PostgresPair(server, standby) => {
                Keeps::Postgres(vec![server.port(), standby.port()])
            }
            Self::File => Keeps::Sqlite,
            Self::Fallback(first, second) => Keeps::Fallback(first.port(), second.url()),
        }
    }

    /// Makes sure that it forgets everything by itself after a time.
    pub(crate) fn assert_no_key_is_endless(&self) {
        let servers = match self {
            Self::Redis(server) | Self::Fallback(server, _) => std::slice::from_ref(server),
            Self::Sentinels(sentinels) => &sentinels.servers,
            _ => &[],
        };
        let found = servers.iter().filter_map(|server| server.endless_keys().ok());
        let found: Vec<_> = found.collect();
        assert!(servers.is_empty() || found.iter().any(|(_, keys)| *keys > 0), "{found:?}");
        assert!(found.iter().all(|(endless, _)| endless.is_empty()), "{found:?}");
    }
}
