//! The HTTP surface of countersign.

pub mod health;
pub mod otp;
pub mod secret;
