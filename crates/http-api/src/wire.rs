//! The JSON of requests and answers, field by field.

pub(crate) mod answers;
pub(crate) mod operators;
pub(crate) mod requests;
