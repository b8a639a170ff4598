//! The webhook: its answers are whatever an operator's receiver says.

use countersign_contract::types::Channel;

use crate::{Answer, Cases, Error, Exchange, Failed, Recorded, Refusals, WithoutWords};

pub(crate) static RECORDED: Recorded = Recorded {
    settings: r#"{
        "type": "webhook",
        "url": "https://provider.example/codes?from=countersign",
        "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    }"#,
    channel: Channel::Sms,
    recipient: None,
    accepted: &[Exchange {
        request: "POST https://provider.example/codes?from=countersign\n\
            content-type: application/json\n\
            accept: application/json\n\
            user-agent: countersign/0.1.0\n\
            webhook-id: login.AbC-_9.x.2\n\
            webhook-timestamp: 1795208661\n\
            webhook-signature: v1,zpWJM/D76XrV60WuOYiKhoTJWCVE+ITeR3S/HaIsOIg=\n\
            \n\
            {\"type\":\"code.send\",\"timestamp\":\"2026-11-20T21:04:20Z\",\"data\":{\"tenant\":\"default\",\
            \"purpose\":\"login\",\"channel\":\"sms\",\"to\":\"+6281234567890\",\"code\":\"471199\",\
            \"challenge_id\":\"login.AbC-_9.x\",\"send_number\":2,\"lifetime_seconds\":300,\
            \"expires_at\":1795208960,\"reference\":\"order \\\"7\\\" ü\",\"locale\":\"id\"}}",
        answer: answer(202, r#"{"message_id":"m-1"}"#),
    }],
    message_id: Some("m-1"),
    refusals: Refusals {
        not_configured: Cases::Each(&[
            (answer(404, ""), Error::NotConfigured("senders.sms.url: the webhook answered 404")),
            (answer(410, ""), Error::NotConfigured("senders.sms.url: the webhook answered 410")),
        ]),
        other: Cases::Each(&[(answer(400, "{}"), Error::Other("the webhook answered 400"))]),
        recipient_refused: Cases::Answers(&[
            answer(400, r#"{"error":"recipient_refused"}"#),
            answer(422, r#"{"error":"recipient_refused","detail":"no such number"}"#),
        ]),
        template_unknown: Cases::Answers(&[answer(422, r#"{"error":"template_unknown"}"#)]),
        throttled: Cases::Never("429 and 503 mean the same for every provider, see the suite"),
        unauthorised: Cases::Answers(&[answer(401, ""), answer(403, "")]),
        unavailable: Cases::Answers(&[answer(500, ""), answer(599, "")]),
    },
    without_words: WithoutWords::Accepted,
    failed: Failed::NotTaken,
};

const fn answer(status: u16, body: &'static str) -> Answer {
    Answer { status, headers: &[("content-type", "application/json")], body }
}
