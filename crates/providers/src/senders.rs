//! The providers of all channels, ready for use.

use std::collections::BTreeMap;

use countersign_settings::problem::Problems;
use countersign_settings::purposes::Channel;

use crate::error::SendError;
use crate::provider::Provider;
use crate::settings::SendersSettings;

/// The provider of each channel that has one.
pub struct Senders {
    by_channel: BTreeMap<Channel, Box<dyn Provider>>,
}

impl Senders {
    /// The provider of `channel`.
    ///
    /// # Errors
    /// [`SendError::NotConfigured`] where it has none.
    pub fn of(&self, channel: Channel) -> Result<&dyn Provider, SendError> {
        let channel_name = channel.as_str();
        self.by_channel.get(&channel).map(AsRef::as_ref).ok_or_else(|| {
            let text = format!("`{channel_name}` has no provider: set senders.{channel_name}");
            SendError::NotConfigured(text)
        })
    }
}

impl TryFrom<&SendersSettings> for Senders {
    type Error = Problems;

    /// Opens every provider, or says everything that is wrong with all of them.
    fn try_from(settings: &SendersSettings) -> Result<Self, Problems> {
        let mut by_channel = BTreeMap::new();
        let mut problems = Vec::new();
        for channel in Channel::ALL {
            let Some(sender) = settings.of(channel) else { continue };
            match sender.open(&format!("senders.{}", channel.as_str())) {
                Ok(provider) => {
                    by_channel.insert(channel, provider);
                }
                Err(Problems(more)) => problems.extend(more),
            }
        }
        if problems.is_empty() { Ok(Self { by_channel }) } else { Err(Problems(problems)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> Result<Senders, Problems> {
        Senders::try_from(&SendersSettings::from_json(text).unwrap())
    }

    #[test]
    fn every_problem_of_every_channel_is_told_at_once() {
        let text = r#"{
            "sms": {"type": "webhook", "url": "http://example.com/hunter2", "secret": "whsec_hunter2"},
            "email": {"type": "webhook", "url": "https://example.com/", "secret": ""}
        }"#;
        let problems = open(text).err().unwrap();
        let paths: Vec<_> = problems.0.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["senders.email.secret", "senders.sms.url", "senders.sms.secret"]);
        let text = problems.to_string();
        assert!(text.contains("senders.sms.url: has to be an https URL"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_channel_without_a_provider_names_the_setting() {
        let senders = open("{}").unwrap();
        let error = senders.of(Channel::Sms).err().unwrap();
        let text = "`sms` has no provider: set senders.sms".to_owned();
        assert_eq!(error, SendError::NotConfigured(text));
    }
}
