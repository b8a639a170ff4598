//! From a message and the providers that are configured to the outcome: who is asked, in what order, and what is
//! remembered of each.

pub(crate) mod breaker;
mod carry;
pub(crate) mod deliver;
#[cfg(test)]
mod described;
pub(crate) mod event;
pub(crate) mod route;
pub(crate) mod senders;
pub(crate) mod transport_error;
pub(crate) mod unsent;
