//! Calls that got no answer.

use countersign_providers::{Channel, SendError};
use http::Uri;

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// The runtime doesn't let this app call the host.
    Denied,
    /// The runtime lets nobody call the address that the host has.
    Prohibited,
    /// The request left, or may have, and no answer came in time.
    TimedOut,
    /// No connection, or one that broke: names, addresses, TLS, HTTP.
    Unreachable,
}

impl Failure {
    /// What it means for the message of `channel` that was on its way to `url`. Of the URL only scheme, host and port
    /// are told: the rest may hold a token.
    #[must_use]
    pub fn into_send_error(self, channel: Channel, url: &Uri) -> SendError {
        let not_configured = |what: &str| {
            let scheme = url.scheme_str().unwrap_or("https");
            let authority = url.authority().map_or("", http::uri::Authority::as_str);
            let text = format!("senders.{}: {scheme}://{authority} {what}", channel.as_str());
            SendError::NotConfigured(text)
        };
        match self {
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
        let text = |failure: Failure| match failure.into_send_error(Channel::Sms, &url) {
            SendError::NotConfigured(text) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            text(Failure::Denied),
            "senders.sms: https://example.com:8443 may not be called: `allowed_outbound_hosts` has to name it"
        );
        assert_eq!(
            text(Failure::Prohibited),
            "senders.sms: https://example.com:8443 has an address that the runtime's configuration blocks"
        );
    }

    #[test]
    fn a_time_out_is_told_from_what_never_left() {
        let url: Uri = "https://example.com/".parse().unwrap();
        let error = |failure: Failure| failure.into_send_error(Channel::Sms, &url);
        assert_eq!(error(Failure::TimedOut), SendError::Timeout);
        assert_eq!(error(Failure::Unreachable), SendError::Unavailable);
    }
}
