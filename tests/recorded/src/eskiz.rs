//! Eskiz.uz, which documents successes only.
//!
//! Of the refusals clients have recorded these: the text that isn't moderated, the token that is no longer good, and
//! "`user_sms_id` is invalid". The others are what such a refusal may look like: they hold the words that the provider's
//! module looks for, not sentences that Eskiz was seen to say.

use countersign_contract::types::Channel;

use crate::{Answer, Cases, Error, Exchange, Failed, Recorded, Refusals, WithoutWords};

pub(crate) static RECORDED: Recorded = Recorded {
    settings: r#"{
        "type": "eskiz",
        "email": "ops@example.com",
        "password": "a secret&key+of=40",
        "from": "EXAMPLE",
        "url": "https://provider.example"
    }"#,
    channel: Channel::Sms,
    recipient: Some("+998901234567"),
    accepted: &[
        Exchange {
            request: "POST https://provider.example/api/auth/login\n\
                content-type: application/x-www-form-urlencoded\n\
                accept: application/json\n\
                user-agent: countersign/0.1.0\n\
                \n\
                email=ops%40example.com&password=a+secret%26key%2Bof%3D40",
            answer: answer(
                200,
                r#"{"message":"token_generated","data":{"token":"eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3OTc4MDA2NjF9.c2ln"},"token_type":"bearer"}"#,
            ),
        },
        Exchange {
            request: "POST https://provider.example/api/message/sms/send\n\
                content-type: application/x-www-form-urlencoded\n\
                accept: application/json\n\
                user-agent: countersign/0.1.0\n\
                authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3OTc4MDA2NjF9.c2ln\n\
                \n\
                mobile_phone=998901234567\
                &message=Kode+Anda%3A+471199+%26+jangan+bagikan.%0A%0A%40example.com+%23471199\
                &from=EXAMPLE\
                &callback_url=https%3A%2F%2Fotp.example.com%2Fv1%2Fcallbacks%2Fsender\
                %3Ftag%3Ddefault.2.login.AbC-_9.x%26token%3DBnaPttd913pI0BQ8dvQrQzRyfYNf70xEGIGHZjExWes",
            answer: answer(
                200,
                r#"{"id":"59bf10a2-aba8-4694-8fd5-0be20102a580","message":"Waiting for SMS provider","status":"waiting"}"#,
            ),
        },
    ],
    message_id: Some("59bf10a2-aba8-4694-8fd5-0be20102a580"),
    refusals: Refusals {
        not_configured: Cases::Each(&[
            (
                answer(
                    422,
                    r#"{"status":"error","message":{"from":["The from field is invalid."]}}"#,
                ),
                Error::NotConfigured("senders.sms.from: Eskiz refuses the sender's name"),
            ),
            (
                answer(400, r#"{"message":"Никнейм не найден","status":"error"}"#),
                Error::NotConfigured("senders.sms.from: Eskiz refuses the sender's name"),
            ),
            (
                answer(404, r#"{"message":"Not Found"}"#),
                Error::NotConfigured("senders.sms.url: Eskiz answered 404"),
            ),
            (
                answer(405, r#"{"message":"Method Not Allowed"}"#),
                Error::NotConfigured("senders.sms.url: Eskiz answered 405"),
            ),
        ]),
        other: Cases::Each(&[
            (
                answer(400, r#"{"message":"Недостаточно средств на балансе","status":"error"}"#),
                Error::Other("Eskiz says that the balance is too low"),
            ),
            (
                answer(400, r#"{"message":"user_sms_id is invalid","status":"error"}"#),
                Error::Other("Eskiz answered 400"),
            ),
            (
                answer(
                    422,
                    r#"{"status":"error","message":{"message":["The message field is required."]}}"#,
                ),
                Error::Other("Eskiz answered 422"),
            ),
            (
                answer(
                    422,
                    r#"{"message":"The given data was invalid.","errors":{"mobile_phone":["x"],"message":["x"]}}"#,
                ),
                Error::Other("Eskiz answered 422"),
            ),
            (
                answer(200, r#"{"message":"Ошибка","status":"error"}"#),
                Error::Other("Eskiz answered 200 with an error"),
            ),
        ]),
        recipient_refused: Cases::Answers(&[
            answer(
                422,
                r#"{"status":"error","message":{"mobile_phone":["The mobile phone format is invalid."]}}"#,
            ),
            answer(400, r#"{"message":"mobile_phone is invalid","status":"error"}"#),
            answer(
                422,
                r#"{"message":"The given data was invalid.","errors":{"mobile_phone":["The mobile phone must be 12 digits."]}}"#,
            ),
            answer(400, r#"{"message":"Номер находится в черном списке","status":"error"}"#),
            answer(400, r#"{"message":"Abonent is in the BLACKLIST","status":"error"}"#),
        ]),
        template_unknown: Cases::Answers(&[
            answer(
                400,
                r#"{"id":"b606e81b-0000-4000-8000-000000000000","message":"Этот смс текст еще не прошёл модерацию. Сначала добавьте его через API - Шаблоны - Отправить шаблон или через кабинет my.eskiz.uz - СМС - Мои тексты.","status":"error"}"#,
            ),
            answer(
                400,
                r#"{"message":"Для теста СМС используйте: Это тест от Eskiz","status":"error"}"#,
            ),
            answer(200, r#"{"message":"Этот смс текст еще не прошел модерацию","status":"error"}"#),
        ]),
        throttled: Cases::Never(
            "Eskiz documents no limit; 429 means the same for every provider, see the suite",
        ),
        unauthorised: Cases::Answers(&[
            answer(401, r#"{"message":"Expired","status":"token-invalid"}"#),
            answer(401, r#"{"message":"Unauthenticated."}"#),
            answer(400, r#"{"message":"Invalid","status":"token-invalid"}"#),
            answer(403, r#"{"message":"Forbidden"}"#),
        ]),
        unavailable: Cases::Answers(&[answer(500, r#"{"message":"Server Error"}"#)]),
    },
    without_words: WithoutWords::Unreadable,
    failed: Failed::NotTaken,
};

const fn answer(status: u16, body: &'static str) -> Answer {
    Answer { status, headers: &[("content-type", "application/json")], body }
}
