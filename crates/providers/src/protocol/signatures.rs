//! What shows that a callback is the provider's own, where several providers do it in one way.

pub(crate) mod query;
pub(crate) mod signed_url;
pub(crate) mod standard_webhooks;
