//! The specification's vector, what its own library says, and what is refused.

use std::time::UNIX_EPOCH;

use http::Method;
use standardwebhooks::Webhook as Oracle;

use super::*;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OLD_SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
const SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";
/// The time of the vector.
const AT: Timestamp = Timestamp(1_649_367_553);

fn call(headers: &[(&'static str, &str)], body: &[u8], now: Timestamp) -> bool {
    verified(SECRET, &HEADERS, headers, body, now)
}

fn verified(
    secret: &str,
    names: &Headers,
    headers: &[(&'static str, &str)],
    body: &[u8],
    now: Timestamp,
) -> bool {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    let (method, url) = (&Method::POST, "https://otp.example.com/v1/callbacks/x");
    let callback = Callback { method, url, query: None, headers: &map, body };
    let verdict = Keys::parse(secret).unwrap().verify(names, &callback, now);
    assert!(matches!(verdict, Ok(()) | Err(CallbackError::Unauthenticated)));
    verdict.is_ok()
}

fn signed(signature: &str) -> [(&'static str, &str); 3] {
    [("webhook-id", ID), ("webhook-timestamp", "1649367553"), ("webhook-signature", signature)]
}

fn secret(bytes: usize) -> String {
    format!("{PREFIX}{}", BASE64.encode(&vec![7; bytes]))
}

#[test]
fn the_reference_implementation_s_own_vector() {
    let keys = Keys::parse("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
    let body = br#"{"email":"test@example.com","username":"test_user"}"#;
    let signatures =
        keys.sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", Timestamp(1_649_367_553), body).unwrap();
    assert_eq!(signatures, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
}

#[test]
fn secrets_of_24_to_64_bytes_and_no_others() {
    assert!(Keys::parse(&secret(24)).is_ok());
    assert!(Keys::parse(&format!(" {}\n{} ", secret(25), secret(64))).is_ok());
    for text in [
        String::new(),
        " ".to_owned(),
        PREFIX.to_owned(),
        secret(23),
        secret(65),
        secret(25).trim_end_matches('=').to_owned(),
        secret(24).trim_start_matches(PREFIX).to_owned(),
        secret(24).replace("whsec_", "whsk_"),
        format!("{}-", secret(24)),
        format!("{} nonsense", secret(24)),
    ] {
        assert_eq!(Keys::parse(&text).err(), Some(FORM), "{text}");
    }
    let five = vec![secret(24); 5].join(" ");
    assert!(Keys::parse(&five).err().unwrap().contains("more than 4"));
}

#[test]
fn a_signature_is_good_for_five_minutes_either_way() {
    for (seconds, expected) in [(0, true), (300, true), (301, false), (1_000_000, false)] {
        assert_eq!(call(&signed(SIGNATURE), BODY, Timestamp(AT.0 + seconds)), expected);
        assert_eq!(call(&signed(SIGNATURE), BODY, Timestamp(AT.0 - seconds)), expected);
    }
}

#[test]
fn svix_s_names_are_as_good_where_they_are_expected() {
    let svix = [("svix-id", ID), ("svix-timestamp", "1649367553"), ("svix-signature", SIGNATURE)];
    assert!(verified(SECRET, &SVIX_HEADERS, &svix, BODY, AT));
    assert!(!verified(SECRET, &HEADERS, &svix, BODY, AT));
    assert!(!verified(SECRET, &SVIX_HEADERS, &signed(SIGNATURE), BODY, AT));
}

#[test]
fn one_good_signature_among_several_is_enough() {
    let stranger = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for signatures in [
        format!("{stranger} {SIGNATURE}"),
        format!("{SIGNATURE} {stranger}"),
        format!(
            "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== {SIGNATURE}"
        ),
    ] {
        assert!(call(&signed(&signatures), BODY, AT), "{signatures}");
    }
    let endless = format!("{} {SIGNATURE}", vec![stranger; MAX_SIGNATURES].join(" "));
    assert!(!call(&signed(&endless), BODY, AT));
}

#[test]
fn either_secret_verifies() {
    for secret in [format!("{SECRET} {OLD_SECRET}"), format!("{OLD_SECRET} {SECRET}")] {
        assert!(verified(&secret, &HEADERS, &signed(SIGNATURE), BODY, AT));
    }
    assert!(!verified(OLD_SECRET, &HEADERS, &signed(SIGNATURE), BODY, AT));
}

#[test]
fn what_was_not_signed_is_refused() {
    assert!(call(&signed(SIGNATURE), BODY, AT));
    assert!(!call(&signed(SIGNATURE), b"", AT));
    assert!(!call(&signed(SIGNATURE), &[BODY, b" "].concat(), AT));
    let bare = SIGNATURE.strip_prefix("v1,").unwrap();
    let (v2, cut) = (format!("v2,{bare}"), &SIGNATURE[..SIGNATURE.len() - 4]);
    for signature in ["", "v1,", "v1", bare, &v2, cut, &SIGNATURE.to_uppercase(), "v1,!"] {
        assert!(!call(&signed(signature), BODY, AT), "{signature}");
    }
    let [id, timestamp, signature] = signed(SIGNATURE);
    for headers in [
        vec![],
        vec![id, timestamp],
        vec![id, signature],
        vec![timestamp, signature],
        vec![id, timestamp, signature, signature],
        vec![id, id, timestamp, signature],
        vec![id, timestamp, timestamp, signature],
        vec![("webhook-id", "msg_other"), timestamp, signature],
        vec![("webhook-id", ""), timestamp, signature],
        vec![id, ("webhook-timestamp", "1649367554"), signature],
        vec![id, ("webhook-timestamp", "01649367553"), signature],
        vec![id, ("webhook-timestamp", "+1649367553"), signature],
        vec![id, ("webhook-timestamp", "99999999999999999999"), signature],
        vec![id, ("webhook-timestamp", ""), signature],
    ] {
        assert!(!call(&headers, BODY, AT), "{headers:?}");
    }
}

#[test]
fn the_specification_s_library_s_signatures_are_good() {
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
    for secret in [SECRET, OLD_SECRET] {
        let seconds = i64::try_from(now).unwrap();
        let signature = Oracle::new(secret).unwrap().sign("m.1", seconds, BODY).unwrap();
        let time = now.to_string();
        let headers = [
            ("webhook-id", "m.1"),
            ("webhook-timestamp", time.as_str()),
            ("webhook-signature", signature.as_str()),
        ];
        assert!(verified(secret, &HEADERS, &headers, BODY, Timestamp(now)));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(name, value.parse().unwrap());
        }
        assert!(Oracle::new(secret).unwrap().verify(BODY, &map).is_ok());
    }
}
