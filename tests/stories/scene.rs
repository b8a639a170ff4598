//! A service over HTTP whose one provider is played by a counterpart that answers what the real one was recorded to.

use countersign_contract::types::SendError;
use countersign_providers::SendersSettings;
use countersign_recorded::{Recorded, recorded};
use countersign_tests::client::{Answer, Client};
use countersign_tests::counterpart::{Behaviour, Counterpart, Request};
use countersign_tests::leaks::leaks;
use countersign_tests::outbox::wrong;
use countersign_tests::surface::{Kind, Plan, Surface};
use serde_json::{Value, json};

/// Makes a test for each environment of functions that tell a story in either.
macro_rules! in_both_environments {
    ($($claim:ident,)+) => {
        mod native {
            $(#[tokio::test]
            async fn $claim() {
                super::$claim(countersign_tests::surface::Kind::Native).await;
            })+
        }

        mod edge {
            $(#[tokio::test]
            async fn $claim() {
                super::$claim(countersign_tests::surface::Kind::Edge).await;
            })+
        }
    };
}
pub(crate) use in_both_environments;

/// One system's choices.
pub(crate) struct Deployment {
    /// Its purposes, as sections of a configuration.
    pub(crate) rules: &'static str,
    /// Its one channel.
    pub(crate) channel: &'static str,
    /// The provider's settings, the provider being at the given URL.
    pub(crate) sender: fn(&str) -> Value,
    /// What stands under `messages`.
    pub(crate) messages: Value,
    /// Reads what a provider is asked to carry; nothing where it is asked for something else.
    pub(crate) read: fn(&Request) -> Option<Carried>,
}

/// A message as the person gets it.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    /// The number, as the provider is given it.
    pub(crate) to: String,
    /// The code.
    pub(crate) code: String,
}

/// The deployment, running.
pub(crate) struct Scene {
    pub(crate) client: Client,
    pub(crate) provider: Counterpart,
    deployment: Deployment,
    recorded: &'static Recorded,
    carried: Vec<Carried>,
    surface: Surface,
}

impl Scene {
    pub(crate) async fn start(kind: Kind, deployment: Deployment) -> Self {
        let provider = Counterpart::start().await.unwrap();
        let settings = (deployment.sender)(&provider.origin());
        let senders = json!({ deployment.channel: settings });
        let typed = SendersSettings::from_json(&senders.to_string()).unwrap();
        let recorded = typed.all().find_map(|(_, _, sender)| recorded(sender)).unwrap();
        for exchange in recorded.accepted {
            provider.usually(exchange.path(), (&exchange.answer).into());
        }
        let plan = Plan {
            rules: deployment.rules,
            senders,
            messages: deployment.messages.clone(),
            public_url: None,
            origin: provider.origin(),
        };
        let surface = Surface::start(kind, &plan).await.unwrap();
        let client = surface.client();
        Self { client, provider, deployment, recorded, carried: Vec::new(), surface }
    }

    /// Asks for a code.
    pub(crate) async fn ask(&self, purpose: &str, to: &str) -> Answer {
        self.client.post("/v1/challenges", &json!({ "purpose": purpose, "to": to })).await
    }

    /// Asks for a code, which comes: the answer, and what the person gets.
    pub(crate) async fn asked(&mut self, purpose: &str, to: &str) -> (Answer, Carried) {
        let answer = self.ask(purpose, to).await;
        assert_eq!(answer.status, 201, "{answer:?}\n{}", self.surface.output());
        let carried = self.carried();
        assert_eq!(carried.len(), 1, "{carried:?}");
        (answer, carried[0].clone())
    }

    /// Answers the latest challenge of a person.
    pub(crate) async fn verify(&self, purpose: &str, to: &str, code: &str) -> Answer {
        self.client.post("/v1/verify", &json!({ "purpose": purpose, "to": to, "code": code })).await
    }

    /// The messages that the provider was asked to carry since this was last called.
    pub(crate) fn carried(&mut self) -> Vec<Carried> {
        let requests = self.provider.requests();
        let carried: Vec<_> = requests.iter().filter_map(self.deployment.read).collect();
        self.carried.extend_from_slice(&carried);
        carried
    }

