//! Settings, what a message becomes at its edges, and status reports.

mod reports;

use countersign_contract::types::{Channel, SendError};
use countersign_contract::{Secret, Timestamp};
use form_urlencoded::parse;
use http::Request;
use serde_json::{Value, json};

use crate::messages::content::{Content, Speech};
use crate::messages::message::Message;
use crate::protocol::provider::{Progress, Provider, Session};
use crate::settings::ways::{Opened, SenderSettings};

const NOW: Timestamp = Timestamp(1_795_208_661);

/// Settings that are good, with `changes`: `null` takes one away.
fn settings(kind: &str, changes: Value) -> SenderSettings {
    let mut settings = json!({
        "type": kind,
        "account_sid": format!("AC{}", "a".repeat(32)),
        "auth_token": "12345",
        "from": "+15017122661",
    });
    if kind == "twilio_whatsapp" {
        settings["content_sid"] = sid("HX", '0').into();
    }
    for (name, value) in changes.as_object().unwrap() {
        settings[name] = value.clone();
    }
    settings.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    SenderSettings::from_value(settings).unwrap()
}

fn sid(kind: &str, digit: char) -> String {
    format!("{kind}{}", String::from(digit).repeat(32))
}

fn channel(kind: &str) -> Channel {
    match kind {
        "twilio_sms" => Channel::Sms,
        "twilio_voice" => Channel::Voice,
        _ => Channel::Whatsapp,
    }
}

fn open(kind: &str, changes: Value) -> Box<dyn Provider> {
    match settings(kind, changes).open(channel(kind), "senders.x").unwrap() {
        Opened::Http(provider) => provider,
        Opened::Native(_) => panic!("no provider over HTTP"),
    }
}

fn problems(kind: &str, changes: Value) -> Vec<String> {
    let problems = settings(kind, changes).open(channel(kind), "senders.x").err().unwrap();
    problems.to_string().lines().map(Into::into).collect()
}

fn message(content: Content) -> Message {
    Message {
        challenge_id: "login.AbC-_9".into(),
        send_number: 2,
        locale: Some("id".into()),
        callback_url: Some("https://otp.example.com/v1/callbacks/sms-twilio_sms".into()),
        ..Message::example(Channel::Sms, content)
    }
}

fn text(text: &str) -> Content {
    Content::Text(Secret::new(text.into()))
}

fn speech(language: &str, text: &str) -> Content {
    Content::Speech(Speech { language: language.into(), text: Secret::new(text.into()) })
}

fn request(provider: &dyn Provider, message: &Message) -> Result<Request<Vec<u8>>, SendError> {
    provider.request(message, &mut Session::default(), NOW)
}

