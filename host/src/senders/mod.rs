//! How codes leave: what the engine calls, over the providers that are configured.

mod blocking;
mod client;
mod console;
mod examine;
mod file;
mod native;
mod reports;
pub mod smtp;
mod templates;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign_contract::Timestamp;
use countersign_contract::sender::{Delivery, Message};
use countersign_contract::types::SendError;
use countersign_providers::{
    Accepted, Carrier, Event, MessagesSettings, Order, Problem, Problems, Senders, Terms, Texts,
    TransportError, Unsent, callbacks_url, deliver,
};
use hyper::{Request, Response};
use tokio::time::Instant;

pub use self::client::{ClientError, HttpClient};
pub use self::console::{Console, Stream};
pub use self::examine::examine;
pub use self::file::JsonLines;
pub use self::native::Native;

use crate::config::Config;

/// For all that is done for one message. The engine waits for 20 s.
const DEADLINE: Duration = Duration::from_secs(15);

/// What a provider's answer is, in time: within 20 seconds, as `wit/sender.wit` wants it.
pub type Sent<'a> = Pin<Box<dyn Future<Output = Result<Delivery, SendError>> + Send + 'a>>;

/// Carries messages, as `wit/sender.wit` asks for it. A message is secret as a whole.
pub trait Sender: Send + Sync + 'static {
    /// Hands over one message. Success means that it was taken, not that it arrived.
    fn send(&self, message: Message) -> Sent<'_>;
}

/// Sends over the providers that are configured.
#[derive(Clone)]
pub struct Router {
    senders: Arc<Senders<Native>>,
    client: HttpClient,
}

impl Router {
    /// Opens every provider that is configured; `console` is where one of that type writes to.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(config: &Config, console: Stream) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let client = HttpClient::new(config.delivery.ca_file.as_deref())
            .map_err(|error| problems.push(Problem::new("delivery.ca_file", error.to_string())));
        let callbacks_url = config.server.public_url.as_deref().map(callbacks_url).transpose();
        let callbacks_url = callbacks_url
            .map_err(|reason| problems.push(Problem::new("server.public_url", reason)));
        let texts = templates::read(&config.messages).and_then(|messages| Texts::open(&messages));
        let texts = match texts {
            Ok(texts) => texts,
            // Standard texts, so that providers are looked at all the same.
            Err(Problems(more)) => {
                problems.extend(more);
                Texts::open(&MessagesSettings::default())?
            }
        };
        let terms = Terms {
            callbacks_url: callbacks_url.unwrap_or_default(),
            max_in_flight: config.delivery.max_in_flight,
        };
        let senders = Senders::open(&config.senders, texts, terms, |path, settings| {
            Native::open(path, settings, console)
        });
        let senders = senders.map_err(|Problems(more)| problems.extend(more));
        let (Ok(client), Ok(senders), true) = (client, senders, problems.is_empty()) else {
            return Err(Problems(problems));
        };
        Ok(Self { senders: Arc::new(senders), client })
    }

    /// The providers.
    #[must_use]
    pub fn senders(&self) -> &Senders<Native> {
        &self.senders
    }
}

impl Sender for Router {
    fn send(&self, message: Message) -> Sent<'_> {
        Box::pin(async move {
            let carrier = HttpCarrier { client: &self.client, deadline: Instant::now() + DEADLINE };
            let (message, channels, may_send_twice) =
                countersign_providers::Message::taken_apart(message);
            let order = Order { channels: &channels, may_send_twice };
            deliver(&self.senders, &carrier, message, order, tell).await.map(Into::into)
        })
    }
}

/// Reaches providers for one message.
struct HttpCarrier<'a> {
    client: &'a HttpClient,
    deadline: Instant,
}

impl Carrier for HttpCarrier<'_> {
    type Native = Native;

    fn now(&self) -> Timestamp {
        now()
    }

    fn patience(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    async fn call(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        self.client.call(request, self.patience()).await
    }

    async fn hand_over(
        &self,
        native: &Native,
        message: &countersign_providers::Message,
    ) -> Result<Accepted, Unsent> {
        native.send(message, self.patience()).await
    }
}

/// What happens on a message's way, in the log: nothing of the message.
fn tell(event: Event) {
    let provider = event.about();
    if event.is_good() {
        tracing::info!(provider, "{event}");
    } else {
        tracing::warn!(provider, "{event}");
    }
}

/// The time by which providers are asked.
#[expect(clippy::disallowed_methods, reason = "the senders' one clock")]
pub fn now() -> Timestamp {
    Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

#[cfg(test)]
mod tests;
