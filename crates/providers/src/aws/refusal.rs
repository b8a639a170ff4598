//! Why AWS refuses a request: the codes that its services share.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::{Response, StatusCode};
use serde_json::Value;

use crate::protocol::answer;

/// A refusal as a service words it.
pub(crate) struct Refusal {
    /// Its code.
    pub(crate) code: String,
    /// Its text: for people, so that only beginnings which have been seen for years count, and none is needed.
    pub(crate) message: String,
}

const CLOCK: &str =
    "AWS refused the time of the request: the clock of this machine is off by minutes";

/// AWS restJson1 and awsJson1_0, "Operation error serialization": in the header, or in either field of the body.
const CODE_HEADER: &str = "x-amzn-errortype";

/// The credentials, or what they may do. `InvalidSecurity` and `SignatureDoesNotMatch`: a wrong secret.
const UNAUTHORISED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSecurity",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

const THROTTLED: &[&str] = &[
    "KMSThrottling",
    "LimitExceededException",
    "RequestLimitExceeded",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// What else comes with a 5xx.
const UNAVAILABLE: &[&str] = &[
    "InternalError",
    "InternalFailure",
    "InternalServerException",
    "InternalServiceErrorException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
];

/// What an operator looks up: the codes that say nothing better. Codes that aren't here aren't repeated.
const NAMED: &[&str] = &[
    "BadRequestException",
    "ConflictException",
    "EndpointDisabled",
    "InvalidAction",
    "InvalidParameter",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidQueryParameter",
    "KMSAccessDenied",
    "KMSDisabled",
    "KMSInvalidState",
    "KMSNotFound",
    "KMSOptInRequired",
    "MalformedHttpRequestException",
    "MalformedQueryString",
    "MessageRejected",
    "MissingAction",
    "MissingParameter",
    "NotFound",
    "NotFoundException",
    "ParameterValueInvalid",
    "PlatformApplicationDisabled",
    "RequestAbortedException",
    "RequestEntityTooLargeException",
    "ResourceNotFoundException",
    "SerializationException",
    "ServiceQuotaExceededException",
    "UnknownOperationException",
    "UserError",
    "ValidationError",
    "ValidationException",
];

impl Refusal {
    /// Whether a code counts: 429 and 5xx say all there is to know. That of a 2xx does where nothing says that the message
    /// was taken.
    pub(crate) fn may_be_in(response: &Response<&[u8]>) -> bool {
        let status = response.status();
        status.is_success() || status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS
    }

    /// The refusal in an answer of JSON; nothing where there is no code.
    pub(crate) fn from_json(response: &Response<&[u8]>) -> Option<Self> {
        if !Self::may_be_in(response) {
            return None;
        }
        let body: Value = answer::json(response).unwrap_or_default();
        let text = |names: &[&str]| names.iter().find_map(|name| body.get(name)?.as_str());
        let header = response.headers().get(CODE_HEADER).and_then(|value| value.to_str().ok());
        let code = header.or_else(|| text(&["__type", "code"])).unwrap_or_default();
        // `<namespace>#<code>:<url>`: either end may be absent.
        let code = code.split(':').next().unwrap_or_default();
        let code = code.rsplit('#').next().unwrap_or_default().trim();
        let message = text(&["message", "Message"]).unwrap_or_default();
        (!code.is_empty()).then(|| Self { code: code.to_owned(), message: message.to_owned() })
    }

    /// What it means, whichever service said it; `provider` begins the text of what fits no other error.
    pub(crate) fn into_error(
        self,
        response: &Response<&[u8]>,
        provider: &str,
        now: Timestamp,
    ) -> SendError {
        let code = self.code.as_str();
        if self.is_about_the_clock() {
            SendError::Other(CLOCK.to_owned())
        } else if UNAUTHORISED.contains(&code) {
            SendError::Unauthorised
        } else if THROTTLED.contains(&code) {
            answer::throttled(response, now)
        } else if UNAVAILABLE.contains(&code) {
            SendError::Unavailable
        } else if let Some(name) = NAMED.iter().find(|name| **name == code) {
            let status = response.status().as_u16();
            SendError::Other(format!("{provider} answered {status}, {name}"))
        } else {
            answer::by_status(response, provider, now)
        }
    }

    fn is_about_the_clock(&self) -> bool {
        let is_signature =
            matches!(self.code.as_str(), "InvalidSignatureException" | "SignatureDoesNotMatch");
        let begins = |text| self.message.starts_with(text);
        self.code == "RequestExpired"
            || is_signature && (begins("Signature expired") || begins("Signature not yet current"))
    }
}
