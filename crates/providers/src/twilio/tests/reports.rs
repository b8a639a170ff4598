//! Status reports: what is taken for Twilio's, and what for an end.

use countersign_contract::callbacks::{CallbackError, MAX_CALLBACK_BYTES};
use countersign_contract::types::DeliveryOutcome;
use data_encoding::BASE64;
use form_urlencoded::Serializer;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Method};
use sha1::Sha1;

use crate::protocol::callback::{Callback, CallbackContent, MessageReport};
use crate::protocol::tag::Tag;

use super::*;

const URL: &str = "https://otp.example.com/v1/callbacks/sms-twilio_sms";
const QUERY: &str = "tag=default.2.login.AbC-_9";

/// A call of Twilio's.
#[derive(Clone)]
struct Call {
    method: Method,
    query: Option<String>,
    signatures: Vec<String>,
    body: Vec<u8>,
}

impl Call {
    /// With these parameters, sorted as the signature has them.
    fn new(query: Option<&str>, parameters: &[(&str, &str)]) -> Self {
        let mut mac = Hmac::<Sha1>::new_from_slice(b"12345").unwrap();
        mac.update(URL.as_bytes());
        mac.update(query.map(|query| format!("?{query}")).unwrap_or_default().as_bytes());
        for (name, value) in parameters {
            mac.update(format!("{name}{value}").as_bytes());
        }
        let signatures = vec![BASE64.encode(&mac.finalize().into_bytes())];
        let body = Serializer::new(String::new()).extend_pairs(parameters).finish().into_bytes();
        Self { method: Method::POST, query: query.map(Into::into), signatures, body }
    }

    fn received_by(&self, provider: &dyn Provider) -> Result<CallbackContent, CallbackError> {
        let mut headers = HeaderMap::new();
        for signature in &self.signatures {
            headers.append("X-Twilio-Signature", signature.parse().unwrap());
        }
        let query = self.query.as_deref();
        let callback =
            Callback { method: &self.method, url: URL, query, headers: &headers, body: &self.body };
        provider.receive(&callback, NOW)
    }
}

fn message_status(status: &str) -> Call {
    Call::new(Some(QUERY), &[("From", "+1 & é"), ("MessageSid", "SM1"), ("MessageStatus", status)])
}

fn received(outcome: DeliveryOutcome) -> CallbackContent {
    let tag = Tag::parse("default.2.login.AbC-_9").unwrap();
    CallbackContent { reports: vec![MessageReport { tag, outcome }], answer: String::new() }
}

#[test]
fn the_end_of_a_message_is_reported_and_nothing_before_it() {
    for kind in ["twilio_sms", "twilio_whatsapp"] {
        let provider = open(kind, json!({}));
        let result = |status| message_status(status).received_by(provider.as_ref());
        for status in ["delivered", "read"] {
            assert_eq!(result(status), Ok(received(DeliveryOutcome::Delivered)), "{status}");
        }
        for status in ["undelivered", "failed", "canceled"] {
            assert_eq!(result(status), Ok(received(DeliveryOutcome::Failed)), "{status}");
        }
        for status in [
            "accepted",
            "queued",
            "sending",
            "sent",
            "scheduled",
            "partially_delivered",
            "Delivered",
            "",
        ] {
            assert_eq!(result(status), Ok(CallbackContent::default()), "{status}");
        }
    }
}

#[test]
fn the_end_of_a_call_is_reported_and_nothing_before_it() {
    let provider = open("twilio_voice", json!({}));
    let result = |status| {
        let call = Call::new(Some(QUERY), &[("CallSid", "CA1"), ("CallStatus", status)]);
        call.received_by(provider.as_ref())
    };
    assert_eq!(result("completed"), Ok(received(DeliveryOutcome::Delivered)));
    for status in ["busy", "no-answer", "failed", "canceled"] {
        assert_eq!(result(status), Ok(received(DeliveryOutcome::Failed)), "{status}");
    }
    for status in ["queued", "initiated", "ringing", "in-progress", "delivered"] {
        assert_eq!(result(status), Ok(CallbackContent::default()), "{status}");
    }
    let message = message_status("delivered").received_by(provider.as_ref());
    assert_eq!(message, Err(CallbackError::Unreadable));
}

