//! `[senders.<channel>]`: how codes leave.

use std::path::PathBuf;

use countersign_settings::purposes::Channel;
use schemars::JsonSchema;
use serde::Deserialize;

/// The provider of each channel. A channel without one can't be used.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
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
    /// The channels that have a provider, each with it.
    pub fn configured(&self) -> impl Iterator<Item = (Channel, &SenderSettings)> {
        Channel::ALL.into_iter().filter_map(|channel| Some((channel, self.of(channel)?)))
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
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SenderSettings {
    /// Writes codes to standard output. Development mode only.
    Console(ConsoleSettings),
    /// Appends codes to a file. Development mode only.
    File(FileSettings),
}

impl SenderSettings {
    /// Whether it shows codes to whoever runs the process, and so has no place in production.
    #[must_use]
    pub fn shows_codes(&self) -> bool {
        match self {
            Self::Console(_) | Self::File(_) => true,
        }
    }
}

/// Writes codes to standard output, a line each.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsoleSettings {}

/// Appends codes to a file, a JSON object and a line each.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    /// The file. Made where it is absent, readable by its owner only.
    pub path: PathBuf,
}
