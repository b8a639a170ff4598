//! Requests that are no HTTP as its standards have it: refused, since a proxy in front may read
//! them in another way.
//!
//! hyper refuses most of them by itself, with an answer that has no body: the socket puts ours in
//! its place. What hyper takes and we don't is a bare line feed, which is made unreadable for it
//! (`heads.rs`), and the heads that [`is_odd`] names.

use std::net::Ipv6Addr;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::response::Response;
use countersign_http_api::refusal;
use futures_util::FutureExt;
use http_body_util::BodyExt;

/// How hyper begins the answers that it gives by itself.
const BEGINNING: &[u8] = b"HTTP/1.1 4";

/// What those have and ours don't.
const NO_BODY: &[u8] = b"\r\ncontent-length: 0\r\n";

/// Whether a request has to be refused that hyper takes.
pub(super) fn is_odd<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let mut hosts = headers.get_all(header::HOST).iter();
    let is_named = match (hosts.next(), hosts.next()) {
        (Some(host), None) => is_host(host.as_bytes()),
        (None, _) => request.version() < Version::HTTP_11,
        _ => false,
    };
    !is_named || !is_framed_plainly(headers)
}

/// Whether it is `uri-host [ ":" port ]` (RFC 9112, section 3.2; RFC 3986, section 3.2.2). The host
/// may be empty.
fn is_host(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let (is_name, port) = match text.strip_prefix('[') {
        Some(literal) => match literal.split_once(']') {
            Some((address, rest)) => (address.parse::<Ipv6Addr>().is_ok(), rest),
            None => return false,
        },
        None => {
            let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (is_reg_name(name), port)
        }
    };
    let is_port = |port: &str| port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    is_name && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

/// Unreserved signs, sub-delimiters and percent-encoded bytes.
fn is_reg_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => [bytes.next(), bytes.next()]
                .iter()
                .all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())),
            byte => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// Whether every HTTP implementation finds the same end of the body. Where there is a length beside the chunks,
/// hyper goes by the chunks, takes the length away and closes the connection after its answer.
fn is_framed_plainly(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let is_chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    codings.next().is_none_or(is_chunked) && codings.next().is_none()
}

/// What to write in place of `bytes`, where hyper answers by itself with them.
pub(super) fn instead_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let is_bare = bytes.starts_with(BEGINNING)
        && bytes.windows(NO_BODY.len()).any(|window| window == NO_BODY);
    let status = bytes.get(9..12).filter(|_| is_bare)?;
    written(refusal::malformed(StatusCode::from_bytes(status).ok()?))
}

/// What to write where the head of a request has begun and doesn't end in time. hyper says nothing then.
pub(super) fn slow_head() -> Option<Vec<u8>> {
    written(refusal::slow_head())
}

/// A response as the last one of a connection.
fn written(response: Response) -> Option<Vec<u8>> {
    let (parts, body) = response.into_parts();
    // It is in memory.
    let body = body.collect().now_or_never()?.ok()?.to_bytes();
    let mut bytes = format!(
        "HTTP/1.1 {}\r\nconnection: close\r\ncontent-length: {}\r\n",
        parts.status,
        body.len()
    )
    .into_bytes();
    for (name, value) in &parts.headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        for host in [
            "",
            "a",
            "a:80",
            "a:",
            "127.0.0.1:9150",
            "[::1]:80",
            "[::1]",
            "a_b.c-d",
            "a,b",
            "a%2Fb",
        ] {
            assert!(is_host(host.as_bytes()), "{host:?}");
        }
        for host in [
            "a b", "a/b", "u@a", "a:b", "a#b", "a?b", "<a>", "\"a\"", "a%zz", "a%2", "a:80:80",
            "a\\b", "[::1", "[::zz]", "[::1]80", "::1", "a:123456", "h\u{e4}",
        ] {
            assert!(!is_host(host.as_bytes()), "{host:?}");
        }
        assert!(!is_host(b"\xff"));
    }

    #[test]
    fn only_answers_without_a_body_are_replaced() {
        let bare = b"HTTP/1.1 431 Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let ours = String::from_utf8(instead_of(bare).unwrap()).unwrap();
        assert!(ours.starts_with("HTTP/1.1 431 ") && ours.contains("\"status\":431"), "{ours}");
        assert!(instead_of(ours.as_bytes()).is_none());
        assert!(instead_of(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n").is_none());
    }
}
