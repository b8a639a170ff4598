//! Suites that run against every store and every environment, and the real things that they run against.

pub mod client;
pub mod cluster;
pub mod edge;
pub mod leaks;
pub mod nginx;
pub mod outbox;
pub mod process;
pub mod proxy;
pub mod raw;
pub mod receiver;
pub mod redis;
pub mod settings;
pub mod wait;
