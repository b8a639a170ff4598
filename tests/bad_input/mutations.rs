//! Good requests, each spoilt in one place: thousands of them, the same ones in every run.

use std::net::SocketAddr;
use std::sync::Arc;

use countersign_tests::cluster::all_at_once;
use countersign_tests::raw::exchange;
use fastrand::Rng;
use serde_json::{Value, json};

use crate::Target;

const REQUESTS: usize = 2_400;
const AT_ONCE: usize = 8;

/// A request, and how it has to be refused.
struct Spoilt {
    bytes: Vec<u8>,
    expected: Expected,
}

enum Expected {
    /// A problem that names this field.
    Field(String),
    /// A problem with this code.
    Code(&'static str),
    /// Any problem.
    Problem,
}

/// A good request in parts.
struct Good {
    path: String,
    body: Value,
}

fn good(rng: &mut Rng, challenge: &str) -> Good {
    let (purpose, to) = ("login", "+6281234500001");
    let [path, body] = match rng.u32(..7) {
        0 => [
            json!("/v1/challenges"),
            json!({ "purpose": purpose, "channel": "sms", "to": to, "reference": "a", "locale": "id", "client_ip": "::1" }),
        ],
        1 => [
            json!(format!("/v1/challenges/{challenge}/verify")),
            json!({ "code": "123456", "reference": "a", "client_ip": "::1" }),
        ],
        2 => [
            json!("/v1/verify"),
            json!({ "purpose": purpose, "to": to, "code": "123456", "reference": "a", "client_ip": "::1" }),
        ],
        3 => [json!("/v1/status"), json!({ "purpose": purpose, "to": to })],
        4 => [json!("/v1/subjects/show"), json!({ "purpose": purpose, "to": to })],
        5 => [json!("/v1/challenges/list"), json!({ "to": to })],
        _ => [json!("/v1/unlock"), json!({ "purpose": purpose, "to": to })],
    };
    Good { path: path.as_str().unwrap().into(), body }
}

/// Values that a field can't have, beside those of another type.
fn bad_values(field: &str) -> Vec<Value> {
    let texts: &[&str] = match field {
        "purpose" => &["", "Log In", "login\n", "💥"],
        "channel" => &["", "pigeon", "SMS"],
        "to" => &["", "+", "+0", "☎", "+62 1", "+62812345000011234567890"],
        "code" => &["", "1", "12345a", "1234567", "123.456"],
        "reference" => &["", "a\u{0}", "\u{1b}[2J"],
        "locale" => &["", "!", "a_b", "abcdefghi"],
        "client_ip" => &["", "::1%lo", "300.1.1.1", "localhost"],
        _ => panic!("a field without bad values: {field}"),
    };
    let long = json!("9".repeat(300));
    texts.iter().map(|&text| json!(text)).chain([long]).collect()
}

/// A text of JSON in JSON in JSON.
fn deep(rng: &mut Rng) -> String {
    let levels = rng.usize(200..3_000);
    let (open, close) = if rng.bool() { ("[", "]") } else { ("{\"a\":", "}") };
    format!("{}1{}", open.repeat(levels), close.repeat(levels))
}

fn spoilt(rng: &mut Rng, challenge: &str) -> Spoilt {
    let Good { path, mut body } = good(rng, challenge);
    let fields: Vec<String> = body.as_object().unwrap().keys().cloned().collect();
    let field = rng.choice(&fields).unwrap().clone();
    let optional = ["channel", "reference", "locale", "client_ip"].contains(&field.as_str());
    let named = Expected::Field(field.clone());
    match rng.u32(..13) {
        0 if !optional => {
            body.as_object_mut().unwrap().remove(&field);
            post(&path, body.to_string(), named)
        }
        0 | 1 => {
            let others =
                [json!(1), json!(true), json!([]), json!({}), json!([["+62"]]), json!(1e300)];
            body[&field] = rng.choice(others).unwrap();
            post(&path, body.to_string(), named)
        }
        2 | 3 => {
            body[&field] = rng.choice(bad_values(&field)).unwrap();
            post(&path, body.to_string(), named)
        }
        4 => {
            let name = *rng.choice(&["to_", "Purpose", "tenant", "__proto__", "x"]).unwrap();
            body[name] = json!("login");
            post(&path, body.to_string(), Expected::Field(name.into()))
        }
        5 => {
            let twice = format!("{{{}:\"a\",{}", json!(field), &body.to_string()[1..]);
            post(&path, twice, named)
        }
        6 => {
            let text = body.to_string();
            let cut = rng.usize(..text.len());
            post(&path, text[..cut].to_owned(), Expected::Code("invalid_request"))
        }
        7 => {
            // Never UTF-8, wherever it stands.
            let mut bytes = body.to_string().into_bytes();
            let at = rng.usize(1..bytes.len());
            bytes.insert(at, rng.u8(0xf8..));
            post(&path, bytes, Expected::Code("invalid_request"))
        }
        8 => {
            let text = body.to_string().replace(&body[&field].to_string(), &deep(rng));
            post(&path, text, Expected::Problem)
        }
        9 => {
            body[&field] = json!("x".repeat(rng.usize(17_000..60_000)));
            post(&path, body.to_string(), Expected::Code("body_too_large"))
        }
        10 => {
            let kind =
                *rng.choice(&["text/plain", "application/xml", "json", "", "\u{7f}"]).unwrap();
            let kind = if kind == "\u{7f}" { "application/jsonx" } else { kind };
            let head = format!("content-type: {kind}\r\n");
            request(
                "POST",
                &path,
                &head,
                body.to_string(),
                Expected::Code("unsupported_media_type"),
            )
        }
        11 => made_up_id(rng, challenge),
        _ => odd_path(rng, &path),
    }
}

fn made_up_id(rng: &mut Rng, challenge: &str) -> Spoilt {
    let id = match rng.u32(..5) {
        // One sign of a real id is another one.
        0 | 1 => {
            let at = rng.usize(..challenge.len());
            let other = if challenge[at..].starts_with('A') { "B" } else { "A" };
            // The last sign of base64 may hold bits that mean nothing: two spellings of one id.
            format!("{}{other}{}x", &challenge[..at], &challenge[at + 1..])
        }
        2 => challenge[..rng.usize(1..challenge.len())].to_owned(),
        3 => "a".repeat(rng.usize(1..4_000)),
        _ => ["..%2f..%2f", "%00", "%ff", "login.1.2", "+6281234500001", "'--"][rng.usize(..6)]
            .into(),
    };
    let (method, tail, body) = match rng.u32(..4) {
        0 => ("GET", "", String::new()),
        1 => ("DELETE", "", String::new()),
        2 => ("POST", "/verify", json!({ "code": "123456" }).to_string()),
        _ => ("POST", "/resend", "{}".into()),
    };
    let path = format!("/v1/challenges/{id}{tail}");
    request(method, &path, JSON, body, Expected::Field("id".into()))
}

fn odd_path(rng: &mut Rng, path: &str) -> Spoilt {
    if rng.bool() {
        let method =
            *rng.choice(&["PUT", "PATCH", "OPTIONS", "TRACE", "BREW", "get", "X"]).unwrap();
        return request(method, path, JSON, "{}", Expected::Code("method_not_allowed"));
    }
    let odd = *rng
        .choice(&[
            "/",
            "//",
            "/v1",
            "/v1/",
            "/v1//verify",
            "/v1/verify/",
            "/V1/verify",
            "/v1/../verify",
            "/%2e%2e",
            "/.env",
            "/metrics/x",
            "/v1/challenges/a/b/c",
        ])
        .unwrap();
    let path = format!("{odd}?{}", "q=1&".repeat(rng.usize(..50)));
    request("POST", &path, JSON, "{}", Expected::Code("route_not_found"))
}

const JSON: &str = "content-type: application/json\r\n";

fn post(path: &str, body: impl Into<Vec<u8>>, expected: Expected) -> Spoilt {
    request("POST", path, JSON, body, expected)
}

fn request(
    method: &str,
    path: &str,
    head: &str,
    body: impl Into<Vec<u8>>,
    expected: Expected,
) -> Spoilt {
    let body = body.into();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{head}content-length: {length}\r\n\r\n"
    );
    Spoilt { bytes: [head.into_bytes(), body].concat(), expected }
}

