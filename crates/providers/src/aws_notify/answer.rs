//! What Notify answered.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::Response;
use serde_json::Value;

use crate::aws::Refusal;
use crate::json;
use crate::protocol::answer;
use crate::protocol::provider::Accepted;

const PROVIDER: &str = "AWS Notify";

/// Messages to one number in one day.
const TOO_MANY_TO_ONE: &str = "DAILY_DESTINATION_CALL_LIMIT";

/// Reads an answer; `path` is where the settings stand.
///
/// # Errors
/// Why the message did not go out. Nothing of the body but a known code is repeated.
pub(super) fn read(
    response: &Response<&[u8]>,
    path: &str,
    now: Timestamp,
) -> Result<Accepted, SendError> {
    if response.status().is_success() {
        let body: Value = answer::json(response).unwrap_or_default();
        if let Some(id) = body.get("MessageId").and_then(Value::as_str) {
            return Ok(answer::accepted(id));
        }
    }
    let Some(refusal) = Refusal::from_json(response) else {
        return Err(answer::by_status(response, PROVIDER, now));
    };
    let details = Details::of(response);
    let meaning = match refusal.code.as_str() {
        "ConflictException" => conflict(&details, path),
        "ResourceNotFoundException" => not_found(&details, path),
        "ServiceQuotaExceededException" => quota(&details),
        "ValidationException" => validation(&details, path),
        _ => None,
    };
    Err(meaning.unwrap_or_else(|| refusal.into_error(response, PROVIDER, now)))
}

/// Whether a refusal concerns this recipient alone: too many messages to one number.
pub(super) fn concerns_recipient(response: &Response<&[u8]>) -> bool {
    Refusal::from_json(response)
        .is_some_and(|refusal| refusal.code == "ServiceQuotaExceededException")
        && Details::of(response).reason() == TOO_MANY_TO_ONE
}

/// The body of an error: what its code alone doesn't say.
struct Details(Value);

impl Details {
    fn of(response: &Response<&[u8]>) -> Self {
        Self(answer::json(response).unwrap_or_default())
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn reason(&self) -> &str {
        self.text("Reason")
    }

    /// Whether it says that this field of the request is wrong.
    fn names(&self, field: &str) -> bool {
        let fields = self.0.get("Fields").into_iter().flat_map(json::list);
        fields
            .filter_map(|entry| entry.get("Name").unwrap_or(entry).as_str())
            .any(|name| name.eq_ignore_ascii_case(field))
    }
}

fn conflict(details: &Details, path: &str) -> Option<SendError> {
    Some(match details.reason() {
        "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION"
        | "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE"
        | "DESTINATION_PHONE_NUMBER_OPTED_OUT" => SendError::RecipientRefused,
        "DESTINATION_PHONE_NUMBER_NOT_VERIFIED" => {
            let text =
                "the account is in this region's sandbox: only verified numbers get messages";
            answer::not_configured(path, "region", text)
        }
        "NOTIFY_CONFIGURATION_NOT_ACTIVE" => {
            answer::not_configured(path, "configuration_id", "it isn't active")
        }
        _ => return None,
    })
}

fn not_found(details: &Details, path: &str) -> Option<SendError> {
    let missing = |field: &str| {
        answer::not_configured(path, field, "there is none of this name in this region")
    };
    Some(match details.text("ResourceType") {
        "configuration-set" => missing("configuration_set"),
        "notify-configuration" => missing("configuration_id"),
        "notify-template" => SendError::TemplateUnknown,
        _ => return None,
    })
}

fn quota(details: &Details) -> Option<SendError> {
    let is_rate = matches!(
        details.reason(),
        "DAILY_NOTIFY_TIER_MESSAGE_LIMIT"
            | "MONTHLY_SPEND_LIMIT_REACHED_FOR_NOTIFY"
            | "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"
            | TOO_MANY_TO_ONE
    );
    // Until the day or the month is over: `Retry-After` would speak of less.
    is_rate.then_some(SendError::Throttled(None))
}

fn validation(details: &Details, path: &str) -> Option<SendError> {
    let refused = |field: &str| answer::not_configured(path, field, "AWS refuses it");
    Some(match details.reason() {
        "COUNTRY_NOT_ENABLED"
        | "DESTINATION_COUNTRY_BLOCKED"
        | "INTERNATIONAL_SENDING_NOT_SUPPORTED" => SendError::RecipientRefused,
        "CHANNEL_NOT_ENABLED" => {
            answer::not_configured(path, "configuration_id", "its channel `SMS` isn't enabled")
        }
        _ if details.names("DestinationPhoneNumber") => SendError::RecipientRefused,
        _ if details.names("TemplateId") => SendError::TemplateUnknown,
        _ if details.names("TemplateVariables") => {
            let text = "the template doesn't take a code in this variable, or wants others besides";
            answer::not_configured(path, "variable", text)
        }
        _ if details.names("NotifyConfigurationId") => refused("configuration_id"),
        _ if details.names("ConfigurationSetName") => refused("configuration_set"),
        _ => return None,
    })
}
