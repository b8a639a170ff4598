//! Suites that run against every store and every environment, and the real things that they run against.

pub mod proxy;
pub mod redis;
