//! What each provider documents, recorded: the exact requests, the answers, and what each answer means.
//!
//! The suite of this crate holds the protocols to it byte by byte; those of `countersign-tests` send the same over real
//! sockets, from the native host and from the edge app.

mod aws_notify;
mod aws_ses;
mod aws_sns;
mod eskiz;
mod meta_whatsapp;
mod resend;
mod twilio;
mod wati;
mod webhook;

use countersign_contract::types::{Channel, SendError};
use countersign_contract::{Pii, Secret, Timestamp};
use countersign_providers::{Content, Mail, Message, SenderSettings, Speech};

/// Where the provider is in [`Recorded::settings`].
pub const ORIGIN: &str = "https://provider.example";

/// When every request is made: 2026-11-20T21:04:21Z.
pub const NOW: Timestamp = Timestamp(1_795_208_661);

/// Everything that there is to know of a provider. No field has a default: a provider without the whole list doesn't
/// compile.
pub struct Recorded {
    /// Its settings as JSON, as they stand under `senders.<channel>`; the provider is at [`ORIGIN`].
    pub settings: &'static str,
    /// What it carries.
    pub channel: Channel,
    /// Where the recorded message goes, where that can't be the recipient of [`message`]: a number of the one country that
    /// the provider serves.
    pub recipient: Option<&'static str>,
    /// A message on its way, from the first request to the last answer, without a token of an earlier login.
    pub accepted: &'static [Exchange],
    /// The provider's name for that message.
    pub message_id: Option<&'static str>,
    /// Every documented refusal, as the answer to the last request of `accepted`.
    pub refusals: Refusals,
    /// Of a success that says nothing or can't be read.
    pub without_words: WithoutWords,
    /// Of a 500 or 503.
    pub failed: Failed,
}

impl Recorded {
    /// The message of the recorded requests.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = message(self.channel);
        let recipient = self.recipient.unwrap_or(message.recipient.expose());
        Message { recipient: Pii::new(recipient.into()), ..message }
    }
}

/// A request and its answer.
pub struct Exchange {
    /// The request as text: method and URL, headers, an empty line, the body.
    pub request: &'static str,
    /// What the provider answers.
    pub answer: Answer,
}

impl Exchange {
    /// The path of the request, without its query.
    #[must_use]
    pub fn path(&self) -> &'static str {
        let url = self.request.split_ascii_whitespace().nth(1).unwrap_or_default();
        let path = url.strip_prefix(ORIGIN).unwrap_or_default();
        path.split('?').next().unwrap_or_default()
    }
}

/// An answer.
#[derive(Clone, Copy)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: &'static [(&'static str, &'static str)],
    /// Its body.
    pub body: &'static str,
}

/// Documented answers of one meaning.
pub enum Cases {
    /// The answers. At least one.
    Answers(&'static [Answer]),
    /// Answers of which each has a text or a time of its own.
    Each(&'static [(Answer, Error)]),
    /// There are none, and why.
    Never(&'static str),
}

/// An error that a constant can hold.
#[derive(Clone, Copy)]
pub enum Error {
    /// [`SendError::NotConfigured`].
    NotConfigured(&'static str),
    /// [`SendError::Other`].
    Other(&'static str),
    /// [`SendError::Throttled`].
    Throttled(Option<u32>),
}

impl From<Error> for SendError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotConfigured(text) => Self::NotConfigured(text.into()),
            Error::Other(text) => Self::Other(text.into()),
            Error::Throttled(seconds) => Self::Throttled(seconds),
        }
    }
}

/// The documented errors, by what they mean.
pub struct Refusals {
    /// The operator has to change a setting, which the text names: [`Cases::Each`] or [`Cases::Never`].
    pub not_configured: Cases,
    /// Fits no other case: [`Cases::Each`] or [`Cases::Never`].
    pub other: Cases,
    /// The recipient.
    pub recipient_refused: Cases,
    /// The template.
    pub template_unknown: Cases,
    /// Too often, as the provider itself puts it: [`Cases::Each`] or [`Cases::Never`].
    pub throttled: Cases,
    /// The credentials.
    pub unauthorised: Cases,
    /// The provider failed: what that means, [`Recorded::failed`] says.
    pub unavailable: Cases,
}

impl Recorded {
    /// Every documented answer that is no success, with what it means.
    ///
    /// # Panics
    ///
    /// Where the cases contradict themselves.
    #[must_use]
    pub fn documented(&self) -> Vec<(Answer, SendError)> {
        let refusals = &self.refusals;
        [
            refusals.not_configured.all(None),
            refusals.other.all(None),
            refusals.recipient_refused.all(Some(SendError::RecipientRefused)),
            refusals.template_unknown.all(Some(SendError::TemplateUnknown)),
            refusals.throttled.all(None),
            refusals.unauthorised.all(Some(SendError::Unauthorised)),
            refusals.unavailable.all(Some(self.failed.error())),
        ]
        .concat()
    }
}

impl Cases {
    /// The cases; `meaning` is that of [`Cases::Answers`].
    #[expect(
        clippy::panic,
        reason = "for tests only, which fail loudly over a list that isn't one"
    )]
    fn all(&self, meaning: Option<SendError>) -> Vec<(Answer, SendError)> {
        match (self, meaning) {
            (Self::Answers([]) | Self::Each([]), _) => panic!("no case: say `Never`, and why"),
            (Self::Answers(_), None) => {
                panic!("answers that each have a text of their own: `Each`")
            }
            (Self::Answers(answers), Some(meaning)) => {
                answers.iter().map(|answer| (*answer, meaning.clone())).collect()
            }
            (Self::Each(cases), _) => {
                cases.iter().map(|(answer, error)| (*answer, (*error).into())).collect()
            }
            (Self::Never(why), _) => {
                assert!(why.len() > 10, "why?");
                Vec::new()
            }
        }
    }
}

