//! `type = "aws_ses"`: mail by Amazon Simple Email Service.
//!
//! `POST https://email.<region>.amazonaws.com/v2/email/outbound-emails`, JSON, [Signature Version 4] (as `ses`).
//! [SendEmail] and [common errors] read on 2026-11-21; statuses, fields and what a tag may hold compared with the
//! service's model in AWS's SDK for Python (botocore). SES takes no idempotency key.
//!
//! The code of an error stands in the header `x-amzn-errortype` (`<code>:<url>`), or in the body's `__type` or `code`
//! (`<namespace>#<code>`).
//!
//! | answer | outcome |
//! |---|---|
//! | 200 with `MessageId` | accepted |
//! | any other 2xx | unreadable |
//! | `MailFromDomainNotVerifiedException`; `MessageRejected`: an address isn't verified | not configured: `from` |
//! | `NotFoundException` | not configured: `configuration_set`, or `url` where none is set |
//! | `AccountSuspendedException`, `AccessDeniedException`, `UnrecognizedClientException` … | unauthorised |
//! | `TooManyRequestsException`, `LimitExceededException`, `ThrottlingException`, 429 | throttled |
//! | `BadRequestException` whose text names the form of the address ("Domain starts with dot") | recipient refused |
//! | `SendingPausedException` | unavailable: another provider may take the message |
//! | `RequestExpired`; a signature that "expired" or is "not yet current" | other: the clock |
//! | any other `BadRequestException`, any other `MessageRejected`, `ValidationError` … | other, with the code |
//! | 5xx and whatever has no known code | by the status alone |
//!
//! **Reports.** SES publishes [events] to EventBridge, whose [API destinations] call a URL with a secret in a header of
//! its own: `x-api-key`, the setting `event_key`. That secret authenticates the call; the body is protected by TLS.
//! The other way, through topics of SNS, isn't taken: its signature proves only that *some* AWS account published,
//! is checked with a certificate that has to be fetched from a URL in the message, and a topic sends nothing
//! until the operator has fetched another URL out of another message. Nothing in here fetches anything. An event has no
//! signed time; one that is repeated says the same of the same message.
//!
//! [Signature Version 4]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
//! [SendEmail]: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
//! [common errors]: https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
//! [events]: https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html
//! [API destinations]: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html

mod address;
mod answer;
mod body;
mod event;
mod event_key;
mod tags;

use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::SendError;
use countersign_contract::{Secret, Timestamp};
use countersign_settings::problem::{Problem, Problems};
use http::{Request, Response};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::aws::{Access, Action, Client};
use crate::messages::content::Content;
use crate::messages::message::Message;
use crate::protocol::callback::{Callback, Received};
use crate::protocol::provider::{Provider, Session, Step};

use self::body::Body;
use self::event_key::EventKeys;

/// The header in which EventBridge sends `event_key`.
pub const EVENT_KEY_HEADER: &str = "x-api-key";

const ACTION: Action = Action {
    host: "email",
    signing_name: "ses",
    path: "/v2/email/outbound-emails",
    content_type: "application/json",
};
const MAX_SET_NAME_BYTES: usize = 64;

/// Amazon Simple Email Service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsSesSettings {
    /// The region that sends, such as `eu-west-1`. Addresses and limits belong to a region.
    pub region: String,
    /// Who signs: 16 to 128 letters, digits and underscores.
    pub access_key_id: Secret<String>,
    /// What requests are signed with.
    pub secret_access_key: Secret<String>,
    /// What temporary credentials have besides. They end, and nothing here renews them.
    pub session_token: Option<Secret<String>>,
    /// The address that mail comes from, which SES has verified: at most 254 characters of ASCII.
    pub from: String,
    /// The name shown beside that address: at most 45 bytes.
    pub from_name: Option<String>,
    /// The address that answers go to, if not `from`.
    pub reply_to: Option<String>,
    /// The configuration set that says which events SES publishes: at most 64 letters, digits, underscores and dashes.
    pub configuration_set: Option<String>,
    /// What EventBridge sends as `x-api-key` with each event: 32 to 256 characters without spaces. While it is being
    /// replaced, several with spaces between, at most 4. Without it no events are taken.
    pub event_key: Option<Secret<String>>,
    /// Where SES is, if not where AWS has it for the region: an https URL, such as a VPC endpoint's; http to loopback
    /// hosts only.
    pub url: Option<String>,
}

