//! A subject: (tenant, purpose, recipient) as digests, and the names of its keys in the store.

use countersign_contract::otp::CHALLENGES_ENDING;
use countersign_contract::settings::FailureScope;
use countersign_contract::store::HISTORY;
use countersign_contract::types::DeliveryOutcome;
use data_encoding::BASE64URL_NOPAD;

use crate::device::Device;
use crate::keyring::{Keyring, PURPOSE_CHARACTERS};
use crate::nonce::Nonce;
use crate::recipient::Recipient;
use crate::slot::Slot;

/// Bytes of a digest.
pub(crate) const DIGEST_BYTES: usize = 16;

/// Characters of a digest as a hash tag: base64url in braces.
const TAG_CHARACTERS: usize = (DIGEST_BYTES * 4).div_ceil(3) + 2;

/// A subject. All keys of a recipient, whatever the purpose, carry the same hash tag, so that a cluster keeps them
/// together; those of its known devices carry another.
#[derive(Clone)]
pub(crate) struct Subject {
    /// Stands for the tenant and the recipient, and for whether its device is known.
    pub(crate) digest: [u8; DIGEST_BYTES],
    /// `{digest}:`, and what stands for the purpose.
    prefix: String,
}

impl Subject {
    pub(crate) fn new(
        keyring: &Keyring,
        tenant: &str,
        purpose: &str,
        recipient: &Recipient,
        device: Device,
    ) -> Self {
        Self::from_digest(keyring, digest(keyring, tenant, recipient, device), purpose)
    }

    pub(crate) fn from_digest(
        keyring: &Keyring,
        digest: [u8; DIGEST_BYTES],
        purpose: &str,
    ) -> Self {
        let mut prefix = String::with_capacity(TAG_CHARACTERS + 1 + PURPOSE_CHARACTERS);
        append_tag(&digest, &mut prefix);
        prefix.push(':');
        keyring.append_purpose_tag(purpose, &mut prefix);
        Self { digest, prefix }
    }

    /// The subject whose challenges that key holds, and what stands for its purpose. Nothing where it is no such key.
    pub(crate) fn of_challenges(key: &str) -> Option<(Self, &str)> {
        let prefix = key.strip_suffix(CHALLENGES_ENDING)?;
        let (tag, purpose) = prefix.strip_prefix('{')?.split_once("}:")?;
        let digest = BASE64URL_NOPAD.decode(tag.as_bytes()).ok()?.try_into().ok()?;
        let is_tag = purpose.len() == PURPOSE_CHARACTERS;
        is_tag.then(|| (Self { digest, prefix: prefix.to_owned() }, purpose))
    }

    /// What all of its keys begin with.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The sealed challenges.
    pub(crate) fn challenges(&self) -> String {
        self.key("challenges")
    }

    /// The sealed history: the recipient's, or this purpose's own.
    pub(crate) fn history(&self, scope: FailureScope) -> String {
        let owner = match scope {
            FailureScope::Purpose => &*self.prefix,
            FailureScope::Recipient => self.prefix.get(..TAG_CHARACTERS).unwrap_or_default(),
        };
        let mut key = String::with_capacity(owner.len() + HISTORY.len());
        key.push_str(owner);
        key.push_str(HISTORY);
        key
    }

    /// The latest challenges that were taken back, sealed.
    pub(crate) fn withdrawal(&self) -> String {
        self.key("withdrawal")
    }

    /// The latest success, sealed.
    pub(crate) fn success(&self) -> String {
        self.key("success")
    }

    /// The latest message of which a provider reported this, sealed.
    pub(crate) fn noted(&self, outcome: DeliveryOutcome) -> String {
        self.key(match outcome {
            DeliveryOutcome::Delivered => "delivered",
            DeliveryOutcome::Failed => "undelivered",
        })
    }

    /// One of the two counts of attempts.
    pub(crate) fn odometer(&self, slot: Slot) -> String {
        self.key(match slot {
            Slot::Even => "odometer:0",
            Slot::Odd => "odometer:1",
        })
    }

    /// The count that decides how the challenges of a budget end.
    pub(crate) fn verdict(&self, budget: &Nonce) -> String {
        let mut key = self.key("verdict:");
        BASE64URL_NOPAD.encode_append(budget.bytes(), &mut key);
        key
    }

    /// A key of that name.
    pub(crate) fn key(&self, name: &str) -> String {
        let mut key = String::with_capacity(self.prefix.len() + 1 + name.len() + 24);
        key.push_str(&self.prefix);
        key.push(':');
        key.push_str(name);
        key
    }
}

/// What stands for a recipient of a tenant: one digest for its known devices, another for all other clients. So
/// nothing that is counted, locked or kept is shared by the two.
pub(crate) fn digest(
    keyring: &Keyring,
    tenant: &str,
    recipient: &Recipient,
    device: Device,
) -> [u8; DIGEST_BYTES] {
    digest_of(keyring, tenant, recipient.digest_input(), device)
}

/// The same of a recipient's canonical form.
pub(crate) fn digest_of(
    keyring: &Keyring,
    tenant: &str,
    recipient: &[u8],
    device: Device,
) -> [u8; DIGEST_BYTES] {
    let word: &[u8] = match device {
        Device::Known => b"recipient's known devices",
        Device::Unknown => b"recipient",
    };
    keyring.digest(&[word, tenant.as_bytes(), recipient])
}

/// A digest as a hash tag.
pub(crate) fn tag(digest: &[u8; DIGEST_BYTES]) -> String {
    let mut tag = String::with_capacity(TAG_CHARACTERS);
    append_tag(digest, &mut tag);
    tag
}

fn append_tag(digest: &[u8; DIGEST_BYTES], name: &mut String) {
    name.push('{');
    BASE64URL_NOPAD.encode_append(digest, name);
    name.push('}');
}
