//! One message from its provider's first request to the outcome.

use countersign_providers::{
    Accepted, MAX_EXCHANGES, Message, Provider, SendError, Session, Step, Timestamp,
};
use http::header::CONTENT_LENGTH;
use http::{Request, Response};

use crate::failure::Failure;

/// Carries `message`: asks the provider for requests and `call`s each, until there is an outcome.
///
/// # Errors
/// Why the message did not go out.
pub fn carry(
    provider: &dyn Provider,
    message: &Message,
    session: &mut Session,
    now: impl Fn() -> Timestamp,
    mut call: impl FnMut(Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Failure>,
) -> Result<Accepted, SendError> {
    for _ in 0..MAX_EXCHANGES {
        let mut request = provider.request(message, session, now())?;
        // Without it the body would be chunked, which not every receiver takes.
        let length = request.body().len().into();
        request.headers_mut().insert(CONTENT_LENGTH, length);
        let url = request.uri().clone();
        let (head, body) = call(request)
            .map_err(|failure| failure.into_send_error(message.channel, &url))?
            .into_parts();
        match provider.response(Response::from_parts(head, &body), session, now())? {
            Step::Accepted(accepted) => return Ok(accepted),
            Step::Again => {}
        }
    }
    // The provider logged in, and refuses the token that it gave.
    Err(SendError::Unauthorised)
}

#[cfg(test)]
mod tests;
