//! Keys and tokens that a request shows: `Authorization: Bearer …`.

use countersign_contract::Secret;
use countersign_contract::types::SendError;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use serde::Serialize;

use crate::protocol::request::{self, JSON};

const MAX_BYTES: usize = 4096;

/// A key that a provider gave.
pub(crate) struct Bearer(Secret<String>);

impl Bearer {
    /// Reads a key.
    ///
    /// # Errors
    /// What it has to be.
    pub(crate) fn parse(key: &Secret<String>) -> Result<Self, &'static str> {
        let text = key.expose();
        // As dashboards and examples show it.
        if text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) {
            return Err("has to be the key alone, without `Bearer` before it");
        }
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=|:".contains(&byte);
        if (1..=MAX_BYTES).contains(&text.len()) && text.bytes().all(is_key) {
            Ok(Self(key.clone()))
        } else {
            Err("has to be the key as the provider shows it: 1 to 4,096 characters without spaces")
        }
    }

    /// A request of `body` under the key.
    ///
    /// # Errors
    /// Where it can't be written.
    pub(crate) fn post(
        &self,
        url: &str,
        body: &impl Serialize,
    ) -> Result<Request<Vec<u8>>, SendError> {
        let request = request::post(url, JSON).header(AUTHORIZATION, header(&self.0)?);
        request::finish(request, request::json(body)?)
    }
}

/// The value of `authorization` that shows a key or a token.
///
/// # Errors
/// Where no header can hold it.
pub(crate) fn header(token: &Secret<String>) -> Result<HeaderValue, SendError> {
    request::secret_header(&format!("Bearer {}", token.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Bearer, &'static str> {
        Bearer::parse(&Secret::new(text.into()))
    }

    #[test]
    fn a_key_is_taken_as_it_is() {
        for text in ["eyJhbGciOiJI.eyJqdGki_-.sig", "EAAJB+/==", "wati_1:2|3", &"k".repeat(4096)] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_repeated() {
        // A byte order mark or a blank more is another key: it isn't taken off.
        let marked = ["\u{feff}hunter2", "hunter2 ", "hunter2\r"];
        let odd = ["", " ", "hunter 2", "hunter2\n", "hünter2", "\0", &"k".repeat(4097)];
        for text in marked.into_iter().chain(odd) {
            let error = parse(text).err().unwrap();
            assert!(error.contains("4,096") && !error.contains("hunter"), "{text:?}: {error}");
        }
        for text in ["Bearer hunter2", "bearer hunter2"] {
            assert!(parse(text).err().unwrap().contains("without `Bearer`"));
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let request = parse("hunter2").unwrap().post("https://example.com/", &"x").unwrap();
        assert_eq!(request.headers()[AUTHORIZATION].to_str().unwrap(), "Bearer hunter2");
        assert!(!format!("{:?}", request.headers()).contains("hunter2"));
    }
}
