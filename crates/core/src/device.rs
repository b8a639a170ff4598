//! Device cookies (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"): what a success leaves with the
//! person's device, so that strangers who know the recipient can't keep that device out.
//!
//! A cookie proves an earlier success and nothing else. A request that carries one counts apart from those without:
//! the recipient's known devices have cooldowns, attempts, failures and locks of their own. Nothing is stored for it: it
//! is a time and a MAC under the index key, so a rotation of the ring leaves it good.

use countersign_contract::Timestamp;
use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

use crate::keyring::Keyring;
use crate::times::CLOCKS_DIFFER_SECONDS;

/// Bytes of the time: seconds since 1970.
const TIME_BYTES: usize = 5;
const MAC_BYTES: usize = 16;
const BYTES: usize = TIME_BYTES + MAC_BYTES;
/// The same in base64url.
const CHARACTERS: usize = 4 * BYTES / 3;

/// Whether a request comes from a device that answered one of the recipient's challenges before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Device {
    Known,
    Unknown,
}

impl Device {
    pub(crate) const BOTH: [Self; 2] = [Self::Known, Self::Unknown];
}

/// The cookie for a device on which a recipient, in canonical form, has just answered.
pub(crate) fn cookie(keyring: &Keyring, tenant: &str, recipient: &str, now: Timestamp) -> String {
    let [_, _, _, time @ ..] = now.0.to_be_bytes();
    let mut bytes = [0; BYTES];
    for (to, from) in
        bytes.iter_mut().zip(time.into_iter().chain(mac(keyring, tenant, recipient, time)))
    {
        *to = from;
    }
    BASE64URL_NOPAD.encode(&bytes)
}

/// Which device this is. A cookie that is malformed, forged, another recipient's or too old is none: a login must not
/// fail because of it.
pub(crate) fn read(
    keyring: &Keyring,
    tenant: &str,
    recipient: &str,
    cookie: &str,
    now: Timestamp,
    remembered_seconds: u32,
) -> Device {
    let is_known = || {
        let mut bytes = [0; BYTES];
        if cookie.len() != CHARACTERS {
            return None;
        }
        BASE64URL_NOPAD.decode_mut(cookie.as_bytes(), &mut bytes).ok()?;
        let (time, told) = bytes.split_first_chunk::<TIME_BYTES>()?;
        let [a, b, c, d, e] = *time;
        let made_at = Timestamp(u64::from_be_bytes([0, 0, 0, a, b, c, d, e]));
        let is_current =
            made_at <= now.plus(CLOCKS_DIFFER_SECONDS) && now < made_at.plus(remembered_seconds);
        let is_ours: bool = mac(keyring, tenant, recipient, *time).ct_eq(told).into();
        (is_current && is_ours).then_some(())
    };
    if is_known().is_some() { Device::Known } else { Device::Unknown }
}

fn mac(
    keyring: &Keyring,
    tenant: &str,
    recipient: &str,
    time: [u8; TIME_BYTES],
) -> [u8; MAC_BYTES] {
    keyring.digest(&[b"device cookie", tenant.as_bytes(), recipient.as_bytes(), &time])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_good_for_so_long_and_not_a_second_longer() {
        let keyring = Keyring::sample();
        let made_at = Timestamp(1_800_000_000);
        let cookie = cookie(&keyring, "default", "+6281234567890", made_at);
        let read_at = |now| read(&keyring, "default", "+6281234567890", &cookie, now, 3_600);
        assert_eq!(read_at(made_at.plus(3_599)), Device::Known);
        assert_eq!(read_at(made_at.plus(3_600)), Device::Unknown);
        let ahead = |seconds| Timestamp(made_at.0 - seconds);
        assert_eq!(read_at(ahead(u64::from(CLOCKS_DIFFER_SECONDS))), Device::Known);
        assert_eq!(read_at(ahead(u64::from(CLOCKS_DIFFER_SECONDS) + 1)), Device::Unknown);
    }
}
