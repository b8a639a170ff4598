//! What SES answered.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::Response;
use serde_json::Value;

use crate::aws::Refusal;
use crate::protocol::answer;
use crate::protocol::provider::Accepted;

const PROVIDER: &str = "AWS SES";

/// Reads an answer; `path` is where the settings stand, `has_set` whether a configuration set is among them.
///
/// # Errors
/// Why the mail did not go out. Nothing of the body but a known code is repeated.
pub(super) fn read(
    response: &Response<&[u8]>,
    path: &str,
    has_set: bool,
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
    let not_configured = |field: &str, text: &str| {
        Err(answer::not_configured(path, field, format_args!("AWS SES {text}")))
    };
    match refusal.code.as_str() {
        "AccountSuspendedException" => Err(SendError::Unauthorised),
        "MailFromDomainNotVerifiedException" => {
            not_configured("from", "says that its MAIL FROM domain isn't verified")
        }
        // Of the sender, or of the recipient while the account is in the sandbox: either is the operator's to mend.
        "MessageRejected" if refusal.message.starts_with("Email address is not verified") => {
            not_configured(
                "from",
                "hasn't verified it in this region, or the account is in the sandbox and the recipient isn't verified",
            )
        }
        "NotFoundException" if has_set => {
            not_configured("configuration_set", "has none of this name in this region")
        }
        "NotFoundException" => not_configured("url", "isn't there"),
        "BadRequestException"
        | "InvalidParameterValue"
        | "ValidationError"
        | "ValidationException"
            if is_of_the_address(&refusal.message) =>
        {
            Err(SendError::RecipientRefused)
        }
        "SendingPausedException" => Err(SendError::Unavailable),
        _ => Err(refusal.into_error(response, PROVIDER, now)),
    }
}

/// Whether a text says that the recipient's address has no form that SES takes. That of `from` was
/// looked at before.
fn is_of_the_address(message: &str) -> bool {
    const COMPLAINTS: [&str; 10] = [
        "local address contains",
        "local address starts",
        "local address ends",
        "domain contains",
        "domain starts",
        "domain ends",
        "missing final '@domain'",
        "missing local name",
        "missing domain",
        "invalid email address",
    ];
    let message = message.to_lowercase();
    COMPLAINTS.iter().any(|complaint| message.contains(complaint))
}
