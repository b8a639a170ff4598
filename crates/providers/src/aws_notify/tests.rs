//! What the recorded exchanges don't hold: settings, templates, times, and refusals that say more or less.

use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::Channel;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::*;
use crate::messages::content::Content;
use crate::protocol::callback::Callback;

const NOW: Timestamp = Timestamp(1_795_208_661);

fn settings(changes: Value) -> AwsNotifySettings {
    let mut settings = json!({
        "region": "us-east-1",
        "access_key_id": "AKIDEXAMPLEEXAMPLE",
        "secret_access_key": "hunter2",
        "configuration_id": "nc-1",
    });
    for (name, value) in changes.as_object().unwrap() {
        settings[name] = value.clone();
    }
    serde_json::from_value(settings).unwrap()
}

fn notify(changes: Value) -> AwsNotify {
    AwsNotify::open(&settings(changes), "senders.sms").unwrap()
}

fn problems(changes: Value) -> Vec<String> {
    let problems = AwsNotify::open(&settings(changes), "p").err().unwrap();
    problems.0.iter().map(ToString::to_string).collect()
}

fn message(locale: Option<&str>, expires_at: Timestamp) -> Message {
    Message {
        challenge_id: "login.AbC".into(),
        send_number: 2,
        expires_at,
        locale: locale.map(Into::into),
        callback_url: Some("https://otp.example.com/v1/callbacks/sms-aws_notify".into()),
        ..Message::example(Channel::Sms, Content::None)
    }
}

fn request(changes: Value, message: &Message) -> Request<Vec<u8>> {
    notify(changes).request(message, &mut Session::default(), NOW).unwrap()
}

fn body(changes: Value, message: &Message) -> Value {
    serde_json::from_slice(request(changes, message).body()).unwrap()
}

fn answer(status: u16, body: &Value) -> (Result<Progress, SendError>, bool) {
    let body = body.to_string();
    let response = || Response::builder().status(status).body(body.as_bytes()).unwrap();
    let notify = notify(json!({}));
    let step = notify.response(response(), &mut Session::default(), NOW);
    (step, notify.concerns_recipient(&response()))
}

#[test]
fn what_is_not_set_is_not_sent() {
    let body = body(json!({}), &message(Some("id"), Timestamp(NOW.0 + 60)));
    let expected = json!({
        "NotifyConfigurationId": "nc-1",
        "DestinationPhoneNumber": "+6281234567890",
        "TemplateVariables": { "code": "471199" },
        "TimeToLive": 60,
    });
    assert_eq!(body, expected);
}

#[test]
fn the_region_says_where_notify_is() {
    let request = request(json!({}), &message(None, NOW));
    assert_eq!(request.uri(), "https://sms-voice.us-east-1.amazonaws.com/");
    assert_eq!(request.headers()["x-amz-target"], "PinpointSMSVoiceV2.SendNotifyTextMessage");
}

#[test]
fn each_language_has_its_template_and_the_others_theirs() {
    let changes =
        json!({ "template_id": "english", "locales": { "id": "indo", "pt-BR": "brasil" } });
    for (locale, template) in [
        (None, "english"),
        (Some("id"), "indo"),
        (Some("id-ID"), "indo"),
        (Some("PT-br"), "brasil"),
        (Some("pt"), "english"),
        (Some("ru"), "english"),
    ] {
        let body = body(changes.clone(), &message(locale, NOW));
        assert_eq!(body["TemplateId"], template, "{locale:?}");
    }
}

#[test]
fn the_code_goes_into_the_variable_that_is_set() {
    let body = body(json!({ "variable": "otp" }), &message(None, NOW));
    assert_eq!(body["TemplateVariables"], json!({ "otp": "471199" }));
}

#[test]
fn aws_tries_for_as_long_as_the_code_is_good_within_its_own_bounds() {
    for (left, expected) in
        [(0, 5), (4, 5), (5, 5), (299, 299), (259_200, 259_200), (999_999, 259_200)]
    {
        let body = body(json!({}), &message(None, Timestamp(NOW.0 + left)));
        assert_eq!(body["TimeToLive"], expected, "{left}");
    }
    assert_eq!(body(json!({}), &message(None, Timestamp(NOW.0 - 9)))["TimeToLive"], 5);
}

#[test]
fn everything_wrong_with_the_settings_is_told_and_nothing_repeated() {
    let long = "a".repeat(257);
    let wrong = problems(json!({
        "region": "hunter2",
        "access_key_id": "hunter2",
        "secret_access_key": "",
        "configuration_id": "hunter2 x",
        "template_id": "hunter2:x",
        "locales": { "id": "", "hunter_": "a" },
        "variable": "hunter2-x",
        "configuration_set": long,
        "url": "http://hunter2.example",
    }));
    let fields: Vec<_> = wrong.iter().map(|text| text.split(':').next().unwrap()).collect();
    assert_eq!(
        fields,
        [
            "p.region",
            "p.access_key_id",
            "p.secret_access_key",
            "p.url",
            "p.configuration_id",
            "p.template_id",
            "p.locales.hunter_",
            "p.locales.id",
            "p.variable",
            "p.configuration_set",
        ]
    );
    assert!(!wrong.join(" ").contains("hunter2"), "{wrong:?}");
}

