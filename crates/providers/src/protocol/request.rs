//! What the requests of all providers have in common.

/// Who asks. Some providers refuse requests without it.
pub(crate) const AGENT: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"));

/// The type of a JSON body.
pub(crate) const JSON: &str = "application/json";

/// The type of a form.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
