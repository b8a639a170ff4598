//! What Spin does to a request before the guest sees it.

use std::net::SocketAddr;

use http::header::{CONNECTION, HOST};
use http::uri::{Authority, Scheme};
use http::{HeaderName, HeaderValue, Request, Uri};

use crate::routes::Matched;

/// Completes the address, as the `Host` header has it.
///
/// # Errors
///
/// Where the request names no host, or two: Spin then closes the connection without an answer.
pub(crate) fn complete_address<B>(request: &mut Request<B>) -> Result<(), String> {
    let header = request.headers().get(HOST).map(|host| {
        Authority::try_from(host.as_bytes()).map_err(|error| format!("the host is none: {error}"))
    });
    let mut parts = request.uri().clone().into_parts();
    let authority = match (header.transpose()?, parts.authority.take()) {
        (None, None) => return Err("the request names no host".into()),
        (Some(one), Some(other)) if one != other => {
            return Err("the request names two hosts".into());
        }
        (Some(authority), _) | (None, Some(authority)) => authority,
    };
    parts.authority = Some(authority);
    parts.scheme = Some(Scheme::HTTP);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|error| error.to_string())?;
    Ok(())
}

/// Appends Spin's own headers. Those of the same name that the client sent stay, in front.
///
/// # Errors
///
/// Where a header's value is not UTF-8, which Spin answers with 500.
pub(crate) fn add_own<B>(
    request: &mut Request<B>,
    matched: &Matched<'_>,
    client: SocketAddr,
) -> Result<(), String> {
    request.headers_mut().remove(CONNECTION);
    for (name, value) in request.headers() {
        if std::str::from_utf8(value.as_bytes()).is_err() {
            return Err(format!("the header {name} is not UTF-8"));
        }
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let own = [
        ("spin-path-info", matched.rest.to_owned()),
        ("spin-full-url", format!("http://{}{path}", host.unwrap_or("localhost"))),
        ("spin-matched-route", matched.route.raw().to_owned()),
        ("spin-base-path", "/".to_owned()),
        ("spin-raw-component-route", matched.route.raw().to_owned()),
        ("spin-component-route", matched.route.prefix().to_owned()),
        ("spin-client-addr", client.to_string()),
    ];
    for (name, value) in own {
        // Spin too leaves out what can't be a header.
        if let Ok(value) = HeaderValue::try_from(value) {
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::{Route, find};

    fn seen(path: &str, headers: &[(&str, &str)]) -> Request<()> {
        let mut builder = Request::get(path);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let mut request = builder.body(()).unwrap();
        complete_address(&mut request).unwrap();
        let path = request.uri().path().to_owned();
        let routes = [Route::parse("/foo/...").unwrap()];
        let matched = find(&routes, &path).unwrap();
        add_own(&mut request, &matched, ([127, 0, 0, 1], 8777).into()).unwrap();
        request
    }

    #[test]
    fn the_clients_address_comes_last() {
        let headers = [("host", "fermyon.dev"), ("spin-client-addr", "1.2.3.4:5")];
        let request = seen("/foo/bar?key=1", &headers);
        let addresses: Vec<_> = request.headers().get_all("spin-client-addr").iter().collect();
        assert_eq!(addresses, ["1.2.3.4:5", "127.0.0.1:8777"]);
    }

    #[test]
    fn the_other_headers_are_spins() {
        let request = seen("/foo/bar?key=1", &[("host", "fermyon.dev"), ("connection", "close")]);
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(header("connection"), None);
        assert_eq!(header("spin-path-info"), Some("/bar"));
        assert_eq!(header("spin-full-url"), Some("http://fermyon.dev/foo/bar?key=1"));
        assert_eq!(header("spin-matched-route"), Some("/foo/..."));
        assert_eq!(header("spin-raw-component-route"), Some("/foo/..."));
        assert_eq!(header("spin-component-route"), Some("/foo"));
        assert_eq!(header("spin-base-path"), Some("/"));
    }

    #[test]
    fn a_request_without_a_host_is_none() {
        let mut request = Request::get("/foo").body(()).unwrap();
        assert!(complete_address(&mut request).is_err());
    }
}