    /// Where the provider takes messages.
    pub(crate) fn path(&self) -> &'static str {
        self.recorded.accepted.last().unwrap().path()
    }

    /// The first recorded answer of that status that means `error`, and holds `words`.
    pub(crate) fn answer(&self, status: u16, error: &SendError, words: &str) -> Behaviour {
        let documented = self.recorded.documented();
        let found = documented.iter().find(|(answer, meaning)| {
            answer.status == status && meaning == error && answer.body.contains(words)
        });
        (&found.unwrap_or_else(|| panic!("no {status} for {error:?} with {words}")).0).into()
    }

    /// A send that fails is told by its kind and leaves nothing behind: the person asks again at once, gets a code, and it
    /// is good. Where the message may have gone out, the cooldown is left.
    pub(crate) async fn fails(
        &mut self,
        purpose: &str,
        to: &str,
        behaviour: Behaviour,
        kind: &str,
    ) {
        self.provider.once(self.path(), behaviour);
        let failed = self.ask(purpose, to).await;
        self.carried();
        assert_eq!((failed.status, failed.code()), (502, "delivery_failed"), "{kind}: {failed:?}");
        assert_eq!(failed.text_of("kind"), kind, "{failed:?}");
        let status = json!({ "purpose": purpose, "to": to });
        let status = self.client.post("/v1/status", &status).await;
        assert_eq!((status.status, status.code()), (404, "challenge_not_found"), "{kind}");
        if matches!(kind, "timeout" | "unreadable") {
            // The message may have gone out: the next one waits for its turn.
            let waiting = self.ask(purpose, to).await;
            assert_eq!((waiting.status, waiting.text_of("scope")), (429, "cooldown"), "{kind}");
            // So the log never tells of that person.
            self.carried.retain(|carried| !to.ends_with(carried.to.trim_start_matches('+')));
            return;
        }
        let (_, carried) = self.asked(purpose, to).await;
        let verified = self.verify(purpose, to, &carried.code).await;
        assert_eq!(verified.status, 200, "after {kind}: {verified:?}");
    }

    /// Wrong codes count down, the last one ends it, and the right one comes too late.
    pub(crate) async fn wrong_codes_count_down(&mut self, purpose: &str, to: &str) {
        let (_, carried) = self.asked(purpose, to).await;
        for left in [2, 1, 0] {
            let answer = self.verify(purpose, to, &wrong(&carried.code)).await;
            assert_eq!((answer.status, answer.code()), (422, "code_mismatch"), "{answer:?}");
            assert_eq!(answer.number_of("attempts_left"), Some(left), "{answer:?}");
        }
        let answer = self.verify(purpose, to, &carried.code).await;
        assert_eq!((answer.status, answer.code()), (429, "exhausted"), "{answer:?}");
    }

    /// Ends it. Nothing that it said holds a code, or the whole of a number.
    pub(crate) fn end(mut self) {
        self.carried();
        self.surface.kill().unwrap();
        let output = self.surface.output();
        assert!(!self.carried.is_empty(), "nothing was sent");
        let secrets = self.carried.iter().flat_map(|carried| {
            let digits = carried.to.trim_start_matches('+');
            // Without the country's code as well: as people write numbers.
            [carried.code.as_str(), digits, digits.split_at(3).1]
        });
        assert_eq!(leaks(&output, secrets), Vec::<&str>::new(), "in the log");
        for carried in &self.carried {
            let end = carried.to.split_at(carried.to.len() - 4).1;
            assert!(output.contains(&format!("****{end}")), "{end} is not in the log:\n{output}");
        }
    }
}

/// Who is told what of a challenge that was just sent: masked, and for how long.
#[track_caller]
pub(crate) fn told_of(answer: &Answer, masked: &str) {
    assert_eq!(answer.text_of("to"), masked, "{answer:?}");
    let lifetime = answer.number_of("expires_in");
    // A second may have ended in between.
    assert!(matches!(lifetime, Some(299 | 300)), "{answer:?}");
}

/// The one run of six digits in a text.
#[track_caller]
pub(crate) fn code_in(text: &str) -> String {
    let runs = text.split(|sign: char| !sign.is_ascii_digit());
    let codes: Vec<&str> = runs.filter(|run| run.len() == 6).collect();
    assert_eq!(codes.len(), 1, "{text}");
    codes[0].to_owned()
}

/// A field of a form.
pub(crate) fn field(request: &Request, name: &str) -> Option<String> {
    let mut fields = form_urlencoded::parse(request.body.as_bytes());
    fields.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
