//! What the store holds of a subject, sealed: the challenge, the latest lock, withdrawal and success, and what
//! providers reported of the latest message.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::code::{Alphabet, Code};
use crate::keyring::{Key, Keyring};
use crate::subject::{DIGEST_BYTES, Subject};
use crate::world::{Channel, Timestamp, World};

/// Seconds for which an exhausted challenge makes the next lock longer, after the lock's end.
pub(crate) const LOCK_MEMORY_SECONDS: u32 = 86_400;

/// A challenge. It holds no code: the code is derived from its nonce, subject and reference.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Record {
    pub(crate) nonce: [u8; DIGEST_BYTES],
    /// Counts up with each resend that carries a new code.
    pub(crate) generation: u32,
    /// The channel that carried its latest message.
    pub(crate) channel: u8,
    /// All channels that it was issued for, in the order in which they are tried.
    pub(crate) channels: Vec<u8>,
    pub(crate) recipient: String,
    pub(crate) masked_recipient: String,
    pub(crate) reference: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) alphabet: u8,
    pub(crate) code_length: u32,
    pub(crate) max_attempts: u32,
    pub(crate) issued_at: u64,
    pub(crate) expires_at: u64,
    /// The odometer at which this challenge's attempts begin.
    pub(crate) start: i64,
    /// The subject's consecutive failures before this challenge.
    pub(crate) failures_before: u32,
    /// Exhausted challenges in a row before this one.
    pub(crate) exhausted_before: u32,
    /// Sends in a row, over challenges, while no code came back.
    pub(crate) sends: u32,
    /// Resends of this challenge.
    pub(crate) resends: u32,
    pub(crate) last_send_at: u64,
    /// When the record counts for nothing any more, whether or not the store has forgotten it by then.
    pub(crate) kept_until: u64,
}

impl Record {
    /// The code, under the key that sealed the record.
    pub(crate) fn code(&self, key: &Key, subject: &Subject) -> Code {
        let reference = self.reference.as_deref().unwrap_or_default().as_bytes();
        let generation = self.generation.to_be_bytes();
        let words = [b"code", &subject.digest[..], reference, &self.nonce, &generation];
        Code::derive(key.mac(&words), alphabet_from(self.alphabet), self.code_length)
    }

    pub(crate) const fn expires_at(&self) -> Timestamp {
        Timestamp(self.expires_at)
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

const fn channel_from(number: u8) -> Channel {
    match number {
        0 => Channel::Email,
        1 => Channel::Sms,
        2 => Channel::Voice,
        3 => Channel::Webhook,
        _ => Channel::Whatsapp,
    }
}

/// A channel as it is kept.
pub(crate) const fn channel_number(channel: Channel) -> u8 {
    match channel {
        Channel::Email => 0,
        Channel::Sms => 1,
        Channel::Voice => 2,
        Channel::Webhook => 3,
        Channel::Whatsapp => 4,
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

/// The lock that a challenge left whose attempts were all spent.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Closing {
    pub(crate) nonce: [u8; DIGEST_BYTES],
    pub(crate) at: u64,
    /// When the lock ends.
    pub(crate) until: u64,
    /// Exhausted challenges in a row, this one included.
    pub(crate) in_a_row: u32,
}

/// That a challenge was taken back. Not kept with the lock, so that neither overwrites the other.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Withdrawal {
    pub(crate) nonce: [u8; DIGEST_BYTES],
    /// By an operator who unlocked the subject: what came before doesn't count any more.
    pub(crate) cleared: bool,
}

/// That a provider reported of a message that it arrived, or that it did not: which, the place says.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Noted {
    pub(crate) nonce: [u8; DIGEST_BYTES],
    /// Which of the challenge's messages.
    pub(crate) send_number: u32,
}

/// The latest success of a subject.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Success {
    pub(crate) nonce: [u8; DIGEST_BYTES],
    pub(crate) at: u64,
}

/// Seals a record for its place in the store.
pub(crate) fn seal(world: &impl World, key: &Key, place: &str, record: &impl Serialize) -> Vec<u8> {
    let mut nonce = [0; crate::keyring::NONCE_BYTES];
    world.fill(&mut nonce);
    // Serialising into a growing buffer can't fail; an empty value is one that never opens.
    let mut plain = postcard::to_allocvec(record).unwrap_or_default();
    let sealed = key.seal(place, &plain, nonce);
    zeroize::Zeroize::zeroize(&mut plain);
    sealed
}

/// Opens a challenge. One that the store might have forgotten counts as absent.
pub(crate) fn open_challenge<'k>(
    keyring: &'k Keyring,
    subject: &Subject,
    now: Timestamp,
    value: Option<Vec<u8>>,
) -> Option<(&'k Key, Record)> {
    open(keyring, &subject.challenge(), value)
        .filter(|(_, record): &(_, Record)| now.0 < record.kept_until)
}

/// Opens what was sealed for this place; what doesn't open counts as absent.
pub(crate) fn open<'k, T: DeserializeOwned>(
    keyring: &'k Keyring,
    place: &str,
    value: Option<Vec<u8>>,
) -> Option<(&'k Key, T)> {
    let (key, mut plain) = keyring.open(place, &value?)?;
    let record = postcard::from_bytes(&plain).ok();
    zeroize::Zeroize::zeroize(&mut plain);
    Some((key, record?))
}
