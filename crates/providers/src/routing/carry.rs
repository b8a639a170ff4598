//! One message from its provider's first request to the outcome.

use std::future::Future;

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::header::CONTENT_LENGTH;
use http::{Request, Response};

use crate::messages::message::Message;
use crate::protocol::provider::{Accepted, MAX_EXCHANGES, Progress, Provider, Session};
use crate::routing::transport_error::TransportError;
use crate::routing::unsent::Unsent;

/// Carries `message`: asks the provider for requests and `call`s each, until there is an outcome. `path` is where the
/// provider's settings stand.
///
/// # Errors
/// Why the message did not go out.
pub(crate) async fn carry<F>(
    provider: &dyn Provider,
    path: &str,
    message: &Message,
    session: &mut Session,
    now: impl Fn() -> Timestamp,
    call: impl Fn(Request<Vec<u8>>) -> F,
) -> Result<Accepted, Unsent>
where
    F: Future<Output = Result<Response<Vec<u8>>, TransportError>>,
{
    for _ in 0..MAX_EXCHANGES {
        let mut request = provider.request(message, session, now())?;
        let is_login = provider.wants_login() && !session.has_token();
        // Without it the body would be chunked, which not every receiver takes.
        let length = request.body().len().into();
        request.headers_mut().insert(CONTENT_LENGTH, length);
        let url = request.uri().clone();
        let mut concerns_recipient = false;
        let step = match call(request).await {
            Ok(response) => {
                let (head, body) = response.into_parts();
                let response = Response::from_parts(head, body.as_slice());
                concerns_recipient = provider.concerns_recipient(&response);
                provider.response(response, session, now())
            }
            Err(failure) => Err(failure.into_send_error(path, &url)),
        };
        match step {
            Ok(Progress::Accepted(accepted)) => return Ok(accepted),
            Ok(Progress::Again) => {}
            Err(error) if is_login && error.is_uncertain() => {
                return Err(SendError::Unavailable.into());
            }
            Err(error) => return Err(Unsent { error, concerns_recipient }),
        }
    }
    // The provider logged in, and refuses the token that it gave.
    Err(SendError::Unauthorised.into())
}

#[cfg(test)]
mod tests;
