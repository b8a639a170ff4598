//! Suites that run against every store and every environment, and the real things that they run against.

pub mod client;
pub mod leaks;
pub mod nginx;
pub mod outbox;
pub mod process;
pub mod proxy;
pub mod redis;
pub mod settings;
pub mod wait;
