//! Where a node of a cluster sends us for keys that it doesn't have (Redis Cluster specification, "Redirection and
//! resharding").
//!
//! A transaction with such an answer was not carried out at all: Redis discards it when one of its commands is refused
//! before `EXEC`, and checks all of its keys once more at `EXEC`. So it may be sent again, elsewhere.

use redis::{ConnectionAddr, ServerError, Value};

/// What the node says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Redirection {
    /// The slot is on its way to that server, and has come as far as these keys.
    Ask(Place),
    /// The cluster can't serve the slot at present.
    Down,
    /// The slot lives on that server now.
    Moved(Place),
    /// Some of the keys are here and some there, until the slot has moved.
    TryAgain,
}

/// A server, as another one names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Place {
    At(ConnectionAddr),
    /// On the host of the server that says so.
    SameHost(u16),
    /// Without a name.
    Unnamed,
}

impl Redirection {
    /// Reads the answers to one command, or to a transaction. Nothing where they redirect nowhere.
    pub(super) fn read(answers: &[Value]) -> Option<Self> {
        // Of a transaction only what was begun and then discarded: with an answer to each command it was carried out, and
        // where it was never begun each command was carried out by itself.
        if answers.len() > 1
            && (!matches!(answers.first(), Some(Value::Okay))
                || matches!(answers.last(), Some(Value::Array(_))))
        {
            return None;
        }
        answers.iter().find_map(|answer| match answer {
            Value::ServerError(error) => Self::of(error),
            _ => None,
        })
    }

    fn of(error: &ServerError) -> Option<Self> {
        match error.code() {
            "ASK" => place(error).map(Self::Ask),
            "CLUSTERDOWN" => Some(Self::Down),
            "MOVED" => place(error).map(Self::Moved),
            "TRYAGAIN" => Some(Self::TryAgain),
            _ => None,
        }
    }
}

impl Place {
    /// The server's address, where `asked` said so.
    pub(super) fn resolve(self, asked: &ConnectionAddr) -> Option<ConnectionAddr> {
        match (self, asked) {
            (Self::At(server), _) => Some(server),
            (Self::SameHost(port), ConnectionAddr::Tcp(host, _)) => {
                Some(ConnectionAddr::Tcp(host.clone(), port))
            }
            (Self::SameHost(_) | Self::Unnamed, _) => None,
        }
    }
}

/// `MOVED 3999 127.0.0.1:6381`: the last word. Without a host it is the same one; an IPv6 address has no brackets.
fn place(error: &ServerError) -> Option<Place> {
    let (_, server) = error.details()?.split_once(' ')?;
    let (host, port) = server.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port > 0)?;
    match host {
        "" => Some(Place::SameHost(port)),
        // A name is preferred and there is none: only the map of the slots tells the address.
        "?" => Some(Place::Unnamed),
        host => Some(Place::At(ConnectionAddr::Tcp(host.to_owned(), port))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: &str) -> Value {
        redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap()
    }

    fn queued() -> Value {
        Value::SimpleString("QUEUED".into())
    }

    fn at(host: &str, port: u16) -> Place {
        Place::At(ConnectionAddr::Tcp(host.into(), port))
    }

    #[test]
    fn the_first_redirection_of_a_refused_transaction_counts() {
        let answers = [
            Value::Okay,
            queued(),
            error("ASK 3999 10.0.0.1:6381"),
            error("EXECABORT Transaction discarded because of previous errors."),
        ];
        assert_eq!(Redirection::read(&answers), Some(Redirection::Ask(at("10.0.0.1", 6_381))));
        let at_exec = [Value::Okay, queued(), error("TRYAGAIN Multiple keys request")];
        assert_eq!(Redirection::read(&at_exec), Some(Redirection::TryAgain));
    }

    #[test]
    fn what_was_carried_out_redirects_nowhere() {
        let answers = [Value::Okay, queued(), Value::Array(vec![error("MOVED 1 a:1")])];
        assert_eq!(Redirection::read(&answers), None);
        assert_eq!(Redirection::read(&[Value::Nil]), None);
        let never_begun =
            [error("NOPERM"), Value::Int(1), error("MOVED 1 a:1"), error("ERR EXEC without MULTI")];
        assert_eq!(Redirection::read(&never_begun), None);
        assert_eq!(Redirection::read(&[error("OOM command not allowed")]), None);
    }

    #[test]
    fn servers_are_named_by_address_by_name_or_not_at_all() {
        for (line, place) in [
            ("MOVED 3999 10.0.0.1:6381", at("10.0.0.1", 6_381)),
            ("MOVED 3999 node-1.internal:6381", at("node-1.internal", 6_381)),
            ("MOVED 3999 ::1:6381", at("::1", 6_381)),
            ("MOVED 3999 :6381", Place::SameHost(6_381)),
            ("MOVED 3999 ?:6381", Place::Unnamed),
        ] {
            assert_eq!(
                Redirection::read(&[error(line)]),
                Some(Redirection::Moved(place)),
                "{line}"
            );
        }
        assert_eq!(Redirection::read(&[error("MOVED")]), None);
        assert_eq!(Redirection::read(&[error("MOVED 3999 nowhere")]), None);
        let asked = ConnectionAddr::Tcp("10.0.0.9".into(), 6_379);
        assert_eq!(
            Place::SameHost(6_381).resolve(&asked),
            Some(ConnectionAddr::Tcp("10.0.0.9".into(), 6_381))
        );
    }
}