#[test]
fn ids_and_arns_are_as_long_as_documented_and_no_longer() {
    let arn = "arn:aws:sms-voice:us-east-1:111122223333:notify-configuration/nc-1";
    for id in [arn, "a", &"a".repeat(256)] {
        let _ = notify(json!({ "configuration_id": id, "configuration_set": id }));
    }
    for id in ["", "a b", "a.b", "ü", &"a".repeat(257)] {
        let wrong = problems(json!({ "configuration_id": id, "configuration_set": id }));
        assert_eq!(wrong.len(), 2, "{id}");
    }
    let _ = notify(json!({ "template_id": "a".repeat(256), "variable": "a".repeat(64) }));
    for (template, variable) in [("", ""), ("a/b", "a b"), (&"a".repeat(257), &"a".repeat(65))] {
        let wrong = problems(json!({ "template_id": template, "variable": variable }));
        assert_eq!(wrong.len(), 2, "{template} {variable}");
    }
}

#[test]
fn a_success_without_an_id_leaves_it_open() {
    for body in [json!({}), json!({ "MessageId": null }), json!({ "TemplateId": "x" })] {
        assert_eq!(answer(200, &body).0, Err(SendError::Unreadable), "{body}");
    }
}

#[test]
fn a_day_s_messages_to_one_number_say_nothing_of_the_provider() {
    let quota = |reason: &str| json!({ "__type": "ServiceQuotaExceededException", "Message": "x", "Reason": reason });
    let throttled = Err(SendError::Throttled(None));
    assert_eq!(answer(400, &quota("DAILY_DESTINATION_CALL_LIMIT")), (throttled.clone(), true));
    assert_eq!(answer(400, &quota("DAILY_NOTIFY_TIER_MESSAGE_LIMIT")), (throttled, false));
    let conflict =
        json!({ "__type": "ConflictException", "Reason": "DAILY_DESTINATION_CALL_LIMIT" });
    assert!(!answer(400, &conflict).1);
    // The status has the last word.
    assert!(!answer(500, &quota("DAILY_DESTINATION_CALL_LIMIT")).1);
}

#[test]
fn the_name_of_a_field_is_read_in_any_letters_and_others_are_not() {
    let named = |names: Value| {
        let fields: Vec<_> = names
            .as_array()
            .unwrap()
            .iter()
            .map(|name| json!({ "Name": name, "Message": "x" }))
            .collect();
        let body = json!({ "__type": "ns#ValidationException", "Fields": fields });
        answer(400, &body).0.unwrap_err()
    };
    assert_eq!(named(json!(["destinationPhoneNumber"])), SendError::RecipientRefused);
    assert_eq!(named(json!(["TimeToLive", "DestinationPhoneNumber"])), SendError::RecipientRefused);
    assert_eq!(named(json!(["templateId"])), SendError::TemplateUnknown);
    let other = SendError::Other("AWS Notify answered 400, ValidationException".into());
    for names in [json!([]), json!(["TimeToLive"]), json!([7, null])] {
        assert_eq!(named(names), other);
    }
}

#[test]
fn nothing_is_received() {
    let callback = Callback {
        method: &Method::POST,
        url: "",
        query: None,
        headers: &HeaderMap::new(),
        body: b"{}",
    };
    assert_eq!(notify(json!({})).receive(&callback, NOW), Err(CallbackError::Unsupported));
}

#[test]
fn a_success_that_is_an_error_is_that_error() {
    let reason = "DESTINATION_PHONE_NUMBER_OPTED_OUT";
    let refused = json!({ "__type": "ConflictException", "Reason": reason });
    assert_eq!(answer(200, &refused).0, Err(SendError::RecipientRefused));
    let throttled = json!({ "__type": "ThrottlingException" });
    assert_eq!(answer(200, &throttled).0, Err(SendError::Throttled(None)));
    let accepted = json!({ "MessageId": "a", "__type": "ThrottlingException" });
    assert!(answer(200, &accepted).0.is_ok());
}

#[test]
fn a_field_may_stand_without_its_list() {
    for fields in [json!({ "Name": "DestinationPhoneNumber" }), json!("DestinationPhoneNumber")] {
        let body = json!({ "__type": "ValidationException", "Fields": fields });
        assert_eq!(answer(400, &body).0, Err(SendError::RecipientRefused), "{body}");
    }
}
