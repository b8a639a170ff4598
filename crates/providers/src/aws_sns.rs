//! `type = "aws_sns"`: text messages by Amazon Simple Notification Service.
//!
//! `POST https://sns.<region>.amazonaws.com/`, form-encoded, [Signature Version 4]: `Action=Publish`,
//! `Version=2010-03-31`, `PhoneNumber`, `Message`, and [attributes] for the kind of message, the sender and India's
//! register. Answers are XML. [Publish] and [common errors] read on 2026-11-21; statuses and codes compared with the
//! service's model in AWS's SDK for Python (botocore). What is said of `message` is what its users report.
//!
//! SNS has no idempotency key for text messages (its deduplication is for FIFO topics), gives them no tag, and reports
//! what became of them to CloudWatch Logs only, so that there is nothing to receive.
//!
//! | answer | outcome |
//! |---|---|
//! | 200 with `PublishResponse/PublishResult/MessageId` | accepted |
//! | any other 2xx with the code of an error that stands below, or of unavailability | as that error; unavailable |
//! | any other 2xx | unreadable |
//! | `OptedOut`; `InvalidParameter` and its kin of `PhoneNumber` | recipient refused |
//! | `AuthorizationError`, `InvalidClientTokenId`, `SignatureDoesNotMatch` … | unauthorised |
//! | `Throttled`, `Throttling`, `KMSThrottling` …, 429 | throttled, for as long as `Retry-After` says |
//! | `RequestExpired`; a signature that "expired" or is "not yet current" | other: the clock |
//! | `InvalidParameter` of anything else, `NotFound`, `UserError`, `KMS…` … | other, with the code |
//! | 5xx and whatever has no known code | by the status alone |
//!
//! [Signature Version 4]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
//! [Publish]: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
//! [attributes]: https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html
//! [common errors]: https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html

mod answer;
mod request;
mod settings;
mod xml;

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use countersign_settings::problem::Problems;
use http::{Request, Response};

use crate::messages::message::Message;
use crate::protocol::provider::{Progress, Provider, Session};

use self::settings::Checked;

pub use self::settings::AwsSnsSettings;

/// The protocol of SNS.
pub struct AwsSns(Checked);

impl AwsSns {
    /// SNS with these settings; `path` is where they stand: `senders.sms`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &AwsSnsSettings, path: &str) -> Result<Self, Problems> {
        settings.check(path).map(Self)
    }
}

impl Provider for AwsSns {
    fn provider_type(&self) -> &'static str {
        "aws_sns"
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
        answer::read(&response, now).map(Progress::Accepted)
    }
}

#[cfg(test)]
mod tests;
