//! The rules of one-time codes.
pub mod recipient;
