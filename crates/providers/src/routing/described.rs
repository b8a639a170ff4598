//! The examples of callbacks in the OpenAPI document, given to the code that reads what each provider sends: every one
//! reports that the message arrived.

use std::collections::BTreeSet;

use countersign_contract::Timestamp;
use countersign_contract::types::DeliveryOutcome;
use data_encoding::{BASE64, HEXLOWER};
use form_urlencoded::Serializer;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;

use crate::messages::{MessagesSettings, Texts};
use crate::protocol::callback::{Callback, MessageReport};
use crate::protocol::signatures::signed_url;
use crate::protocol::signatures::standard_webhooks::{HEADERS, Headers, Keys, SVIX_HEADERS};
use crate::protocol::tag::Tag;
use crate::routing::senders::{Senders, Terms, http_only};
use crate::settings::SendersSettings;

const DOCUMENT: &str = include_str!("../../../../docs/openapi.json");
const NOW: Timestamp = Timestamp(1_795_208_661);
const CALLBACKS: &str = "https://otp.example.com/v1/callbacks";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const WEBHOOK: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A sender of that type, and the channel that it carries.
fn sender(kind: &str) -> (&'static str, Value) {
    match kind {
        "aws_ses" => (
            "email",
            json!({"region": "eu-west-1", "access_key_id": "AKIDEXAMPLEEXAMPLE",
                "secret_access_key": "hunter2", "from": "codes@example.com", "event_key": TOKEN}),
        ),
        "eskiz" => ("sms", json!({"email": "ops@example.com", "password": "hunter2"})),
        "meta_whatsapp" => (
            "whatsapp",
            json!({"phone_number_id": "106540352242922", "access_token": "EAAJB",
                "template": "login_otp", "app_secret": TOKEN, "verify_token": TOKEN}),
        ),
        "resend" => (
            "email",
            json!({"api_key": "re_hunter2", "from": "codes@example.com", "webhook_secret": WEBHOOK}),
        ),
        "twilio_sms" => (
            "sms",
            json!({"account_sid": format!("AC{}", "a".repeat(32)), "auth_token": TOKEN,
                "from": "+15017122661"}),
        ),
        "wati" => (
            "whatsapp",
            json!({"url": "https://a.example/", "api_key": "k", "template": "otp",
                "callback_token": TOKEN}),
        ),
        "webhook" => ("sms", json!({"url": "https://a.example/", "secret": WEBHOOK})),
        other => panic!("an example of another type: {other}"),
    }
}

/// An example as it comes over the wire.
fn body(media_type: &str, example: &Value) -> (String, String) {
    let fields = example.as_object().unwrap().iter().map(|(name, value)| (name, value.as_str()));
    match media_type {
        "application/json" => (media_type.into(), example.to_string()),
        "application/x-www-form-urlencoded" => {
            let mut form = Serializer::new(String::new());
            for (name, value) in fields {
                form.append_pair(name, value.unwrap());
            }
            (media_type.into(), form.finish())
        }
        "multipart/form-data" => {
            let part = |(name, value): (&String, Option<&str>)| {
                let head = format!("Content-Disposition: form-data; name=\"{name}\"");
                format!("--b\r\n{head}\r\n\r\n{}\r\n", value.unwrap())
            };
            let parts: String = fields.map(part).collect();
            (format!("{media_type}; boundary=b"), format!("{parts}--b--\r\n"))
        }
        other => panic!("an example of another type of body: {other}"),
    }
}

/// What shows that the provider sent it: the query and the headers.
fn proof(kind: &str, url: &str, body: &str, tag: &Tag) -> (Option<String>, HeaderMap) {
    let header = |name: &'static str, value: String| {
        HeaderMap::from_iter([(
            HeaderName::from_static(name),
            HeaderValue::try_from(value).unwrap(),
        )])
    };
    match kind {
        "aws_ses" => (None, header("x-api-key", TOKEN.into())),
        "eskiz" => {
            let key = signed_url::UrlKey::from_secret("hunter2").unwrap();
            (signed_url::sign(&key, tag), HeaderMap::new())
        }
        "meta_whatsapp" => {
            let mac = Hmac::<Sha256>::new_from_slice(TOKEN.as_bytes()).unwrap();
            let mac = mac.chain_update(body.as_bytes()).finalize().into_bytes();
            (None, header("x-hub-signature-256", format!("sha256={}", HEXLOWER.encode(&mac))))
        }
        "resend" => (None, signed(&SVIX_HEADERS, body)),
        "twilio_sms" => {
            let query = format!("tag={tag}");
            let mut mac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap();
            mac.update(format!("{url}?{query}").as_bytes());
            // Sorted in the document already.
            for (name, value) in form_urlencoded::parse(body.as_bytes()) {
                mac.update(format!("{name}{value}").as_bytes());
            }
            let signature = BASE64.encode(&mac.finalize().into_bytes());
            (Some(query), header("x-twilio-signature", signature))
        }
        "wati" => (Some(format!("token={TOKEN}")), HeaderMap::new()),
        "webhook" => (None, signed(&HEADERS, body)),
        other => panic!("an example of another type: {other}"),
    }
}

fn signed(names: &Headers, body: &str) -> HeaderMap {
    let keys = Keys::parse(WEBHOOK).ok().unwrap();
    let signature = keys.sign("m-1", NOW, body.as_bytes()).unwrap();
    [(names.id, "m-1".into()), (names.timestamp, NOW.0.to_string()), (names.signature, signature)]
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::try_from(value).unwrap()))
        .collect()
}

#[test]
fn every_example_of_a_callback_reports_its_message() {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let id = document["components"]["parameters"]["id"]["example"].as_str().unwrap();
    let tag = Tag { tenant: "default".into(), challenge_id: id.into(), send_number: 1 };
    let report = &document["paths"]["/v1/callbacks/{provider}"]["post"];
    let mut kinds = BTreeSet::new();
    for (media_type, content) in report["requestBody"]["content"].as_object().unwrap() {
        for (kind, example) in content["examples"].as_object().unwrap() {
            let (channel, mut settings) = sender(kind);
            settings["type"] = json!(kind);
            let senders = Senders::<()>::open(
                &SendersSettings::from_json(&json!({(channel): settings}).to_string()).unwrap(),
                Texts::open(&MessagesSettings::default()).unwrap(),
                Terms { callbacks_url: Some(CALLBACKS.into()), ..Terms::default() },
                http_only,
            )
            .unwrap();
            let (content_type, body) = body(media_type, &example["value"]);
            let name = format!("{channel}-{kind}");
            let (query, mut headers) = proof(kind, &format!("{CALLBACKS}/{name}"), &body, &tag);
            headers.insert(CONTENT_TYPE, HeaderValue::try_from(content_type).unwrap());
            let callback = Callback {
                method: &Method::POST,
                url: "",
                query: query.as_deref(),
                headers: &headers,
                body: body.as_bytes(),
            };
            let received = senders.receive(&name, &callback, NOW).unwrap();
            let expected =
                vec![MessageReport { tag: tag.clone(), outcome: DeliveryOutcome::Delivered }];
            assert_eq!(received.reports, expected, "{media_type} {kind}");
            kinds.insert(kind.clone());
        }
    }
    assert_eq!(kinds.len(), 7, "{kinds:?}");
}
