//! Twilio's error codes: the ones that making a message or a call, or its failure at once, can come with.
//!
//! From the [dictionary](https://www.twilio.com/docs/api/errors), pages of 2024 to 2026 and, for codes without a stored
//! page, its JSON of 2023. What isn't listed counts by the HTTP status, with the code in the text.
//!
//! **Regions that the operator didn't open** (21408, 21215, 13227) refuse the recipient: that is what geographic
//! permissions are for, and callers who ask for codes to such numbers aren't to fill the operator's log with mistakes of
//! configuration. **A trial account** (21608, 21219) is a mistake of configuration.

/// What a code means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Meaning {
    /// The account can't do that.
    Account(&'static str),
    /// Twilio can't call our callbacks.
    Callbacks,
    /// The template doesn't fit.
    Content(&'static str),
    /// The message itself.
    Other(&'static str),
    /// The recipient.
    Recipient,
    /// Whatever it is from.
    Sender(&'static str),
    /// The messaging service.
    Service(&'static str),
    /// There is no such template, or it may not be used.
    Template,
    /// Too often.
    Throttled,
    /// Whether it went out isn't known.
    Timeout,
    /// The credentials.
    Unauthorised,
    /// Twilio, or the network behind it, failed.
    Unavailable,
}

/// What `code` means, where it is one of those.
pub(super) const fn meaning(code: u32) -> Option<Meaning> {
    Some(match code {
        10_000..=20_999 => return platform(code),
        21_000..=21_999 => return request(code),
        30_000..=32_999 => return delivery(code),
        63_000..=63_999 => return channel(code),
        90_007 => Meaning::Other(VALIDITY),
        90_010 => Meaning::Account(INACTIVE),
        92_005 | 92_007 => Meaning::Content(VARIABLES),
        92_006 => Meaning::Template,
        // A trial gives each verified recipient a number of its own.
        572_002 => Meaning::Sender("a trial account has another number for this recipient"),
        _ => return None,
    })
}

const INACTIVE: &str = "the account is suspended, closed or out of funds";
const LENGTH: &str = "it is longer than Twilio takes";
const MISSING: &str = "it has to be set";
const NOT_A_SENDER: &str = "the account has no such sender, or it can't reach this destination";
const SANDBOX: &str = "it is the sandbox's: only numbers that joined it get messages";
const TRIAL: &str = "a trial account reaches numbers only that were verified in the console";
const UNREGISTERED: &str = "it isn't registered with the carriers of this destination";
const VALIDITY: &str = "the validity period";
const VARIABLES: &str =
    "the template has to take the code as `1`, and nothing else without a default";
const WABA: &str =
    "Meta has locked or restricted the WhatsApp business account, or the name of this number";

const fn platform(code: u32) -> Option<Meaning> {
    Some(match code {
        10_001 | 20_005 | 20_010 => Meaning::Account(INACTIVE),
        10_002 => Meaning::Account("a trial account can't do that"),
        // Calls of the account's at the same time.
        10_004 | 20_429 => Meaning::Throttled,
        // What <Dial> says of numbers; the Calls resource has said it too.
        13_223..=13_227 => Meaning::Recipient,
        13_214 | 13_247 | 13_248 => Meaning::Sender(NOT_A_SENDER),
        20_003 | 20_006 | 20_008 | 20_403 => Meaning::Unauthorised,
        // Of access tokens and of keys of another region.
        20_101..=20_107 | 20_151..=20_160 => Meaning::Unauthorised,
        20_404 => Meaning::Account("there is no such account at `url`"),
        20_500 | 20_503 => Meaning::Unavailable,
        _ => return None,
    })
}

/// What the two resources refuse.
const fn request(code: u32) -> Option<Meaning> {
    Some(match code {
        // No number, unreachable, invalid, premium, a region or a number that Twilio doesn't call.
        21_201 | 21_202 | 21_203 | 21_211 | 21_214 | 21_215 | 21_216 | 21_217 => Meaning::Recipient,
        21_205 | 21_609 | 21_626 => Meaning::Callbacks,
        21_210 | 21_212 | 21_213 | 21_264 => Meaning::Sender(NOT_A_SENDER),
        21_219 | 21_608 => Meaning::Account(TRIAL),
        // A short code; the sender itself.
        21_265 | 21_266 => Meaning::Recipient,
        // Its page speaks of the sender, for all that its title is "Invalid Phone Number".
        21_401 | 21_407 => Meaning::Sender(NOT_A_SENDER),
        21_408 => Meaning::Recipient,
        21_601 | 21_603 | 21_606 | 21_607 | 21_616 => Meaning::Sender(NOT_A_SENDER),
        21_602 | 21_619 => Meaning::Other("the message has no text"),
        // None, unsubscribed, not reachable from this sender, not a mobile, a landline.
        21_604 | 21_610 | 21_612 | 21_614 | 21_635 => Meaning::Recipient,
        21_605 | 21_617 | 21_658 => Meaning::Other(LENGTH),
        // The sender's queue is full.
        21_611 => Meaning::Throttled,
        21_618 => Meaning::Other("the carriers filter its text"),
        21_624 => Meaning::Other(VALIDITY),
        21_654 => Meaning::Content(MISSING),
        21_655 => Meaning::Template,
        21_656 => Meaning::Content(VARIABLES),
        21_657 | 21_659 | 21_660 | 21_661 => Meaning::Sender(NOT_A_SENDER),
        21_701 => Meaning::Service("there is no such messaging service"),
        21_702 | 21_705 | 21_713 => Meaning::Service("the messaging service can't be used"),
        21_703 | 21_704 | 21_715 => Meaning::Service("it has no sender that could send this"),
        21_708 | 21_709 | 21_711 | 21_712 => Meaning::Sender("it isn't the messaging service's"),
        21_717 | 21_719 => Meaning::Service(UNREGISTERED),
        // The sender is of another channel than the recipient.
        21_910 => Meaning::Sender(NOT_A_SENDER),
        _ => return None,
    })
}

/// What becomes of a message on its way: mostly in reports, seldom in the answer.
const fn delivery(code: u32) -> Option<Meaning> {
    Some(match code {
        // Full queues and carriers' quotas.
        30_001 | 30_022 | 30_023 | 30_027 => Meaning::Throttled,
        30_002 => Meaning::Account(INACTIVE),
        // Unreachable, blocked, unknown, a landline; no number; a number of Twilio's, which take no
        // codes; blocked.
        30_003 | 30_004 | 30_005 | 30_006 | 30_014 | 30_038 | 30_450 => Meaning::Recipient,
        30_007 => Meaning::Other("it was filtered"),
        30_008 => Meaning::Other("Twilio doesn't know why"),
        30_012 | 30_013 | 30_045 => Meaning::Other(VALIDITY),
        30_017 | 30_021 => Meaning::Unavailable,
        30_018 | 30_024 | 30_032 | 30_033 | 30_034 | 30_035 => Meaning::Sender(UNREGISTERED),
        30_019 | 32_018 => Meaning::Other(LENGTH),
        30_036 => Meaning::Other("it didn't leave before its code expired"),
        30_042 => Meaning::Sender("the name is too general, or has signs that carriers don't take"),
        30_410 => Meaning::Timeout,
        _ => return None,
    })
}

/// What WhatsApp says, through Twilio.
const fn channel(code: u32) -> Option<Meaning> {
    Some(match code {
        63_001 | 63_002 | 63_007 | 63_008 => {
            Meaning::Sender("it isn't a WhatsApp sender of this account that works")
        }
        // Not on WhatsApp, blocked, among those whom Meta keeps messages from, without the template, the sender itself.
        63_003 | 63_014 | 63_024 | 63_029 | 63_031 | 63_032 | 63_033 => Meaning::Recipient,
        63_005 | 63_006 | 63_011 | 63_013 | 63_021 | 63_023 | 63_026 | 63_030 => {
            Meaning::Other("WhatsApp doesn't take it")
        }
        63_009 | 63_010 | 63_012 => Meaning::Unavailable,
        63_015 => Meaning::Sender(SANDBOX),
        // What isn't an approved template counts as free text, for which there is a window of 24 hours.
        63_016 | 63_027 | 63_040 | 63_041 | 63_042 => Meaning::Template,
        63_017 | 63_018 | 63_038 => Meaning::Throttled,
        63_020 | 63_022 | 63_051 => Meaning::Sender(WABA),
        63_028 => Meaning::Content(VARIABLES),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_of_twilio_s_that_did_not_answer_may_have_sent_it() {
        assert_eq!(meaning(30_410), Some(Meaning::Timeout));
    }

    #[test]
    fn what_is_not_listed_means_nothing() {
        for code in [0, 1, 9_999, 20_001, 21_999, 40_000, 63_999, 99_999, u32::MAX] {
            assert_eq!(meaning(code), None, "{code}");
        }
    }
}
