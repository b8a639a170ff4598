//! What a handshake settled, as an operator is told of it.

use rustls::{ClientConnection, ProtocolVersion};

use super::expiry;
use crate::findings::{Check, Findings};

/// A certificate that ends within so many seconds is warned of: 14 days.
const SOON: u64 = 14 * DAY;
const DAY: u64 = 86_400;

/// What a handshake settled: the server's certificate was verified, or there would be no connection.
#[derive(Clone, Debug)]
pub(crate) struct Secured {
    protocol: &'static str,
    /// Until when the server's certificate is good, in seconds since 1970.
    ends: Option<u64>,
}

impl Secured {
    /// Of a connection whose handshake is done.
    pub(crate) fn of(connection: &ClientConnection) -> Self {
        let protocol = match connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS",
        };
        let certificate = connection.peer_certificates().and_then(<[_]>::first);
        Self { protocol, ends: certificate.and_then(|certificate| expiry::not_after(certificate)) }
    }

    /// Tells of it; `now` is in seconds since 1970.
    pub(crate) fn tell(&self, check: Check, now: u64, findings: &mut Findings) {
        let protocol = self.protocol;
        let Some(left) = self.ends.map(|ends| ends.saturating_sub(now)) else {
            findings.ok(check, format!("{protocol}; the server's certificate was verified"));
            return;
        };
        let text = format!(
            "{protocol}; the server's certificate was verified, and is good for {} more days",
            left / DAY
        );
        if left < SOON {
            findings.warning(check, text, "renew the server's certificate before it expires");
        } else {
            findings.ok(check, text);
        }
    }
}
