//! `type = "aws_notify"`: text messages by AWS End User Messaging Notify: AWS has the words, the numbers and their
//! registration, and the code is ours.
//!
//! `POST https://sms-voice.<region>.amazonaws.com/`, JSON 1.0 with `X-Amz-Target:
//! PinpointSMSVoiceV2.SendNotifyTextMessage`, [Signature Version 4] (as `sms-voice`): `NotifyConfigurationId`,
//! `DestinationPhoneNumber`, `TemplateId`, `TemplateVariables`, `TimeToLive`, `ConfigurationSetName`.
//! [SendNotifyTextMessage] and the [user guide] read on 2026-11-27; fields, patterns, errors and their reasons are those
//! of the service's model in AWS's SDK for Python (botocore, 2026-08-07).
//!
//! - **Template**: AWS's own and already approved, of one language each. Without `TemplateId` the configuration's default.
//! - **`TimeToLive`** is what is left of the code's life, 5 to 259,200 seconds.
//! - **Idempotency**: none; the operation has no client token.
//! - **Reports**: none are read. What becomes of a message goes to a destination of a configuration set (CloudWatch,
//!   Firehose, SNS), with a `Context` of ours. The events that EventBridge gets are documented without it, so that
//!   nothing would tell whose message they report on. `MessageFeedbackEnabled` isn't set: it promises AWS a call
//!   (`PutMessageFeedback`) once the code was used, which a sender doesn't hear of.
//!
//! | answer | outcome |
//! |---|---|
//! | 200 with `MessageId` | accepted |
//! | any other 2xx with the code of an error that stands below, or of unavailability | as that error; unavailable |
//! | any other 2xx | unreadable |
//! | `ConflictException`, `DESTINATION_PHONE_NUMBER_OPTED_OUT`, `…_BLOCKED_BY_PROTECT_…` | recipient refused |
//! | `ValidationException`, `COUNTRY_NOT_ENABLED`, `DESTINATION_COUNTRY_BLOCKED`, `INTERNATIONAL_SENDING_NOT_SUPPORTED`; or one that names `DestinationPhoneNumber` | recipient refused |
//! | `ConflictException`, `DESTINATION_PHONE_NUMBER_NOT_VERIFIED` | not configured: `region`, whose account is in the sandbox |
//! | `ConflictException`, `NOTIFY_CONFIGURATION_NOT_ACTIVE`; `ValidationException`, `CHANNEL_NOT_ENABLED`, or one that names `NotifyConfigurationId`; `ResourceNotFoundException` of a `notify-configuration` | not configured: `configuration_id` |
//! | `ValidationException` that names `TemplateVariables` | not configured: `variable` |
//! | `ValidationException` that names `ConfigurationSetName`; `ResourceNotFoundException` of a `configuration-set` | not configured: `configuration_set` |
//! | `ResourceNotFoundException` of a `notify-template`; `ValidationException` that names `TemplateId` | template unknown |
//! | `ServiceQuotaExceededException`, `DAILY_NOTIFY_TIER_MESSAGE_LIMIT`, `MONTHLY_SPEND_LIMIT_REACHED_FOR_…` | throttled |
//! | the same, `DAILY_DESTINATION_CALL_LIMIT` | throttled, which concerns this recipient alone |
//! | `ThrottlingException`, 429 | throttled, for as long as `Retry-After` says |
//! | `AccessDeniedException`, `UnrecognizedClientException` … | unauthorised |
//! | a signature that "expired" or is "not yet current" | other: the clock |
//! | any other of these codes | other, with the code |
//! | 5xx and whatever has no known code | by the status alone |
//!
//! [Signature Version 4]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
//! [SendNotifyTextMessage]: https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendNotifyTextMessage.html
//! [user guide]: https://docs.aws.amazon.com/sms-voice/latest/userguide/notify-send-messages.html

mod answer;
mod request;
mod settings;

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use countersign_settings::problem::Problems;
use http::{Request, Response};

use crate::messages::message::Message;
use crate::protocol::provider::{Progress, Provider, Session};

use self::settings::Checked;

pub use self::settings::AwsNotifySettings;

/// The protocol of Notify.
pub struct AwsNotify(Checked);

impl AwsNotify {
    /// Notify with these settings; `path` is where they stand: `senders.sms`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &AwsNotifySettings, path: &str) -> Result<Self, Problems> {
        settings.check(path).map(Self)
    }
}

impl Provider for AwsNotify {
    fn provider_type(&self) -> &'static str {
        "aws_notify"
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
        answer::read(&response, &self.0.path, now).map(Progress::Accepted)
    }

    fn concerns_recipient(&self, response: &Response<&[u8]>) -> bool {
        answer::concerns_recipient(response)
    }
}

#[cfg(test)]
mod tests;
