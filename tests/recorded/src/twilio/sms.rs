//! Text messages.

use countersign_contract::types::Channel;

use super::*;
use crate::{Exchange, Failed, Recorded, Refusals, WithoutWords};

/// What it means that `from` isn't a sender.
macro_rules! from {
    ($status:literal, $code:literal) => {
        not_configured(concat!(
            "senders.sms.from: Twilio answered ",
            $status,
            ", code ",
            $code,
            ": the account has no such sender, or it can't reach this destination"
        ))
    };
}

/// What it means that a messaging service is wrong.
macro_rules! service {
    ($code:literal, $why:literal) => {
        not_configured(concat!(
            "senders.sms.messaging_service_sid: Twilio answered 400, code ",
            $code,
            ": ",
            $why
        ))
    };
}

/// What it means that carriers don't know the sender.
macro_rules! unregistered {
    ($code:literal) => {
        not_configured(concat!(
            "senders.sms.from: Twilio answered 201, code ",
            $code,
            ": it isn't registered with the carriers of this destination"
        ))
    };
}

pub(crate) static SMS: Recorded = Recorded {
    settings: r#"{
        "type": "twilio_sms",
        "account_sid": "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "auth_token": "12345",
        "from": "+15017122661",
        "url": "https://provider.example"
    }"#,
    channel: Channel::Sms,
    recipient: None,
    accepted: &[Exchange {
        request: "POST https://provider.example/2010-04-01/Accounts/ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/Messages.json\n\
            content-type: application/x-www-form-urlencoded\n\
            accept: application/json\n\
            user-agent: countersign/0.1.0\n\
            authorization: Basic QUNhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYToxMjM0NQ==\n\
            \n\
            To=%2B6281234567890&From=%2B15017122661&\
            Body=Kode+Anda%3A+471199+%26+jangan+bagikan.%0A%0A%40example.com+%23471199&ValidityPeriod=299&\
            StatusCallback=https%3A%2F%2Fotp.example.com%2Fv1%2Fcallbacks%2Fsender%3Ftag%3Ddefault.2.login.AbC-_9.x",
        answer: answer(201, MESSAGE),
    }],
    message_id: Some("SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    refusals: Refusals {
        not_configured: SMS_NOT_CONFIGURED,
        other: SMS_OTHER,
        recipient_refused: Cases::Answers(&[
            error!(400, 21211, "Invalid 'To' Phone Number"),
            error!(400, 21214, "'To' phone number cannot be reached"),
            error!(400, 21217, "Phone number does not appear to be valid"),
            error!(400, 21265, "'To' number cannot be a Short Code"),
            error!(400, 21266, "'To' and 'From' number cannot be the same"),
            error!(400, 21408, "Permission to send an SMS has not been enabled for the region"),
            error!(400, 21604, "A 'To' phone number is required."),
            error!(400, 21610, "Attempt to send to unsubscribed recipient"),
            error!(400, 21612, "The 'To' phone number is not currently reachable via SMS"),
            error!(400, 21614, "'To' number is not a valid mobile number"),
            error!(400, 21635, "'To' number cannot be a landline"),
            failed!("failed", 30003),
            failed!("undelivered", 30004),
            failed!("undelivered", 30005),
            failed!("failed", 30006),
            failed!("failed", 30014),
            failed!("failed", 30038),
            failed!("failed", "\"30003\""),
            answer(
                400,
                r#"{"code": "21211", "message": "Invalid 'To' Phone Number", "status": 400}"#,
            ),
            failed!("failed", 30450),
        ]),
        template_unknown: Cases::Never("text messages have no templates"),
        throttled: Cases::Each(&[
            (TOO_MANY, Error::Throttled(None)),
            (TOO_MANY_FOR_17_SECONDS, Error::Throttled(Some(17))),
            (
                error!(
                    429,
                    21611, "This 'From' number has exceeded the maximum number of queued messages"
                ),
                Error::Throttled(None),
            ),
            (failed!("failed", 30001), Error::Throttled(None)),
            (failed!("failed", 30022), Error::Throttled(None)),
            (failed!("failed", 30023), Error::Throttled(None)),
            (failed!("failed", 30027), Error::Throttled(None)),
        ]),
        unauthorised: UNAUTHORISED,
        unavailable: Cases::Answers(&[
            error!(500, 20500, "Internal Server Error"),
            error!(503, 20503, "Service unavailable"),
            error!(500, 99999, "Something else"),
            failed!("failed", 30017),
            failed!("failed", 30021),
        ]),
    },
    without_words: WithoutWords::Unreadable,
    failed: Failed::NotTaken,
};

const INACTIVE: &str = "senders.sms.account_sid: Twilio answered 400, code 10001: the account is suspended, closed or \
    out of funds";

