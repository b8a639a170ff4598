//! AWS End User Messaging Notify. Fields, codes and their reasons as its model in AWS's SDKs has them; the form of an
//! error as AWS's protocol JSON 1.0 has it.

use countersign_contract::types::Channel;

use crate::{Answer, Cases, Error, Exchange, Failed, Recorded, Refusals, WithoutWords};

const CLOCK: Error = Error::Other(
    "AWS refused the time of the request: the clock of this machine is off by minutes",
);
const INACTIVE: Error = Error::NotConfigured("senders.sms.configuration_id: it isn't active");
const NO_CHANNEL: Error =
    Error::NotConfigured("senders.sms.configuration_id: its channel `SMS` isn't enabled");
const NO_CONFIGURATION: Error =
    Error::NotConfigured("senders.sms.configuration_id: there is none of this name in this region");
const NO_SET: Error = Error::NotConfigured(
    "senders.sms.configuration_set: there is none of this name in this region",
);
const SANDBOX: Error = Error::NotConfigured(
    "senders.sms.region: the account is in this region's sandbox: only verified numbers get messages",
);
const VARIABLE: Error = Error::NotConfigured(
    "senders.sms.variable: the template doesn't take a code in this variable, or wants others besides",
);

/// An error response, with what it says besides.
macro_rules! error {
    ($status:literal, $code:literal) => {
        error!($status, $code, "")
    };
    ($status:literal, $code:literal, $more:literal) => {
        json($status, concat!("{\"__type\":\"", $code, "\",\"Message\":\"x\"", $more, "}"))
    };
}

/// One that only its code tells from others.
macro_rules! other {
    ($status:literal, $code:literal $(, $more:literal)?) => {
        (
            error!($status, $code $(, $more)?),
            Error::Other(concat!("AWS Notify answered ", $status, ", ", $code)),
        )
    };
}

