//! `type = "twilio_sms"`, `"twilio_whatsapp"` and `"twilio_voice"`: Twilio's Programmable Messaging and Voice.
//!
//! Read on 2026-11-21: the [Messages resource], the [Calls resource], the [error dictionary], [security], [`<Say>`],
//! [`whatsapp/authentication`], Twilio's OpenAPI description (`twilio/twilio-oai`, 2026-04-14) and its helper
//! libraries for Python, Node and Java. Where a fact is from a library and not from a page, it says so.
//!
//! | type | request |
//! |---|---|
//! | `twilio_sms` | `POST {url}/2010-04-01/Accounts/{account_sid}/Messages.json` with `To`, `From` or `MessagingServiceSid` or both, `Body`, `ValidityPeriod`, `StatusCallback` |
//! | `twilio_whatsapp` | the same with `whatsapp:` before each number, and `ContentSid` and `ContentVariables` for `Body` and `ValidityPeriod` |
//! | `twilio_voice` | `POST …/Calls.json` with `To`, `From`, `Twiml`, `Timeout`, `StatusCallback`, `StatusCallbackEvent` |
//!
//! Form-encoded, over HTTP Basic: an API key's SID and secret, or the account's SID and auth token.
//!
//! | answer | outcome |
//! |---|---|
//! | 2xx with a `sid` | accepted |
//! | 2xx with a `status` that says that it failed | what its `error_code` means, as below |
//! | 2xx without a `sid`, with the `code` of an error, or its `status` as a number | as an answer with that status |
//! | any other 2xx | unreadable |
//! | anything else with a `code` of Twilio's dictionary | what the code means: the table in `codes.rs` |
//! | 404 without one | not configured: there is no Twilio at `url` |
//! | anything else | by its status, as with every provider |
//!
//! - **Idempotency**: neither resource takes a key: no parameter or header of theirs is one in the OpenAPI description
//!   (sub-resources of a call have an `IdempotencyKey`; `I-Twilio-Idempotency-Token` is a header of Twilio's own
//!   calls to us). A message that is handed over twice goes out twice.
//! - **Status reports**: `StatusCallback` is the URL of the callbacks with the message's tag as its query, `?tag=…`,
//!   at most 2,266 bytes of the 4,000 that Twilio takes. Without `auth_token` Twilio's reports could not be told
//!   from forged ones, so that none are asked for.
//!
//! [Messages resource]: https://www.twilio.com/docs/messaging/api/message-resource
//! [Calls resource]: https://www.twilio.com/docs/voice/api/call-resource
//! [error dictionary]: https://www.twilio.com/docs/api/errors
//! [security]: https://www.twilio.com/docs/usage/security#validating-requests
//! [`<Say>`]: https://www.twilio.com/docs/voice/twiml/say/text-speech
//! [`whatsapp/authentication`]: https://www.twilio.com/docs/content/whatsappauthentication

mod account;
mod answer;
mod codes;
mod report;
mod sender;
mod signature;
mod sms;
mod voice;
mod whatsapp;

pub use self::account::URL;
pub use self::signature::SIGNATURE_HEADER;
pub use self::sms::{TwilioSms, TwilioSmsSettings};
pub use self::voice::{TwilioVoice, TwilioVoiceSettings};
pub use self::whatsapp::{TwilioTemplates, TwilioWhatsapp, TwilioWhatsappSettings};

#[cfg(test)]
mod tests;
