//! The export, and what an instance keeps: the providers, opened from its settings.

use std::convert::Infallible;
use std::sync::OnceLock;
use std::time::Duration;

use countersign_contract::sender::{self, Delivery};
use countersign_contract::types::SendError;
use countersign_contract::{Timestamp, Translate};
use countersign_edge_settings::settings::Senders as Origin;
use countersign_providers::{
    Accepted, BreakerState, Carrier, Document, Message, Order, Problems, Route, Senders,
    TransportError, Unsent, deliver,
};
use futures_util::FutureExt as _;
use http::{Request, Response};

use crate::bindings::countersign::otp::types;
use crate::bindings::exports::countersign::otp::sender as exported;
use crate::bindings::exports::countersign::otp::senders::{Condition, Guest as Check};
use crate::bindings::wasi::clocks::wall_clock;
use crate::http_call::Deadline;
use crate::{console, log};

/// For all of a message's calls together. The engine waits for 20 s.
const TOTAL_SECONDS: u64 = 15;

pub(crate) struct Component;

impl exported::Guest for Component {
    fn send(message: exported::Message) -> Result<exported::Delivery, types::SendError> {
        send(message.translate()).translate()
    }
}

fn send(message: sender::Message) -> Result<Delivery, SendError> {
    let (message, channels, may_send_twice) = Message::taken_apart(message);
    let ways = ways().map_err(|problems| SendError::NotConfigured(problems.to_string()))?;
    let senders = match ways {
        Ways::Console => return console::send(&message, &channels),
        Ways::Providers(senders) => senders,
    };
    let courier = HttpCarrier(Deadline::after_seconds(TOTAL_SECONDS));
    let order = Order { channels: &channels, may_send_twice };
    let delivered = deliver(senders, &courier, message, order, |event| log::tell(&event));
    // Every call blocks: nothing is ever pending.
    delivered.now_or_never().unwrap_or(Err(SendError::Timeout)).map(Into::into)
}

impl Check for Component {
    fn check() -> Vec<String> {
        let problems = ways().err().map(|Problems(problems)| problems.as_slice());
        problems.unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    fn conditions() -> Vec<Condition> {
        let Ok(Ways::Providers(senders)) = ways() else { return Vec::new() };
        let now = now();
        let condition = |route: &Route<Infallible>| Condition {
            provider: route.name().to_owned(),
            works: route.state(now) == BreakerState::Closed,
        };
        senders.routes().map(condition).collect()
    }
}

/// Reaches providers for one message.
struct HttpCarrier(Deadline);

impl Carrier for HttpCarrier {
    type Native = Infallible;

    fn now(&self) -> Timestamp {
        now()
    }

    fn patience(&self) -> Duration {
        self.0.patience()
    }

    async fn call(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        self.0.call(request)
    }

    async fn hand_over(&self, native: &Infallible, _: &Message) -> Result<Accepted, Unsent> {
        match *native {}
    }
}

/// How codes leave.
pub(crate) enum Ways {
    /// To the log: development only, as the settings see to.
    Console,
    Providers(Box<Senders<Infallible>>),
}

/// The ways of this instance: the settings are asked for once and kept as long as it lives, and with them the breakers
/// and the logins.
pub(crate) fn ways() -> Result<&'static Ways, &'static Problems> {
    static WAYS: OnceLock<Result<Ways, Problems>> = OnceLock::new();
    let opened = WAYS.get_or_init(|| {
        let document = match countersign_edge_settings::senders() {
            Some(Origin::Console) => return Ok(Ways::Console),
            Some(Origin::Providers(document)) => Document::from_json(document.expose())?,
            None => Document::from_json("{}")?,
        };
        document.open().map(|senders| Ways::Providers(Box::new(senders)))
    });
    opened.as_ref()
}

pub(crate) fn now() -> Timestamp {
    Timestamp(wall_clock::now().seconds)
}
