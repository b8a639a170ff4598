//! Amazon SNS. Bodies as its API reference has them, codes and statuses as its model in AWS's SDKs has them, texts as
//! its users report them.

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
        answer(
            $status,
            concat!(
                "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\n  <Error>\n    ",
                "<Type>Sender</Type>\n    <Code>",
                $code,
                "</Code>\n    <Message>",
                $message,
                "</Message>\n  </Error>\n  ",
                "<RequestId>42d59b56-7407-4c4a-be0f-4c88daeea257</RequestId>\n</ErrorResponse>\n",
            ),
        )
    };
}

/// One that only its code tells from others.
macro_rules! other {
    ($status:literal, $code:literal $(, $message:literal)?) => {
        (
            error!($status, $code $(, $message)?),
            Error::Other(concat!("AWS SNS answered ", $status, ", ", $code)),
        )
    };
}

pub(crate) static RECORDED: Recorded = Recorded {
    settings: r#"{
        "type": "aws_sns",
        "region": "ap-south-1",
        "access_key_id": "AKIDEXAMPLEEXAMPLE",
        "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "session_token": "AQoDYXdzEJr/EXAMPLE==",
        "sender_id": "WEELO",
        "origination_number": "+12065550100",
        "entity_id": "1101234567890123456",
        "template_id": "1107234567890123456",
        "url": "https://provider.example"
    }"#,
    channel: Channel::Sms,
    recipient: None,
    accepted: &[Exchange {
        request: "POST https://provider.example/\n\
            content-type: application/x-www-form-urlencoded\n\
            user-agent: countersign/0.1.0\n\
            x-amz-date: 20261120T210421Z\n\
            authorization: AWS4-HMAC-SHA256 \
            Credential=AKIDEXAMPLEEXAMPLE/20261120/ap-south-1/sns/aws4_request, \
            SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
            Signature=898b87e8e7434453975ca28255df34ee1f1d6320bff1e7ce65ef4006f2a48d87\n\
            x-amz-security-token: AQoDYXdzEJr/EXAMPLE==\n\
            \n\
            Action=Publish&Version=2010-03-31&PhoneNumber=%2B6281234567890\
            &Message=Kode+Anda%3A+471199+%26+jangan+bagikan.%0A%0A%40example.com+%23471199\
            &MessageAttributes.entry.1.Name=AWS.SNS.SMS.SMSType\
            &MessageAttributes.entry.1.Value.DataType=String\
            &MessageAttributes.entry.1.Value.StringValue=Transactional\
            &MessageAttributes.entry.2.Name=AWS.SNS.SMS.SenderID\
            &MessageAttributes.entry.2.Value.DataType=String\
            &MessageAttributes.entry.2.Value.StringValue=WEELO\
            &MessageAttributes.entry.3.Name=AWS.MM.SMS.OriginationNumber\
            &MessageAttributes.entry.3.Value.DataType=String\
            &MessageAttributes.entry.3.Value.StringValue=%2B12065550100\
            &MessageAttributes.entry.4.Name=AWS.MM.SMS.EntityId\
            &MessageAttributes.entry.4.Value.DataType=String\
            &MessageAttributes.entry.4.Value.StringValue=1101234567890123456\
            &MessageAttributes.entry.5.Name=AWS.MM.SMS.TemplateId\
            &MessageAttributes.entry.5.Value.DataType=String\
            &MessageAttributes.entry.5.Value.StringValue=1107234567890123456",
        answer: answer(
            200,
            "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\n  \
             <PublishResult>\n    \
             <MessageId>94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId>\n  \
             </PublishResult>\n  <ResponseMetadata>\n    \
             <RequestId>f187a3c1-376f-11df-8963-01868b7c937a</RequestId>\n  \
             </ResponseMetadata>\n</PublishResponse>\n",
        ),
    }],
    message_id: Some("94f20ce6-13c5-43a0-9a9e-ca52d816e90b"),
    refusals: Refusals {
        not_configured: Cases::Never("SNS names no setting: its own word for one is `other`"),
        other: Cases::Each(&[
            (error!(400, "RequestExpired"), CLOCK),
            (
                error!(
                    403,
                    "SignatureDoesNotMatch",
                    "Signature expired: 20261120T210421Z is now earlier than 20261120T220000Z \
                     (20261120T221500Z - 15 min.)"
                ),
                CLOCK,
            ),
            other!(400, "InvalidParameter", "Invalid parameter: Message too long"),
            other!(400, "ParameterValueInvalid"),
            other!(400, "InvalidParameterValue"),
            other!(400, "InvalidParameterCombination"),
            other!(400, "InvalidQueryParameter"),
            other!(400, "InvalidAction"),
            other!(400, "MissingAction"),
            other!(400, "MissingParameter"),
            other!(404, "MalformedQueryString"),
            other!(404, "NotFound"),
            other!(404, "UnknownOperationException"),
            other!(400, "EndpointDisabled"),
            other!(400, "PlatformApplicationDisabled"),
            other!(400, "KMSAccessDenied"),
            other!(400, "KMSDisabled"),
            other!(400, "KMSInvalidState"),
            other!(400, "KMSNotFound"),
            other!(403, "KMSOptInRequired"),
            other!(400, "UserError"),
            other!(400, "ValidationError"),
            other!(400, "ValidationException"),
            other!(400, "MalformedHttpRequestException"),
            other!(400, "RequestAbortedException"),
            other!(413, "RequestEntityTooLargeException"),
        ]),
        recipient_refused: Cases::Answers(&[
            error!(
                400,
                "InvalidParameter",
                "Invalid parameter: PhoneNumber Reason: +66XX0122520 is not valid to publish to"
            ),
            error!(400, "OptedOut"),
        ]),
        template_unknown: Cases::Never("a template of India's register is judged by the carriers"),
        throttled: Cases::Each(&[
            (error!(429, "Throttled"), Error::Throttled(None)),
            (error!(400, "Throttling", "Rate exceeded"), Error::Throttled(None)),
            (error!(400, "ThrottlingException"), Error::Throttled(None)),
            (error!(400, "KMSThrottling"), Error::Throttled(None)),
        ]),
        unauthorised: Cases::Answers(&[
            error!(403, "AccessDenied"),
            error!(403, "AccessDeniedException"),
            error!(403, "AuthorizationError"),
            error!(403, "ExpiredToken"),
            error!(403, "ExpiredTokenException"),
            error!(400, "IncompleteSignature"),
            error!(
                403,
                "InvalidClientTokenId", "The security token included in the request is invalid."
            ),
            error!(403, "InvalidSecurity"),
            error!(403, "MissingAuthenticationToken"),
            error!(400, "NotAuthorized"),
            error!(403, "OptInRequired"),
            error!(403, "SignatureDoesNotMatch"),
            error!(403, "UnrecognizedClientException"),
        ]),
        unavailable: Cases::Answers(&[
            error!(500, "InternalError"),
            error!(500, "InternalFailure"),
            error!(503, "ServiceUnavailable"),
        ]),
    },
    without_words: WithoutWords::Unreadable,
    failed: Failed::NotTaken,
};

const fn answer(status: u16, body: &'static str) -> Answer {
    Answer { status, headers: &[("content-type", "text/xml")], body }
}
