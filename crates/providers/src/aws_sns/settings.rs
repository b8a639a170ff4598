//! What an operator says of Amazon SNS.

use countersign_contract::Secret;
use countersign_settings::problem::Problems;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::aws::{Access, Action, Client};
use crate::protocol::checks::Checks;
use crate::protocol::request::FORM;

const ACTION: Action =
    Action { host: "sns", signing_name: "sns", path: "/", content_type: FORM, target: None };
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

/// The settings, checked.
pub(super) struct Checked {
    pub(super) client: Client,
    /// Names and values, as SNS wants them beside each message.
    pub(super) attributes: Vec<(&'static str, String)>,
}

impl AwsSnsSettings {
    pub(super) fn check(&self, path: &str) -> Result<Checked, Problems> {
        let mut checks = Checks::new(path);
        let access = Access {
            region: &self.region,
            access_key_id: &self.access_key_id,
            secret_access_key: &self.secret_access_key,
            session_token: self.session_token.as_ref(),
            url: self.url.as_deref(),
        };
        let client = Client::open(&access, &ACTION, &mut checks);
        let attributes = self.attributes(&mut checks);
        checks.finish(|| Some(Checked { client: client?, attributes }))
    }

    fn attributes(&self, checks: &mut Checks) -> Vec<(&'static str, String)> {
        let mut attributes = vec![("AWS.SNS.SMS.SMSType", "Transactional".to_owned())];
        let mut add = |field, name, value: &Option<String>, is_valid: fn(&str) -> bool, text| {
            if let Some(value) = value {
                checks.require(field, is_valid(value), text);
                attributes.push((name, value.clone()));
            }
        };
        add(
            "sender_id",
            "AWS.SNS.SMS.SenderID",
            &self.sender_id,
            is_sender_id,
            "has to be 1 to 11 letters and digits, with at least one letter",
        );
        add(
            "origination_number",
            "AWS.MM.SMS.OriginationNumber",
            &self.origination_number,
            is_number,
            "has to be 5 to 14 digits, with or without a plus sign",
        );
        let text = "has to be 1 to 50 letters and digits";
        add("entity_id", "AWS.MM.SMS.EntityId", &self.entity_id, is_registered_id, text);
        add("template_id", "AWS.MM.SMS.TemplateId", &self.template_id, is_registered_id, text);
        attributes
    }
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
mod tests {
    use super::*;

    #[test]
    fn senders_are_as_long_as_documented_and_no_longer() {
        for (id, is_good) in [
            ("A", true),
            ("WEELO", true),
            ("12345678a90", true),
            ("123456789012", false),
            ("abcdefghijkl", false),
            ("WEE-LO", false),
            ("WEE LO", false),
            ("7", false),
            ("", false),
            ("ü", false),
        ] {
            assert_eq!(is_sender_id(id), is_good, "{id}");
        }
        for (number, is_good) in [
            ("12345", true),
            ("+12345678901234", true),
            ("1234", false),
            ("+123456789012345", false),
            ("++12345", false),
            ("12-345", false),
        ] {
            assert_eq!(is_number(number), is_good, "{number}");
        }
        assert!(is_registered_id(&"1".repeat(50)));
        assert!(!is_registered_id(&"1".repeat(51)));
    }
}
