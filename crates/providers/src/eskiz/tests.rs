//! Settings, the login that is renewed on the way, numbers, and status reports.

use countersign_contract::callbacks::MAX_REPORTS;
use countersign_contract::types::{Channel, DeliveryOutcome};
use countersign_contract::{Pii, Secret};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method};

use super::*;
use crate::messages::content::Content;
use crate::protocol::callback::MessageReport;
use crate::protocol::provider::Accepted;
use crate::protocol::tag::Tag;

const NOW: Timestamp = Timestamp(1_795_208_661);
const URL: &str = "https://otp.example.com/v1/callbacks/sms-eskiz";
const MONTH: &str = "e30.eyJleHAiOjE3OTc4MDA2NjF9.c2ln";

fn settings() -> EskizSettings {
    let text = r#"{"email": "ops@example.com", "password": "hunter2"}"#;
    serde_json::from_str(text).unwrap()
}

fn eskiz() -> Eskiz {
    Eskiz::open(&settings(), "senders.sms").unwrap()
}

fn message() -> Message {
    Message {
        tenant: "acme".into(),
        recipient: Pii::new("+998901234567".into()),
        callback_url: Some(URL.into()),
        ..Message::example(Channel::Sms, Content::Text(Secret::new("Example: kod 471199".into())))
    }
}

fn answer(session: &mut Session, status: u16, body: &str) -> Result<Progress, SendError> {
    let response = Response::builder().status(status).body(body.as_bytes()).unwrap();
    eskiz().response(response, session, NOW)
}

fn logged_in() -> Session {
    let mut session = Session::default();
    session.keep(Secret::new(MONTH.into()), Timestamp(NOW.0 + 1000));
    session
}

fn fields(request: &Request<Vec<u8>>) -> Vec<(String, String)> {
    form_urlencoded::parse(request.body()).into_owned().collect()
}

#[test]
fn every_setting_that_is_wrong_is_told_at_once_and_not_repeated() {
    let long = "x".repeat(300);
    for (email, password, from) in [
        ("hunter2", "", ""),
        ("@hunter2", "hunter2\n", "hunter2\u{fc}"),
        ("hunter2@", &long, &long),
        ("a b@hunter2", "", "hunter2\n"),
        (&format!("a@{long}"), "", ""),
    ] {
        let settings = EskizSettings {
            email: email.into(),
            password: Secret::new(password.into()),
            from: from.into(),
            url: "http://hunter2.example".into(),
        };
        let problems = Eskiz::open(&settings, "senders.sms").err().unwrap();
        let paths: Vec<_> = problems.0.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(
            paths,
            ["senders.sms.email", "senders.sms.password", "senders.sms.from", "senders.sms.url"]
        );
        assert!(!problems.to_string().contains("hunter2"), "{problems}");
    }
    let text = r#"{"email": "a@b", "password": "p", "sender": "x"}"#;
    assert!(serde_json::from_str::<EskizSettings>(text).is_err());
}

