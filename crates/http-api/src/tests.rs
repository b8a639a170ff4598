//! Tests of the whole surface, as a client sees it: requests in, responses out, with a scripted engine behind.

mod access;
mod answers;
mod bad_input;
mod callbacks;
pub(crate) mod document;
mod leak;
mod operators;
mod problems;
mod scripted;
mod sweep;
mod traced;
