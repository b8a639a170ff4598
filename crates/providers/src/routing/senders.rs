//! The providers of all channels, ready for use.

use std::collections::BTreeMap;

use countersign_contract::Timestamp;
use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::{Channel, SendError};
use countersign_settings::problem::{Problem, Problems};

use crate::messages::Texts;
use crate::messages::content::Content;
use crate::messages::message::Message;
use crate::protocol::callback::{Callback, CallbackContent};
use crate::routing::route::{Route, Way};
use crate::settings::SendersSettings;
use crate::settings::native::NativeSettings;
use crate::settings::ways::Opened;

/// Messages that a provider is given at once at most, unless the operator says otherwise.
pub const MAX_IN_FLIGHT: u32 = 128;

/// The providers of each channel, in the order in which they are tried.
pub struct Senders<N> {
    routes: BTreeMap<Channel, Vec<Route<N>>>,
    texts: Texts,
    callbacks_url: Option<String>,
}

/// What holds for all providers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Terms {
    /// Where they report what became of a message: `https://otp.example.com/v1/callbacks`. Absent where the operator
    /// wants no reports.
    pub callbacks_url: Option<String>,
    /// Messages that one is given at once at most.
    pub max_in_flight: u32,
}

impl Default for Terms {
    fn default() -> Self {
        Self { callbacks_url: None, max_in_flight: MAX_IN_FLIGHT }
    }
}

