//! The export, and what an instance keeps: its settings, and the providers' sessions.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use countersign_providers::{
    Channel, Problems, Secret, SendError, Senders, SendersSettings, Session, Timestamp,
};

use crate::bindings::countersign::otp::{configuration, types};
use crate::bindings::exports::countersign::otp::callbacks::{
    CallbackError, CallbackRequest, Guest as CallbacksGuest, Received,
};
use crate::bindings::exports::countersign::otp::sender::{Delivery, Guest, Message};
use crate::bindings::wasi::clocks::wall_clock;
use crate::carry::carry;
use crate::http_call::Deadline;
use crate::{console, convert};

/// For all of a message's calls together. The engine waits for 20 s.
const TOTAL_SECONDS: u64 = 15;

/// What the settings say instead of providers where codes go to the log.
const CONSOLE: &str = "\"console\"";

pub(crate) struct Component;

impl Guest for Component {
    fn send(message: Message) -> Result<Delivery, types::SendError> {
        let deadline = Deadline::after_seconds(TOTAL_SECONDS);
        let channel = message.channels.first().copied().map(Channel::from);
        let channel = channel.ok_or_else(no_channel)?;
        let message = convert::message(message, channel);
        let senders = match ways()? {
            Ways::Console => return console::send(&message),
            Ways::Providers(senders) => senders,
        };
        let provider = senders.of(message.channel)?;
        let mut session = session_of(message.channel);
        let sent = carry(provider, &message, &mut session, now, |call| deadline.call(call));
        // Whatever became of the message: a login is worth keeping.
        keep(message.channel, session);
        Ok(Delivery {
            channel: channel.into(),
            provider: provider.name().to_owned(),
            message_id: sent?.message_id,
        })
    }
}

impl CallbacksGuest for Component {
    fn receive(_: String, _: CallbackRequest) -> Result<Received, CallbackError> {
        Err(CallbackError::UnknownProvider)
    }
}

fn no_channel() -> SendError {
    SendError::Other("the message names no channel".to_owned())
}

/// How codes leave.
enum Ways {
    /// To the log: development only, as the settings see to.
    Console,
    Providers(Senders),
}

/// The ways of this instance: the settings are asked for once and kept as long as it lives.
fn ways() -> Result<&'static Ways, SendError> {
    static WAYS: OnceLock<Result<Ways, Problems>> = OnceLock::new();
    let opened = WAYS.get_or_init(|| {
        let text = Secret::new(configuration::senders());
        if text.expose() == CONSOLE {
            return Ok(Ways::Console);
        }
        Senders::try_from(&SendersSettings::from_json(text.expose())?).map(Ways::Providers)
    });
    opened.as_ref().map_err(|problems| SendError::NotConfigured(problems.to_string()))
}

static SESSIONS: Mutex<BTreeMap<Channel, Session>> = Mutex::new(BTreeMap::new());

fn session_of(channel: Channel) -> Session {
    let sessions = SESSIONS.lock().unwrap_or_else(PoisonError::into_inner);
    sessions.get(&channel).cloned().unwrap_or_default()
}

fn keep(channel: Channel, session: Session) {
    SESSIONS.lock().unwrap_or_else(PoisonError::into_inner).insert(channel, session);
}

fn now() -> Timestamp {
    Timestamp(wall_clock::now().seconds)
}
