//! WhatsApp messages.

use countersign_contract::types::Channel;

use super::*;
use crate::{Exchange, Failed, Recorded, Refusals, WithoutWords};

/// What it means that a template takes other variables.
macro_rules! variables {
    ($code:literal) => {
        not_configured(concat!(
            "senders.whatsapp.content_sid: Twilio answered 400, code ",
            $code,
            ": the template has to take the code as `1`, and nothing else without a default"
        ))
    };
}

/// What it means that a number isn't on WhatsApp.
macro_rules! no_sender {
    ($code:literal) => {
        not_configured(concat!(
            "senders.whatsapp.from: Twilio answered 400, code ",
            $code,
            ": it isn't a WhatsApp sender of this account that works"
        ))
    };
}

/// What it means that Meta has locked an account.
macro_rules! locked {
    ($code:literal) => {
        not_configured(concat!(
            "senders.whatsapp.from: Twilio answered 400, code ",
            $code,
            ": Meta has locked or restricted the WhatsApp business account, or the name of this number"
        ))
    };
}

/// What it means that WhatsApp doesn't take a message.
macro_rules! not_taken {
    ($code:literal) => {
        other(concat!("Twilio answered 400, code ", $code, ": WhatsApp doesn't take it"))
    };
}

pub(crate) static WHATSAPP: Recorded = Recorded {
    settings: r#"{
        "type": "twilio_whatsapp",
        "account_sid": "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "auth_token": "12345",
        "api_key_sid": "SKbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "api_key_secret": "hunter2",
        "from": "+15017122661",
        "messaging_service_sid": "MGcccccccccccccccccccccccccccccccc",
        "content_sid": "HXdddddddddddddddddddddddddddddddd",
        "locales": {"id": "HXeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"},
        "url": "https://provider.example/"
    }"#,
    channel: Channel::Whatsapp,
    recipient: None,
    accepted: &[Exchange {
        request: "POST https://provider.example/2010-04-01/Accounts/ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/Messages.json\n\
            content-type: application/x-www-form-urlencoded\n\
            accept: application/json\n\
            user-agent: countersign/0.1.0\n\
            authorization: Basic U0tiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYjpodW50ZXIy\n\
            \n\
            To=whatsapp%3A%2B6281234567890&From=whatsapp%3A%2B15017122661&\
            MessagingServiceSid=MGcccccccccccccccccccccccccccccccc&ContentSid=HXeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee&\
            ContentVariables=%7B%221%22%3A%22471199%22%7D&\
            StatusCallback=https%3A%2F%2Fotp.example.com%2Fv1%2Fcallbacks%2Fsender%3Ftag%3Ddefault.2.login.AbC-_9.x",
        answer: answer(201, MESSAGE),
    }],
    message_id: Some("SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    refusals: Refusals {
        not_configured: WHATSAPP_NOT_CONFIGURED,
        other: WHATSAPP_OTHER,
        recipient_refused: Cases::Answers(&[
            error!(400, 21211, "Invalid 'To' Phone Number"),
            error!(400, 21610, "Attempt to send to unsubscribed recipient"),
            error!(400, 63003, "Channel could not find To address"),
            error!(400, 63024, "Invalid message recipient"),
            error!(400, 63031, "Channels message cannot have same From and To"),
            failed!("undelivered", 63014),
            failed!("undelivered", 63024),
            failed!("undelivered", 63029),
            failed!("undelivered", 63032),
            failed!("undelivered", 63033),
        ]),
        template_unknown: Cases::Answers(&[
            error!(400, 21655, "The ContentSid is Invalid"),
            error!(400, 92006, "The Content Sid is Invalid"),
            error!(400, 63027, "Template does not exist for a language and locale"),
            failed!("undelivered", 63016),
            failed!("failed", 63027),
            failed!("failed", 63040),
            failed!("failed", 63041),
            failed!("failed", 63042),
        ]),
        throttled: Cases::Each(&[
            (TOO_MANY, Error::Throttled(None)),
            (TOO_MANY_FOR_17_SECONDS, Error::Throttled(Some(17))),
            (error!(429, 63017, "Rate limit exceeded"), Error::Throttled(None)),
            (error!(429, 63018, "Rate limit exceeded for Channel"), Error::Throttled(None)),
            (
                error!(429, 63038, "Account exceeded the daily messages limit"),
                Error::Throttled(None),
            ),
        ]),
        unauthorised: UNAUTHORISED,
        unavailable: Cases::Answers(&[
            error!(500, 20500, "Internal Server Error"),
            error!(400, 63009, "Channel provider returned an internal service error (HTTP 5xx)."),
            error!(
                400,
                63010, "Twilio's platform encountered an internal error processing this message"
            ),
            failed!("failed", 63012),
        ]),
    },
    without_words: WithoutWords::Unreadable,
    failed: Failed::NotTaken,
};

const WHATSAPP_NOT_CONFIGURED: Cases = Cases::Each(&[
    (
        error!(400, 21654, "ContentSid Required"),
        not_configured(
            "senders.whatsapp.content_sid: Twilio answered 400, code 21654: it has to be set",
        ),
    ),
    (error!(400, 21656, "The ContentVariables Parameter is invalid"), variables!(21656)),
    (
        error!(
            400,
            63028, "Number of parameters provided does not match the expected number of parameters"
        ),
        variables!(63028),
    ),
    (error!(400, 92005, "ContentSid Required"), variables!(92005)),
    (error!(400, 92007, "The Content Variables Parameter is invalid"), variables!(92007)),
    (error!(400, 63001, "Channel could not authenticate the request."), no_sender!(63001)),
    (error!(400, 63002, "Channel could not find the From address"), no_sender!(63002)),
    (
        error!(400, 63007, "Twilio could not find a Channel with the specified From address"),
        no_sender!(63007),
    ),
    (error!(400, 63008, "the channel module has been misconfigured"), no_sender!(63008)),
    (
        error!(
            400,
            63015,
            "Channel Sandbox can only send messages to phone numbers that have joined the Sandbox"
        ),
        not_configured(
            "senders.whatsapp.from: Twilio answered 400, code 63015: it is the sandbox's: only numbers that \
            joined it get messages",
        ),
    ),
    (error!(400, 63020, "Twilio encountered a Business Manager account error"), locked!(63020)),
    (error!(400, 63022, "Invalid vname certificate"), locked!(63022)),
    (error!(400, 63051, "WhatsApp Business Account is Locked"), locked!(63051)),
    (
        error!(400, 21701, "The Messaging Service does not exist"),
        not_configured(
            "senders.whatsapp.messaging_service_sid: \
        Twilio answered 400, code 21701: there is no such messaging service",
        ),
    ),
]);

const WHATSAPP_OTHER: Cases = Cases::Each(&[
    (error!(400, 63005, "Channel did not accept given content."), not_taken!(63005)),
    (error!(400, 63006, "Could not format given content for the channel."), not_taken!(63006)),
    (error!(400, 63011, "Invalid Request"), not_taken!(63011)),
    (error!(400, 63013, "Channel policy violation"), not_taken!(63013)),
    (error!(400, 63021, "Channel invalid content error"), not_taken!(63021)),
    (error!(400, 63023, "Channel generic error"), not_taken!(63023)),
    (error!(400, 63026, "Channel sender content flagged as spam"), not_taken!(63026)),
    (error!(400, 63030, "Unsupported parameter for type of channels message"), not_taken!(63030)),
]);
