//! What the services of Amazon Web Services have in common: where they are, who signs, what they answer, and what
//! shows that EventBridge calls.

mod access;
mod client;
mod event_key;
mod refusal;
mod signature;

pub(crate) use self::access::Access;
pub(crate) use self::client::{Action, Client};
pub use self::event_key::EVENT_KEY_HEADER;
pub(crate) use self::event_key::EventKeys;
pub(crate) use self::refusal::Refusal;

#[cfg(test)]
mod tests;
