//! WATI. Bodies as WATI documents them; words of errors as users have reported them.

use countersign_contract::types::Channel;

use crate::{Answer, Cases, Error, Exchange, Failed, Recorded, Refusals, WithoutWords};

pub(crate) static RECORDED: Recorded = Recorded {
    settings: r#"{
        "type": "wati",
        "url": "https://provider.example/12345",
        "api_key": "eyJhbGciOiJI.eyJqdGki_-.c2ln",
        "template": "login_otp",
        "translations": { "login_otp": { "id": "login_otp_id" } },
        "callback_token": "c0ffee00c0ffee00c0ffee00c0ffee00"
    }"#,
    channel: Channel::Whatsapp,
    recipient: None,
    accepted: &[Exchange {
        request: "POST https://provider.example/api/ext/v3/messageTemplates/send\n\
            content-type: application/json\n\
            accept: application/json\n\
            user-agent: countersign/0.1.0\n\
            authorization: Bearer eyJhbGciOiJI.eyJqdGki_-.c2ln\n\
            \n\
            {\"template_name\":\"login_otp_id\",\"broadcast_name\":\"login_otp_id\",\
            \"recipients\":[{\"phone_number\":\"6281234567890\",\
            \"local_message_id\":\"default.2.login.AbC-_9.x\",\
            \"custom_params\":[{\"name\":\"otp\",\"value\":\"471199\"}]}]}",
        answer: answer(
            200,
            r#"{"success":true,"broadcast_id":"66b2531d4931581381944612","error":null,
            "recipients":[{"phone_number":"6281234567890","local_message_id":"default.2.login.AbC-_9.x","errors":[]}]}"#,
        ),
    }],
    message_id: Some("default.2.login.AbC-_9.x"),
    refusals: Refusals {
        not_configured: Cases::Each(&[
            (answer(404, ""), Error::NotConfigured(URL)),
            (
                answer(404, r#"{"code":404,"message":"","timestamp":"2026-11-20T21:04:21Z"}"#),
                Error::NotConfigured(URL),
            ),
            (
                answer(
                    200,
                    r#"{"success":false,"error":"Check your template, it cannot have typos or blank text"}"#,
                ),
                Error::NotConfigured(PARAMETER),
            ),
            (
                answer(
                    200,
                    r#"{"success":true,"recipients":[{"errors":["Check your template, it cannot have typos or blank text"]}]}"#,
                ),
                Error::NotConfigured(PARAMETER),
            ),
            (
                answer(
                    400,
                    r#"{"result":false,"info":"Check your template, it cannot have typos or blank text"}"#,
                ),
                Error::NotConfigured(PARAMETER),
            ),
            (
                answer(200, r#"{"result":true,"errors":{"invalidCustomParameters":["otp"]}}"#),
                Error::NotConfigured(PARAMETER),
            ),
            (
                answer(
                    404,
                    r#"{"code":1404,"message":"Channel not found","timestamp":"2026-11-20T21:04:21Z"}"#,
                ),
                Error::NotConfigured(CHANNEL),
            ),
        ]),
        other: Cases::Each(&[
            (answer(400, "{}"), Error::Other("WATI answered 400")),
            (
                answer(
                    400,
                    r#"{"code":1001,"message":"something else","timestamp":"2026-11-20T21:04:21Z"}"#,
                ),
                Error::Other("WATI answered 400, code 1001"),
            ),
            (
                answer(400, r#"{"code":"1001","message":"something else"}"#),
                Error::Other("WATI answered 400, code 1001"),
            ),
            (answer(405, ""), Error::Other("WATI answered 405")),
            (
                answer(200, r#"{"success":true,"result":false,"message":"something else"}"#),
                Error::Other("WATI refused the message"),
            ),
            (
                answer(200, r#"{"success":false,"error":"something else"}"#),
                Error::Other("WATI refused the message"),
            ),
            (
                answer(
                    200,
                    r#"{"success":false,"broadcast_id":null,"error":null,"recipients":[]}"#,
                ),
                Error::Other("WATI refused the message"),
            ),
            (
                answer(200, r#"{"success":true,"recipients":[{"errors":["rate_limited"]}]}"#),
                Error::Other("WATI refused the message"),
            ),
        ]),
        recipient_refused: Cases::Answers(&[
            answer(200, r#"{"success":true,"broadcast_id":"66b2","error":null,"recipients":[]}"#),
            answer(200, r#"{"success":false,"error":"no valid Receivers"}"#),
            answer(
                200,
                r#"{"result":true,"errors":{"invalidWhatsappNumbers":["6281234567890"],"invalidCustomParameters":[]}}"#,
            ),
            answer(
                400,
                r#"{"result":false,"errors":{"invalidWhatsAppNumbers":["6281234567890"]}}"#,
            ),
            answer(200, r#"{"success":true,"result":true,"message":"Invalid WhatsApp number"}"#),
            answer(
                200,
                r#"{"success":true,"recipients":[{"phone_number":"6281234567890","errors":["Invalid WhatsApp number"]}]}"#,
            ),
            answer(
                200,
                r#"{"result":true,"error":null,"receivers":[{"localMessageId":"lm","waId":"6281234567890","isValidWhatsAppNumber":false,"errors":[]}]}"#,
            ),
            answer(200, r#"{"result":false,"info":"","validWhatsAppNumber":false}"#),
            answer(
                400,
                r#"{"code":400,"message":"no valid Receivers","timestamp":"2026-11-20T21:04:21Z"}"#,
            ),
        ]),
        template_unknown: Cases::Answers(&[
            answer(200, r#"{"success":false,"error":"Template not found"}"#),
            answer(
                200,
                r#"{"result":false,"error":"Template not approved","templateName":"login_otp","receivers":[]}"#,
            ),
            answer(400, r#"{"result":false,"info":"Invalid Template Name"}"#),
            answer(
                404,
                r#"{"code":404,"message":"Message template login_otp does not exist","timestamp":"2026-11-20T21:04:21Z"}"#,
            ),
        ]),
        throttled: Cases::Each(&[(answer(429, ""), Error::Throttled(None))]),
        unauthorised: Cases::Answers(&[
            answer(401, ""),
            answer(401, "Unauthorized"),
            answer(
                403,
                r#"{"code":403,"message":"missing scope","timestamp":"2026-11-20T21:04:21Z"}"#,
            ),
        ]),
        unavailable: Cases::Answers(&[answer(
            500,
            r#"{"code":500,"message":"Unexpected error occurred. Please try again.","timestamp":"2026-11-20T21:04:21Z"}"#,
        )]),
    },
    without_words: WithoutWords::Unreadable,
    failed: Failed::PerhapsTaken,
};

const URL: &str = "senders.whatsapp.url: WATI has no API there (404)";
const PARAMETER: &str =
    "senders.whatsapp.parameter: WATI says that the template has no such parameter";
const CHANNEL: &str = "senders.whatsapp.channel: WATI says that there is no such channel";

const fn answer(status: u16, body: &'static str) -> Answer {
    Answer { status, headers: &[("content-type", "application/json")], body }
}
