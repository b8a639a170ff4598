//! What providers reported of a challenge's messages.
//!
//! That a message arrived and that it did not are noted in two keys: of two reports that come at once neither
//! overwrites the other, and which of them counts is decided when they are read. Nothing else hangs on either: so a
//! report on an earlier message that is still being written when one on its resend has been may hide that one.

use countersign_contract::otp::DeliveryState;
use countersign_contract::types::{DeliveryOutcome, StoreError};

use crate::batch::{Batch, Replies, ValueTicket};
use crate::keyring::Keyring;
use crate::record::{self, Noted, Record};
use crate::subject::Subject;

/// The two notes that were asked for.
pub(crate) struct Asked([(DeliveryOutcome, ValueTicket); 2]);

/// What is noted of a subject.
pub(crate) struct Deliveries {
    delivered: Option<Noted>,
    failed: Option<Noted>,
}

impl Deliveries {
    /// Asks.
    pub(crate) fn ask(subject: &Subject, batch: &mut Batch) -> Asked {
        Asked(
            [DeliveryOutcome::Delivered, DeliveryOutcome::Failed]
                .map(|outcome| (outcome, batch.get(subject.noted(outcome)))),
        )
    }

    /// Reads the replies to `ask`. What doesn't open counts as absent.
    pub(crate) fn read(
        keyring: &Keyring,
        subject: &Subject,
        asked: Asked,
        replies: &mut Replies,
    ) -> Result<Self, StoreError> {
        let mut open = |(outcome, ticket)| {
            let value = replies.value(ticket)?;
            Ok::<_, StoreError>(record::open::<Noted>(keyring, &|| subject.noted(outcome), value))
        };
        let Asked([delivered, failed]) = asked;
        Ok(Self { delivered: open(delivered)?, failed: open(failed)? })
    }

    /// What is known of a challenge's latest message.
    pub(crate) fn state(&self, record: &Record) -> DeliveryState {
        let is_of_the_latest = |noted: &&Noted| {
            noted.nonce == record.nonce && noted.send_number == record.send_number()
        };
        if self.delivered.as_ref().filter(is_of_the_latest).is_some() {
            DeliveryState::Delivered
        } else if self.failed.as_ref().filter(is_of_the_latest).is_some() {
            DeliveryState::Failed
        } else {
            DeliveryState::Sent
        }
    }
}
