//! Meta's Cloud API. Errors as its page on error codes lists them, with the statuses that it gives.

use countersign_contract::types::Channel;

use crate::{Answer, Cases, Error, Exchange, Failed, Recorded, Refusals, WithoutWords};

pub(crate) static RECORDED: Recorded = Recorded {
    settings: r#"{
        "type": "meta_whatsapp",
        "url": "https://provider.example",
        "phone_number_id": "106540352242922",
        "access_token": "EAAJB+/==",
        "template": "login_otp",
        "languages": { "id": "id", "pt-BR": "pt_BR" },
        "app_secret": "0123456789abcdef0123456789abcdef",
        "verify_token": "c0ffee00c0ffee00c0ffee00c0ffee00"
    }"#,
    channel: Channel::Whatsapp,
    recipient: None,
    accepted: &[Exchange {
        request: "POST https://provider.example/v26.0/106540352242922/messages\n\
            content-type: application/json\n\
            accept: application/json\n\
            user-agent: countersign/0.1.0\n\
            authorization: Bearer EAAJB+/==\n\
            \n\
            {\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\
            \"to\":\"+6281234567890\",\"type\":\"template\",\"template\":{\
            \"name\":\"login_otp\",\"language\":{\"code\":\"id\"},\"components\":[\
            {\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"471199\"}]},\
            {\"type\":\"button\",\"sub_type\":\"url\",\"index\":\"0\",\
            \"parameters\":[{\"type\":\"text\",\"text\":\"471199\"}]}]},\
            \"biz_opaque_callback_data\":\"default.2.login.AbC-_9.x\"}",
        answer: answer(
            200,
            r#"{"messaging_product":"whatsapp","contacts":[{"input":"+6281234567890","wa_id":"6281234567890"}],
            "messages":[{"id":"wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI3MTE5MjY1MTQzQzI2RjEyNDAA","message_status":"accepted"}]}"#,
        ),
    }],
    message_id: Some("wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI3MTE5MjY1MTQzQzI2RjEyNDAA"),
    refusals: Refusals {
        not_configured: Cases::Each(NOT_CONFIGURED),
        other: Cases::Each(&[
            (answer(400, r#"{"error":{"code":1}}"#), Error::Other("Meta answered 400, code 1")),
            (answer(400, INVALID_PARAMETER), Error::Other("Meta answered 400, code 100")),
            (
                answer(400, r#"{"error":{"code":131009}}"#),
                Error::Other("Meta answered 400, code 131009"),
            ),
            (
                answer(400, r#"{"error":{"code":131047}}"#),
                Error::Other("Meta answered 400, code 131047"),
            ),
            (
                answer(400, r#"{"error":{"code":135000}}"#),
                Error::Other("Meta answered 400, code 135000"),
            ),
            (answer(400, "{}"), Error::Other("Meta answered 400")),
        ]),
        recipient_refused: Cases::Answers(&[
            answer(400, UNDELIVERABLE),
            answer(400, r#"{"error":{"code":130472}}"#),
            answer(403, r#"{"error":{"code":130497}}"#),
            answer(400, r#"{"error":{"code":131021}}"#),
            answer(400, r#"{"error":{"code":131030}}"#),
            answer(400, r#"{"error":{"code":131049}}"#),
            answer(400, r#"{"error":{"code":131050}}"#),
        ]),
        template_unknown: Cases::Answers(&[
            answer(404, NO_TEMPLATE),
            answer(400, r#"{"error":{"code":132001}}"#),
        ]),
        throttled: Cases::Each(&[
            (answer(400, RATE_LIMIT), Error::Throttled(None)),
            (answer(429, RATE_LIMIT), Error::Throttled(None)),
            (answer(400, r#"{"error":{"code":4}}"#), Error::Throttled(None)),
            (answer(400, r#"{"error":{"code":80007}}"#), Error::Throttled(None)),
            (answer(400, r#"{"error":{"code":131048}}"#), Error::Throttled(None)),
            (answer(400, r#"{"error":{"code":131056}}"#), Error::Throttled(None)),
            (answer(400, r#"{"error":{"code":"131056"}}"#), Error::Throttled(None)),
            (answer(400, r#"{"error":{"code":131064}}"#), Error::Throttled(None)),
            (answer(400, r#"{"error":{"code":17}}"#), Error::Throttled(None)),
            (answer(400, r#"{"error":{"code":32}}"#), Error::Throttled(None)),
            (answer(400, r#"{"error":{"code":341}}"#), Error::Throttled(None)),
            (answer(400, r#"{"error":{"code":613}}"#), Error::Throttled(None)),
            (answer(400, r#"{"error":{"code":80008}}"#), Error::Throttled(None)),
        ]),
        unauthorised: Cases::Answers(&[
            answer(401, EXPIRED),
            answer(401, r#"{"error":{"code":0}}"#),
            answer(500, r#"{"error":{"code":3}}"#),
            answer(403, r#"{"error":{"code":10}}"#),
            answer(403, r#"{"error":{"code":200}}"#),
            answer(403, r#"{"error":{"code":299}}"#),
            answer(403, r#"{"error":{"code":131005}}"#),
        ]),
        unavailable: Cases::Answers(&[
            answer(503, r#"{"error":{"code":2,"is_transient":true}}"#),
            answer(500, r#"{"error":{"code":1}}"#),
            answer(500, r#"{"error":{"code":131000}}"#),
            answer(500, r#"{"error":{"code":131016}}"#),
            answer(500, r#"{"error":{"code":131057}}"#),
            answer(503, r#"{"error":{"code":133004}}"#),
        ]),
    },
    without_words: WithoutWords::Unreadable,
    failed: Failed::NotTaken,
};

const NOT_CONFIGURED: &[(Answer, Error)] = &[
    (
        answer(404, ""),
        Error::NotConfigured("senders.whatsapp.url: there is no Graph API there (404)"),
    ),
    (
        answer(400, NO_OBJECT),
        Error::NotConfigured(
            "senders.whatsapp.phone_number_id: there is no such id, or the token may not use it (code 100)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":33}}"#),
        Error::NotConfigured(
            "senders.whatsapp.phone_number_id: there is no such id, or the token may not use it (code 33)",
        ),
    ),
    (
        answer(403, r#"{"error":{"code":368}}"#),
        Error::NotConfigured(
            "senders.whatsapp.phone_number_id: its account is blocked for breaking a policy of Meta's (code 368)",
        ),
    ),
    (
        answer(403, r#"{"error":{"code":131031}}"#),
        Error::NotConfigured(
            "senders.whatsapp.phone_number_id: its account is locked (code 131031)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":131037}}"#),
        Error::NotConfigured(
            "senders.whatsapp.phone_number_id: its display name isn't approved (code 131037)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":131042}}"#),
        Error::NotConfigured(
            "senders.whatsapp.phone_number_id: its account can't pay (code 131042)",
        ),
    ),
    (
        answer(500, r#"{"error":{"code":131045}}"#),
        Error::NotConfigured(
            "senders.whatsapp.phone_number_id: its certificate is wrong: register it again (code 131045)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":133010}}"#),
        Error::NotConfigured(
            "senders.whatsapp.phone_number_id: it isn't registered with the Cloud API (code 133010)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":2500}}"#),
        Error::NotConfigured(
            "senders.whatsapp.version: the Graph API has no such path (code 2500)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":131008}}"#),
        Error::NotConfigured(
            "senders.whatsapp.template: the template wants other parameters than a code in text and button (code 131008)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":132000}}"#),
        Error::NotConfigured(
            "senders.whatsapp.template: the template wants other parameters than a code in text and button (code 132000)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":132008}}"#),
        Error::NotConfigured(
            "senders.whatsapp.template: the template wants other parameters than a code in text and button (code 132008)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":132012}}"#),
        Error::NotConfigured(
            "senders.whatsapp.template: the template wants other parameters than a code in text and button (code 132012)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":132018}}"#),
        Error::NotConfigured(
            "senders.whatsapp.template: the template wants other parameters than a code in text and button (code 132018)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":131058}}"#),
        Error::NotConfigured(
            "senders.whatsapp.template: Meta's sample can't be sent from this number (code 131058)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":132005}}"#),
        Error::NotConfigured(
            "senders.whatsapp.template: the template's text gets too long (code 132005)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":132007}}"#),
        Error::NotConfigured(
            "senders.whatsapp.template: the template breaks a policy of Meta's (code 132007)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":132015}}"#),
        Error::NotConfigured(
            "senders.whatsapp.template: the template is paused for its quality (code 132015)",
        ),
    ),
    (
        answer(400, r#"{"error":{"code":132016}}"#),
        Error::NotConfigured(
            "senders.whatsapp.template: the template is disabled for its quality (code 132016)",
        ),
    ),
];

const EXPIRED: &str = r#"{"error":{"message":"Error validating access token: Session has expired on Friday, 20-Nov-26 21:00:00 PST.",
    "type":"OAuthException","code":190,"error_subcode":463,"fbtrace_id":"AbC"}}"#;
const RATE_LIMIT: &str = r#"{"error":{"message":"(#130429) Rate limit hit","type":"OAuthException","code":130429,
    "error_data":{"messaging_product":"whatsapp","details":"Cloud API message throughput has been reached."},"fbtrace_id":"AbC"}}"#;
const UNDELIVERABLE: &str = r#"{"error":{"message":"(#131026) Message Undeliverable","type":"OAuthException","code":131026,
    "error_data":{"messaging_product":"whatsapp","details":"Unable to deliver message."},"fbtrace_id":"AbC"}}"#;
const NO_TEMPLATE: &str = r#"{"error":{"message":"(#132001) Template name does not exist in the translation","type":"OAuthException",
    "code":132001,"error_data":{"messaging_product":"whatsapp","details":"template name (login_otp) does not exist in id"},
    "fbtrace_id":"AbC"}}"#;
const NO_OBJECT: &str = r#"{"error":{"message":"Unsupported post request. Object with ID '106540352242922' does not exist, cannot be loaded due to missing permissions, or does not support this operation.",
    "type":"GraphMethodException","code":100,"error_subcode":33,"fbtrace_id":"AbC"}}"#;
const INVALID_PARAMETER: &str = r#"{"error":{"message":"(#100) Invalid parameter","type":"OAuthException","code":100,"fbtrace_id":"AbC"}}"#;

const fn answer(status: u16, body: &'static str) -> Answer {
    Answer { status, headers: &[("content-type", "application/json")], body }
}
