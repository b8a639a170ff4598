//! What the recorded exchanges don't hold: settings, attributes, and the texts of refusals.

use countersign_contract::Secret;
use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::Channel;
use http::Method;

use super::*;
use crate::messages::content::Content;
use crate::protocol::callback::Callback;
use crate::protocol::provider::Accepted;

const NOW: Timestamp = Timestamp(1_795_208_661);

fn settings() -> AwsSnsSettings {
    AwsSnsSettings {
        region: "ap-south-1".into(),
        access_key_id: Secret::new("AKIDEXAMPLEEXAMPLE".into()),
        secret_access_key: Secret::new("hunter2".into()),
        session_token: None,
        sender_id: None,
        origination_number: None,
        entity_id: None,
        template_id: None,
        url: None,
    }
}

fn sns(settings: &AwsSnsSettings) -> AwsSns {
    AwsSns::open(settings, "senders.sms").unwrap()
}

fn message(content: Content) -> Message {
    Message {
        challenge_id: "login.AbC-_9".into(),
        send_number: 2,
        expires_at: Timestamp(1_795_208_960),
        callback_url: Some("https://otp.example.com/v1/callbacks/sender".into()),
        ..Message::example(Channel::Sms, content)
    }
}

fn text(text: &str) -> Message {
    message(Content::Text(Secret::new(text.into())))
}

fn request(settings: &AwsSnsSettings, message: &Message) -> Result<Request<Vec<u8>>, SendError> {
    sns(settings).request(message, &mut Session::default(), NOW)
}

fn body(settings: &AwsSnsSettings, message: &Message) -> String {
    String::from_utf8(request(settings, message).unwrap().into_body()).unwrap()
}

fn answer(status: u16, body: &str) -> Result<Progress, SendError> {
    let response = Response::builder().status(status).body(body.as_bytes()).unwrap();
    sns(&settings()).response(response, &mut Session::default(), NOW)
}

fn refused(status: u16, code: &str, message: &str) -> SendError {
    let body = format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
    );
    answer(status, &body).unwrap_err()
}

#[test]
fn every_wrong_setting_is_told_at_once() {
    let settings = AwsSnsSettings {
        region: "nowhere".into(),
        sender_id: Some("12345".into()),
        origination_number: Some("1234".into()),
        entity_id: Some(String::new()),
        template_id: Some("a b".into()),
        ..settings()
    };
    let problems = AwsSns::open(&settings, "senders.sms.1").err().unwrap().to_string();
    let fields: Vec<_> = problems.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(
        fields,
        [
            "senders.sms.1.region",
            "senders.sms.1.sender_id",
            "senders.sms.1.origination_number",
            "senders.sms.1.entity_id",
            "senders.sms.1.template_id"
        ]
    );
}

#[test]
fn attributes_that_are_not_set_are_not_sent() {
    assert_eq!(
        body(&settings(), &text("Your code: 471199")),
        "Action=Publish&Version=2010-03-31&PhoneNumber=%2B6281234567890&Message=Your+code%3A+471199\
         &MessageAttributes.entry.1.Name=AWS.SNS.SMS.SMSType\
         &MessageAttributes.entry.1.Value.DataType=String\
         &MessageAttributes.entry.1.Value.StringValue=Transactional"
    );
    let settings = AwsSnsSettings { template_id: Some("1107".into()), ..settings() };
    let body = body(&settings, &text("x"));
    assert!(body.ends_with(
        "&MessageAttributes.entry.2.Name=AWS.MM.SMS.TemplateId\
         &MessageAttributes.entry.2.Value.DataType=String\
         &MessageAttributes.entry.2.Value.StringValue=1107"
    ));
}

#[test]
fn a_text_cannot_add_a_field() {
    let body = body(&settings(), &text("a&PhoneNumber=+1%26=\u{1f600}\n#?"));
    assert!(
        body.contains("&Message=a%26PhoneNumber%3D%2B1%2526%3D%F0%9F%98%80%0A%23%3F&"),
        "{body}"
    );
}

