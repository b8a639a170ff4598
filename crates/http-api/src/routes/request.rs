//! What handlers find out from the head of a request.

use axum::http::request::Parts;

use crate::ClientAddress;
use crate::audit::Entry;
use crate::keys::{ApiKeys, Caller};
use crate::problem::{Problem, ProblemCode};

/// Finds out who calls, and tells the request's span.
pub(super) fn caller<'a>(keys: &'a ApiKeys, parts: &Parts) -> Result<&'a Caller, Problem> {
    let caller = keys.caller(&parts.headers)?;
    tracing::Span::current().record("caller", caller.name());
    Ok(caller)
}

/// Begins the line of the audit for a call that every caller may make: where an operator's key makes it.
pub(super) fn audited(
    action: &'static str,
    keys: &ApiKeys,
    caller: &Caller,
    parts: &Parts,
) -> Option<Entry> {
    let is_operator = caller.is_operator() && !keys.is_open();
    is_operator.then(|| Entry::new(action, caller, parts))
}

/// The longest id that the contract knows, in bytes.
pub(crate) const MAX_ID_BYTES: usize = 136;

/// The id in the path. What the contract says can't be an id is no challenge's, without asking the engine.
pub(super) fn id(name: Option<String>) -> Result<String, Problem> {
    name.filter(|id| {
        (1..=MAX_ID_BYTES).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    })
    .ok_or_else(|| Problem::new(ProblemCode::ChallengeNotFound).by_id())
}

/// The address of the person's device: as the caller says, else as the environment saw it.
pub(super) fn client_ip(said: Option<String>, parts: &Parts) -> Option<String> {
    said.or_else(|| {
        let ClientAddress(address) = parts.extensions.get()?;
        Some(address.to_string())
    })
}
