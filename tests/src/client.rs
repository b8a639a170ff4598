//! A client of the HTTP surface. What it gets is what came over the wire; no answer at all is an answer too.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use hyper::{HeaderMap, Method, Request};
use hyper_util::client::legacy::Client as Connections;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// A client of one address. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    connections: Connections<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
    headers: HeaderMap,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status; 0 where nothing came back.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; where nothing came back, why.
    pub text: String,
    /// The body as JSON; null where it is none.
    pub json: Value,
}

impl Client {
    /// A client of the server at `address`.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let connections = Connections::builder(TokioExecutor::new()).build(connector);
        Self { connections, address, headers: HeaderMap::new() }
    }

    /// The same connections, with an API key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        self.with_header(AUTHORIZATION, &format!("Bearer {key}"))
    }

    /// The same connections, with one more header.
    #[must_use]
    pub fn with_header(&self, name: HeaderName, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.extend(value.parse().ok().map(|value| (name, value)));
        other
    }

    /// `POST`, with a body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(&body.to_string())).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Any request; a body is said to be JSON.
    pub async fn send(&self, method: Method, path: &str, body: Option<&str>) -> Answer {
        let uri = format!("http://{}{path}", self.address);
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers.clone());
            if body.is_some() {
                headers.entry(CONTENT_TYPE).or_insert(JSON);
            }
        }
        let body = Full::new(Bytes::from(body.unwrap_or_default().to_owned()));
        match request.body(body) {
            Ok(request) => self.exchange(request).await,
            Err(error) => Answer::none(&error),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Answer {
        let response = match self.connections.request(request).await {
            Ok(response) => response,
            Err(error) => return Answer::none(&error),
        };
        let (head, body) = response.into_parts();
        match body.collect().await {
            Ok(body) => {
                let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
                let json = serde_json::from_str(&text).unwrap_or_default();
                Answer { status: head.status.as_u16(), headers: head.headers, text, json }
            }
            Err(error) => Answer::none(&error),
        }
    }
}

const JSON: hyper::header::HeaderValue =
    hyper::header::HeaderValue::from_static("application/json");

impl Answer {
    fn none(error: &dyn std::error::Error) -> Self {
        let text = format!("no answer: {error}: {:?}", error.source());
        Self { status: 0, headers: HeaderMap::new(), text, json: Value::Null }
    }

    /// A header; empty where it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A field of the body that is text; empty where it is absent.
    #[must_use]
    pub fn text_of(&self, field: &str) -> &str {
        self.json.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// A field of the body that is a number.
    #[must_use]
    pub fn number_of(&self, field: &str) -> Option<u64> {
        self.json.get(field).and_then(Value::as_u64)
    }

    /// The challenge's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.text_of("id")
    }

    /// The problem's code.
    #[must_use]
    pub fn code(&self) -> &str {
        self.text_of("code")
    }
}
