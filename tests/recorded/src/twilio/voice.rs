//! Calls.

use countersign_contract::types::Channel;

use super::*;
use crate::{Exchange, Failed, Recorded, Refusals, WithoutWords};

/// What it means that a number may not call.
macro_rules! caller {
    ($code:literal) => {
        not_configured(concat!(
            "senders.voice.from: Twilio answered 400, code ",
            $code,
            ": the account has no such sender, or it can't reach this destination"
        ))
    };
}

pub(crate) static VOICE: Recorded = Recorded {
    settings: r#"{
        "type": "twilio_voice",
        "account_sid": "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "auth_token": "12345",
        "from": "+15017122661",
        "url": "https://provider.example"
    }"#,
    channel: Channel::Voice,
    recipient: None,
    accepted: &[Exchange {
        request: "POST https://provider.example/2010-04-01/Accounts/ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/Calls.json\n\
            content-type: application/x-www-form-urlencoded\n\
            accept: application/json\n\
            user-agent: countersign/0.1.0\n\
            authorization: Basic QUNhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYToxMjM0NQ==\n\
            \n\
            To=%2B6281234567890&From=%2B15017122661&Twiml=%3CResponse%3E\
            %3CSay+voice%3D%22Google.id-ID-Standard-A%22+language%3D%22id-ID%22%3E\
            Kode+Anda%3A+4%2C+7%2C+1%2C+1%2C+9%2C+9.+%26lt%3BSekali%26gt%3B+lagi.%3C%2FSay%3E%3CPause+length%3D%221%22%2F%3E\
            %3CSay+voice%3D%22Google.id-ID-Standard-A%22+language%3D%22id-ID%22%3E\
            Kode+Anda%3A+4%2C+7%2C+1%2C+1%2C+9%2C+9.+%26lt%3BSekali%26gt%3B+lagi.%3C%2FSay%3E%3C%2FResponse%3E&Timeout=60&\
            StatusCallback=https%3A%2F%2Fotp.example.com%2Fv1%2Fcallbacks%2Fsender%3Ftag%3Ddefault.2.login.AbC-_9.x&\
            StatusCallbackEvent=completed",
        answer: answer(201, CALL),
    }],
    message_id: Some("CAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    refusals: Refusals {
        not_configured: Cases::Each(&[
            (
                error!(400, 21205, "Invalid URL"),
                not_configured(
                    "senders.voice: Twilio answered 400, code 21205: the URL of \
                our callbacks isn't one that it can call",
                ),
            ),
            (error!(400, 21210, "'From' phone number not verified"), caller!(21210)),
            (error!(400, 21212, "Invalid From Number (caller ID)"), caller!(21212)),
            (error!(400, 21213, "Caller phone number is required"), caller!(21213)),
            (error!(400, 13214, "Dial: Invalid callerId value"), caller!(13214)),
            (error!(400, 13247, "Dial: Invalid From number (caller ID)"), caller!(13247)),
            (error!(400, 13248, "Dial: Invalid callerID, too long"), caller!(13248)),
            (
                error!(400, 21219, "'To' phone number not verified"),
                not_configured(
                    "senders.voice.account_sid: Twilio \
                answered 400, code 21219: a trial account reaches numbers only that were verified in the console",
                ),
            ),
            (
                error!(400, 21626, "Invalid 'StatusCallbackEvent'"),
                not_configured(
                    "senders.voice: Twilio answered 400, code \
                21626: the URL of our callbacks isn't one that it can call",
                ),
            ),
        ]),
        other: Cases::Each(&[
            (error!(400, 21208, "Invalid Timeout"), other("Twilio answered 400, code 21208")),
            (
                error!(400, 32018, "Twiml size exceeded maximum allowed value"),
                other("Twilio answered 400, code 32018: it is longer than Twilio takes"),
            ),
            (failed!("busy", "null"), other("Twilio answered 201: the message has failed")),
            (failed!("no-answer", "null"), other("Twilio answered 201: the message has failed")),
        ]),
        recipient_refused: Cases::Answers(&[
            error!(400, 21201, "No Called number specified"),
            error!(400, 21202, "Called number is a premium number"),
            error!(400, 21203, "International calling not enabled"),
            error!(400, 21211, "Invalid 'To' Phone Number"),
            error!(400, 21214, "'To' phone number cannot be reached"),
            error!(400, 21215, "Geo Permission configuration is not permitting call"),
            error!(400, 21216, "API: Call blocked by Twilio blocklist"),
            error!(400, 21217, "Phone number does not appear to be valid"),
            error!(400, 13223, "Dial: Invalid phone number format"),
            error!(
                400,
                13224, "Dial: Twilio does not support calling this number or the number is invalid"
            ),
            error!(400, 13225, "Dial: Call blocked by Twilio block list"),
            error!(400, 13226, "Dial: Invalid country code"),
            error!(400, 13227, "Geo Permission configuration is not permitting call"),
        ]),
        template_unknown: Cases::Never("calls have no templates"),
        throttled: Cases::Each(&[
            (error!(400, 10004, "Call concurrency limit exceeded"), Error::Throttled(None)),
            (TOO_MANY, Error::Throttled(None)),
            (TOO_MANY_FOR_17_SECONDS, Error::Throttled(Some(17))),
        ]),
        unauthorised: UNAUTHORISED,
        unavailable: UNAVAILABLE,
    },
    without_words: WithoutWords::Unreadable,
    failed: Failed::NotTaken,
};

const CALL: &str = r#"{
    "account_sid": "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "answered_by": null,
    "api_version": "2010-04-01",
    "direction": "outbound-api",
    "duration": null,
    "from": "+14158675308",
    "queue_time": "1000",
    "sid": "CAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "start_time": null,
    "status": "queued",
    "to": "+14158675309",
    "uri": "/2010-04-01/Accounts/ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/Calls/CAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.json"
}"#;
