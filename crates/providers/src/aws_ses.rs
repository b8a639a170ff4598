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
//! | any other 2xx with the code of an error that stands below | as that error |
//! | any other 2xx | unreadable |
//! | `MailFromDomainNotVerifiedException`; `MessageRejected`: an address isn't verified | not configured: `from` |
//! | `NotFoundException` | not configured: `configuration_set`, or `url` where none is set |
//! | `AccountSuspendedException`, `AccessDeniedException`, `UnrecognizedClientException` … | unauthorised |
//! | `TooManyRequestsException`, `LimitExceededException`, `ThrottlingException`, 429 | throttled |
//! | `BadRequestException` whose text names the form of the address ("Domain starts with dot") | recipient refused |
//! | `SendingPausedException` | unavailable: another provider may take the message |
//! | `InternalFailure`, `ServiceUnavailable` … without a 5xx | unavailable |
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

mod answer;
mod report;
mod request;
mod settings;
mod tags;

use countersign_contract::Timestamp;
use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::SendError;
use countersign_settings::problem::Problems;
use http::{Request, Response};

use crate::messages::message::Message;
use crate::protocol::callback::{Callback, CallbackContent};
use crate::protocol::provider::{Progress, Provider, Session};

use self::settings::Checked;

pub use self::settings::AwsSesSettings;
pub use crate::aws::EVENT_KEY_HEADER;

/// The protocol of SES.
pub struct AwsSes(Checked);

impl AwsSes {
    /// SES with these settings; `path` is where they stand: `senders.email`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &AwsSesSettings, path: &str) -> Result<Self, Problems> {
        settings.check(path).map(Self)
    }
}

impl Provider for AwsSes {
    fn provider_type(&self) -> &'static str {
        "aws_ses"
    }

    fn origin(&self) -> String {
        self.0.client.origin()
    }

    fn request(
        &self,
        message: &Message,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, SendError> {
        request::write(&self.0, message, now)
    }

    fn response(
        &self,
        response: Response<&[u8]>,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Progress, SendError> {
        let has_set = self.0.configuration_set.is_some();
        answer::read(&response, &self.0.path, has_set, now).map(Progress::Accepted)
    }

    fn receive(
        &self,
        callback: &Callback<'_>,
        _: Timestamp,
    ) -> Result<CallbackContent, CallbackError> {
        let keys = self.0.event_keys.as_ref().ok_or(CallbackError::Unsupported)?;
        report::read(callback, keys)
    }
}

#[cfg(test)]
mod tests;
