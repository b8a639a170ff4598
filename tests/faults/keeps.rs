//! What hosts keep everything in, as their configurations say it.

use countersign_tests::proxy::Proxy;
use countersign_tests::settings::{self, Workplace};

/// What hosts keep everything in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Keeps {
    /// A Redis at this port, each host with a wire of its own to it.
    Redis(u16),
    /// Redis behind these sentinels, without wires.
    Sentinels(Vec<String>),
    /// The Redis Cluster of these nodes, without wires.
    Cluster(Vec<String>),
    /// PostgreSQL at these ports, of which one takes writes; each host with wires of its own to them.
    Postgres(Vec<u16>),
    /// A file.
    Sqlite,
    /// A Redis at this port, and without it the PostgreSQL of this URL; no wires.
    Fallback(u16, String),
}

impl Keeps {
    /// `[store]` of a host, and the wires that it has.
    pub(crate) async fn section(&self, workplace: &Workplace) -> (String, Vec<Proxy>) {
        match self {
            Self::Redis(port) => {
                let wire = Proxy::start(*port).await.unwrap();
                (settings::redis(wire.address().port()), vec![wire])
            }
            Self::Sentinels(sentinels) => {
                let master = countersign_tests::sentinel::MASTER;
                let url = format!("[store]\ntype = \"redis\"\nurl = \"redis://{master}\"\n");
                (format!("{url}sentinels = {sentinels:?}\n"), Vec::new())
            }
            Self::Cluster(nodes) => {
                let url = format!("[store]\ntype = \"redis\"\nurl = \"redis://{}\"\n", nodes[0]);
                let others = format!("cluster = true\ncluster_nodes = {:?}\n", &nodes[1..]);
                (format!("{url}{others}"), Vec::new())
            }
            Self::Postgres(ports) => {
                let mut wires = Vec::new();
                for port in ports {
                    wires.push(Proxy::start(*port).await.unwrap());
                }
                let names: Vec<String> =
                    wires.iter().map(|wire| wire.address().to_string()).collect();
                let url = format!("postgresql://postgres@{}/postgres", names.join(","));
                let section = settings::postgres(&url, "countersign");
                (section.replace("response_timeout_ms = 20000\n", ""), wires)
            }
            Self::Fallback(port, url) => {
                let second = settings::postgres(url, "countersign");
                let second = second.replace("response_timeout_ms = 20000\n", "");
                let second = second.replace("[store]", "[fallback_store]");
                (format!("{}{second}", settings::redis(*port)), Vec::new())
            }
            Self::Sqlite => (workplace.sqlite().replace("timeout_ms = 20000\n", ""), Vec::new()),
        }
    }
}