#[test]
fn a_message_without_words_or_with_too_many_is_refused() {
    let other = |message: &Message| match request(&settings(), message) {
        Err(SendError::Other(text)) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(other(&message(Content::None)), "the message has no text");
    assert!(other(&text(&"ü".repeat(1_601))).contains("1,600"));
    assert!(request(&settings(), &text(&"ü".repeat(1_600))).is_ok());
}

#[test]
fn another_time_changes_the_date_and_the_signature_only() {
    let sns = sns(&AwsSnsSettings { session_token: Some(Secret::new("t".into())), ..settings() });
    let at = |seconds| {
        let now = Timestamp(NOW.0 + seconds);
        sns.request(&text("x"), &mut Session::default(), now).unwrap()
    };
    let (first, later) = (at(0), at(7));
    assert_eq!((first.method(), first.uri()), (later.method(), later.uri()));
    assert_eq!(first.body(), later.body());
    let differing: Vec<_> = first
        .headers()
        .iter()
        .filter(|(name, value)| later.headers()[*name] != *value)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(differing, ["x-amz-date", "authorization"]);
}

#[test]
fn a_bad_number_is_told_from_other_bad_parameters() {
    for code in ["InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid"] {
        let text = "Invalid parameter: PhoneNumber Reason: +66XX0122520 is not valid to publish to";
        assert_eq!(refused(400, code, text), SendError::RecipientRefused);
        let other = SendError::Other(format!("AWS SNS answered 400, {code}"));
        for text in ["", "Invalid parameter: Message too long", "PhoneNumber"] {
            assert_eq!(refused(400, code, text), other, "{text}");
        }
    }
}

#[test]
fn a_signature_of_another_time_is_the_clock_s_fault() {
    let text = "Signature expired: 20261120T210421Z is now earlier than 20261120T220000Z";
    for error in [
        refused(403, "SignatureDoesNotMatch", text),
        refused(403, "InvalidSignatureException", "Signature not yet current: 20261120T210421Z"),
        refused(400, "RequestExpired", ""),
    ] {
        let SendError::Other(text) = error else { panic!("{error:?}") };
        assert!(text.contains("clock") && !text.contains("2026"), "{text}");
    }
    let wrong = "The request signature we calculated does not match";
    assert_eq!(refused(403, "SignatureDoesNotMatch", wrong), SendError::Unauthorised);
}

#[test]
fn an_unknown_code_is_not_repeated_and_the_status_counts() {
    assert_eq!(refused(403, "Hunter2", "x"), SendError::Unauthorised);
    assert_eq!(refused(400, "Hunter2", "x"), SendError::Other("AWS SNS answered 400".into()));
    assert_eq!(refused(500, "InvalidParameter", "x"), SendError::Unavailable);
    assert_eq!(refused(429, "OptedOut", "x"), SendError::Throttled(None));
}

#[test]
fn throttling_lasts_as_long_as_it_says() {
    let body = "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>";
    let response =
        Response::builder().status(400).header("retry-after", "9").body(body.as_bytes()).unwrap();
    let error = sns(&settings()).response(response, &mut Session::default(), NOW).unwrap_err();
    assert_eq!(error, SendError::Throttled(Some(9)));
}

#[test]
fn a_success_needs_the_whole_document_and_its_id() {
    let body = |id: &str| {
        format!("<PublishResponse><PublishResult>{id}</PublishResult></PublishResponse>")
    };
    let accepted =
        |id: Option<&str>| Ok(Progress::Accepted(Accepted { message_id: id.map(Into::into) }));
    assert_eq!(answer(200, &body("<MessageId>a-1</MessageId>")), accepted(Some("a-1")));
    assert_eq!(answer(200, &body("<MessageId>a b</MessageId>")), accepted(None));
    assert_eq!(answer(200, &body("")), Err(SendError::Unreadable));
    let cut = body("<MessageId>a-1</MessageId>");
    let cut = cut.strip_suffix("</PublishResponse>").unwrap();
    assert_eq!(answer(200, cut), Err(SendError::Unreadable));
    let error = "<ErrorResponse><Error><Code>OptedOut</Code></Error></ErrorResponse>";
    assert_eq!(answer(200, error), Err(SendError::RecipientRefused));
    let unknown = "<ErrorResponse><Error><Code>X</Code></Error></ErrorResponse>";
    assert_eq!(answer(200, unknown), Err(SendError::Unreadable));
}

#[test]
fn there_is_nothing_to_receive() {
    let callback = Callback {
        method: &Method::POST,
        url: "https://otp.example.com/v1/callbacks/sender",
        query: None,
        headers: &http::HeaderMap::new(),
        body: b"{}",
    };
    assert_eq!(sns(&settings()).receive(&callback, NOW), Err(CallbackError::Unsupported));
}

#[test]
fn settings_show_no_secret() {
    let settings =
        AwsSnsSettings { session_token: Some(Secret::new("hunter2".into())), ..settings() };
    let shown = format!("{settings:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("AKID"), "{shown}");
}

#[test]
fn a_byte_that_is_not_utf_8_costs_no_success() {
    let body = "<PublishResponse><PublishResult><MessageId>a-1</MessageId></PublishResult><x>?</x></PublishResponse>";
    let body: Vec<u8> = body.bytes().map(|byte| if byte == b'?' { 0xff } else { byte }).collect();
    let response = Response::builder().status(200).body(body.as_slice()).unwrap();
    let step = sns(&settings()).response(response, &mut Session::default(), NOW);
    assert_eq!(step, Ok(Progress::Accepted(Accepted { message_id: Some("a-1".into()) })));
}
