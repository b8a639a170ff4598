//! A surface whose one provider is a counterpart that plays the recorded one.

use std::time::Duration;

use countersign_recorded::{Answer as RecordedAnswer, Exchange, ORIGIN, Recorded};
use countersign_tests::client::Answer;
use countersign_tests::counterpart::{Behaviour, Counterpart};
use countersign_tests::surface::{Kind, Plan, Surface};
use countersign_tests::wait::until_async;
use serde_json::{Value, json};

/// A purpose in which the same person may be sent one code after the other.
const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["email", "sms", "voice", "webhook", "whatsapp"]
cooldown_seconds = 0
"#;

/// A surface over one recorded provider.
pub(crate) struct Stand {
    pub(crate) counterpart: Counterpart,
    pub(crate) surface: Surface,
    recorded: &'static Recorded,
}

impl Stand {
    pub(crate) async fn start(kind: Kind, recorded: &'static Recorded) -> Self {
        let counterpart = Counterpart::start().await.unwrap();
        for exchange in recorded.accepted {
            counterpart.usually(path(exchange.request), behaviour(&exchange.answer));
        }
        let settings = recorded.settings.replace(ORIGIN, &counterpart.origin());
        let settings: Value = serde_json::from_str(&settings).unwrap();
        let mut senders = serde_json::Map::new();
        senders.insert(recorded.channel.as_str().to_owned(), settings);
        let plan = Plan {
            rules: RULES,
            senders: Value::Object(senders),
            messages: Value::Null,
            public_url: None,
            origin: counterpart.origin(),
        };
        let surface = Surface::start(kind, &plan).await.unwrap();
        Self { counterpart, surface, recorded }
    }

    /// The path to which the message goes, without its query.
    pub(crate) fn path(&self) -> &'static str {
        path(self.last().request)
    }

    /// The recorded request that carries the message, and its answer.
    pub(crate) fn last(&self) -> &'static Exchange {
        self.recorded.accepted.last().unwrap()
    }

    /// Panics where the requests so far aren't those of the recorded exchanges, in their order.
    pub(crate) fn requests_are_as_recorded(&self) {
        let requests = self.counterpart.requests();
        let came: Vec<_> = requests
            .iter()
            .map(|request| (request.method.as_str(), request.path.split('?').next().unwrap()))
            .collect();
        let expected: Vec<_> = self
            .recorded
            .accepted
            .iter()
            .map(|exchange| (exchange.request.split(' ').next().unwrap(), path(exchange.request)))
            .collect();
        assert_eq!(came, expected);
        for request in requests {
            let length = request.header("content-length").map(str::to_owned);
            assert_eq!(length, Some(request.body.len().to_string()), "{}", request.head);
        }
    }

    /// Asks for a code, always for the same person.
    pub(crate) async fn issue(&self) -> Answer {
        let message = self.recorded.message();
        let body = json!({
            "purpose": "login",
            "channel": message.channel.as_str(),
            "to": message.recipient.expose(),
            "locale": "id",
        });
        self.surface.client().post("/v1/challenges", &body).await
    }

    /// Asks for a code of whose message that becomes.
    pub(crate) async fn issue_to(&self, behaviour: Behaviour) -> Answer {
        self.counterpart.once(self.path(), behaviour);
        self.issue().await
    }

    /// Asks until a code is sent, as after a provider that wanted a second to pass.
    pub(crate) async fn issue_again(&self, patience: Duration) -> Option<Answer> {
        until_async(patience, async || {
            let answer = self.issue().await;
            (answer.status == 201).then_some(answer)
        })
        .await
    }
}

/// The path of a recorded request, without its query.
fn path(request: &'static str) -> &'static str {
    let url = request.split_ascii_whitespace().nth(1).unwrap();
    let path = url.strip_prefix(ORIGIN).unwrap();
    path.split('?').next().unwrap()
}

/// The recorded answer; where it wants some time to pass, a second does, so that the test needn't wait longer.
pub(crate) fn behaviour(answer: &RecordedAnswer) -> Behaviour {
    let headers = answer.headers.iter().filter_map(|(name, value)| {
        match name.to_ascii_lowercase().as_str() {
            "content-length" => None,
            "retry-after" => Some(((*name).to_owned(), "1".to_owned())),
            _ => Some(((*name).to_owned(), (*value).to_owned())),
        }
    });
    Behaviour::Answer {
        status: answer.status,
        headers: headers.collect(),
        body: answer.body.as_bytes().to_vec(),
    }
}
