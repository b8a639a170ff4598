//! Which requests keep an instance to themselves.

use axum::http::{Method, Request};

/// Whether a request may hand a message to a provider, which takes as long as the provider takes.
#[must_use]
pub fn begins_a_send<B>(request: &Request<B>) -> bool {
    let path = request.uri().path();
    request.method() == Method::POST && (path == "/v1/challenges" || path.ends_with("/resend"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sends(method: Method, uri: &str) -> bool {
        begins_a_send(&Request::builder().method(method).uri(uri).body(()).unwrap())
    }

    #[test]
    fn issues_and_resends_send_and_nothing_else_does() {
        assert!(sends(Method::POST, "http://edge/v1/challenges"));
        assert!(sends(Method::POST, "http://edge/v1/challenges/login.x/resend"));
        assert!(!sends(Method::POST, "http://edge/v1/challenges/login.x/verify"));
        assert!(!sends(Method::GET, "http://edge/v1/challenges/login.x"));
        assert!(!sends(Method::POST, "http://edge/v1/verify"));
    }
}