/// The protocol of SES.
pub struct AwsSes {
    /// Where its settings stand.
    path: String,
    client: Client,
    from: String,
    reply_to: Option<String>,
    configuration_set: Option<String>,
    event_keys: Option<EventKeys>,
}

impl AwsSes {
    /// SES with these settings; `path` is where they stand: `senders.email`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &AwsSesSettings, path: &str) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let access = Access {
            region: &settings.region,
            access_key_id: &settings.access_key_id,
            secret_access_key: &settings.secret_access_key,
            session_token: settings.session_token.as_ref(),
            url: settings.url.as_deref(),
        };
        let client = Client::open(&access, &ACTION, path, &mut problems);
        let from = address::with_name(&settings.from, settings.from_name.as_deref());
        let keys = settings.event_key.as_ref().map(|keys| EventKeys::parse(keys.expose()));
        let (event_keys, wrong_keys) = match keys.transpose() {
            Ok(keys) => (keys, None),
            Err(text) => (None, Some(text)),
        };
        let is_address = |text: &String| address::is_address(text);
        for (field, text) in [
            ("from", (!is_address(&settings.from)).then_some(address::FORM)),
            ("from_name", from.is_none().then_some(address::NAME_FORM)),
            ("reply_to", (!settings.reply_to.iter().all(is_address)).then_some(address::FORM)),
            (
                "configuration_set",
                (!settings.configuration_set.iter().all(|name| is_set_name(name)))
                    .then_some("has to be 1 to 64 letters, digits, underscores and dashes"),
            ),
            ("event_key", wrong_keys),
        ] {
            problems.extend(text.map(|text| Problem::new(format!("{path}.{field}"), text)));
        }
        match (client, from) {
            (Some(client), Some(from)) if problems.is_empty() => Ok(Self {
                path: path.to_owned(),
                client,
                from,
                reply_to: settings.reply_to.clone(),
                configuration_set: settings.configuration_set.clone(),
                event_keys,
            }),
            _ => Err(Problems(problems)),
        }
    }
}

impl Provider for AwsSes {
    fn name(&self) -> &'static str {
        "aws_ses"
    }

    fn origin(&self) -> String {
        self.client.origin()
    }

    fn request(
        &self,
        message: &Message,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, SendError> {
        let Content::Mail(mail) = &message.content else {
            return Err(SendError::Other("the message has no mail".to_owned()));
        };
        // SES speaks no SMTPUTF8: such an address can't be reached through it.
        if !message.recipient.expose().is_ascii() {
            return Err(SendError::RecipientRefused);
        }
        let body = serde_json::to_vec(&Body::new(self, message, mail));
        let body = body.map_err(|_| SendError::Other("the mail can't be written".to_owned()))?;
        self.client.post(body, now)
    }

    fn response(
        &self,
        response: Response<&[u8]>,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Step, SendError> {
        let has_set = self.configuration_set.is_some();
        answer::read(&response, &self.path, has_set, now).map(Step::Accepted)
    }

    fn receive(&self, callback: &Callback<'_>, _: Timestamp) -> Result<Received, CallbackError> {
        let keys = self.event_keys.as_ref().ok_or(CallbackError::Unsupported)?;
        if !keys.accept(callback.headers.get(EVENT_KEY_HEADER)) {
            return Err(CallbackError::Unauthenticated);
        }
        let report = event::read(callback.body).ok_or(CallbackError::Unreadable)?;
        Ok(Received { reports: report.into_iter().collect(), answer: String::new() })
    }
}

fn is_set_name(text: &str) -> bool {
    (1..=MAX_SET_NAME_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

#[cfg(test)]
mod tests;
