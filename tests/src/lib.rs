//! Suites that run against every store and every environment, and the real things that they run against.

pub mod attack;
pub mod certificates;
pub mod client;
pub mod cluster;
pub mod counterpart;
pub mod daemon;
pub mod edge;
pub mod exim;
pub mod history;
pub mod leaks;
pub mod mail;
pub mod nginx;
pub mod outbox;
pub mod pgbouncer;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod raw;
pub mod receiver;
pub mod redis;
pub mod redis_cluster;
pub mod sentinel;
pub mod settings;
pub mod surface;
pub mod wait;
