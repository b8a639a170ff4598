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
mod xml;

use countersign_contract::types::SendError;
use countersign_contract::{Secret, Timestamp};
use countersign_settings::problem::{Problem, Problems};
use http::{Request, Response};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::aws::{Access, Action, Client};
use crate::messages::content::Content;
use crate::messages::message::Message;
use crate::protocol::provider::{Provider, Session, Step};

const ACTION: Action = Action {
    host: "sns",
    signing_name: "sns",
    path: "/",
    content_type: "application/x-www-form-urlencoded",
};
const VERSION: &str = "2010-03-31";
const MAX_TEXT_CHARACTERS: usize = 1_600;
const MAX_SENDER_ID_BYTES: usize = 11;
const MAX_REGISTERED_ID_BYTES: usize = 50;

/// Amazon Simple Notification Service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsSnsSettings {
    /// The region that sends, such as `ap-south-1`: one of those that can send text messages.
    pub region: String,
    /// Who signs: 16 to 128 letters, digits and underscores.
    pub access_key_id: Secret<String>,
    /// What requests are signed with.
    pub secret_access_key: Secret<String>,
    /// What temporary credentials have besides. They end, and nothing here renews them.
    pub session_token: Option<Secret<String>>,
    /// Who the message is from, where the recipient's country allows a name: 1 to 11 letters and digits, with at least
    /// one letter.
    pub sender_id: Option<String>,
    /// The account's number that sends: 5 to 14 digits, with or without a plus sign. AWS picks one where it is absent.
    pub origination_number: Option<String>,
    /// India only: the id of the business in the register of its regulator (DLT), 1 to 50 letters and digits.
    pub entity_id: Option<String>,
    /// India only: the id of the text in the same register, 1 to 50 letters and digits. It belongs to one text and one
    /// `sender_id`.
    pub template_id: Option<String>,
    /// Where SNS is, if not where AWS has it for the region: an https URL, such as a VPC endpoint's; http to loopback
    /// hosts only.
    pub url: Option<String>,
}

/// The protocol of SNS.
pub struct AwsSns {
    client: Client,
    /// Names and values, as SNS wants them beside each message.
    attributes: Vec<(&'static str, String)>,
}

impl AwsSns {
    /// SNS with these settings; `path` is where they stand: `senders.sms`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &AwsSnsSettings, path: &str) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let access = Access {
            region: &settings.region,
            access_key_id: &settings.access_key_id,
            secret_access_key: &settings.secret_access_key,
            session_token: settings.session_token.as_ref(),
            url: settings.url.as_deref(),
        };
        let client = Client::open(&access, &ACTION, path, &mut problems);
        let attributes = attributes(settings, path, &mut problems);
        match client {
            Some(client) if problems.is_empty() => Ok(Self { client, attributes }),
            _ => Err(Problems(problems)),
        }
    }
}

impl Provider for AwsSns {
    fn name(&self) -> &'static str {
        "aws_sns"
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
        let Content::Text(text) = &message.content else {
            return Err(SendError::Other("the message has no text".to_owned()));
        };
        if text.expose().chars().count() > MAX_TEXT_CHARACTERS {
            let text = "the text is longer than the 1,600 characters that AWS SNS takes";
            return Err(SendError::Other(text.to_owned()));
        }
        self.client.post(self.body(message.recipient.expose(), text.expose()), now)
    }

    fn response(
        &self,
        response: Response<&[u8]>,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Step, SendError> {
        answer::read(&response, now).map(Step::Accepted)
    }
}

impl AwsSns {
    fn body(&self, number: &str, text: &str) -> Vec<u8> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", "Publish")
            .append_pair("Version", VERSION)
            .append_pair("PhoneNumber", number)
            .append_pair("Message", text);
        for (index, (name, value)) in (1..).zip(&self.attributes) {
            let entry = |field: &str| format!("MessageAttributes.entry.{index}.{field}");
            form.append_pair(&entry("Name"), name)
                .append_pair(&entry("Value.DataType"), "String")
                .append_pair(&entry("Value.StringValue"), value);
        }
        form.finish().into_bytes()
    }
}

fn attributes(
    settings: &AwsSnsSettings,
    path: &str,
    problems: &mut Vec<Problem>,
) -> Vec<(&'static str, String)> {
    let mut attributes = vec![("AWS.SNS.SMS.SMSType", "Transactional".to_owned())];
    let mut add =
        |field: &str, name, value: &Option<String>, is_valid: fn(&str) -> bool, form| match value {
            Some(value) if is_valid(value) => attributes.push((name, value.clone())),
            Some(_) => problems.push(Problem::new(format!("{path}.{field}"), form)),
            None => {}
        };
    add(
        "sender_id",
        "AWS.SNS.SMS.SenderID",
        &settings.sender_id,
        is_sender_id,
        "has to be 1 to 11 letters and digits, with at least one letter",
    );
    add(
        "origination_number",
        "AWS.MM.SMS.OriginationNumber",
        &settings.origination_number,
        is_number,
        "has to be 5 to 14 digits, with or without a plus sign",
    );
    let form = "has to be 1 to 50 letters and digits";
    add("entity_id", "AWS.MM.SMS.EntityId", &settings.entity_id, is_registered_id, form);
    add("template_id", "AWS.MM.SMS.TemplateId", &settings.template_id, is_registered_id, form);
    attributes
}

fn is_sender_id(text: &str) -> bool {
    (1..=MAX_SENDER_ID_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (5..=14).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_registered_id(text: &str) -> bool {
    (1..=MAX_REGISTERED_ID_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests;