#[test]
fn a_request_that_twilio_did_not_sign_reports_nothing() {
    let good = message_status("delivered");
    let receive = |call: &Call| call.received_by(open("twilio_sms", json!({})).as_ref());
    assert_eq!(receive(&good), Ok(received(DeliveryOutcome::Delivered)));
    let other_key = open("twilio_sms", json!({"auth_token": "12346"}));
    assert_eq!(good.received_by(other_key.as_ref()), Err(CallbackError::Unauthenticated));
    let signature = good.signatures[0].clone();
    let body = message_status("failed").body;
    let other_tag = Some("tag=default.2.login.other".to_owned());
    let two_tags = Some(format!("{QUERY}&tag=default.2.login.other"));
    let long = "A".repeat(100_000);
    for (name, call) in [
        ("body", Call { body, ..good.clone() }),
        ("more", Call { body: [&good.body[..], b"&MessageStatus=read"].concat(), ..good.clone() }),
        ("none", Call { body: Vec::new(), ..good.clone() }),
        ("garbage", Call { body: vec![0xff, 0, b'%', b'=', b'&'], ..good.clone() }),
        ("tag", Call { query: other_tag, ..good.clone() }),
        ("tags", Call { query: two_tags, ..good.clone() }),
        ("query", Call { query: None, ..good.clone() }),
        ("GET", Call { method: Method::GET, ..good.clone() }),
        ("unsigned", Call { signatures: vec![], ..good.clone() }),
        ("twice", Call { signatures: vec![signature.clone(), signature], ..good.clone() }),
        ("empty", Call { signatures: vec![String::new()], ..good.clone() }),
        ("base64", Call { signatures: vec!["not base64".into()], ..good.clone() }),
        ("long", Call { signatures: vec![long], ..good.clone() }),
    ] {
        assert_eq!(receive(&call), Err(CallbackError::Unauthenticated), "{name}");
    }
}

#[test]
fn without_the_auth_token_nothing_is_received() {
    let key = json!({"auth_token": null, "api_key_sid": sid("SK", '1'), "api_key_secret": "12345"});
    let result = message_status("delivered").received_by(open("twilio_sms", key).as_ref());
    assert_eq!(result, Err(CallbackError::Unsupported));
}

#[test]
fn the_older_name_of_a_status_counts_where_the_newer_is_missing() {
    let provider = open("twilio_sms", json!({}));
    let result = |parameters: &[(&str, &str)]| {
        Call::new(Some(QUERY), parameters).received_by(provider.as_ref())
    };
    let delivered = Ok(received(DeliveryOutcome::Delivered));
    assert_eq!(result(&[("SmsStatus", "delivered")]), delivered);
    assert_eq!(result(&[("SmsStatus", "undelivered")]), Ok(received(DeliveryOutcome::Failed)));
    assert_eq!(result(&[("MessageStatus", "delivered"), ("SmsStatus", "sent")]), delivered);
    let later = result(&[("MessageStatus", "sent"), ("SmsStatus", "delivered")]);
    assert_eq!(later, Ok(CallbackContent::default()));
    let voice = open("twilio_voice", json!({}));
    let call = Call::new(Some(QUERY), &[("SmsStatus", "delivered")]);
    assert_eq!(call.received_by(voice.as_ref()), Err(CallbackError::Unreadable));
}

#[test]
fn what_is_signed_and_says_nothing_is_unreadable() {
    let provider = open("twilio_sms", json!({}));
    for call in [
        Call::new(Some(QUERY), &[]),
        Call::new(Some(QUERY), &[("CallStatus", "completed")]),
        Call::new(Some(QUERY), &[("MessageStatus", "delivered"), ("MessageStatus", "failed")]),
        Call::new(None, &[("MessageStatus", "delivered")]),
        Call::new(Some(""), &[("MessageStatus", "delivered")]),
        Call::new(Some("tag="), &[("MessageStatus", "delivered")]),
        Call::new(Some("tag=a.0.b"), &[("MessageStatus", "delivered")]),
        Call::new(Some("tag=a.1.b&tag=a.2.b"), &[("MessageStatus", "delivered")]),
    ] {
        let result = call.received_by(provider.as_ref());
        assert_eq!(result, Err(CallbackError::Unreadable), "{:?}", call.query);
    }
}

#[test]
fn a_body_is_read_so_far_and_no_further() {
    let provider = open("twilio_sms", json!({}));
    let with = |parameters: usize, bytes: usize| {
        let names: Vec<_> = (0..parameters - 1).map(|number| format!("A{number:04}")).collect();
        let value = "x".repeat(bytes);
        let mut all: Vec<_> = names.iter().map(|name| (name.as_str(), value.as_str())).collect();
        all.push(("MessageStatus", "delivered"));
        Call::new(Some(QUERY), &all).received_by(provider.as_ref())
    };
    assert_eq!(with(256, 1), Ok(received(DeliveryOutcome::Delivered)));
    assert_eq!(with(257, 1), Err(CallbackError::Unauthenticated));
    assert_eq!(with(2, MAX_CALLBACK_BYTES - 100), Ok(received(DeliveryOutcome::Delivered)));
    assert_eq!(with(2, MAX_CALLBACK_BYTES), Err(CallbackError::Unauthenticated));
}