/// What it means that a provider failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failed {
    /// It did not take the message: [`SendError::Unavailable`].
    NotTaken,
    /// It may have taken it all the same, as its documentation says: [`SendError::Unreadable`].
    PerhapsTaken,
}

impl Failed {
    /// The error that it comes to.
    #[must_use]
    pub const fn error(self) -> SendError {
        match self {
            Self::NotTaken => SendError::Unavailable,
            Self::PerhapsTaken => SendError::Unreadable,
        }
    }
}

/// What a success means whose body isn't the documented one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WithoutWords {
    /// The status says enough.
    Accepted,
    /// It isn't known: [`SendError::Unreadable`].
    Unreadable,
}

/// What is recorded of a provider; nothing for ways out that aren't HTTP.
#[must_use]
pub const fn recorded(settings: &SenderSettings) -> Option<&'static Recorded> {
    match settings {
        SenderSettings::AwsNotify(_) => Some(&aws_notify::RECORDED),
        SenderSettings::AwsSes(_) => Some(&aws_ses::RECORDED),
        SenderSettings::AwsSns(_) => Some(&aws_sns::RECORDED),
        SenderSettings::Console(_) | SenderSettings::File(_) | SenderSettings::Smtp(_) => None,
        SenderSettings::Eskiz(_) => Some(&eskiz::RECORDED),
        SenderSettings::MetaWhatsapp(_) => Some(&meta_whatsapp::RECORDED),
        SenderSettings::Resend(_) => Some(&resend::RECORDED),
        SenderSettings::TwilioSms(_) => Some(&twilio::SMS),
        SenderSettings::TwilioVoice(_) => Some(&twilio::VOICE),
        SenderSettings::TwilioWhatsapp(_) => Some(&twilio::WHATSAPP),
        SenderSettings::Wati(_) => Some(&wati::RECORDED),
        SenderSettings::Webhook(_) => Some(&webhook::RECORDED),
    }
}

/// All of them.
pub static ALL: &[&Recorded] = &[
    &aws_notify::RECORDED,
    &aws_ses::RECORDED,
    &aws_sns::RECORDED,
    &eskiz::RECORDED,
    &meta_whatsapp::RECORDED,
    &resend::RECORDED,
    &twilio::SMS,
    &twilio::VOICE,
    &twilio::WHATSAPP,
    &wati::RECORDED,
    &webhook::RECORDED,
];

/// The message of every recorded request, for `channel`; see [`Recorded::message`].
#[must_use]
pub fn message(channel: Channel) -> Message {
    let recipient = match channel {
        Channel::Email => "ana@example.com",
        Channel::Sms | Channel::Voice | Channel::Webhook | Channel::Whatsapp => "+6281234567890",
    };
    Message {
        tenant: "default".into(),
        purpose: "login".into(),
        channel,
        recipient: Pii::new(recipient.into()),
        code: Secret::new("471199".into()),
        challenge_id: "login.AbC-_9.x".into(),
        send_number: 2,
        lifetime_seconds: 300,
        expires_at: Timestamp(NOW.0 + 299),
        reference: Some("order \"7\" ü".into()),
        locale: Some("id".into()),
        content: content(channel),
        callback_url: Some("https://otp.example.com/v1/callbacks/sender".into()),
    }
}

fn content(channel: Channel) -> Content {
    match channel {
        Channel::Email => Content::Mail(Mail {
            subject: "Kode Anda – Contoh".into(),
            text: Secret::new("Kode Anda: 471199.\n".into()),
            html: Secret::new("<p>Kode Anda: <b>471199</b>.</p>\n".into()),
        }),
        Channel::Sms => Content::Text(Secret::new(
            "Kode Anda: 471199 & jangan bagikan.\n\n@example.com #471199".into(),
        )),
        Channel::Voice => Content::Speech(Speech {
            language: "id".into(),
            text: Secret::new("Kode Anda: 4, 7, 1, 1, 9, 9. <Sekali> lagi.".into()),
        }),
        Channel::Webhook | Channel::Whatsapp => Content::None,
    }
}
