//! All that a sender over HTTP has to know, in one JSON document: how the parts of an edge app hand it on.

use std::convert::Infallible;

use countersign_settings::problem::{Problem, Problems};
use serde_json::{Map, Value};

use crate::messages::{MessagesSettings, Texts};
use crate::public_url::callbacks_url;
use crate::senders::{Senders, Terms, http_only};
use crate::settings::{SendersSettings, without_values};

/// The document's members, each as the variable of its name gives it: `senders`, `messages`, `public_url`.
///
/// What is absent or `null` says nothing.
#[derive(Clone, Debug, Default)]
pub struct Document {
    senders: Map<String, Value>,
    messages: Option<Value>,
    public_url: Option<String>,
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
        Ok(Self { senders, messages, public_url })
    }

    /// Opens the providers that it names.
    ///
    /// # Errors
    /// Everything that is wrong with it. No value is repeated.
    pub fn open(self) -> Result<Senders<Infallible>, Problems> {
        let texts = self.texts();
        let settings = SendersSettings::from_map(self.senders);
        let url = self.public_url.as_deref().map(callbacks_url).transpose();
        let url = url.map_err(|reason| Problems::from(Problem::new("public_url", reason)));
        let (texts, settings, url) = match (texts, settings, url) {
            (Ok(texts), Ok(settings), Ok(url)) => (texts, settings, url),
            (texts, settings, url) => {
                let all = [texts.err(), settings.err(), url.err()];
                let problems = all.into_iter().flatten().flat_map(|Problems(some)| some);
                return Err(Problems(problems.collect()));
            }
        };
        let terms = Terms { callbacks_url: url, ..Terms::default() };
        Senders::open(&settings, texts, terms, http_only)
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
