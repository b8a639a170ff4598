//! `senders.<channel>`: how codes leave.

use serde::Deserialize;

use crate::error::{Problem, Problems};
use crate::message::Channel;
use crate::provider::Provider;
use crate::webhook::{Webhook, WebhookSettings};

/// The provider of each channel. A channel without one can't be used.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "an object with a member for each channel")]
pub struct SendersSettings {
    /// Mail.
    pub email: Option<SenderSettings>,
    /// Text messages.
    pub sms: Option<SenderSettings>,
    /// Spoken calls.
    pub voice: Option<SenderSettings>,
    /// Calls to a URL.
    pub webhook: Option<SenderSettings>,
    /// WhatsApp templates.
    pub whatsapp: Option<SenderSettings>,
}

impl SendersSettings {
    /// Reads them from JSON: an object with a member for each channel that has a provider.
    ///
    /// # Errors
    /// What is wrong, without repeating a value. What can be read may still be unusable: see
    /// [`Senders`](crate::Senders).
    pub fn from_json(text: &str) -> Result<Self, Problems> {
        // serde would take a list for a struct: an empty one, for no channel at all.
        if text.trim_start().starts_with('[') {
            return Err(Problem::new(
                "senders",
                "has to be an object with a member for each channel",
            )
            .into());
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let settings = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let path = if path == "." { "senders".to_owned() } else { format!("senders.{path}") };
            Problem::new(path, without_values(error.inner()))
        })?;
        reader.end().map_err(|error| Problem::new("senders", without_values(&error)))?;
        Ok(settings)
    }

    /// The provider of `channel`.
    #[must_use]
    pub fn of(&self, channel: Channel) -> Option<&SenderSettings> {
        match channel {
            Channel::Email => self.email.as_ref(),
            Channel::Sms => self.sms.as_ref(),
            Channel::Voice => self.voice.as_ref(),
            Channel::Webhook => self.webhook.as_ref(),
            Channel::Whatsapp => self.whatsapp.as_ref(),
        }
    }
}

/// Who carries the messages of a channel.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    expecting = "an object with a `type`, such as `webhook`"
)]
pub enum SenderSettings {
    /// A URL of the operator's.
    Webhook(WebhookSettings),
}

impl SenderSettings {
    /// The provider, ready for use; `path` is where the settings stand: `senders.sms`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(&self, path: &str) -> Result<Box<dyn Provider>, Problems> {
        match self {
            Self::Webhook(settings) => Ok(Box::new(Webhook::open(settings, path)?)),
        }
    }
}

/// What serde found, less the value that it found it in.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    if !error.is_data() {
        return format!("has to be JSON: {text}{place}");
    }
    let repeats = ["invalid length ", "invalid type: ", "invalid value: ", "unknown variant "]
        .iter()
        .any(|beginning| text.starts_with(beginning));
    match text.rsplit_once(", expected ") {
        Some((_, expected)) if repeats => format!("has to be {expected}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        SendersSettings::from_json(text).unwrap_err().to_string()
    }

    #[test]
    fn each_channel_has_its_own() {
        let text =
            r#"{"sms": {"type": "webhook", "url": "https://a", "secret": "s"}, "voice": null}"#;
        let settings = SendersSettings::from_json(text).unwrap();
        assert!(settings.of(Channel::Sms).is_some());
        let others = Channel::ALL.into_iter().filter(|channel| *channel != Channel::Sms);
        assert!(others.into_iter().all(|channel| settings.of(channel).is_none()));
        assert!(SendersSettings::from_json("{}").unwrap().sms.is_none());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, expected) in [
            (
                r#"{"sms": {"type": "webhook", "url": "https://a"}}"#,
                "senders.sms: missing field `secret`",
            ),
            (
                r#"{"sms": {"type": "webhook", "url": "https://a", "secret": "s", "sekret": 1}}"#,
                "senders.sms: unknown field `sekret`, expected `url` or `secret`",
            ),
            (r#"{"sms": {"url": "https://a"}}"#, "senders.sms: missing field `type`"),
            (r#"{"sms": {"type": "pigeon"}}"#, "senders.sms.type: has to be `webhook`"),
            (
                r#"{"telegram": {}}"#,
                "senders.telegram: unknown field `telegram`, expected one of `email`, `sms`, `voice`, `webhook`, `whatsapp`",
            ),
            ("[]", "senders: has to be an object with a member for each channel"),
            ("7", "senders: has to be an object with a member for each channel"),
            (
                r#"{"sms": "#,
                "senders.sms: has to be JSON: EOF while parsing a value at line 1 column 8",
            ),
            ("{} {}", "senders: has to be JSON: trailing characters at line 1 column 4"),
        ] {
            assert_eq!(problem(text), expected, "{text}");
        }
    }

    #[test]
    fn a_value_in_the_wrong_place_is_not_repeated() {
        for text in [
            r#""hunter2, expected hunter2""#,
            r#"{"sms": "hunter2"}"#,
            r#"{"sms": ["hunter2"]}"#,
            r#"{"sms": {"type": "webhook", "url": ["hunter2"], "secret": "s"}}"#,
            r#"{"sms": {"type": "webhook", "url": {"hunter2": 1}, "secret": "s"}}"#,
        ] {
            let problem = problem(text);
            assert!(!problem.contains("hunter2"), "{problem}");
            assert!(problem.starts_with("senders"), "{problem}");
        }
    }
}
