//! All that a sender over HTTP has to know, in one JSON document: how the parts of an edge app hand it on.

use std::convert::Infallible;

use countersign_settings::problem::{Problem, Problems};
use serde_json::{Map, Value};

use crate::json::without_values;
use crate::messages::{MessagesSettings, Texts};
use crate::protocol::endpoint;
use crate::routing::route::{Route, Way};
use crate::routing::senders::{Senders, Terms, http_only};
use crate::settings::SendersSettings;
use crate::settings::public_url::callbacks_url;

/// The document's members, each as the variable of its name gives it: `senders`, `messages`, `public_url`; and
/// `origins`, an object of the variables that name the only origins which may be called.
///
/// What is absent or `null` says nothing.
#[derive(Clone, Debug, Default)]
pub struct Document {
    senders: Map<String, Value>,
    messages: Option<Value>,
    public_url: Option<String>,
    origins: Option<Map<String, Value>>,
}

impl Document {
    /// Reads one.
    ///
    /// # Errors
    /// Where it isn't one.
    pub fn from_json(text: &str) -> Result<Self, Problems> {
        let mut whole: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| Problem::new("senders", without_values(&error)))?;
        let senders = match whole.remove("senders") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(senders)) => senders,
            Some(_) => return Err(Problem::new("senders", "has to be a map").into()),
        };
        let messages = whole.remove("messages").filter(|value| !value.is_null());
        let public_url = match whole.remove("public_url") {
            Some(Value::String(url)) => Some(url),
            _ => None,
        };
        let origins = match whole.remove("origins") {
            Some(Value::Object(origins)) => Some(origins),
            _ => None,
        };
        Ok(Self { senders, messages, public_url, origins })
    }

    /// Opens the providers that it names.
    ///
    /// # Errors
    /// Everything that is wrong with it. No value is repeated, but for the origin of a provider that may not be called.
    pub fn open(self) -> Result<Senders<Infallible>, Problems> {
        let texts = self.texts();
        let settings = SendersSettings::from_map(self.senders);
        let url = self.public_url.as_deref().map(callbacks_url).transpose();
        let url = url.map_err(|reason| Problems::from(Problem::new("public_url", reason)));
        let origins = self.origins.as_ref().map(read_origins).transpose();
        let (texts, settings, url, origins) = match (texts, settings, url, origins) {
            (Ok(texts), Ok(settings), Ok(url), Ok(origins)) => (texts, settings, url, origins),
            (texts, settings, url, origins) => {
                let all = [texts.err(), settings.err(), url.err(), origins.err()];
                let problems = all.into_iter().flatten().flat_map(|Problems(some)| some);
                return Err(Problems(problems.collect()));
            }
        };
        let terms = Terms { callbacks_url: url, ..Terms::default() };
        let senders = Senders::open(&settings, texts, terms, http_only)?;
        match origins {
            Some(origins) => within(&origins, senders),
            None => Ok(senders),
        }
    }

    fn texts(&self) -> Result<Texts, Problems> {
        let settings = match &self.messages {
            Some(value) => MessagesSettings::from_value(value.clone())?,
            None => MessagesSettings::default(),
        };
        if settings.folder.is_some() {
            let text = "needs the native host: here `messages.templates` holds the templates";
            return Err(Problem::new("messages.folder", text).into());
        }
        Texts::open(&settings)
    }
}

/// The origins in the variables that say something.
fn read_origins(origins: &Map<String, Value>) -> Result<Vec<String>, Problems> {
    let texts = origins.iter().filter_map(|(name, value)| Some((name, value.as_str()?.trim())));
    let (mut read, mut problems) = (Vec::new(), Vec::new());
    for (name, text) in texts.filter(|(_, text)| !text.is_empty()) {
        match endpoint::parse_origin(text) {
            Ok(origin) => read.push(origin),
            Err(reason) => problems.push(Problem::new(name.as_str(), reason)),
        }
    }
    if problems.is_empty() { Ok(read) } else { Err(Problems(problems)) }
}

/// Refuses a provider that the runtime would not let the app call.
fn within(
    origins: &[String],
    senders: Senders<Infallible>,
) -> Result<Senders<Infallible>, Problems> {
    let stranger = |route: &Route<Infallible>| {
        let Way::Http(provider) = &route.way else { return None };
        let origin = provider.origin();
        let text = format!(
            "calls {origin}, which the app may not: set `sender_origin`, or a further one, to that"
        );
        (!origins.contains(&origin)).then(|| Problem::new(route.path.as_str(), text))
    };
    let problems: Vec<_> = senders.routes().filter_map(stranger).collect();
    if problems.is_empty() { Ok(senders) } else { Err(Problems(problems)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> String {
        let opened = Document::from_json(text).and_then(Document::open);
        opened.err().expect("it opens").to_string()
    }

    #[test]
    fn what_is_absent_or_null_says_nothing() {
        for text in ["{}", r#"{"senders": null, "messages": null, "public_url": null}"#] {
            let senders = Document::from_json(text).unwrap().open().unwrap();
            assert_eq!(senders.routes().count(), 0);
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_and_not_repeated() {
        let text = problems(
            r#"{
                "senders": {
                    "sms": {"type": "webhook", "url": "https://example.com/", "secret": "hunter2"},
                    "email": {"type": "hunter2"}
                },
                "messages": {"brand": 7, "templates": {}},
                "public_url": "http://hunter2.example"
            }"#,
        );
        for line in ["senders.email: `type` has", "messages: has to be a string", "public_url: has"]
        {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn what_needs_the_native_host_is_refused() {
        let text = problems(r#"{"messages": {"folder": "x"}}"#);
        assert!(text.contains("messages.folder: needs the native host"), "{text}");
        let text = problems(r#"{"senders": {"sms": {"type": "console"}}}"#);
        assert!(text.contains("senders.sms: `console` needs the native host"), "{text}");
    }

    #[test]
    fn a_provider_whose_origin_may_not_be_called_is_refused_by_name() {
        let text = |origins: &str| {
            let sender = r#"{"type": "webhook", "url": "https://example.com:443/codes?token=hunter2",
                "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}"#;
            format!(r#"{{"senders": {{"sms": [{sender}]}}, "origins": {origins}}}"#)
        };
        let opens = |origins: &str| Document::from_json(&text(origins)).unwrap().open().is_ok();
        assert!(opens("null"));
        assert!(opens(r#"{"a": "https://other.example", "b": "https://Example.com/"}"#));
        assert!(!opens("{}"));
        let told = problems(&text(r#"{"a": "https://other.example", "b": null, "c": " "}"#));
        assert!(told.contains("senders.sms: calls https://example.com, which"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
        let told = problems(&text(r#"{"a": "https://example.com/hunter2", "b": "*"}"#));
        assert!(told.contains("a: has to be an origin"), "{told}");
        assert!(told.contains("b: has to be"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }

    #[test]
    fn providers_are_told_where_to_report() {
        let text = r#"{
            "senders": {"sms": {"type": "webhook", "url": "https://example.com/",
                "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}},
            "public_url": "https://otp.example"
        }"#;
        let senders = Document::from_json(text).unwrap().open().unwrap();
        let url = senders.callback_url(senders.routes().next().unwrap());
        assert_eq!(url.as_deref(), Some("https://otp.example/v1/callbacks/sms-webhook"));
    }
}