const SMS_NOT_CONFIGURED: Cases = Cases::Each(&[
    (
        error!(400, 21264, "The From phone number cannot be used"),
        not_configured(
            "senders.sms.from: Twilio answered 400, code 21264: the account has no such sender, or it can't reach this \
             destination",
        ),
    ),
    (
        error!(400, 21910, "Invalid From and To pair"),
        not_configured(
            "senders.sms.from: Twilio answered 400, code 21910: the account has no such sender, or it can't reach this \
             destination",
        ),
    ),
    (error!(400, 10001, "Account is not active"), Error::NotConfigured(INACTIVE)),
    (
        error!(400, 10002, "Trial accounts do not support the feature you tried to use"),
        not_configured(
            "senders.sms.account_sid: Twilio answered 400, code 10002: a trial account can't do that",
        ),
    ),
    (
        error!(403, 20005, "Account not active"),
        not_configured(
            "senders.sms.account_sid: Twilio answered 403, \
        code 20005: the account is suspended, closed or out of funds",
        ),
    ),
    (
        error!(403, 20010, "Action disabled for account"),
        not_configured(
            "senders.sms.account_sid: Twilio answered 403, \
        code 20010: the account is suspended, closed or out of funds",
        ),
    ),
    (
        error!(404, 20404, "The requested resource was not found"),
        not_configured(
            "senders.sms.account_sid: Twilio \
        answered 404, code 20404: there is no such account at `url`",
        ),
    ),
    (answer(404, "<html>Not Found</html>"), not_configured("senders.sms.url: Twilio answered 404")),
    (error!(400, 21212, "Invalid From Number (caller ID)"), from!(400, 21212)),
    (error!(400, 21401, "Invalid Phone Number"), from!(400, 21401)),
    (error!(400, 21407, "This Phone Number type does not support SMS"), from!(400, 21407)),
    (
        error!(400, 21601, "Phone number is not a valid SMS-capable inbound phone number"),
        from!(400, 21601),
    ),
    (
        error!(400, 21603, "A 'From' or 'MessagingServiceSid' parameter is required"),
        from!(400, 21603),
    ),
    (
        error!(
            400,
            21606, "The 'From' phone number provided is not a valid message-capable number"
        ),
        from!(400, 21606),
    ),
    (
        error!(400, 21607, "The 'from' phone number must be the sandbox phone number"),
        from!(400, 21607),
    ),
    (
        error!(400, 21608, "The 'to' phone number provided is not yet verified"),
        not_configured(
            "senders.sms.account_sid: \
        Twilio answered 400, code 21608: a trial account reaches numbers only that were verified in the console",
        ),
    ),
    (
        error!(400, 21609, "Invalid 'StatusCallback'"),
        not_configured(
            "senders.sms: Twilio answered 400, code 21609: the \
        URL of our callbacks isn't one that it can call",
        ),
    ),
    (
        error!(400, 21616, "The 'From' number matches multiple numbers for your account"),
        from!(400, 21616),
    ),
    (error!(400, 21657, "The Sender ID is invalid"), from!(400, 21657)),
    (
        error!(400, 21659, "'From' is not a Twilio phone number or Short Code country mismatch"),
        from!(400, 21659),
    ),
    (error!(400, 21660, "Mismatch between the 'From' number and the account"), from!(400, 21660)),
    (error!(400, 21661, "'From' number is not SMS-capable"), from!(400, 21661)),
    (
        error!(400, 21701, "The Messaging Service does not exist"),
        service!(21701, "there is no such messaging service"),
    ),
    (
        error!(400, 21702, "The Messaging Service is not available to send new messages"),
        service!(21702, "the messaging service can't be used"),
    ),
    (
        error!(
            400,
            21703, "The Messaging Service does not have a phone number available to send a message"
        ),
        service!(21703, "it has no sender that could send this"),
    ),
    (
        error!(400, 21704, "The Messaging Service contains no phone numbers"),
        service!(21704, "it has no sender that could send this"),
    ),
    (
        error!(400, 21705, "The Messaging Service is invalid"),
        service!(21705, "the messaging service can't be used"),
    ),
    (
        error!(400, 21713, "Messaging Service Use Case is Invalid"),
        service!(21713, "the messaging service can't be used"),
    ),
    (
        error!(400, 21715, "Phone Number Does Not Have Correct Capabilities"),
        service!(21715, "it has no sender that could send this"),
    ),
    (
        error!(
            400,
            21712, "Phone Number or Short Code is associated with another Messaging Service."
        ),
        not_configured(
            "senders.sms.from: Twilio answered 400, code 21712: it isn't the messaging service's",
        ),
    ),
    (
        error!(400, 21719, "Incompatible Messaging Service/A2P Use Cases"),
        service!(21719, "it isn't registered with the carriers of this destination"),
    ),
    (
        error!(400, 90010, "Account is not active"),
        not_configured(
            "senders.sms.account_sid: Twilio answered 400, code \
        90010: the account is suspended, closed or out of funds",
        ),
    ),
    (
        error!(400, 21717, "Brand Registration SID Not Registered"),
        service!(21717, "it isn't registered with the carriers of this destination"),
    ),
    (
        error!(400, 21708, "Alpha Sender ID Missing from the request"),
        not_configured(
            "senders.sms.from: Twilio answered 400, code 21708: it isn't the messaging service's",
        ),
    ),
    (
        error!(
            400,
            21709, "Alpha Sender ID is Invalid or Not Authorized for this Messaging Service"
        ),
        not_configured(
            "senders.sms.from: Twilio answered 400, code 21709: it isn't the messaging service's",
        ),
    ),
    (
        error!(400, 21711, "Phone Number is not associated to the specified Messaging Service."),
        not_configured(
            "senders.sms.from: Twilio answered 400, code 21711: it isn't the messaging service's",
        ),
    ),
    (
        error!(
            400,
            572002, "The 'From' number isn't assigned to this verified Messaging recipient"
        ),
        not_configured(
            "senders.sms.from: Twilio answered 400, code 572002: a trial account has another number for this \
            recipient",
        ),
    ),
    (
        failed!("failed", 30002),
        not_configured(
            "senders.sms.account_sid: Twilio answered 201, code 30002: the account is \
        suspended, closed or out of funds",
        ),
    ),
    (failed!("undelivered", 30018), unregistered!(30018)),
    (failed!("undelivered", 30024), unregistered!(30024)),
    (failed!("undelivered", 30032), unregistered!(30032)),
    (failed!("undelivered", 30033), unregistered!(30033)),
    (failed!("undelivered", 30034), unregistered!(30034)),
    (failed!("undelivered", 30035), unregistered!(30035)),
    (
        failed!("failed", 30042),
        not_configured(
            "senders.sms.from: Twilio answered 201, code 30042: the name is too \
        general, or has signs that carriers don't take",
        ),
    ),
]);

