//! How many servers there are, and how they are found.

use redis::{ConnectionAddr, ProtocolVersion, RedisConnectionInfo};

use super::address::{self, Access, Address};
use super::connect::Whereabouts;
use super::sentinel::Sentinels;
use super::settings::RedisSettings;
use crate::stores::error::OpenError;

/// The port that the client library takes where a URL names none.
const DEFAULT_PORT: u16 = 6_379;

/// Where the data is.
pub(super) enum Topology {
    /// On several servers, of which these are asked for the others.
    Cluster(Vec<ConnectionAddr>),
    /// On one server at a time.
    Single(Whereabouts),
}

/// What `settings` say of the server in the URL, `address`.
///
/// # Errors
/// [`OpenError::Setting`] where they contradict each other.
pub(super) fn of(settings: &RedisSettings, address: &Address) -> Result<Topology, OpenError> {
    let RedisSettings { sentinels, sentinel_user, sentinel_password, .. } = settings;
    if settings.cluster && !sentinels.is_empty() {
        return Err(refused("sentinels", "a cluster has none: leave out `sentinels` or `cluster`"));
    }
    if sentinels.is_empty() && (sentinel_user.is_some() || sentinel_password.is_some()) {
        return Err(refused("sentinels", "missing: their user or password is given"));
    }
    if !settings.cluster && !settings.cluster_nodes.is_empty() {
        return Err(refused("cluster", "has to be true where `cluster_nodes` are given"));
    }
    if settings.cluster {
        return cluster(settings, address);
    }
    if sentinels.is_empty() {
        return Ok(Topology::Single(Whereabouts::At(address.server.clone())));
    }
    let ConnectionAddr::Tcp(master, DEFAULT_PORT) = &address.server else {
        let reason = "names the master where `sentinels` are given, without a port: redis://user:password@master";
        return Err(refused("url", reason));
    };
    let servers = servers("sentinels", sentinels)?;
    if sentinel_user.is_some() && sentinel_password.is_none() {
        return Err(refused("sentinel_password", "is missing: it goes with `sentinel_user`"));
    }
    let mut login =
        RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP2).set_skip_set_lib_name();
    if let Some(user) = sentinel_user {
        login = login.set_username(user);
    }
    if let Some(password) = sentinel_password {
        login = login.set_password(password.expose());
    }
    let access = Access { login, encryption: address.access.encryption.clone() };
    let sentinels = Sentinels::new(master.clone(), servers, access);
    Ok(Topology::Single(Whereabouts::Sentinels(sentinels)))
}

fn cluster(settings: &RedisSettings, address: &Address) -> Result<Topology, OpenError> {
    let ConnectionAddr::Tcp(..) = &address.server else {
        return Err(refused("url", "a cluster is not reached by a unix socket"));
    };
    if address.access.login.db() != 0 {
        return Err(refused("url", "a cluster has database 0 only"));
    }
    let mut seeds = vec![address.server.clone()];
    seeds.extend(servers("cluster_nodes", &settings.cluster_nodes)?);
    Ok(Topology::Cluster(seeds))
}

fn servers(name: &'static str, texts: &[String]) -> Result<Vec<ConnectionAddr>, OpenError> {
    // The text is not repeated: it may be a URL with a password.
    let server = |(number, text): (usize, &String)| {
        address::host_and_port(text)
            .ok_or_else(|| refused(name, &format!("number {number} is not of the form host:port")))
    };
    (1..).zip(texts).map(server).collect()
}

fn refused(name: &'static str, reason: &str) -> OpenError {
    OpenError::Setting { name, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use countersign_contract::Secret;

    use super::*;

    fn topology(url: &str, settings: RedisSettings) -> Result<Topology, OpenError> {
        let settings = RedisSettings { url: Some(Secret::new(url.to_owned())), ..settings };
        let address = address::from(settings.url.as_ref(), &settings.tls).unwrap();
        of(&settings, &address)
    }

    fn sentinels() -> RedisSettings {
        RedisSettings { sentinels: vec!["a:26379".into(), "b:26379".into()], ..Default::default() }
    }

    fn cluster() -> RedisSettings {
        RedisSettings { cluster: true, cluster_nodes: vec!["b:7000".into()], ..Default::default() }
    }

    #[test]
    fn the_host_is_a_server_a_masters_name_or_a_node() {
        let single = topology("redis://a:7000", RedisSettings::default()).unwrap();
        assert!(matches!(single, Topology::Single(Whereabouts::At(ConnectionAddr::Tcp(_, 7000)))));
        let found = topology("redis://u:p@mymaster/3", sentinels()).unwrap();
        let Topology::Single(Whereabouts::Sentinels(found)) = found else { panic!("not found") };
        assert_eq!((found.master.as_str(), found.servers.len()), ("mymaster", 2));
        assert_eq!(found.access.login.password(), None);
        let Topology::Cluster(seeds) = topology("redis://a:7000", cluster()).unwrap() else {
            panic!("not a cluster")
        };
        let node = |host: &str| ConnectionAddr::Tcp(host.to_owned(), 7_000);
        assert_eq!(seeds, [node("a"), node("b")]);
    }

    #[test]
    fn contradictions_are_named() {
        let refusal = |url: &str, settings| topology(url, settings).err().unwrap().to_string();
        for (url, settings, name) in [
            ("redis://m", RedisSettings { cluster: true, ..sentinels() }, "store.sentinels: "),
            ("redis://m:7000", sentinels(), "store.url: "),
            ("redis+unix:///m", sentinels(), "store.url: "),
            ("redis://a/1", cluster(), "store.url: "),
            ("redis+unix:///a", cluster(), "store.url: "),
            ("redis://a", RedisSettings { cluster: false, ..cluster() }, "store.cluster: "),
            (
                "redis://a",
                RedisSettings { sentinel_user: Some("u".into()), ..Default::default() },
                "store.sentinels: missing",
            ),
            (
                "redis://a",
                RedisSettings { sentinels: vec!["a".into()], ..Default::default() },
                "store.sentinels: number 1",
            ),
        ] {
            let text = refusal(url, settings);
            assert!(text.starts_with(name), "{text}");
        }
    }
}
