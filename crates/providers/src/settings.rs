//! `senders.<channel>`: how codes leave.

use countersign_settings::problem::{Problem, Problems};
use countersign_settings::purposes::Channel;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::provider::Provider;
use crate::webhook::{Webhook, WebhookSettings};

/// The provider of each channel. A channel without one can't be used.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table with an entry for each channel")]
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
    /// What is wrong with each channel, without repeating a value. What can be read may still be unusable: see
    /// [`Senders`](crate::Senders).
    pub fn from_json(text: &str) -> Result<Self, Problems> {
        let whole: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| Problem::new("senders", without_values(&error)))?;
        let mut settings = Self::default();
        let mut problems = Vec::new();
        for (name, value) in whole {
            let path = format!("senders.{name}");
            let Some(channel) = Channel::ALL.into_iter().find(|known| known.as_str() == name)
            else {
                problems.push(Problem::new(path, "is no channel"));
                continue;
            };
            match Option::<SenderSettings>::deserialize(value) {
                Ok(sender) => *settings.slot(channel) = sender,
                Err(error) => problems.push(Problem::new(path, without_values(&error))),
            }
        }
        if problems.is_empty() { Ok(settings) } else { Err(Problems(problems)) }
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

    fn slot(&mut self, channel: Channel) -> &mut Option<SenderSettings> {
        match channel {
            Channel::Email => &mut self.email,
            Channel::Sms => &mut self.sms,
            Channel::Voice => &mut self.voice,
            Channel::Webhook => &mut self.webhook,
            Channel::Whatsapp => &mut self.whatsapp,
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
    let Some((_, expected)) = text.rsplit_once(", expected ") else { return text.to_owned() };
    if text.starts_with("unknown variant ") {
        return format!("`type` has to be {expected}");
    }
    let repeats = ["invalid length ", "invalid type: ", "invalid value: "];
    if repeats.iter().any(|beginning| text.starts_with(beginning)) {
        return format!("has to be {expected}");
    }
    text.to_owned()
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
            (r#"{"sms": {"type": "pigeon"}}"#, "senders.sms: `type` has to be `webhook`"),
            (r#"{"telegram": {}}"#, "senders.telegram: is no channel"),
            ("[]", "senders: has to be a map"),
            ("7", "senders: has to be a map"),
            (
                r#"{"sms": "#,
                "senders: has to be JSON: EOF while parsing a value at line 1 column 8",
            ),
            ("{} {}", "senders: has to be JSON: trailing characters at line 1 column 4"),
        ] {
            assert_eq!(problem(text), expected, "{text}");
        }
    }

    #[test]
    fn every_channel_that_cannot_be_read_is_told_at_once() {
        let problems = problem(r#"{"sms": {"type": "pigeon"}, "email": 7, "fax": {}}"#);
        assert_eq!(
            problems.lines().collect::<Vec<_>>(),
            [
                "senders.email: has to be an object with a `type`, such as `webhook`",
                "senders.fax: is no channel",
                "senders.sms: `type` has to be `webhook`",
            ]
        );
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
