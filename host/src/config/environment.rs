//! Settings from the environment: `COUNTERSIGN_` and the path, levels separated by two underscores.
//!
//! `COUNTERSIGN_STORE__URL` is `store.url`. A level is the setting's name in capitals; where the file already has
//! a name there that differs only in case, or in `-` for `_`, that one is meant, and so
//! `COUNTERSIGN_PURPOSES__WALLET_FUNDING__LIFETIME_SECONDS` reaches `[purposes.wallet-funding]`. Elements of a list
//! are numbered from 0: `COUNTERSIGN_KEYS__RING__0__SECRET`; new ones follow those of the file. A whole list or
//! table may be given as TOML: `COUNTERSIGN_SERVER__TRUSTED_PROXIES='["10.0.0.0/8"]'`.
//!
//! The environment wins over the file. A variable that names no setting is refused, with the nearest that does, so that
//! a misspelt one is not ignored. Exempt are `COUNTERSIGN_CONFIG` (the path of the file),
//! `COUNTERSIGN_TEST_…`, and what Kubernetes sets by itself in each pod where a service is called
//! `countersign` or `countersign-<name>` (`is_service_link`).

use std::ffi::{OsStr, OsString};
use std::net::IpAddr;

use countersign_settings::problem::{Origin, Problem};
use serde_json::Value;
use zeroize::Zeroize;

use super::schema::Shape;
use super::tree::{Tree, parse_value};
use super::unknown_variable;
use super::values::Kind;

const PREFIX: &str = "COUNTERSIGN_";

/// Puts every setting of `variables` into `tree`, in the order of their names.
pub(super) fn apply(
    tree: &mut Tree,
    shape: &Shape,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<Problem> {
    let mut settings: Vec<(String, OsString)> = variables
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, value)| is_setting(name, value))
        .collect();
    settings.sort_by_key(|(name, _)| order(name));

    let mut problems = Vec::new();
    let mut unknown = Vec::new();
    for (name, value) in settings {
        let Ok(value) = value.into_string() else {
            problems.push(Problem {
                origin: Origin::Environment(name),
                path: String::new(),
                text: "not UTF-8".to_owned(),
            });
            continue;
        };
        let path = path_of(&name, &tree.root);
        if !shape.has(&path) {
            unknown.push((name, path));
            continue;
        }
        let value = typed(value, shape.kinds(&path));
        if let Err(problem) = tree.put(&path, value, &name) {
            problems.push(problem);
        }
    }
    let unknown = unknown.into_iter().map(|(name, path)| {
        let text = unknown_variable::explain(shape, &tree.root, PREFIX, &path);
        Problem { origin: Origin::Environment(name), path: path.join("."), text }
    });
    problems.extend(unknown);
    problems
}

/// Whether a variable is a setting, right or mistyped.
pub(super) fn is_setting(name: &str, value: &OsStr) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else {
        return false;
    };
    let is_link = |value| is_service_link(rest, value);
    rest != "CONFIG" && !rest.starts_with("TEST_") && !value.to_str().is_some_and(is_link)
}

/// Whether a variable is one of those by which Kubernetes tells each pod of a service
/// `countersign-<name>`, or `countersign`, whose variables have no `<NAME>_`. `rest` is its name behind the
/// prefix. Both name and value have to fit: `COUNTERSIGN_SERVER_PORT=8080` and `COUNTERSIGN_PORT=8080` are mistyped
/// settings.
///
/// | name | value |
/// |---|---|
/// | `<NAME>_SERVICE_HOST`, `<NAME>_PORT_<n>_<PROTOCOL>_ADDR` | an address |
/// | `<NAME>_SERVICE_PORT`, `<NAME>_SERVICE_PORT_<PORT>`, `<NAME>_PORT_<n>_<PROTOCOL>_PORT` | a number |
/// | `<NAME>_PORT_<n>_<PROTOCOL>_PROTO` | `tcp`, `udp` or `sctp` |
/// | `<NAME>_PORT`, `<NAME>_PORT_<n>_<PROTOCOL>` | `tcp://10.96.0.10:6379` |
fn is_service_link(rest: &str, value: &str) -> bool {
    // As if there were a name always.
    let rest = &format!("_{rest}");
    let of = |suffix: &str| rest.strip_suffix(suffix).is_some_and(is_name);
    let of_port = |suffix: &str| rest.strip_suffix(suffix).is_some_and(names_a_port);
    let is_address = || value.parse::<IpAddr>().is_ok();
    let is_number = || value.parse::<u16>().is_ok();
    let is_url = || PROTOCOLS.iter().any(|protocol| is_url_of(protocol, value));
    let is_named_port = || {
        let mut names = rest.match_indices("_SERVICE_PORT_");
        names.any(|(at, found)| {
            rest.get(..at).is_some_and(is_name)
                && rest.get(at + found.len()..).is_some_and(|port| !port.is_empty())
        })
    };
    (of("_SERVICE_HOST") || of_port("_ADDR")) && is_address()
        || (of("_SERVICE_PORT") || of_port("_PORT") || is_named_port()) && is_number()
        || of_port("_PROTO") && PROTOCOLS.contains(&value)
        || (of("_PORT") || names_a_port(rest)) && is_url()
}

const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];

fn is_url_of(protocol: &str, value: &str) -> bool {
    value.strip_prefix(protocol).is_some_and(|rest| rest.starts_with("://"))
}

