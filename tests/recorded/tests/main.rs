//! Every provider's protocol against what is recorded of it.

#![cfg(test)]

mod answers;
mod requests;

use countersign_contract::types::{Channel, SendError};
use countersign_providers::{Opened, Progress, Provider, SenderSettings, SendersSettings, Session};
use countersign_recorded::{ALL, Answer, NOW, Recorded, recorded};
use http::Response;

/// The settings of a recorded provider.
fn settings(recorded: &Recorded) -> SendersSettings {
    let channel = recorded.channel.as_str();
    SendersSettings::from_json(&format!("{{\"{channel}\": {}}}", recorded.settings)).unwrap()
}

/// The one provider of a channel.
fn sender(settings: &SendersSettings, channel: Channel) -> &SenderSettings {
    settings.of(channel).next().unwrap().1
}

fn open(recorded: &Recorded) -> Box<dyn Provider> {
    let path = format!("senders.{}", recorded.channel.as_str());
    let settings = settings(recorded);
    match sender(&settings, recorded.channel).open(recorded.channel, &path).unwrap() {
        Opened::Http(provider) => provider,
        Opened::Native(_) => panic!("no provider over HTTP"),
    }
}

/// A session in which the provider waits for the answer to the last recorded request.
fn before_the_last(provider: &dyn Provider, recorded: &Recorded) -> Session {
    let mut session = Session::default();
    let message = recorded.message();
    let (_, before) = recorded.accepted.split_last().unwrap();
    for exchange in before {
        provider.request(&message, &mut session, NOW).unwrap();
        let step = provider.response(response(&exchange.answer), &mut session, NOW);
        assert_eq!(step, Ok(Progress::Again));
    }
    provider.request(&message, &mut session, NOW).unwrap();
    session
}

/// What a provider makes of an answer to the request that carries the message.
fn outcome(recorded: &Recorded, answer: Response<&[u8]>) -> Result<Progress, SendError> {
    let provider = open(recorded);
    let mut session = before_the_last(provider.as_ref(), recorded);
    provider.response(answer, &mut session, NOW)
}

fn response(answer: &Answer) -> Response<&'static [u8]> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(*name, *value);
    }
    response.body(answer.body.as_bytes()).unwrap()
}

#[test]
fn each_provider_is_recorded_once_under_its_own_type() {
    let mut kinds = Vec::new();
    for known in ALL {
        let settings = settings(known);
        let sender = sender(&settings, known.channel);
        assert!(std::ptr::eq(recorded(sender).unwrap(), *known), "{}", sender.provider_type());
        assert_eq!(open(known).provider_type(), sender.provider_type());
        kinds.push(sender.provider_type());
    }
    kinds.dedup();
    assert_eq!(kinds.len(), ALL.len());
}