const SMS_OTHER: Cases = Cases::Each(&[
    (error!(400, 20001, "Unknown parameters"), other("Twilio answered 400, code 20001")),
    (error!(400, 20422, "Invalid Parameter"), other("Twilio answered 400, code 20422")),
    (failed!("failed", 30453), other("Twilio answered 201, code 30453")),
    (failed!("failed", 30485), other("Twilio answered 201, code 30485")),
    (failed!("failed", 30500), other("Twilio answered 201, code 30500")),
    (
        error!(400, 21602, "Message body is required."),
        other("Twilio answered 400, code 21602: the message has no text"),
    ),
    (
        error!(400, 21605, "Maximum body length is 160 characters"),
        other("Twilio answered 400, code 21605: it is longer than Twilio takes"),
    ),
    (
        error!(400, 21617, "The concatenated message body exceeds the 1600 character limit"),
        other("Twilio answered 400, code 21617: it is longer than Twilio takes"),
    ),
    (
        error!(400, 21618, "The message body cannot be sent"),
        other("Twilio answered 400, code 21618: the carriers filter its text"),
    ),
    (
        error!(400, 21619, "A text message body or media urls must be specified."),
        other("Twilio answered 400, code 21619: the message has no text"),
    ),
    (
        error!(400, 21624, "Invalid validity period value"),
        other("Twilio answered 400, code 21624: the validity period"),
    ),
    (
        error!(400, 21658, "Parameter exceeded character limit"),
        other("Twilio answered 400, code 21658: it is longer than Twilio takes"),
    ),
    (
        error!(400, 90007, "Invalid validity period value"),
        other("Twilio answered 400, code 90007: the validity period"),
    ),
    (failed!("undelivered", 30007), other("Twilio answered 201, code 30007: it was filtered")),
    (
        error!(400, 30012, "TTL is too small"),
        other("Twilio answered 400, code 30012: the validity period"),
    ),
    (
        error!(400, 30013, "TTL is too big"),
        other("Twilio answered 400, code 30013: the validity period"),
    ),
    (
        error!(400, 30045, "Validity Period is less than zero or greater than maximum allowed"),
        other("Twilio answered 400, code 30045: the validity period"),
    ),
    (
        failed!("undelivered", 30019),
        other("Twilio answered 201, code 30019: it is longer than Twilio takes"),
    ),
    (
        failed!("undelivered", 30008),
        other("Twilio answered 201, code 30008: Twilio doesn't know why"),
    ),
    (
        failed!("failed", 30036),
        other("Twilio answered 201, code 30036: it didn't leave before its code expired"),
    ),
    (failed!("failed", "null"), other("Twilio answered 201: the message has failed")),
    (failed!("canceled", "null"), other("Twilio answered 201: the message has failed")),
    (failed!("failed", 99999), other("Twilio answered 201, code 99999")),
]);
