//! The codes that were sent.

use std::sync::{Arc, Mutex, PoisonError};

use countersign::senders::{Sender, Sent};
use countersign_contract::sender::Message;

use crate::engines::delivery;

/// A provider that remembers the last code, to be answered with.
#[derive(Clone, Default)]
pub(crate) struct Codes(Arc<Mutex<String>>);

impl Codes {
    /// Remembers a code.
    pub(super) fn keep(&self, code: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = code;
    }

    /// The last code.
    pub(super) fn last(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Sender for Codes {
    fn send(&self, message: Message) -> Sent<'_> {
        let delivery = delivery(&message);
        self.keep(message.code.into_exposed());
        Box::pin(async move { Ok(delivery) })
    }
}