/// A parameter of a request.
fn parameter(request: &Request<Vec<u8>>, name: &str) -> Option<String> {
    parse(request.body()).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_nothing_repeated() {
    let changes = json!({
        "account_sid": "AChunter2", "auth_token": "hunter2 ", "api_key_sid": "SKhunter2", "api_key_secret": "",
        "from": "hunter2hunter2", "messaging_service_sid": "MGhunter2", "url": "http://example.com/hunter2",
    });
    assert_eq!(
        problems("twilio_sms", changes),
        [
            "senders.x.account_sid: has to be `AC` and 32 hexadecimal digits",
            "senders.x.auth_token: has to be 1 to 128 visible ASCII characters",
            "senders.x.api_key_secret: has to be 1 to 128 visible ASCII characters",
            "senders.x.api_key_sid: has to be `SK` and 32 hexadecimal digits",
            "senders.x.url: has to be an https URL: http:// is for loopback hosts only",
            "senders.x.from: has to be a number (`+` and 7 to 15 digits), a short code (3 to 8 digits) or a name of at \
             most 11 letters, digits, spaces, `+`, `-`, `_` and `&`, with a letter among them",
            "senders.x.messaging_service_sid: has to be `MG` and 32 hexadecimal digits",
        ]
    );
}

#[test]
fn credentials_are_whole() {
    let key = |sid: Value, secret: Value, token: Value| {
        problems(
            "twilio_sms",
            json!({"api_key_sid": sid, "api_key_secret": secret, "auth_token": token}),
        )
    };
    let sid = sid("SK", '1');
    for token in [Value::Null, json!("12345")] {
        assert_eq!(
            key(json!(sid), Value::Null, token.clone()),
            ["senders.x.api_key_secret: is missing: `api_key_sid` has no use without it"]
        );
        assert_eq!(
            key(Value::Null, json!("s"), token),
            ["senders.x.api_key_sid: is missing: `api_key_secret` has no use without it"]
        );
    }
    assert_eq!(
        key(Value::Null, Value::Null, Value::Null),
        ["senders.x.auth_token: is missing: set it, or `api_key_sid` and `api_key_secret`"]
    );
}

#[test]
fn an_api_key_comes_before_the_auth_token() {
    let key = json!({"api_key_sid": sid("SK", '1'), "api_key_secret": "hunter2"});
    let by_key = request(open("twilio_sms", key).as_ref(), &message(text("1"))).unwrap();
    let expected = "Basic U0sxMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTpodW50ZXIy";
    assert_eq!(by_key.headers()["authorization"], expected);
    assert!(by_key.headers()["authorization"].is_sensitive());
}

#[test]
fn what_a_message_is_from() {
    let long = "A".repeat(12);
    for from in ["+1234567", "+123456789012345", "123", "12345678", "Contoh", "A & B-c_d+", "1a"] {
        let provider = open("twilio_sms", json!({"from": from}));
        let request = request(provider.as_ref(), &message(text("1"))).unwrap();
        assert_eq!(parameter(&request, "From").as_deref(), Some(from));
    }
    for from in [
        "",
        "+123456",
        "+1234567890123456",
        "12",
        "123456789",
        "12 34",
        "whatsapp:+1",
        "Añb",
        &long,
    ] {
        assert_eq!(problems("twilio_sms", json!({"from": from})).len(), 1, "{from}");
    }
    for kind in ["twilio_whatsapp", "twilio_voice"] {
        for from in ["123", "Contoh", "", "whatsapp:+15017122661"] {
            let expected = "senders.x.from: has to be a number: `+` and 7 to 15 digits";
            assert_eq!(problems(kind, json!({"from": from})), [expected], "{from}");
        }
    }
    for kind in ["twilio_sms", "twilio_whatsapp"] {
        let expected = "senders.x.from: is missing: set it, or `messaging_service_sid`";
        assert_eq!(problems(kind, json!({"from": null})), [expected]);
        let service = json!({"from": null, "messaging_service_sid": sid("MG", '1')});
        let request = request(open(kind, service).as_ref(), &message(text("1"))).unwrap();
        assert_eq!(parameter(&request, "From"), None);
        assert_eq!(parameter(&request, "MessagingServiceSid"), Some(sid("MG", '1')));
    }
}

#[test]
fn a_sender_that_is_refused_is_looked_for_where_it_was_set() {
    let service = json!({"from": null, "messaging_service_sid": sid("MG", '1')});
    let answer = || http::Response::builder().status(400).body(&br#"{"code":21606}"#[..]).unwrap();
    for (changes, field) in [(service, "messaging_service_sid"), (json!({}), "from")] {
        let provider = open("twilio_sms", changes);
        let error = provider.response(answer(), &mut Session::default(), NOW).unwrap_err();
        let SendError::NotConfigured(text) = error else { panic!("another error") };
        assert!(text.starts_with(&format!("senders.x.{field}: ")), "{text}");
    }
}

fn answered(status: u16, body: &str) -> Result<Progress, SendError> {
    let answer = http::Response::builder().status(status).header("retry-after", "17");
    let answer = answer.body(body.as_bytes()).unwrap();
    open("twilio_sms", json!({})).response(answer, &mut Session::default(), NOW)
}

#[test]
fn a_success_without_a_name_that_may_stand_in_logs_is_unreadable() {
    let long = "S".repeat(129);
    for sid in ["", "a b", "\\n", "é", &long] {
        let body = format!("{{\"sid\": \"{sid}\", \"status\": \"queued\"}}");
        assert_eq!(answered(201, &body), Err(SendError::Unreadable), "{sid}");
    }
    assert!(answered(201, r#"{"sid": "SM1", "status": "queued"}"#).is_ok());
}

#[test]
fn twilio_says_for_how_long_it_is_unavailable() {
    let code = r#"{"code": 20503, "status": 503}"#;
    assert_eq!(answered(503, code), Err(SendError::Throttled(Some(17))));
    assert_eq!(answered(500, code), Err(SendError::Unavailable));
}

#[test]
fn a_base_url_has_a_path_but_no_query() {
    let query = json!({"url": "https://example.com/?x=1"});
    let expected = "senders.x.url: must not have a query: the path of Twilio's API is added to it";
    assert_eq!(problems("twilio_voice", query), [expected]);
    let provider = open("twilio_voice", json!({"url": "http://127.0.0.1:8080/twilio/"}));
    let sent = request(provider.as_ref(), &message(speech("en", "1"))).unwrap();
    let account = sid("AC", 'a');
    let expected = format!("http://127.0.0.1:8080/twilio/2010-04-01/Accounts/{account}/Calls.json");
    assert_eq!(sent.uri().to_string(), expected);
    let sent = request(open("twilio_sms", json!({})).as_ref(), &message(text("1"))).unwrap();
    let expected = format!("https://api.twilio.com/2010-04-01/Accounts/{account}/Messages.json");
    assert_eq!(sent.uri().to_string(), expected);
}

#[test]
fn a_text_does_not_arrive_after_its_code() {
    let provider = open("twilio_sms", json!({}));
    for (expires_at, validity) in [
        (NOW.0 + 300, "300"),
        (NOW.0 + 1, "1"),
        (NOW.0, "1"),
        (0, "1"),
        (NOW.0 + 36_000, "36000"),
        (NOW.0 + 36_001, "36000"),
        (u64::MAX, "36000"),
    ] {
        let message = Message { expires_at: Timestamp(expires_at), ..message(text("1")) };
        let request = request(provider.as_ref(), &message).unwrap();
        assert_eq!(parameter(&request, "ValidityPeriod").as_deref(), Some(validity));
    }
}

#[test]
fn a_phone_does_not_ring_for_longer_than_its_code_is_good() {
    for (ring_seconds, remaining, timeout) in [
        (json!(null), 300, "60"),
        (json!(600), 300, "300"),
        (json!(20), 300, "20"),
        (json!(1), 0, "1"),
    ] {
        let provider = open("twilio_voice", json!({"ring_seconds": ring_seconds}));
        let expires_at = Timestamp(NOW.0 + remaining);
        let message = Message { expires_at, ..message(speech("en", "1")) };
        let request = request(provider.as_ref(), &message).unwrap();
        assert_eq!(parameter(&request, "Timeout").as_deref(), Some(timeout));
    }
    for ring_seconds in [0, 601] {
        let problems = problems("twilio_voice", json!({"ring_seconds": ring_seconds}));
        assert_eq!(problems, ["senders.x.ring_seconds: has to be 1 to 600"]);
    }
}

#[test]
fn a_message_without_its_words_is_refused() {
    for (kind, content, expected) in [
        ("twilio_sms", Content::None, "the message has no text"),
        ("twilio_sms", speech("en", "1"), "the message has no text"),
        ("twilio_sms", text(&"é".repeat(1_601)), "the text is longer than 1,600 characters"),
        ("twilio_voice", text("1"), "the message has nothing to be said"),
        (
            "twilio_voice",
            speech("en", &"é".repeat(2_000)),
            "the text, said twice, is longer than 4,000 characters",
        ),
    ] {
        let error = request(open(kind, json!({})).as_ref(), &message(content)).unwrap_err();
        assert_eq!(error, SendError::Other(expected.into()));
    }
    let longest = message(text(&"é".repeat(1_600)));
    assert!(request(open("twilio_sms", json!({})).as_ref(), &longest).is_ok());
}

#[test]
fn a_text_that_no_voice_speaks_is_not_read() {
    let provider = open("twilio_voice", json!({"voices": {"ru": "Polly.Maxim"}}));
    for (language, named) in [("uz-Latn", "uz-Latn"), ("\r\nhunter2 é", "the language of the text")]
    {
        let error = request(provider.as_ref(), &message(speech(language, "1"))).unwrap_err();
        let text = format!("senders.x.voices: there is no voice for {named}");
        assert_eq!(error, SendError::NotConfigured(text));
    }
    let request = request(provider.as_ref(), &message(speech("ru-RU", "1"))).unwrap();
    let twiml = parameter(&request, "Twiml").unwrap();
    assert!(twiml.contains("<Say voice=\"Polly.Maxim\" language=\"ru-RU\">1</Say>"), "{twiml}");
}

#[test]
fn the_template_is_that_of_the_purpose_and_the_language() {
    let templates = json!({
        "content_sid": sid("HX", '0'),
        "locales": {"id": sid("HX", '1'), "pt-BR": sid("HX", '2')},
        "purposes": {"funding": {"content_sid": sid("HX", '3'), "locales": {"ID": sid("HX", '4')}}},
    });
    let provider = open("twilio_whatsapp", templates);
    for (purpose, locale, digit) in [
        ("login", Some("id"), '1'),
        ("login", Some("id-Latn-ID"), '1'),
        ("login", Some("id-x-y"), '1'),
        ("login", Some("PT-br"), '2'),
        ("login", Some("pt"), '0'),
        ("login", Some("uz"), '0'),
        ("login", None, '0'),
        ("funding", Some("id-ID"), '4'),
        ("funding", Some("pt-BR"), '3'),
        ("funding", None, '3'),
    ] {
        let locale = locale.map(Into::into);
        let message = Message { purpose: purpose.into(), locale, ..message(Content::None) };
        let request = request(provider.as_ref(), &message).unwrap();
        let expected = Some(sid("HX", digit));
        assert_eq!(parameter(&request, "ContentSid"), expected, "{purpose} {:?}", message.locale);
    }
}

#[test]
fn templates_that_could_not_be_used_are_told() {
    let many: serde_json::Map<_, _> =
        (0..65).map(|number| (format!("en-x-{number}"), sid("HX", '0').into())).collect();
    let templates = json!({
        "content_sid": "HX0",
        "locales": {"EN": sid("HX", '0'), "en": sid("HX", '0'), "pt_BR": sid("HX", '0'), "ru": "MG"},
        "purposes": {"login": {"content_sid": "", "locales": many}},
    });
    assert_eq!(
        problems("twilio_whatsapp", templates),
        [
            "senders.x.content_sid: has to be `HX` and 32 hexadecimal digits",
            "senders.x.locales.en: is given twice, in another spelling",
            "senders.x.locales.pt_BR: is no BCP 47 tag of at most 35 characters, such as `id` or `pt-BR`",
            "senders.x.locales.ru: has to be `HX` and 32 hexadecimal digits",
            "senders.x.purposes.login.content_sid: has to be `HX` and 32 hexadecimal digits",
            "senders.x.purposes.login.locales: has more than 64 locales",
        ]
    );
}

#[test]
fn a_code_stays_one_variable() {
    let code = Secret::new("\"},{\\é\n".into());
    let message = Message { code, ..message(Content::None) };
    let request = request(open("twilio_whatsapp", json!({})).as_ref(), &message).unwrap();
    let variables: Value =
        serde_json::from_str(&parameter(&request, "ContentVariables").unwrap()).unwrap();
    assert_eq!(variables, json!({"1": "\"},{\\é\n"}));
}

#[test]
fn reports_are_asked_for_where_they_can_be_told_from_forged_ones() {
    let key = json!({"auth_token": null, "api_key_sid": sid("SK", '1'), "api_key_secret": "s"});
    let callback = |changes: Value, message: &Message| {
        let request = request(open("twilio_sms", changes).as_ref(), message).unwrap();
        parameter(&request, "StatusCallback")
    };
    let message = message(text("1"));
    let expected = "https://otp.example.com/v1/callbacks/sms-twilio_sms?tag=default.2.login.AbC-_9";
    assert_eq!(callback(json!({}), &message).as_deref(), Some(expected));
    assert_eq!(callback(key, &message), None);
    assert_eq!(callback(json!({}), &Message { callback_url: None, ..message.clone() }), None);
    let hostile = Message { challenge_id: "x&tag=other.1.y".into(), ..message };
    assert_eq!(callback(json!({}), &hostile), None);
}

#[test]
fn a_secret_has_to_be_a_text_and_is_shown_nowhere() {
    for kind in ["twilio_sms", "twilio_whatsapp", "twilio_voice"] {
        let secrets = json!({"auth_token": "hunter2", "api_key_secret": "hunter2"});
        let shown = format!("{:?}", settings(kind, secrets));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_success_that_is_an_error_is_that_error() {
    for (body, expected) in [
        (r#"{"code":21211,"message":"x","status":400}"#, SendError::RecipientRefused),
        (r#"{"code":"21211","sid":null}"#, SendError::RecipientRefused),
        (r#"{"code":20003,"status":401}"#, SendError::Unauthorised),
        (r#"{"code":20429,"status":429}"#, SendError::Throttled(Some(17))),
        (r#"{"status":429}"#, SendError::Throttled(Some(17))),
        (r#"{"status":"failed","error_code":30003}"#, SendError::RecipientRefused),
        (r#"{"code":99999,"status":400}"#, {
            SendError::Other("Twilio answered 400, code 99999".into())
        }),
        (r#"{"code":99999}"#, SendError::Other("Twilio answered 201, code 99999".into())),
        (r#"{"status":200}"#, SendError::Unreadable),
        ("{}", SendError::Unreadable),
    ] {
        assert_eq!(answered(201, body), Err(expected), "{body}");
    }
    assert!(answered(201, r#"{"sid":"SM1","code":21211,"status":400}"#).is_ok());
}

#[test]
fn of_a_name_that_stands_twice_the_last_counts() {
    assert!(
        answered(201, r#"{"sid":"SM1","sid":"SM1","status":"queued","status":"queued"}"#).is_ok()
    );
    let refused = answered(400, r#"{"code":21211,"code":21211}"#);
    assert_eq!(refused, Err(SendError::RecipientRefused));
}