#[test]
fn what_is_not_said_is_eskiz_s_own() {
    let settings = settings();
    assert_eq!(
        (settings.from.as_str(), settings.url.as_str()),
        ("4546", "https://notify.eskiz.uz")
    );
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn the_medmapp_story_a_token_that_runs_out_in_mid_flight_costs_no_message() {
    let (eskiz, mut session) = (eskiz(), logged_in());
    let sent = eskiz.request(&message(), &mut session, NOW).unwrap();
    assert!(sent.uri().path().ends_with("/api/message/sms/send"));
    let expired = r#"{"message":"Expired","status":"token-invalid"}"#;
    assert_eq!(answer(&mut session, 401, expired), Ok(Progress::Again));
    let login = eskiz.request(&message(), &mut session, NOW).unwrap();
    assert!(login.uri().path().ends_with("/api/auth/login"));
    assert!(!login.headers().contains_key(AUTHORIZATION));
    let token = format!(r#"{{"data":{{"token":"{MONTH}"}}}}"#);
    assert_eq!(answer(&mut session, 200, &token), Ok(Progress::Again));
    let again = eskiz.request(&message(), &mut session, NOW).unwrap();
    assert_eq!(again.body(), sent.body());
    assert_eq!(again.headers()[AUTHORIZATION], format!("Bearer {MONTH}").as_str());
    assert!(again.headers()[AUTHORIZATION].is_sensitive());
    let waiting = r#"{"id":"7","status":"waiting"}"#;
    let accepted = Accepted { message_id: Some("7".into()) };
    assert_eq!(answer(&mut session, 200, waiting), Ok(Progress::Accepted(accepted)));
    assert!(session.has_token());
}

#[test]
fn a_token_lasts_until_shortly_before_its_end() {
    let mut session = Session::default();
    answer(&mut session, 200, &format!(r#"{{"data":{{"token":"{MONTH}"}}}}"#)).unwrap();
    assert!(session.token(Timestamp(1_797_800_060)).is_some());
    assert!(session.token(Timestamp(1_797_800_061)).is_none());
}

#[test]
fn a_login_that_gives_no_token_has_its_outcome() {
    let (huge, not_configured) = ("x".repeat(5000), |status: u16| {
        SendError::NotConfigured(format!("senders.sms.url: Eskiz answered {status}"))
    });
    for (status, body, expected) in [
        (401, r#"{"message":"Invalid credentials"}"#.to_owned(), SendError::Unauthorised),
        (401, String::new(), SendError::Unauthorised),
        (403, r#"{"message":"Аккаунт заблокирован"}"#.to_owned(), SendError::Unauthorised),
        (200, r#"{"message":"Неверный Email или пароль"}"#.to_owned(), SendError::Unauthorised),
        (200, r#"{"message":"x","data":null}"#.to_owned(), SendError::Unauthorised),
        (
            422,
            r#"{"message":{"email":["x"]}}"#.to_owned(),
            SendError::Other("Eskiz answered 422".into()),
        ),
        (404, String::new(), not_configured(404)),
        (405, String::new(), not_configured(405)),
        (429, String::new(), SendError::Throttled(None)),
        (500, String::new(), SendError::Unavailable),
        (200, "<html>".to_owned(), SendError::Unreadable),
        (200, "{}".to_owned(), SendError::Unreadable),
        (200, r#"{"data":{"token":""}}"#.to_owned(), SendError::Unreadable),
        (200, r#"{"data":{"token":"a\r\nx: y"}}"#.to_owned(), SendError::Unreadable),
        (200, format!(r#"{{"data":{{"token":"{huge}"}}}}"#), SendError::Unreadable),
    ] {
        let mut session = Session::default();
        assert_eq!(answer(&mut session, status, &body), Err(expected), "{status} {body}");
        assert!(!session.has_token());
    }
}

#[test]
fn only_what_may_be_the_token_s_fault_costs_the_token() {
    for (status, body, is_kept) in [
        (401, "", false),
        (400, r#"{"status":"token-invalid"}"#, false),
        (400, r#"{"status":"token_invalid"}"#, false),
        (400, r#"{"status":"Token-Invalid"}"#, false),
        (403, "", false),
        (400, r#"{"status":"error","message":"balance"}"#, true),
        (429, "", true),
        (500, r#"{"status":"token-invalid"}"#, true),
        (200, "", true),
    ] {
        let mut session = logged_in();
        let _ = answer(&mut session, status, body);
        assert_eq!(session.has_token(), is_kept, "{status} {body}");
    }
}

#[test]
fn a_number_is_accepted_whatever_its_message_is_called() {
    let id = |body: &str| answer(&mut logged_in(), 200, body);
    let accepted =
        |id: Option<&str>| Ok(Progress::Accepted(Accepted { message_id: id.map(Into::into) }));
    assert_eq!(id(r#"{"id":4385062,"status":"waiting"}"#), accepted(Some("4385062")));
    assert_eq!(id(r#"{"id":"a b"}"#), accepted(None));
    for body in [r#"{"status":"success"}"#, r#"{"status":"OK","id":null}"#] {
        assert_eq!(id(body), accepted(None), "{body}");
    }
    for body in [r#"{"id":""}"#, r#"{"id":null}"#, r#"{"id":{}}"#, r#"{"status":"waiting"}"#] {
        assert_eq!(id(body), Err(SendError::Unreadable), "{body}");
    }
}

#[test]
fn an_error_is_one_in_whatever_letters() {
    for word in ["error", "Error", "ERROR", "fail", "failed", "Failed", "failure"] {
        let body = format!(r#"{{"status":"{word}","message":"номер в черном списке"}}"#);
        let refused = answer(&mut logged_in(), 200, &body);
        assert_eq!(refused, Err(SendError::RecipientRefused), "{word}");
        let body = format!(r#"{{"status":"{word}","id":"7","message":"?"}}"#);
        let other = SendError::Other("Eskiz answered 200 with an error".into());
        assert_eq!(answer(&mut logged_in(), 200, &body), Err(other), "{word}");
    }
}

#[test]
fn a_number_elsewhere_is_refused_before_the_provider_is_asked() {
    for recipient in [
        "+6281234567890",
        "+99890123456",
        "+9989012345678",
        "998901234567",
        "+99890123456a",
        "+99890123456\u{661}",
        "",
        "+",
    ] {
        for mut session in [Session::default(), logged_in()] {
            let message = Message { recipient: Pii::new(recipient.into()), ..message() };
            let error = eskiz().request(&message, &mut session, NOW).unwrap_err();
            assert_eq!(error, SendError::RecipientRefused, "{recipient}");
        }
    }
}

#[test]
fn a_message_without_words_is_refused() {
    let message = Message { content: Content::None, ..message() };
    let error = eskiz().request(&message, &mut Session::default(), NOW).unwrap_err();
    assert_eq!(error, SendError::Other("the message has no text".into()));
}

#[test]
fn text_survives_the_form() {
    let text = "Код: 471199 & 50% + <b>=;\n\n@example.uz #471199 \u{1f600}";
    let content = Content::Text(Secret::new(text.into()));
    let message = Message { content, callback_url: None, ..message() };
    let request = eskiz().request(&message, &mut logged_in(), NOW).unwrap();
    let expected = [("mobile_phone", "998901234567"), ("message", text), ("from", "4546")];
    assert_eq!(fields(&request), expected.map(|(name, value)| (name.into(), value.into())));
}

#[test]
fn a_base_url_may_have_a_path() {
    let settings = EskizSettings { url: "http://127.0.0.1:9/mock/".into(), ..settings() };
    let eskiz = Eskiz::open(&settings, "senders.sms").unwrap();
    let request = eskiz.request(&message(), &mut Session::default(), NOW).unwrap();
    assert_eq!(request.uri(), "http://127.0.0.1:9/mock/api/auth/login");
}

/// The query of the callback URL that Eskiz is given.
fn query() -> String {
    let request = eskiz().request(&message(), &mut logged_in(), NOW).unwrap();
    let fields = fields(&request);
    let (_, url) = fields.iter().find(|(name, _)| name == "callback_url").unwrap();
    url.strip_prefix(&format!("{URL}?")).unwrap().to_owned()
}

fn receive(
    method: &Method,
    query: Option<&str>,
    body: &[u8],
) -> Result<CallbackContent, CallbackError> {
    let headers = HeaderMap::new();
    eskiz().receive(&Callback { method, url: URL, query, headers: &headers, body }, NOW)
}

fn report(status: &str) -> Result<Vec<MessageReport>, CallbackError> {
    let body = format!(
        r#"{{"request_id":"UUID","message_id":"4385062","user_sms_id":"","country":"UZ",
            "phone_number":"998991234567","sms_count":"1","status":"{status}",
            "status_date":"2021-04-02 00:39:36"}}"#
    );
    receive(&Method::POST, Some(&query()), body.as_bytes()).map(|received| received.reports)
}

#[test]
fn each_status_is_delivered_failed_or_no_report() {
    let report_of = |outcome| vec![MessageReport { tag: Tag::of(&message()), outcome }];
    for status in ["DELIVRD", "DELIVERED", "delivered"] {
        assert_eq!(report(status), Ok(report_of(DeliveryOutcome::Delivered)), "{status}");
    }
    for status in
        ["UNDELIV", "UNDELIVERABLE", "EXPIRED", "REJECTD", "REJECTED", "DELETED", "FAILED"]
    {
        assert_eq!(report(status), Ok(report_of(DeliveryOutcome::Failed)), "{status}");
    }
    for status in
        ["NEW", "STORED", "ACCEPTED", "PARTDELIVERED", "ENROUTE", "UNKNOWN", "waiting", "", "x"]
    {
        assert_eq!(report(status), Ok(vec![]), "{status}");
    }
}

#[test]
fn a_report_may_come_as_a_form() {
    let body = b"request_id=UUID&status=DELIVRD&status_date=2021-04-02+00%3A39%3A36";
    let reports = receive(&Method::POST, Some(&query()), body).unwrap().reports;
    assert_eq!(
        reports,
        [MessageReport { tag: Tag::of(&message()), outcome: DeliveryOutcome::Delivered }]
    );
}

/// The reports in a body of that type.
fn typed(content_type: &str, body: &str) -> Vec<DeliveryOutcome> {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
    let query = query();
    let (method, query) = (&Method::POST, Some(query.as_str()));
    let callback = Callback { method, url: URL, query, headers: &headers, body: body.as_bytes() };
    let reports = eskiz().receive(&callback, NOW).unwrap_or_default().reports;
    assert!(reports.iter().all(|report| report.tag == Tag::of(&message())));
    reports.into_iter().map(|report| report.outcome).collect()
}

#[test]
fn a_report_may_come_as_form_data() {
    let part = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts = [part("request_id", "UUID"), part("status", "UNDELIV"), part("sms_count", "1")];
    let body = format!("{}--b--\r\n", parts.concat());
    for content_type in ["multipart/form-data; boundary=b", "Multipart/Form-Data;boundary=\"b\""] {
        assert_eq!(typed(content_type, &body), [DeliveryOutcome::Failed]);
    }
    // Of which nothing is understood without its boundary.
    for content_type in ["multipart/form-data", "multipart/form-data; boundary=c", "text/plain"] {
        assert_eq!(typed(content_type, &body), [], "{content_type}");
    }
    let late = format!("{}{body}", part("x", "y").repeat(300));
    assert_eq!(typed("multipart/form-data; boundary=b", &late), []);
}

#[test]
fn reports_may_come_as_a_list() {
    let json = "application/json";
    let list = r#"[{"status":"NEW"},7,{"status":"UNDELIV"},{},{"status":"DELIVRD"}]"#;
    assert_eq!(typed(json, list), [DeliveryOutcome::Failed, DeliveryOutcome::Delivered]);
    assert_eq!(typed(json, &format!("\u{feff}{list}")).len(), 2);
    assert_eq!(typed(json, "[]"), []);
    let many = format!("[{}]", [r#"{"status":"DELIVRD"}"#; 1_200].join(","));
    assert_eq!(typed(json, &many).len(), MAX_REPORTS);
}

#[test]
fn a_mark_before_a_report_is_ignored() {
    for body in ["\u{feff}{\"status\":\"DELIVRD\"}", "\u{feff} {\"status\":\"DELIVRD\"}"] {
        assert_eq!(typed("application/json", body), [DeliveryOutcome::Delivered]);
    }
    let form = "application/x-www-form-urlencoded";
    assert_eq!(typed(form, "\u{feff}status=DELIVRD"), [DeliveryOutcome::Delivered]);
}

#[test]
fn every_word_for_failed_is_known() {
    for status in [
        "UNDELIVERED",
        "NOTDELIVERED",
        "NOT_DELIVERED",
        "Not delivered",
        "not-delivered",
        "Undelivered",
        "UNDELIVRD",
        "UNDELIVERABLE",
        "CANCELLED",
        "failure",
        "UNDELIVER",
        "UNDELIVERD",
        "UNDLVRD",
        "NOTDELIVERD",
        "NONDELIVERED",
        "EXPIRD",
        "REJECT",
        "DELIVERY_FAILED",
        "DELIVERY FAILURE",
        "BLOCKED",
        "BLACKLISTED",
        "DELETE",
        "TIMEOUT",
        "error",
        "SKIPPED",
        "DELIVERY_ERROR",
        "DELIVERYERROR",
        "SYSTEM_ERROR",
        "UNKNOWN_ERROR",
        "NO_DELIVERED",
        "NODELIV",
        "NDELIV",
        "NOT_SENT",
        "UNSENT",
        "UNSUCCESSFUL",
        "INVALID",
        "INVALID_NUMBER",
        "DROPPED",
        "DROP",
        "UNREACHABLE",
        "NOT_REACHABLE",
        "UNROUTABLE",
        "NO ROUTE",
        "EXPRD",
        "MESSAGE_EXPIRED",
        "DENIED",
        "ACCESS_DENIED",
        "ABORTED",
        "BOUNCED",
        "REFUSED",
        "BARRED",
        "DISCARDED",
        "FORBIDDEN",
        "PROHIBITED",
        "NOT_ACCEPTED",
        "TIMED_OUT",
        "MESSAGE_UNDELIVERED",
        "SMS_REJECTED",
    ] {
        let report_of = |outcome| vec![MessageReport { tag: Tag::of(&message()), outcome }];
        assert_eq!(report(status), Ok(report_of(DeliveryOutcome::Failed)), "{status}");
    }
    for status in [
        "DELIVERING",
        "DELIVERY",
        "ACCEPTD",
        "ACCEPTED",
        "PARTDELIVERD",
        "PARTDELIVERED",
        "PARTIALLY_DELIVERED",
        "UNKNOWN",
        "TRANSMTD",
        "TRANSMITTED",
        "SENT",
        "NEW",
        "STORED",
        "WAITING",
        "QUEUED",
        "PENDING",
        "PENDELIV",
        "SCHEDULED",
        "SUBMITTED",
        "PROCESSING",
        "BUFFERED",
        "FORWARDED",
        "ENROUTE",
        "EN_ROUTE",
        "ROUTED",
        "IN PROGRESS",
        "RETRY",
        "DELAYED",
        "NO_DELAY",
        "NO_ERROR",
        "WITHOUT ERROR",
        "NOT_YET_DELIVERED",
        "NOT_DELIVERED_YET",
        "VALID",
        "REACHABLE",
        "EXPRESS",
        "SUCCESS",
    ] {
        assert_eq!(report(status), Ok(vec![]), "{status}");
    }
}

#[test]
fn a_report_to_a_url_that_eskiz_was_not_given_is_refused() {
    let body = br#"{"status":"DELIVRD"}"#;
    let good = query();
    let queries = [
        None,
        Some(String::new()),
        Some("tag=acme.1.login.AbC-_9.x".to_owned()),
        Some(good.replace("acme", "acmf")),
        Some(good.replace(".1.", ".2.")),
        Some(format!("{good}x")),
    ];
    for query in queries {
        let refused = receive(&Method::POST, query.as_deref(), body);
        assert_eq!(refused, Err(CallbackError::Unauthenticated), "{query:?}");
    }
    let other = EskizSettings { password: Secret::new("hunter3".into()), ..settings() };
    let headers = HeaderMap::new();
    let (method, query) = (&Method::POST, Some(good.as_str()));
    let callback = Callback { method, url: URL, query, headers: &headers, body };
    let refused = Eskiz::open(&other, "senders.sms").unwrap().receive(&callback, NOW);
    assert_eq!(refused, Err(CallbackError::Unauthenticated));
}

#[test]
fn a_report_that_holds_no_status_is_unreadable() {
    let query = query();
    let bodies: [&[u8]; 6] = [b"", b"{", b"{}", br#"{"status":7}"#, b"a=b", &[0xff, 0xfe, 0]];
    for body in bodies {
        let refused = receive(&Method::POST, Some(&query), body);
        assert_eq!(refused, Err(CallbackError::Unreadable), "{body:?}");
    }
    let refused = receive(&Method::GET, Some(&query), br#"{"status":"DELIVRD"}"#);
    assert_eq!(refused, Err(CallbackError::Unreadable));
}

#[test]
fn a_success_that_is_an_error_is_that_error() {
    for (body, expected) in [
        (r#"{"message":{"mobile_phone":["x"]}}"#, SendError::RecipientRefused),
        (r#"{"message":"x","errors":{"mobile_phone":["x"]}}"#, SendError::RecipientRefused),
        (r#"{"status":"error","message":["x","номер в черном списке"]}"#, {
            SendError::RecipientRefused
        }),
        (r#"{"status":"waiting","message":"номер"}"#, SendError::Unreadable),
        (r#"{"message":"x"}"#, SendError::Unreadable),
    ] {
        assert_eq!(answer(&mut logged_in(), 200, body), Err(expected), "{body}");
    }
    let mut session = logged_in();
    let again = answer(&mut session, 200, r#"{"status":"token-invalid","message":"Expired"}"#);
    assert_eq!(again, Ok(Progress::Again));
    assert!(!session.has_token());
    let taken = r#"{"id":"7","status":"waiting","message":{"mobile_phone":["x"]}}"#;
    assert!(answer(&mut logged_in(), 200, taken).is_ok());
}

#[test]
fn fields_that_are_not_needed_cost_no_login_no_success_and_no_error_its_meaning() {
    for x in [&b"\xff"[..], br"\ud83d"] {
        let answer = |session: &mut Session, status: u16, rest: &str| {
            let body = [&b"{\"x\":\""[..], x, rest.as_bytes()].concat();
            let response = Response::builder().status(status).body(body.as_slice()).unwrap();
            eskiz().response(response, session, NOW)
        };
        let mut session = Session::default();
        let logged_in_now = answer(&mut session, 200, r#"","data":{"token":"a.b.c"}}"#);
        assert_eq!(logged_in_now, Ok(Progress::Again));
        assert!(session.has_token());
        assert!(answer(&mut session, 200, r#"","id":"7"}"#).is_ok());
        let refused = answer(&mut session, 400, r#"","message":"номер в черном списке"}"#);
        assert_eq!(refused, Err(SendError::RecipientRefused));
    }
}