/// Whether it is a service's name, or none. One doesn't end in a hyphen, and so no level of a setting's path ends there.
fn is_name(name: &str) -> bool {
    name.is_empty() || name.len() > 1 && !name.ends_with('_')
}

/// Whether this is `<NAME>_PORT_<n>_<PROTOCOL>`.
fn names_a_port(text: &str) -> bool {
    let Some((rest, protocol)) = text.rsplit_once('_') else { return false };
    let Some((name, number)) = rest.rsplit_once("_PORT_") else { return false };
    PROTOCOLS.contains(&protocol.to_ascii_lowercase().as_str())
        && number.parse::<u16>().is_ok()
        && is_name(name)
}

/// Shorter paths first, and numbers by their value: a list's element 2 comes before its element 10.
fn order(name: &str) -> Vec<(usize, String)> {
    name.split("__").map(|level| (level.parse().unwrap_or(0), level.to_owned())).collect()
}

fn path_of(name: &str, root: &Value) -> Vec<String> {
    let mut place = Some(root);
    let levels = name.strip_prefix(PREFIX).unwrap_or(name).split("__");
    levels
        .map(|level| {
            let plain = level.to_ascii_lowercase();
            let step = match place {
                Some(Value::Object(table)) => table
                    .keys()
                    .find(|key| key.to_ascii_lowercase().replace('-', "_") == plain)
                    .cloned()
                    .unwrap_or(plain),
                _ => plain,
            };
            place = match place {
                Some(Value::Object(table)) => table.get(&step),
                Some(Value::Array(list)) => {
                    step.parse().ok().and_then(|index: usize| list.get(index))
                }
                _ => None,
            };
            step
        })
        .collect()
}

/// `text` as the type that the setting has: variables have none of their own.
fn typed(mut text: String, kinds: Vec<Kind>) -> Value {
    if kinds.contains(&Kind::String) || kinds.is_empty() {
        return Value::String(text);
    }
    let Some(value) = parse_value(&text) else { return Value::String(text) };
    text.zeroize();
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_setting(name: &str, value: &str) -> bool {
        super::is_setting(name, OsStr::new(value))
    }

    #[test]
    fn what_kubernetes_says_of_services_is_no_setting() {
        for service in
            ["REDIS_MASTER", "SENDERS", "STORE", "X", "A_B_C", "PORT_1", "SERVICE", "EDGE__V2", "1"]
        {
            for (suffix, value) in [
                ("_SERVICE_HOST", "10.96.0.10"),
                ("_SERVICE_HOST", "fd00::10"),
                ("_SERVICE_PORT", "6379"),
                ("_SERVICE_PORT_REDIS", "6379"),
                ("_SERVICE_PORT_TCP_METRICS", "9121"),
                ("_PORT", "tcp://10.96.0.10:6379"),
                ("_PORT", "udp://[fd00::10]:53"),
                ("_PORT_6379_TCP", "tcp://10.96.0.10:6379"),
                ("_PORT_6379_TCP_PROTO", "tcp"),
                ("_PORT_6379_TCP_PORT", "6379"),
                ("_PORT_6379_TCP_ADDR", "10.96.0.10"),
                ("_PORT_53_UDP", "udp://10.96.0.10:53"),
                ("_PORT_53_UDP_PROTO", "udp"),
                ("_PORT_9899_SCTP_PORT", "9899"),
                ("_PORT_9899_SCTP", "sctp://10.96.0.10:9899"),
            ] {
                let name = format!("COUNTERSIGN_{service}{suffix}");
                assert!(!is_setting(&name, value), "{name}={value}");
            }
        }
    }

    #[test]
    fn a_mistyped_setting_is_one() {
        for (name, value) in [
            ("COUNTERSIGN_SERVER_PORT", "8080"),
            ("COUNTERSIGN_REDIS_PORT", "6379"),
            ("COUNTERSIGN_SENDERS__EMAIL__PORT", "587"),
            ("COUNTERSIGN_SENDERS__EMAIL__PORT", "tcp://10.96.0.10:587"),
            ("COUNTERSIGN_SENDERS__EMAIL__SERVICE_HOST", "10.96.0.10"),
            ("COUNTERSIGN_STORE__URL", "tcp://10.96.0.10:6379"),
            ("COUNTERSIGN_STORE_URL", "redis://10.96.0.10:6379"),
            ("COUNTERSIGN_X_SERVICE_HOST", "redis.example.com"),
            ("COUNTERSIGN_X_SERVICE_PORT", "x"),
            ("COUNTERSIGN_X_PORT_X_TCP", "tcp://10.96.0.10:6379"),
            ("COUNTERSIGN_X_PORT_1_TLS", "tcp://10.96.0.10:6379"),
            ("COUNTERSIGN_X_PORT_1_TCP_HOST", "10.96.0.10"),
            ("COUNTERSIGN_X_PORT_1_TCP_PROTO", "http"),
            ("COUNTERSIGN_SERVER__LISTENS", "0.0.0.0:8080"),
        ] {
            assert!(is_setting(name, value), "{name}={value}");
        }
        for name in ["COUNTERSIGN_CONFIG", "COUNTERSIGN_TEST_X", "PATH"] {
            assert!(!is_setting(name, "x"), "{name}");
        }
    }
}
