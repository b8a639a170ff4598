//! What every provider's protocol is made of.

use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::SendError;
use countersign_contract::{Secret, Timestamp};
use http::{Request, Response};

use crate::messages::message::Message;
use crate::protocol::callback::{Callback, CallbackContent};

/// Bytes of a response's body that are read at most. The carrier of the requests stops there.
pub const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// Requests for one message at most: one whose token is no longer good, a login, and the message once more.
pub const MAX_EXCHANGES: usize = 3;

/// A provider's protocol: requests out, responses in. Nothing here reaches the network.
///
/// The carrier of the requests does this for each message, at most [`MAX_EXCHANGES`] times, until it is
/// [`Progress::Accepted`] or an error; where neither comes the credentials are to blame ([`SendError::Unauthorised`]):
///
/// 1. takes the [`request`](Self::request), which is secret as a whole and must not be formatted (its `Debug` shows
///    the body), adds `content-length`, and sends it; doesn't follow redirects;
/// 2. hands the answer to [`response`](Self::response) as soon as there is a head. A body that is cut short, by
///    [`MAX_RESPONSE_BYTES`], the connection or a deadline, is handed over as far as it came: the provider knows
///    whether the head alone says enough.
///
/// **A provider that wants a login first** keeps its token in the session. Its `request` asks for
/// [`Session::token`] and, where there is none, makes the login's request instead of the message's. Its `response`
/// reads the login's answer where the session has no token ([`Session::has_token`]), keeps what it says and returns
/// [`Progress::Again`]; otherwise it reads the message's answer, and where that refuses the token, forgets it and returns
/// [`Progress::Again`] too. It says so in [`wants_login`](Self::wants_login). Most providers need none of it and leave the session alone.
pub trait Provider: Send + Sync {
    /// Its type, as the settings have it: `type = "eskiz"`.
    fn provider_type(&self) -> &'static str;

    /// The origin that all of its requests go to: `https://api.example.com`, with a port where it isn't the scheme's.
    fn origin(&self) -> String;

    /// The next request for `message`.
    ///
    /// # Errors
    /// Where the message can't be put as the provider wants it.
    fn request(
        &self,
        message: &Message,
        session: &mut Session,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, SendError>;

    /// What the provider answered to the request that was made last.
    ///
    /// # Errors
    /// Why the message did not go out.
    fn response(
        &self,
        response: Response<&[u8]>,
        session: &mut Session,
        now: Timestamp,
    ) -> Result<Progress, SendError>;

    /// Whether a refusal concerns this recipient alone, though it comes out as one that says that
    /// the provider doesn't work: a limit between the account and one recipient. Such a refusal
    /// doesn't count against the provider.
    fn concerns_recipient(&self, _: &Response<&[u8]>) -> bool {
        false
    }

    /// Whether it wants a login first: whatever goes wrong with one, the message has not gone out.
    fn wants_login(&self) -> bool {
        false
    }

    /// What a call of the provider's reports, once its signature was found to be good.
    ///
    /// # Errors
    /// Where the provider reports nothing, or the call isn't its own, or can't be read.
    fn receive(&self, _: &Callback<'_>, _: Timestamp) -> Result<CallbackContent, CallbackError> {
        Err(CallbackError::Unsupported)
    }
}

/// Where a message stands after an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Progress {
    /// The provider took it.
    Accepted(Accepted),
    /// Not yet sent: the provider has another request.
    Again,
}

/// What a provider said when it took a message.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Accepted {
    /// Its own name for the message, where it gave one.
    pub message_id: Option<String>,
}

/// What a provider remembers from one message to the next: the token of its last login.
///
/// Kept by the carrier of the requests, one for each provider that is configured; losing it costs a login. Each
/// message has a copy of its own on its way, and the one that comes back replaces what was kept.
#[derive(Clone, Debug, Default)]
pub struct Session {
    token: Option<(Secret<String>, Timestamp)>,
}

impl Session {
    /// The token, for a request; one that is no longer good at `now` is forgotten.
    pub fn token(&mut self, now: Timestamp) -> Option<&Secret<String>> {
        self.token.take_if(|(_, good_until)| *good_until <= now);
        self.token.as_ref().map(|(token, _)| token)
    }

    /// Whether the last request had a token. Not a matter of time: what an answer means doesn't change on its way.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Keeps the token of a login.
    pub fn keep(&mut self, token: Secret<String>, good_until: Timestamp) {
        self.token = Some((token, good_until));
    }

    /// Forgets a token that was refused.
    pub fn forget(&mut self) {
        self.token = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_its_end_and_no_longer() {
        let mut session = Session::default();
        session.keep(Secret::new("t".into()), Timestamp(100));
        assert!(session.token(Timestamp(99)).is_some());
        assert!(session.has_token());
        assert!(session.token(Timestamp(100)).is_none());
        assert!(!session.has_token());
    }
}
