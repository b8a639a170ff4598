//! What SNS answered.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::Response;

use super::xml;
use crate::aws::Refusal;
use crate::protocol::answer;
use crate::protocol::provider::Accepted;

const PROVIDER: &str = "AWS SNS";

/// Reads an answer.
///
/// # Errors
/// Why the message did not go out. Nothing of the body but a known code is repeated.
pub(super) fn read(response: &Response<&[u8]>, now: Timestamp) -> Result<Accepted, SendError> {
    if response.status().is_success() {
        let path: &[&str] = &["PublishResponse", "PublishResult", "MessageId"];
        let id = xml::texts(response.body(), [path]);
        if let Some([Some(id)]) = id {
            return Ok(answer::accepted(&id));
        }
    }
    let Some(refusal) = refusal(response) else {
        return Err(answer::by_status(response, PROVIDER, now));
    };
    Err(if is_of_the_recipient(&refusal) {
        SendError::RecipientRefused
    } else {
        refusal.into_error(response, PROVIDER, now)
    })
}

fn refusal(response: &Response<&[u8]>) -> Option<Refusal> {
    if !Refusal::may_be_in(response) {
        return None;
    }
    let paths: [&[&str]; 2] =
        [&["ErrorResponse", "Error", "Code"], &["ErrorResponse", "Error", "Message"]];
    let [code, message] = xml::texts(response.body(), paths)?;
    Some(Refusal { code: code?, message: message.unwrap_or_default() })
}

/// SNS has one code for every parameter, and names which in the text alone.
fn is_of_the_recipient(refusal: &Refusal) -> bool {
    match refusal.code.as_str() {
        "OptedOut" => true,
        "InvalidParameter" | "InvalidParameterValue" | "ParameterValueInvalid" => {
            refusal.message.starts_with("Invalid parameter: PhoneNumber")
        }
        _ => false,
    }
}
