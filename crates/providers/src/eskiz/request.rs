//! How a login, and then a text message, become requests of Eskiz's.

use countersign_contract::types::SendError;
use countersign_contract::{Secret, Timestamp};
use http::Request;
use http::header::AUTHORIZATION;

use super::settings::Checked;
use crate::messages::message::Message;
use crate::protocol::bearer;
use crate::protocol::provider::Session;
use crate::protocol::request::{self, FORM};
use crate::protocol::signatures::signed_url;
use crate::protocol::tag::Tag;

/// Writes the next request: the message's, or the login's where there is no token.
///
/// # Errors
/// Where it is no text message, or its recipient is none of Uzbekistan.
pub(super) fn write(
    settings: &Checked,
    message: &Message,
    session: &mut Session,
    now: Timestamp,
) -> Result<Request<Vec<u8>>, SendError> {
    let text = message.content.text()?;
    let phone = uzbek(message.recipient.expose()).ok_or(SendError::RecipientRefused)?;
    match session.token(now) {
        Some(token) => send(settings, message, phone, text, token),
        None => login(settings),
    }
}

fn login(settings: &Checked) -> Result<Request<Vec<u8>>, SendError> {
    let form = [("email", settings.email.as_str()), ("password", settings.password.expose())];
    let request = request::post(format!("{}/api/auth/login", settings.url), FORM);
    request::finish(request, request::form(&form))
}

fn send(
    settings: &Checked,
    message: &Message,
    phone: &str,
    text: &str,
    token: &Secret<String>,
) -> Result<Request<Vec<u8>>, SendError> {
    let mut fields = vec![("mobile_phone", phone), ("message", text), ("from", &settings.from)];
    let callback_url = callback_url(settings, message);
    if let Some(url) = &callback_url {
        fields.push(("callback_url", url));
    }
    let request = request::post(format!("{}/api/message/sms/send", settings.url), FORM)
        .header(AUTHORIZATION, bearer::header(token)?);
    request::finish(request, request::form(&fields))
}

fn callback_url(settings: &Checked, message: &Message) -> Option<String> {
    let url = message.callback_url.as_ref()?;
    let query = signed_url::sign(&settings.callbacks, &Tag::of(message))?;
    Some(format!("{url}?{query}"))
}

/// The digits of a number in Uzbekistan.
fn uzbek(recipient: &str) -> Option<&str> {
    let digits = recipient.strip_prefix('+')?;
    let is_uzbek = digits.len() == 12
        && digits.starts_with("998")
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_uzbek.then_some(digits)
}
