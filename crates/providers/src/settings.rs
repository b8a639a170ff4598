//! What the operator says of providers: for each channel one, or several in the order in which they are tried.

pub(crate) mod native;
pub(crate) mod public_url;
pub(crate) mod ways;

use std::borrow::Cow;

use countersign_contract::types::Channel;
use countersign_settings::problem::{Problem, Problems};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

use self::ways::SenderSettings;
use crate::json::without_values;

/// Providers of one channel at most.
pub const MAX_PROVIDERS: usize = 8;

/// The providers of each channel. A channel without one can't be used.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "a table with an entry for each channel")]
pub struct SendersSettings {
    /// Mail.
    pub email: ChannelSettings,
    /// Text messages.
    pub sms: ChannelSettings,
    /// Spoken calls.
    pub voice: ChannelSettings,
    /// Calls to a URL.
    pub webhook: ChannelSettings,
    /// WhatsApp templates.
    pub whatsapp: ChannelSettings,
}

impl SendersSettings {
    /// Reads them from JSON: an object with a member for each channel that has a provider.
    ///
    /// # Errors
    /// What is wrong with each channel, without repeating a value. What can be read may still be unusable: see
    /// [`Senders`](crate::Senders).
    pub fn from_json(text: &str) -> Result<Self, Problems> {
        let whole = serde_json::from_str(text)
            .map_err(|error| Problem::new("senders", without_values(&error)))?;
        Self::from_map(whole)
    }

    /// As [`from_json`](Self::from_json), of what was read already.
    pub(crate) fn from_map(whole: Map<String, Value>) -> Result<Self, Problems> {
        let mut settings = Self::default();
        let mut problems = Vec::new();
        for (name, value) in whole {
            let path = format!("senders.{name}");
            match Channel::ALL.into_iter().find(|known| known.as_str() == name) {
                Some(channel) => *settings.slot(channel) = read(value, &path, &mut problems),
                None => problems.push(Problem::new(path, "is no channel")),
            }
        }
        if problems.is_empty() { Ok(settings) } else { Err(Problems(problems)) }
    }

    /// The providers of `channel`, each with the path of its settings: `senders.sms`, or `senders.sms.1` where there
    /// are several.
    pub fn of(&self, channel: Channel) -> impl Iterator<Item = (String, &SenderSettings)> {
        let ChannelSettings(senders) = match channel {
            Channel::Email => &self.email,
            Channel::Sms => &self.sms,
            Channel::Voice => &self.voice,
            Channel::Webhook => &self.webhook,
            Channel::Whatsapp => &self.whatsapp,
        };
        let is_one = senders.len() == 1;
        senders.iter().enumerate().map(move |(index, sender)| {
            let channel = channel.as_str();
            let path = format!("senders.{channel}");
            (if is_one { path } else { format!("{path}.{index}") }, sender)
        })
    }

    /// Every channel's providers, each with the path of its settings.
    pub fn all(&self) -> impl Iterator<Item = (Channel, String, &SenderSettings)> {
        Channel::ALL
            .into_iter()
            .flat_map(|channel| self.of(channel).map(move |(path, sender)| (channel, path, sender)))
    }

    fn slot(&mut self, channel: Channel) -> &mut ChannelSettings {
        match channel {
            Channel::Email => &mut self.email,
            Channel::Sms => &mut self.sms,
            Channel::Voice => &mut self.voice,
            Channel::Webhook => &mut self.webhook,
            Channel::Whatsapp => &mut self.whatsapp,
        }
    }
}

/// One provider, or a list of them in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub struct ChannelSettings(pub Vec<SenderSettings>);

impl<'de> Deserialize<'de> for ChannelSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut problems = Vec::new();
        let settings = read(Value::deserialize(deserializer)?, "", &mut problems);
        if problems.is_empty() { Ok(settings) } else { Err(de::Error::custom(Problems(problems))) }
    }
}

impl JsonSchema for ChannelSettings {
    fn schema_name() -> Cow<'static, str> {
        "ChannelSettings".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<SenderSettings>();
        json_schema!({
            "anyOf": [one, { "type": "array", "items": one, "maxItems": MAX_PROVIDERS }],
        })
    }
}

