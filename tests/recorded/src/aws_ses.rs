//! Amazon SES. Codes, statuses and fields as its model in AWS's SDKs has them, texts as its users report them.

use countersign_contract::types::Channel;

use crate::{Answer, Cases, Error, Exchange, Failed, Recorded, Refusals, WithoutWords};

const CLOCK: Error = Error::Other(
    "AWS refused the time of the request: the clock of this machine is off by minutes",
);

/// An error response.
macro_rules! error {
    ($status:literal, $code:literal) => {
        error!($status, $code, "x")
    };
    ($status:literal, $code:literal, $message:literal) => {
        Answer {
            status: $status,
            headers: &[
                ("content-type", "application/json"),
                ("x-amzn-errortype", concat!($code, ":http://internal.example/coral/")),
            ],
            body: concat!("{\"message\":\"", $message, "\"}"),
        }
    };
}

/// One that only its code tells from others.
macro_rules! other {
    ($status:literal, $code:literal $(, $message:literal)?) => {
        (
            error!($status, $code $(, $message)?),
            Error::Other(concat!("AWS SES answered ", $status, ", ", $code)),
        )
    };
}

pub(crate) static RECORDED: Recorded = Recorded {
    settings: r#"{
        "type": "aws_ses",
        "region": "eu-west-1",
        "access_key_id": "AKIDEXAMPLEEXAMPLE",
        "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "from": "codes@example.com",
        "from_name": "Contoh – Kode",
        "reply_to": "help@example.com",
        "configuration_set": "codes",
        "event_key": "0123456789abcdef0123456789abcdef",
        "url": "https://provider.example/"
    }"#,
    channel: Channel::Email,
    recipient: None,
    accepted: &[Exchange {
        request: "POST https://provider.example/v2/email/outbound-emails\n\
            content-type: application/json\n\
            user-agent: countersign/0.1.0\n\
            x-amz-date: 20261120T210421Z\n\
            authorization: AWS4-HMAC-SHA256 \
            Credential=AKIDEXAMPLEEXAMPLE/20261120/eu-west-1/ses/aws4_request, \
            SignedHeaders=content-type;host;x-amz-date, \
            Signature=ac00a13a48359a60ea9f1ada5651bf5a95a1b5e3e2c042d6069e023d2439d9bc\n\
            \n\
            {\"FromEmailAddress\":\"=?UTF-8?B?Q29udG9oIOKAkyBLb2Rl?= <codes@example.com>\",\
            \"Destination\":{\"ToAddresses\":[\"ana@example.com\"]},\
            \"ReplyToAddresses\":[\"help@example.com\"],\
            \"Content\":{\"Simple\":{\"Subject\":{\"Data\":\"Kode Anda – Contoh\",\"Charset\":\"UTF-8\"},\
            \"Body\":{\"Text\":{\"Data\":\"Kode Anda: 471199.\\n\",\"Charset\":\"UTF-8\"},\
            \"Html\":{\"Data\":\"<p>Kode Anda: <b>471199</b>.</p>\\n\",\"Charset\":\"UTF-8\"}}}},\
            \"EmailTags\":[{\"Name\":\"countersign-tenant\",\"Value\":\"default\"},\
            {\"Name\":\"countersign-send\",\"Value\":\"2\"},\
            {\"Name\":\"countersign-challenge\",\"Value\":\"bG9naW4uQWJDLV85Lng\"}],\
            \"ConfigurationSetName\":\"codes\"}",
        answer: json(
            200,
            r#"{"MessageId":"010201933f0a2c5e-7c191be4-5e9a-4edb-9a02-f94d12a87ddd-000000"}"#,
        ),
    }],
    message_id: Some("010201933f0a2c5e-7c191be4-5e9a-4edb-9a02-f94d12a87ddd-000000"),
    refusals: Refusals {
        not_configured: Cases::Each(&[
            (
                error!(400, "MailFromDomainNotVerifiedException"),
                Error::NotConfigured(
                    "senders.email.from: AWS SES says that its MAIL FROM domain isn't verified",
                ),
            ),
            (
                error!(
                    400,
                    "MessageRejected",
                    "Email address is not verified. The following identities failed the check in \
                     region EU-WEST-1: codes@example.com"
                ),
                Error::NotConfigured(
                    "senders.email.from: AWS SES hasn't verified it in this region, or the account \
                     is in the sandbox and the recipient isn't verified",
                ),
            ),
            (
                error!(404, "NotFoundException", "Configuration set <codes> does not exist."),
                Error::NotConfigured(
                    "senders.email.configuration_set: AWS SES has none of this name in this region",
                ),
            ),
        ]),
        other: Cases::Each(&[
            (error!(400, "RequestExpired"), CLOCK),
            (
                error!(
                    403,
                    "InvalidSignatureException",
                    "Signature expired: 20261120T210421Z is now earlier than 20261120T220000Z \
                     (20261120T221500Z - 15 min.)"
                ),
                CLOCK,
            ),
            other!(400, "BadRequestException", "Illegal address"),
            other!(400, "MessageRejected", "Message contains invalid content"),
            other!(400, "InvalidParameterCombination"),
            other!(400, "InvalidParameterValue"),
            other!(400, "InvalidQueryParameter"),
            other!(400, "MalformedHttpRequestException"),
            other!(404, "MalformedQueryString"),
            other!(400, "MissingAction"),
            other!(400, "MissingParameter"),
            other!(400, "RequestAbortedException"),
            other!(413, "RequestEntityTooLargeException"),
            other!(404, "UnknownOperationException"),
            other!(400, "ValidationError"),
            other!(400, "ValidationException"),
        ]),
        recipient_refused: Cases::Answers(&[
            error!(400, "BadRequestException", "Local address contains control or whitespace"),
            error!(400, "BadRequestException", "Missing final '@domain'"),
            error!(400, "BadRequestException", "Domain contains illegal character"),
            error!(400, "BadRequestException", "Domain starts with dot"),
            error!(400, "BadRequestException", "Invalid email address x@y."),
            error!(400, "BadRequestException", "Local address contains dot-dot"),
        ]),
        template_unknown: Cases::Never("the mail is written here, not from a template of SES"),
        throttled: Cases::Each(&[
            (
                error!(429, "TooManyRequestsException", "Maximum sending rate exceeded."),
                Error::Throttled(None),
            ),
            (error!(400, "LimitExceededException"), Error::Throttled(None)),
            (error!(400, "ThrottlingException", "Rate exceeded"), Error::Throttled(None)),
        ]),
        unauthorised: Cases::Answers(&[
            error!(400, "AccountSuspendedException"),
            error!(403, "AccessDeniedException"),
            error!(403, "ExpiredTokenException"),
            error!(403, "IncompleteSignature"),
            error!(403, "IncompleteSignatureException"),
            error!(403, "InvalidClientTokenId"),
            error!(403, "InvalidSignatureException"),
            error!(403, "MissingAuthenticationToken"),
            error!(403, "MissingAuthenticationTokenException"),
            error!(401, "NotAuthorized"),
            error!(403, "OptInRequired"),
            error!(403, "UnrecognizedClientException"),
            json(403, r#"{"__type":"com.amazon.coral.service#UnrecognizedClientException"}"#),
        ]),
        unavailable: Cases::Answers(&[
            error!(400, "SendingPausedException"),
            error!(500, "InternalFailure"),
            error!(503, "ServiceUnavailable"),
        ]),
    },
    without_words: WithoutWords::Unreadable,
    failed: Failed::NotTaken,
};

const fn json(status: u16, body: &'static str) -> Answer {
    Answer { status, headers: &[("content-type", "application/json")], body }
}
