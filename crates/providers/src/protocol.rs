//! What a provider's protocol is made of, and what several of them have in common.

pub(crate) mod answer;
pub(crate) mod bearer;
pub(crate) mod callback;
pub(crate) mod checks;
pub(crate) mod endpoint;
pub(crate) mod mailbox;
pub(crate) mod multipart;
pub(crate) mod provider;
pub(crate) mod request;
pub(crate) mod retry_after;
pub(crate) mod signatures;
pub(crate) mod tag;
pub(crate) mod templates;