/// One provider, a list, or `null` for none.
fn read(value: Value, path: &str, problems: &mut Vec<Problem>) -> ChannelSettings {
    let values = match value {
        Value::Null => Vec::new(),
        Value::Array(values) if values.len() > MAX_PROVIDERS => {
            let text = format!("lists {} providers: at most {MAX_PROVIDERS}", values.len());
            problems.push(Problem::new(path, text));
            return ChannelSettings::default();
        }
        Value::Array(values) => values,
        one => vec![one],
    };
    let is_one = values.len() == 1;
    let mut senders = Vec::new();
    for (index, value) in values.into_iter().enumerate() {
        match SenderSettings::from_value(value) {
            Ok(sender) => senders.push(sender),
            Err(error) => {
                let dot = if path.is_empty() { "" } else { "." };
                let path = if is_one { path.to_owned() } else { format!("{path}{dot}{index}") };
                problems.push(Problem::new(path, without_values(&error)));
            }
        }
    }
    ChannelSettings(senders)
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
        let paths: Vec<_> = settings.all().map(|(channel, path, _)| (channel, path)).collect();
        assert_eq!(paths, [(Channel::Sms, "senders.sms".to_owned())]);
        assert_eq!(SendersSettings::from_json("{}").unwrap().all().count(), 0);
    }

    #[test]
    fn a_provider_of_another_channel_is_refused() {
        let text = r#"{"type": "wati", "url": "https://a", "api_key": "k", "template": "t"}"#;
        let settings = SendersSettings::from_json(&format!(r#"{{"sms": {text}}}"#)).unwrap();
        let (path, sender) = settings.of(Channel::Sms).next().unwrap();
        let problems = sender.open(Channel::Sms, &path).err().unwrap().to_string();
        assert_eq!(problems, "senders.sms: `wati` carries whatsapp only");
        assert!(sender.open(Channel::Whatsapp, "senders.whatsapp").is_ok());
    }

    #[test]
    fn a_list_keeps_its_order() {
        let text = r#"{"sms": [
            {"type": "file", "path": "a"},
            {"type": "webhook", "url": "https://a", "secret": "s"}
        ]}"#;
        let settings = SendersSettings::from_json(text).unwrap();
        let kinds: Vec<_> = settings
            .of(Channel::Sms)
            .map(|(path, sender)| (path, sender.provider_type()))
            .collect();
        assert_eq!(
            kinds,
            [("senders.sms.0".to_owned(), "file"), ("senders.sms.1".to_owned(), "webhook")]
        );
    }

    #[test]
    fn a_list_has_an_end() {
        let nine = [r#"{"type": "file", "path": "a"}"#; 9].join(",");
        let text = problem(&format!(r#"{{"sms": [{nine}]}}"#));
        assert_eq!(text, "senders.sms: lists 9 providers: at most 8");
    }

    #[test]
    fn an_element_that_cannot_be_read_is_named() {
        let text = problem(r#"{"sms": [{"type": "file", "path": "a"}, {"type": "file"}]}"#);
        assert_eq!(text, "senders.sms.1: missing field `path`");
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
            (
                r#"{"sms": {"type": "pigeon"}}"#,
                "senders.sms: `type` has to be one of `aws_notify`, `aws_ses`, `aws_sns`, `eskiz`, `meta_whatsapp`, `resend`, `twilio_sms`, `twilio_voice`, `twilio_whatsapp`, `wati`, `webhook`, `console`, `file`, `smtp`",
            ),
            (
                r#"{"sms": {"type": 7}}"#,
                "senders.sms: `type` has to be one of `aws_notify`, `aws_ses`, `aws_sns`, `eskiz`, `meta_whatsapp`, `resend`, `twilio_sms`, `twilio_voice`, `twilio_whatsapp`, `wati`, `webhook`, `console`, `file`, `smtp`",
            ),
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
                "senders.sms: `type` has to be one of `aws_notify`, `aws_ses`, `aws_sns`, `eskiz`, `meta_whatsapp`, `resend`, `twilio_sms`, `twilio_voice`, `twilio_whatsapp`, `wati`, `webhook`, `console`, `file`, `smtp`",
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