async fn refused(address: SocketAddr, seed: u64, spoilt: Spoilt) -> Result<(), String> {
    let shown = String::from_utf8_lossy(&spoilt.bytes).chars().take(600).collect::<String>();
    let told = |what: &str| format!("request {seed}: {what}\n{shown}");
    let responses =
        exchange(address, &spoilt.bytes).await.map_err(|error| told(&error.to_string()))?;
    let [response] = &responses[..] else { return Err(told(&format!("{responses:?}"))) };
    let json = response.json();
    let named = match &spoilt.expected {
        Expected::Field(field) => json["field"] == field.as_str(),
        Expected::Code(code) => json["code"] == *code,
        Expected::Problem => true,
    };
    if (400..500).contains(&response.status) && response.is_problem() && named {
        return Ok(());
    }
    Err(told(&format!("{response:?}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_spoilt_request_is_a_problem_that_names_what_is_wrong() {
    let target = Target::new().await;
    let challenge: Arc<str> = target.challenge.as_str().into();
    let address = target.address;
    let wrong = all_at_once(AT_ONCE, |lane| {
        let challenge = Arc::clone(&challenge);
        async move {
            let mut wrong = Vec::new();
            for seed in (lane..REQUESTS).step_by(AT_ONCE) {
                let spoilt = spoilt(&mut Rng::with_seed(seed as u64), &challenge);
                wrong.extend(refused(address, seed as u64, spoilt).await.err());
            }
            wrong
        }
    });
    let wrong = wrong.await;
    assert_eq!(wrong.len(), AT_ONCE, "a request could not be made");
    let wrong = wrong.concat();
    assert!(
        wrong.is_empty(),
        "{} of {REQUESTS}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(12)].join("\n\n")
    );
    target.assert_untouched().await;
}
