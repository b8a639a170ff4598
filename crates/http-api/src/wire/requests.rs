//! The JSON of requests. Unknown fields are refused.

use countersign_contract::otp;
use countersign_contract::types::Channel;
use countersign_contract::{Pii, Secret};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

#[cfg(test)]
use crate::tests::document::words;

/// Characters of a device cookie that is given, at most. Those that a success returns have 28.
pub(crate) const MAX_COOKIE_CHARACTERS: usize = 256;

/// Asks for a code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct IssueBody {
    /// What the code is for: 1 to 64 characters of `a-z`, `0-9`, `_` and `-`.
    pub(crate) purpose: String,
    /// The channel to use. If absent, the purpose's channels that fit the recipient are tried in their order.
    #[cfg_attr(test, schema(value_type = Option<words::Channel>))]
    pub(crate) channel: Option<Channel>,
    /// A phone number or a mail address, as the channel needs it; at most 254 bytes.
    #[cfg_attr(test, schema(value_type = String))]
    pub(crate) to: Pii,
    /// The transaction to bind the code to: 1 to 256 bytes without control characters.
    pub(crate) reference: Option<String>,
    /// The language of the message: a BCP 47 tag of at most 35 characters; `_` may stand for `-`.
    pub(crate) locale: Option<String>,
    /// The address of the person's device. If absent, the address that the request came from.
    pub(crate) client_ip: Option<String>,
    /// What an earlier success left with the person's device: 28 characters. Requests with it count apart from those of
    /// strangers, who then can't keep the device out. One that isn't good counts as none.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    #[serde(default, deserialize_with = "cookie")]
    pub(crate) device_cookie: Option<Secret>,
}

/// Answers a challenge that its id names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct VerifyByIdBody {
    /// The purpose that the challenge must have. Otherwise it is not found, and nothing is counted.
    pub(crate) purpose: Option<String>,
    /// The recipient that the challenge must have, in any spelling. Otherwise it is not found, and nothing is counted.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub(crate) to: Option<Pii>,
    /// The code as the person typed or pasted it, at most 256 bytes. White space, invisible characters and dashes are
    /// ignored, and digits of any script count by their value.
    #[cfg_attr(test, schema(value_type = String))]
    pub(crate) code: Secret,
    /// The transaction that the person confirms.
    pub(crate) reference: Option<String>,
    /// The address of the person's device. If absent, the address that the request came from.
    pub(crate) client_ip: Option<String>,
}

/// Answers a recipient's challenge: any that lives.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct VerifyBody {
    /// What the code is for.
    pub(crate) purpose: String,
    /// A phone number or a mail address.
    #[cfg_attr(test, schema(value_type = String))]
    pub(crate) to: Pii,
    /// The code as the person typed or pasted it, at most 256 bytes. White space, invisible characters and dashes are
    /// ignored, and digits of any script count by their value.
    #[cfg_attr(test, schema(value_type = String))]
    pub(crate) code: Secret,
    /// The transaction that the person confirms.
    pub(crate) reference: Option<String>,
    /// The address of the person's device. If absent, the address that the request came from.
    pub(crate) client_ip: Option<String>,
    /// What an earlier success left with the person's device: 28 characters. Requests with it count apart from those of
    /// strangers, who then can't keep the device out. One that isn't good counts as none.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    #[serde(default, deserialize_with = "cookie")]
    pub(crate) device_cookie: Option<Secret>,
}

/// Asks for the message once more.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct ResendBody {
    /// The address of the person's device. If absent, the address that the request came from.
    pub(crate) client_ip: Option<String>,
}

/// Names a recipient within a purpose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct AddresseeBody {
    /// What the code is for.
    pub(crate) purpose: String,
    /// A phone number or a mail address.
    #[cfg_attr(test, schema(value_type = String))]
    pub(crate) to: Pii,
    /// What an earlier success left with the person's device: 28 characters. Requests with it count apart from those of
    /// strangers, who then can't keep the device out. One that isn't good counts as none.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    #[serde(default, deserialize_with = "cookie")]
    pub(crate) device_cookie: Option<Secret>,
}

/// A device cookie of any text, but for one that is too long to be looked at.
fn cookie<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let cookie = Option::<Secret>::deserialize(deserializer)?;
    let is_long = |cookie: &Secret| cookie.expose().chars().count() > MAX_COOKIE_CHARACTERS;
    if cookie.as_ref().is_some_and(is_long) {
        return Err(D::Error::custom("a device cookie has to be at most 256 characters"));
    }
    Ok(cookie)
}

impl From<AddresseeBody> for otp::Addressee {
    fn from(body: AddresseeBody) -> Self {
        Self { purpose: body.purpose, to: body.to, device_cookie: body.device_cookie }
    }
}

/// Names a recipient, for an operator.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct ListBody {
    /// What the codes are for. If absent, every purpose of the tenant that takes the recipient.
    pub(crate) purpose: Option<String>,
    /// A phone number or a mail address.
    #[cfg_attr(test, schema(value_type = String))]
    pub(crate) to: Pii,
}

/// Asks for one step of counting.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct CountBody {
    /// Where the step before stopped: its `next`. If absent, counting begins.
    pub(crate) after: Option<String>,
}

/// Asks for one step of sweeping.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct SweepBody {
    /// The most keys to look at: 1 to 10,000. A step looks at 256 at most, whatever is asked for.
    pub(crate) limit: Option<u32>,
}

impl SweepBody {
    pub(crate) const DEFAULT: u32 = 256;
    pub(crate) const MOST: u32 = 10_000;
}
