//! What the requests of all providers have in common.

use countersign_contract::types::SendError;
use form_urlencoded::Serializer;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::request::Builder;
use http::{Request, Uri};
use serde::Serialize;

/// Who asks. Some providers refuse requests without it.
pub(crate) const AGENT: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"));

/// The type of a JSON body.
pub(crate) const JSON: &str = "application/json";

/// The type of a form.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// A request with a body of that type, which wants JSON back.
pub(crate) fn post<U>(url: U, content_type: &'static str) -> Builder
where
    U: TryInto<Uri>,
    <U as TryInto<Uri>>::Error: Into<http::Error>,
{
    Request::post(url)
        .header(CONTENT_TYPE, content_type)
        .header(ACCEPT, JSON)
        .header(USER_AGENT, AGENT)
}

/// The request with its body.
///
/// # Errors
/// Where a URL or a header was none.
pub(crate) fn finish(request: Builder, body: Vec<u8>) -> Result<Request<Vec<u8>>, SendError> {
    request.body(body).map_err(|_| unwritable())
}

/// A body of JSON.
///
/// # Errors
/// Where it can't be written.
pub(crate) fn json(body: &impl Serialize) -> Result<Vec<u8>, SendError> {
    serde_json::to_vec(body).map_err(|_| unwritable())
}

/// A body of names and values.
pub(crate) fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
}

/// The value of a header that no log shows.
///
/// # Errors
/// Where no header can hold it.
pub(crate) fn secret_header(text: &str) -> Result<HeaderValue, SendError> {
    let mut value = HeaderValue::try_from(text).map_err(|_| unwritable())?;
    value.set_sensitive(true);
    Ok(value)
}

/// The message holds what no request can: it was not sent.
pub(crate) fn unwritable() -> SendError {
    SendError::Other("the message can't be written as a request".to_owned())
}