impl<N> Senders<N> {
    /// Opens every provider, those that aren't HTTP with `native`.
    ///
    /// # Errors
    /// Everything that is wrong with all of them.
    pub fn open(
        settings: &SendersSettings,
        texts: Texts,
        terms: Terms,
        native: impl Fn(&str, &NativeSettings<'_>) -> Result<N, Problems>,
    ) -> Result<Self, Problems> {
        let mut routes = BTreeMap::<Channel, Vec<Route<N>>>::new();
        let mut problems = Vec::new();
        for (channel, path, sender) in settings.all() {
            let way = sender.open(channel, &path).and_then(|opened| match opened {
                Opened::Http(provider) => Ok(Way::Http(provider)),
                Opened::Native(settings) => native(&path, &settings).map(Way::Native),
            });
            let routes = routes.entry(channel).or_default();
            let provider_type = sender.provider_type();
            match way {
                Ok(way) => {
                    let name = name(channel, provider_type, routes);
                    routes.push(Route::new(name, provider_type, path, way, terms.max_in_flight));
                }
                Err(Problems(more)) => problems.extend(more),
            }
        }
        if problems.is_empty() {
            Ok(Self { routes, texts, callbacks_url: terms.callbacks_url })
        } else {
            Err(Problems(problems))
        }
    }

    /// Every provider.
    pub fn routes(&self) -> impl Iterator<Item = &Route<N>> {
        self.routes.values().flatten()
    }

    /// The providers of `channel`, in order.
    pub(crate) fn of(&self, channel: Channel) -> &[Route<N>] {
        self.routes.get(&channel).map_or(&[], Vec::as_slice)
    }

    /// The words of a message.
    ///
    /// # Errors
    /// Where its channel has no provider, or they can't be written.
    pub(crate) fn render(&self, message: &Message) -> Result<Content, SendError> {
        if self.of(message.channel).is_empty() {
            let channel = message.channel.as_str();
            let text = format!("`{channel}` has no provider: set senders.{channel}");
            return Err(SendError::NotConfigured(text));
        }
        self.texts.render(message)
    }

    pub(crate) fn callback_url(&self, route: &Route<N>) -> Option<String> {
        self.callbacks_url.as_ref().map(|url| format!("{url}/{}", route.name))
    }

    /// What a call to the callbacks of the provider of that name reports. Of `callback` the URL doesn't matter: it
    /// is the one that the provider was given.
    ///
    /// # Errors
    /// `UnknownProvider`, or as [`Provider::receive`](crate::Provider::receive).
    pub fn receive(
        &self,
        name: &str,
        callback: &Callback<'_>,
        now: Timestamp,
    ) -> Result<CallbackContent, CallbackError> {
        let route = self.routes().find(|route| route.name == name);
        let route = route.ok_or(CallbackError::UnknownProvider)?;
        let Way::Http(provider) = &route.way else { return Err(CallbackError::Unsupported) };
        let url = self.callback_url(route).ok_or(CallbackError::Unsupported)?;
        match provider.receive(&Callback { url: &url, ..*callback }, now) {
            // Any other answer has a provider call again for days, and switch its callbacks off in
            // the end.
            Err(CallbackError::Unreadable) => Ok(CallbackContent::default()),
            received => received,
        }
    }
}

/// The next free name of a channel's provider.
fn name<N>(channel: Channel, provider_type: &str, routes: &[Route<N>]) -> String {
    let earlier = routes.iter().filter(|route| route.provider_type == provider_type).count();
    let name = format!("{}-{provider_type}", channel.as_str());
    if earlier == 0 { name } else { format!("{name}-{}", earlier + 1) }
}

/// Refuses what only the native host has.
///
/// # Errors
/// Always.
pub fn http_only<N>(path: &str, settings: &NativeSettings<'_>) -> Result<N, Problems> {
    let provider_type = match settings {
        NativeSettings::Console(_) => "console",
        NativeSettings::File(_) => "file",
        NativeSettings::Smtp(_) => "smtp",
    };
    Err(Problem::new(
        path,
        format!("`{provider_type}` needs the native host: here only HTTP leaves"),
    )
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::MessagesSettings;

    fn open(text: &str) -> Result<Senders<()>, Problems> {
        let texts = Texts::open(&MessagesSettings::default()).unwrap();
        Senders::open(
            &SendersSettings::from_json(text).unwrap(),
            texts,
            Terms::default(),
            http_only,
        )
    }

    #[test]
    fn every_problem_of_every_channel_is_told_at_once() {
        let text = r#"{
            "sms": {"type": "webhook", "url": "http://example.com/hunter2", "secret": "whsec_hunter2"},
            "email": [{"type": "webhook", "url": "https://example.com/", "secret": ""}, {"type": "console"}]
        }"#;
        let problems = open(text).err().unwrap();
        let paths: Vec<_> = problems.0.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(
            paths,
            ["senders.email.0.secret", "senders.email.1", "senders.sms.url", "senders.sms.secret"]
        );
        let text = problems.to_string();
        assert!(text.contains("senders.sms.url: has to be an https URL"), "{text}");
        assert!(text.contains("senders.email.1: `console` needs the native host"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn whatever_is_rightly_signed_is_taken() {
        let token = "t".repeat(32);
        let settings = format!(
            r#"{{"whatsapp": {{"type": "wati", "url": "https://a.example/", "api_key": "k",
                "template": "otp", "callback_token": "{token}"}}}}"#
        );
        let callbacks_url = Some("https://otp.example.com/v1/callbacks".to_owned());
        let senders = Senders::<()>::open(
            &SendersSettings::from_json(&settings).unwrap(),
            Texts::open(&MessagesSettings::default()).unwrap(),
            Terms { callbacks_url, ..Terms::default() },
            http_only,
        )
        .unwrap();
        let receive = |name, query: &str, body: &[u8]| {
            let callback = Callback {
                method: &http::Method::POST,
                url: "",
                query: Some(query),
                headers: &http::HeaderMap::new(),
                body,
            };
            senders.receive(name, &callback, Timestamp(0))
        };
        let query = format!("token={token}");
        for body in [&b"{}"[..], b"", b"{", b"[]", b"\xff", b"{\"eventType\":7}"] {
            let received = receive("whatsapp-wati", &query, body);
            assert_eq!(received, Ok(CallbackContent::default()), "{body:?}");
            let refused = receive("whatsapp-wati", "token=t", body);
            assert_eq!(refused, Err(CallbackError::Unauthenticated));
            let unknown = receive("sms-wati", &query, body);
            assert_eq!(unknown, Err(CallbackError::UnknownProvider));
        }
    }

    #[test]
    fn each_provider_has_a_name_of_its_own() {
        let webhook = r#"{"type": "webhook", "url": "https://a.example/",
            "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}"#;
        let senders =
            open(&format!(r#"{{"sms": [{webhook}, {webhook}], "email": {webhook}}}"#)).unwrap();
        let names: Vec<_> = senders.routes().map(Route::name).collect();
        assert_eq!(names, ["email-webhook", "sms-webhook", "sms-webhook-2"]);
    }
}
