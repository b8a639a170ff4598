//! What the store holds of a subject, sealed: its challenges, how the latest ended, and what providers reported.
//!
//! Each layout has a version, the first byte of what is sealed. Change a layout, and its version has to be stepped:
//! `record/tests.rs` holds the bytes. What is sealed is padded, so that its length says little of the recipient.

use countersign_contract::settings::Alphabet;
use countersign_contract::types::Channel;
use countersign_contract::{Secret, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::channel::channel_from;
use crate::code::Code;
use crate::history::History;
use crate::keyring::{Key, Keyring, NONCE_BYTES};
use crate::nonce::Nonce;
use crate::slot::Slot;
use crate::subject::Subject;
use crate::world::World;

/// Challenges of a subject that can be answered side by side.
pub(crate) const CHALLENGES: usize = 3;
/// Sealed values are padded to a multiple of this.
const PADDING: usize = 64;

/// A layout, with the version that says so.
pub(crate) trait Layout: Serialize + DeserializeOwned {
    const VERSION: u8;
}

/// The challenges of a subject, and what the next one needs to know of them.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Challenges {
    pub(crate) recipient: String,
    pub(crate) masked_recipient: String,
    /// What the challenges share; nothing where a send went out of which nothing is known.
    pub(crate) budget: Option<Budget>,
    /// The newest first, at most three.
    pub(crate) records: Vec<Record>,
    /// Sends in a row, over challenges, while no code came back.
    pub(crate) sends: u32,
    pub(crate) last_send_at: u64,
    /// When all this counts for nothing any more, whether or not the store has forgotten it by then.
    pub(crate) kept_until: u64,
}

impl Layout for Challenges {
    const VERSION: u8 = 1;
}

/// The attempts that challenges share.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Budget {
    /// Its first challenge: names it, and says which odometer counts its attempts.
    pub(crate) first: Nonce,
    /// What that odometer has to show.
    pub(crate) epoch: u16,
    pub(crate) max_attempts: u32,
    /// When the last of its challenges ends.
    pub(crate) expires_at: u64,
    /// The store's generation when it began.
    pub(crate) generation: Option<u64>,
}

impl Budget {
    pub(crate) fn slot(&self) -> Slot {
        self.first.slot()
    }
}

/// A challenge. It holds no code: the code is derived from its nonce, recipient, purpose and reference.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Record {
    pub(crate) nonce: Nonce,
    /// Its place among the challenges of its budget.
    pub(crate) place: u8,
    /// The name of the key that its code comes from.
    pub(crate) key: String,
    /// Counts up with each resend that carries a new code.
    pub(crate) code_number: u32,
    /// The channel that carried its latest message.
    pub(crate) channel: u8,
    /// All channels that it was issued for, in the order in which they are tried.
    pub(crate) channels: Vec<u8>,
    pub(crate) reference: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) alphabet: u8,
    pub(crate) code_length: u32,
    pub(crate) expires_at: u64,
    /// Resends of this challenge.
    pub(crate) resends: u32,
    /// The store's generation when it was issued.
    pub(crate) generation: Option<u64>,
}

impl Record {
    /// The code, under the key that this record names.
    pub(crate) fn code(&self, key: &Key, subject: &Subject, purpose: &str) -> Code {
        let reference = self.reference.as_deref().unwrap_or_default().as_bytes();
        let number = self.code_number.to_be_bytes();
        let words = [
            b"code",
            &subject.digest[..],
            purpose.as_bytes(),
            reference,
            self.nonce.bytes(),
            &number,
        ];
        Code::derive(key.mac(&words), alphabet_from(self.alphabet), self.code_length)
    }

    /// What was typed, where it looks like a code of this challenge.
    pub(crate) fn read(&self, typed: &Secret<String>) -> Option<Code> {
        Code::read(typed, alphabet_from(self.alphabet), self.code_length)
    }

    pub(crate) const fn expires_at(&self) -> Timestamp {
        Timestamp(self.expires_at)
    }

    /// Whether its time is over, or hasn't begun.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.expires_at() || self.nonce.is_of_the_future(now)
    }

    pub(crate) const fn channel(&self) -> Channel {
        channel_from(self.channel)
    }

    /// The channels that a message of this challenge may go by: the one that carried the latest first.
    pub(crate) fn channels(&self) -> Vec<Channel> {
        let others = self.channels.iter().filter(|channel| **channel != self.channel);
        let all = std::iter::once(&self.channel).chain(others);
        all.map(|channel| channel_from(*channel)).collect()
    }

    /// The number of its latest message: 1 for the first.
    pub(crate) const fn send_number(&self) -> u32 {
        self.resends.saturating_add(1)
    }
}

/// An alphabet as it is kept.
pub(crate) const fn alphabet_number(alphabet: Alphabet) -> u8 {
    match alphabet {
        Alphabet::Digits => 0,
        Alphabet::Unambiguous => 1,
    }
}

const fn alphabet_from(number: u8) -> Alphabet {
    match number {
        0 => Alphabet::Digits,
        _ => Alphabet::Unambiguous,
    }
}

impl Layout for History {
    const VERSION: u8 = 1;
}

/// The latest success of a subject.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Success {
    /// The challenge that was answered, where that is known.
    pub(crate) challenge: Option<Nonce>,
    /// Its budget: none of the others can be answered any more.
    pub(crate) budget: Nonce,
}

impl Layout for Success {
    const VERSION: u8 = 1;
}

/// What was taken back of late.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(crate) struct Withdrawal {
    /// Challenges that were revoked, the newest first, each with its place.
    pub(crate) challenges: Vec<(Nonce, u8)>,
    /// The budget whose attempts an operator cleared.
    pub(crate) cleared: Option<Nonce>,
}

impl Layout for Withdrawal {
    const VERSION: u8 = 1;
}

/// That a provider reported of a message that it arrived, or that it did not: which, the place says.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Noted {
    pub(crate) nonce: Nonce,
    /// Which of the challenge's messages.
    pub(crate) send_number: u32,
}

impl Layout for Noted {
    const VERSION: u8 = 1;
}

/// Seals a record for its place in the store.
pub(crate) fn seal<T: Layout>(world: &impl World, key: &Key, place: &str, record: &T) -> Vec<u8> {
    let mut nonce = [0; NONCE_BYTES];
    world.fill(&mut nonce);
    let mut plain = plain(record);
    let sealed = key.seal(place, &plain, nonce);
    zeroize::Zeroize::zeroize(&mut plain);
    sealed
}

/// Version, layout, padding.
fn plain<T: Layout>(record: &T) -> Vec<u8> {
    // Serialising into a growing buffer can't fail; an empty value is one that never opens.
    let mut plain = postcard::to_extend(record, vec![T::VERSION]).unwrap_or_default();
    plain.resize(plain.len().next_multiple_of(PADDING), 0);
    plain
}

/// Opens what was sealed for this place; what doesn't open, or has another version, counts as absent.
pub(crate) fn open<T: Layout>(
    keyring: &Keyring,
    place: &dyn Fn() -> String,
    value: Option<Vec<u8>>,
) -> Option<T> {
    let value = value?;
    let mut plain = keyring.open(&place(), &value)?;
    let record = match plain.split_first() {
        // The padding is what is left.
        Some((version, layout)) if *version == T::VERSION => postcard::from_bytes(layout).ok(),
        _ => None,
    };
    zeroize::Zeroize::zeroize(&mut plain);
    record
}

#[cfg(test)]
mod tests;
