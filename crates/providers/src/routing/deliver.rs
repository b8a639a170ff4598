//! Which provider a message goes to, and to which next: the one place for it.
//!
//! A message names its channels in the order to try, and each channel has its providers in theirs.
//!
//! - **The next provider of a channel** is asked where the one before certainly did not take the message and another
//!   may: it is unavailable, throttled, left alone by its breaker or busy. Not after a refusal, which another provider
//!   would only repeat, nor after a mistake in the settings, which would go unseen.
//! - **The next channel** is tried where the one before certainly did not carry the message, for whatever reason: a
//!   number without WhatsApp still takes a text message.
//! - **Where it isn't known** whether the message went out (time-out, unreadable answer) that is the end, unless the
//!   message may be sent twice.
//! - **Time**: no provider is asked once less than [`MIN_PATIENCE`] is left.

use std::future::Future;
use std::time::Duration;

use countersign_contract::Timestamp;
use countersign_contract::sender::Delivery;
use countersign_contract::types::{Channel, SendError};
use http::{Request, Response};

use crate::messages::content::Content;
use crate::messages::message::Message;
use crate::protocol::provider::{Accepted, Provider};
use crate::routing::breaker::Barred;
use crate::routing::carry::carry;
use crate::routing::event::Event;
use crate::routing::route::{Route, Way};
use crate::routing::senders::Senders;
use crate::routing::transport_error::TransportError;
use crate::routing::unsent::Unsent;

/// What a provider needs at least: with less it isn't asked.
pub const MIN_PATIENCE: Duration = Duration::from_secs(1);

/// Reaches providers, for one message. Every wait of its ends in time.
pub trait Carrier: Sync {
    /// The ways out that aren't HTTP.
    type Native: Sync;

    /// The time.
    fn now(&self) -> Timestamp;

    /// What is left for this message.
    fn patience(&self) -> Duration;

    /// Calls, and reads the answer, of whose body it reads at most
    /// [`MAX_RESPONSE_BYTES`](crate::MAX_RESPONSE_BYTES).
    fn call(
        &self,
        request: Request<Vec<u8>>,
    ) -> impl Future<Output = Result<Response<Vec<u8>>, TransportError>> + Send;

    /// Hands over a message in a way that isn't HTTP.
    fn hand_over(
        &self,
        native: &Self::Native,
        message: &Message,
    ) -> impl Future<Output = Result<Accepted, Unsent>> + Send;
}

/// How a message is to be sent.
pub struct Order<'a> {
    /// The channels, in the order to try.
    pub channels: &'a [Channel],
    /// Whether another provider may be asked where it isn't known whether the message went out.
    pub may_send_twice: bool,
}

/// Who took a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivered {
    /// The channel that carried it.
    pub channel: Channel,
    /// The provider's type.
    pub provider: &'static str,
    /// The provider's name for the message, where it gave one.
    pub message_id: Option<String>,
}

impl From<Delivered> for Delivery {
    fn from(delivered: Delivered) -> Self {
        let Delivered { channel, provider, message_id } = delivered;
        Self { channel, provider: provider.to_owned(), message_id }
    }
}

/// Sends `message`, whose own channel and words don't matter, in the order that is asked for; `told` hears what happens.
///
/// # Errors
/// The last provider's that was asked; where none was, of the channel that was tried first.
pub async fn deliver<C: Carrier>(
    senders: &Senders<C::Native>,
    carrier: &C,
    mut message: Message,
    order: Order<'_>,
    mut told: impl FnMut(Event) + Send,
) -> Result<Delivered, SendError> {
    let mut verdict = Verdict::default();
    for channel in order.channels.iter().copied() {
        message.channel = channel;
        message.content = match senders.render(&message) {
            Ok(content) => content,
            Err(error) => {
                told(Event::Channel(channel, error.clone()));
                verdict.of_settings(error);
                continue;
            }
        };
        for route in senders.of(channel) {
            if carrier.patience() < MIN_PATIENCE {
                return Err(verdict.into_error());
            }
            let pass = match route.enter(carrier.now()) {
                Ok(pass) => pass,
                Err(barred) => {
                    told(Event::Passed(route.name.clone(), barred));
                    verdict.of_barred(barred);
                    continue;
                }
            };
            message.callback_url = senders.callback_url(route);
            let sent = send(route, carrier, &message).await;
            let change = pass.settle(counted(&sent), carrier.now());
            if let Some(change) = change {
                told(Event::Breaker(route.name.clone(), change));
            }
            let error = match sent {
                Ok(Accepted { message_id }) => {
                    told(Event::Accepted(route.name.clone()));
                    return Ok(Delivered { channel, provider: route.provider_type, message_id });
                }
                Err(unsent) => unsent.error,
            };
            told(Event::Failed(route.name.clone(), error.clone()));
            let (is_uncertain, is_transient) = (error.is_uncertain(), error.is_transient());
            verdict.of_provider(error);
            if is_uncertain && !order.may_send_twice {
                return Err(verdict.into_error());
            }
            if !is_uncertain && !is_transient {
                break;
            }
        }
        message.content = Content::None;
    }
    Err(verdict.into_error())
}

/// What an outcome says of the provider: a refusal that concerns one recipient is an answer like
/// any other.
const fn counted(sent: &Result<Accepted, Unsent>) -> Result<(), &SendError> {
    match sent {
        Err(Unsent { error, concerns_recipient: false }) => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

async fn send<C: Carrier>(
    route: &Route<C::Native>,
    carrier: &C,
    message: &Message,
) -> Result<Accepted, Unsent> {
    let provider: &dyn Provider = match &route.way {
        Way::Http(provider) => provider.as_ref(),
        Way::Native(native) => return carrier.hand_over(native, message).await,
    };
    let mut session = route.session();
    let now = || carrier.now();
    let call = |request| carrier.call(request);
    let sent = carry(provider, &route.path, message, &mut session, now, call).await;
    route.keep(session);
    sent
}

/// The error that is told in the end.
#[derive(Default)]
struct Verdict {
    asked: Option<SendError>,
    not_asked: Option<SendError>,
}

impl Verdict {
    fn of_provider(&mut self, error: SendError) {
        // Where it may have gone out, that is what the caller has to know.
        if !self.asked.as_ref().is_some_and(SendError::is_uncertain) {
            self.asked = Some(error);
        }
    }

    fn of_settings(&mut self, error: SendError) {
        self.not_asked.get_or_insert(error);
    }

    fn of_barred(&mut self, barred: Barred) {
        let error = match barred {
            Barred::Busy => SendError::Throttled(None),
            Barred::Open(_) => SendError::Unavailable,
            Barred::Paused(seconds) => SendError::Throttled(Some(seconds)),
        };
        self.not_asked.get_or_insert(error);
    }

    fn into_error(self) -> SendError {
        self.asked.or(self.not_asked).unwrap_or(SendError::Timeout)
    }
}

#[cfg(test)]
mod tests;
