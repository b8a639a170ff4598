//! Twilio: text messages, WhatsApp messages and calls. The bodies are those of its OpenAPI description and of its error
//! dictionary, less the members that aren't read.

use crate::{Answer, Cases, Error};

/// An error of that code.
macro_rules! error {
    ($status:literal, $code:literal, $message:literal) => {
        answer(
            $status,
            concat!(
                "{\"code\": ",
                $code,
                ", \"message\": \"",
                $message,
                "\", \"more_info\": \"https://www.twilio.com/docs/errors/",
                $code,
                "\", \"status\": ",
                $status,
                "}"
            ),
        )
    };
}

/// A message that was made and failed at once.
macro_rules! failed {
    ($status:literal, $code:literal) => {
        answer(
            201,
            concat!(
                "{\"sid\": \"SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", \"status\": \"",
                $status,
                "\", \"error_code\": ",
                $code,
                ", \"error_message\": \"hunter2\"}"
            ),
        )
    };
}

mod sms;
mod voice;
mod whatsapp;

pub(crate) use self::sms::SMS;
pub(crate) use self::voice::VOICE;
pub(crate) use self::whatsapp::WHATSAPP;

const UNAUTHORISED: Cases = Cases::Answers(&[
    error!(401, 20003, "Authenticate"),
    error!(403, 20003, "Permission Denied"),
    error!(403, 20006, "Access Denied"),
    error!(403, 20008, "Resource not accessible with Test Account Credentials"),
    error!(403, 20403, "Forbidden"),
    error!(401, 20101, "Invalid Access Token"),
    error!(401, 20151, "Authentication Failed"),
]);

const UNAVAILABLE: Cases = Cases::Answers(&[
    error!(500, 20500, "Internal Server Error"),
    error!(503, 20503, "Service unavailable"),
    error!(500, 99999, "Something else"),
]);

const TOO_MANY: Answer = error!(429, 20429, "Too Many Requests");
const TOO_MANY_FOR_17_SECONDS: Answer =
    Answer { headers: &[("content-type", "application/json"), ("retry-after", "17")], ..TOO_MANY };

const MESSAGE: &str = r#"{
    "account_sid": "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "api_version": "2010-04-01",
    "body": "Hello!",
    "date_created": "Mon, 29 Nov 2021 22:40:10 +0000",
    "date_sent": null,
    "date_updated": "Mon, 29 Nov 2021 22:40:10 +0000",
    "direction": "outbound-api",
    "error_code": null,
    "error_message": null,
    "from": null,
    "messaging_service_sid": "MGaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "num_media": "0",
    "num_segments": "0",
    "price": null,
    "price_unit": null,
    "sid": "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "status": "queued",
    "to": "+15558675310",
    "uri": "/2010-04-01/Accounts/ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/Messages/SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.json"
}"#;

const fn answer(status: u16, body: &'static str) -> Answer {
    Answer { status, headers: &[("content-type", "application/json")], body }
}

const fn not_configured(text: &'static str) -> Error {
    Error::NotConfigured(text)
}

const fn other(text: &'static str) -> Error {
    Error::Other(text)
}