pub(crate) static RECORDED: Recorded = Recorded {
    settings: r#"{
        "type": "aws_notify",
        "region": "us-east-1",
        "access_key_id": "AKIDEXAMPLEEXAMPLE",
        "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "configuration_id": "nc-1234567890abcdef0",
        "template_id": "notify-code-verification-english-001",
        "locales": {"id": "example-indonesian-001"},
        "configuration_set": "codes",
        "url": "https://provider.example/"
    }"#,
    channel: Channel::Sms,
    recipient: None,
    accepted: &[Exchange {
        request: "POST https://provider.example/\n\
            content-type: application/x-amz-json-1.0\n\
            user-agent: countersign/0.1.0\n\
            x-amz-target: PinpointSMSVoiceV2.SendNotifyTextMessage\n\
            x-amz-date: 20261120T210421Z\n\
            authorization: AWS4-HMAC-SHA256 \
            Credential=AKIDEXAMPLEEXAMPLE/20261120/us-east-1/sms-voice/aws4_request, \
            SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
            Signature=3aae4c5ebe03cb00a1731a9b6d207f5979a54e28b4035947e3e6c5f5575e141b\n\
            \n\
            {\"NotifyConfigurationId\":\"nc-1234567890abcdef0\",\
            \"DestinationPhoneNumber\":\"+6281234567890\",\
            \"TemplateId\":\"example-indonesian-001\",\
            \"TemplateVariables\":{\"code\":\"471199\"},\
            \"TimeToLive\":299,\
            \"ConfigurationSetName\":\"codes\"}",
        answer: json(
            200,
            r#"{"MessageId":"862a8790-60c0-4430-9b2b-658bdexample","TemplateId":"example-indonesian-001","ResolvedMessageBody":"471199"}"#,
        ),
    }],
    message_id: Some("862a8790-60c0-4430-9b2b-658bdexample"),
    refusals: Refusals {
        not_configured: Cases::Each(&[
            (
                error!(
                    400,
                    "ConflictException", ",\"Reason\":\"DESTINATION_PHONE_NUMBER_NOT_VERIFIED\""
                ),
                SANDBOX,
            ),
            (
                error!(400, "ConflictException", ",\"Reason\":\"NOTIFY_CONFIGURATION_NOT_ACTIVE\""),
                INACTIVE,
            ),
            (error!(400, "ValidationException", ",\"Reason\":\"CHANNEL_NOT_ENABLED\""), NO_CHANNEL),
            (
                error!(
                    400,
                    "ValidationException",
                    ",\"Reason\":\"FIELD_VALIDATION_FAILED\",\
                     \"Fields\":[{\"Name\":\"TemplateVariables\",\"Message\":\"x\"}]"
                ),
                VARIABLE,
            ),
            (
                error!(
                    400,
                    "ValidationException",
                    ",\"Reason\":\"FIELD_VALIDATION_FAILED\",\
                     \"Fields\":[{\"Name\":\"NotifyConfigurationId\",\"Message\":\"x\"}]"
                ),
                Error::NotConfigured("senders.sms.configuration_id: AWS refuses it"),
            ),
            (
                error!(
                    400,
                    "ValidationException",
                    ",\"Reason\":\"FIELD_VALIDATION_FAILED\",\
                     \"Fields\":[{\"Name\":\"ConfigurationSetName\",\"Message\":\"x\"}]"
                ),
                Error::NotConfigured("senders.sms.configuration_set: AWS refuses it"),
            ),
            (
                error!(
                    400,
                    "ResourceNotFoundException", ",\"ResourceType\":\"notify-configuration\""
                ),
                NO_CONFIGURATION,
            ),
            (
                error!(400, "ResourceNotFoundException", ",\"ResourceType\":\"configuration-set\""),
                NO_SET,
            ),
        ]),
        other: Cases::Each(&[
            (error!(400, "RequestExpired"), CLOCK),
            (
                json(
                    400,
                    r#"{"__type":"InvalidSignatureException","Message":"Signature expired: 20261120T205421Z is now earlier than 20261120T205921Z"}"#,
                ),
                CLOCK,
            ),
            other!(400, "ConflictException"),
            other!(400, "ConflictException", ",\"Reason\":\"NO_ORIGINATION_IDENTITIES_FOUND\""),
            other!(400, "ResourceNotFoundException", ",\"ResourceType\":\"account\""),
            other!(400, "SerializationException"),
            other!(400, "ServiceQuotaExceededException"),
            other!(400, "UnknownOperationException"),
            other!(400, "ValidationException"),
            other!(400, "ValidationException", ",\"Reason\":\"UNKNOWN_OPERATION\""),
        ]),
        recipient_refused: Cases::Answers(&[
            error!(400, "ConflictException", ",\"Reason\":\"DESTINATION_PHONE_NUMBER_OPTED_OUT\""),
            error!(
                400,
                "ConflictException",
                ",\"Reason\":\"DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION\""
            ),
            error!(
                400,
                "ConflictException",
                ",\"Reason\":\"DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE\""
            ),
            error!(400, "ValidationException", ",\"Reason\":\"COUNTRY_NOT_ENABLED\""),
            error!(400, "ValidationException", ",\"Reason\":\"DESTINATION_COUNTRY_BLOCKED\""),
            error!(
                400,
                "ValidationException", ",\"Reason\":\"INTERNATIONAL_SENDING_NOT_SUPPORTED\""
            ),
            error!(
                400,
                "ValidationException",
                ",\"Reason\":\"FIELD_VALIDATION_FAILED\",\
                 \"Fields\":[{\"Name\":\"DestinationPhoneNumber\",\"Message\":\"x\"}]"
            ),
        ]),
        template_unknown: Cases::Answers(&[
            error!(400, "ResourceNotFoundException", ",\"ResourceType\":\"notify-template\""),
            error!(
                400,
                "ValidationException",
                ",\"Reason\":\"FIELD_VALIDATION_FAILED\",\
                 \"Fields\":[{\"Name\":\"TemplateId\",\"Message\":\"x\"}]"
            ),
        ]),
        throttled: Cases::Each(&[
            (error!(400, "ThrottlingException"), Error::Throttled(None)),
            (
                error!(
                    400,
                    "ServiceQuotaExceededException",
                    ",\"Reason\":\"DAILY_NOTIFY_TIER_MESSAGE_LIMIT\""
                ),
                Error::Throttled(None),
            ),
            (
                error!(
                    400,
                    "ServiceQuotaExceededException", ",\"Reason\":\"DAILY_DESTINATION_CALL_LIMIT\""
                ),
                Error::Throttled(None),
            ),
            (
                error!(
                    400,
                    "ServiceQuotaExceededException",
                    ",\"Reason\":\"MONTHLY_SPEND_LIMIT_REACHED_FOR_NOTIFY\""
                ),
                Error::Throttled(None),
            ),
            (
                error!(
                    400,
                    "ServiceQuotaExceededException",
                    ",\"Reason\":\"MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT\""
                ),
                Error::Throttled(None),
            ),
        ]),
        unauthorised: Cases::Answers(&[
            error!(400, "AccessDeniedException"),
            error!(400, "AccessDeniedException", ",\"Reason\":\"ACCOUNT_DISABLED\""),
            error!(400, "AccessDeniedException", ",\"Reason\":\"INSUFFICIENT_ACCOUNT_REPUTATION\""),
            error!(400, "ExpiredTokenException"),
            error!(400, "IncompleteSignatureException"),
            error!(400, "InvalidSignatureException"),
            error!(400, "MissingAuthenticationTokenException"),
            error!(400, "UnrecognizedClientException"),
        ]),
        unavailable: Cases::Answers(&[error!(500, "InternalServerException")]),
    },
    without_words: WithoutWords::Unreadable,
    failed: Failed::NotTaken,
};

const fn json(status: u16, body: &'static str) -> Answer {
    Answer { status, headers: &[("content-type", "application/x-amz-json-1.0")], body }
}
