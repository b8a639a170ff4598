//! What makes a challenge unlike every other: when it was issued, and random bits; the last one says which
//! odometer counts its attempts.

use countersign_contract::Timestamp;
use serde::{Deserialize, Serialize};

use crate::slot::Slot;
use crate::times::{CLOCKS_DIFFER_SECONDS, ID_SECONDS};
use crate::world::World;

/// Bytes of a nonce.
pub(crate) const BYTES: usize = 16;
/// The first ones: seconds since 1970.
const TIME_BYTES: usize = 5;

/// A nonce: 40 bits of time, 87 of randomness, one for the odometer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Nonce([u8; BYTES]);

impl Nonce {
    pub(crate) fn new(world: &impl World, now: Timestamp, slot: Slot) -> Self {
        let mut bytes = [0; BYTES];
        world.fill(&mut bytes);
        let time = now.0.to_be_bytes();
        for (to, from) in bytes.iter_mut().zip(time.iter().skip(time.len() - TIME_BYTES)) {
            *to = *from;
        }
        if let Some(last) = bytes.last_mut() {
            *last = *last & !1 | slot.number();
        }
        Self(bytes)
    }

    pub(crate) const fn from_bytes(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn bytes(&self) -> &[u8; BYTES] {
        &self.0
    }

    pub(crate) fn slot(&self) -> Slot {
        Slot::from_number(self.0.last().copied().unwrap_or_default())
    }

    pub(crate) fn issued_at(&self) -> Timestamp {
        let time = self.0.iter().take(TIME_BYTES);
        Timestamp(time.fold(0, |seconds, byte| seconds << 8 | u64::from(*byte)))
    }

    /// Whether it was issued by a clock that is further ahead than clocks may differ.
    pub(crate) fn is_of_the_future(&self, now: Timestamp) -> bool {
        self.issued_at() > now.plus(CLOCKS_DIFFER_SECONDS)
    }

    /// Whether a challenge of that nonce can still be known.
    pub(crate) fn is_current(&self, now: Timestamp) -> bool {
        !self.is_of_the_future(now) && now < self.issued_at().plus(ID_SECONDS)
    }
}
