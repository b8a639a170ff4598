//! Calls that got no answer.

use countersign_contract::types::SendError;
use http::Uri;

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TransportError {
    /// The request left, or may have, and the connection broke before the head of an answer was whole.
    Broken,
    /// The runtime doesn't let this app call the host.
    Denied,
    /// The runtime allows no call to the address that the host has.
    Prohibited,
    /// The request left, or may have, and no answer came in time.
    TimedOut,
    /// No connection: the request did not leave. Names, addresses, TLS.
    Unreachable,
}

impl TransportError {
    /// What it means for a message that was on its way to `url`; `path` is where the provider's settings stand. Of the
    /// URL only scheme, host and port are told: the rest may hold a token.
    #[must_use]
    pub fn into_send_error(self, path: &str, url: &Uri) -> SendError {
        let not_configured = |what: &str| {
            let scheme = url.scheme_str().unwrap_or("https");
            let authority = url.authority().map_or("", http::uri::Authority::as_str);
            SendError::NotConfigured(format!("{path}: {scheme}://{authority} {what}"))
        };
        match self {
            Self::Broken => SendError::Unreadable,
            Self::Denied => {
                not_configured("may not be called: `allowed_outbound_hosts` has to name it")
            }
            Self::Prohibited => {
                not_configured("has an address that the runtime's configuration blocks")
            }
            Self::TimedOut => SendError::Timeout,
            Self::Unreachable => SendError::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_operator_has_to_do_names_the_host_and_no_more_of_the_url() {
        let url: Uri = "https://example.com:8443/codes?token=hunter2".parse().unwrap();
        let text = |failure: TransportError| match failure.into_send_error("senders.sms", &url) {
            SendError::NotConfigured(text) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            text(TransportError::Denied),
            "senders.sms: https://example.com:8443 may not be called: `allowed_outbound_hosts` has to name it"
        );
        assert_eq!(
            text(TransportError::Prohibited),
            "senders.sms: https://example.com:8443 has an address that the runtime's configuration blocks"
        );
    }

    #[test]
    fn what_may_have_left_is_told_from_what_did_not() {
        let url: Uri = "https://example.com/".parse().unwrap();
        let error = |failure: TransportError| failure.into_send_error("senders.sms", &url);
        assert_eq!(error(TransportError::TimedOut), SendError::Timeout);
        assert_eq!(error(TransportError::Broken), SendError::Unreadable);
        assert_eq!(error(TransportError::Unreachable), SendError::Unavailable);
    }
}
