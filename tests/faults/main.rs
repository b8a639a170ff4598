//! Faults: 64 clients at four processes, a fault, and a checker that decides from the history of every request alone what
//! may not be: `countersign_tests::history`.
//!
//! `cargo test` runs the three that tell most, `cargo xtask faults` all that are in the table of `rows.rs`.
#![cfg(test)]

mod broken;
mod failover;
mod fallback;
mod hosts;
mod keeps;
mod load;
mod network;
mod people;
mod postgres;
mod redis;
mod report;
mod rows;
mod run;
mod service;
mod site;
mod slots;
mod sqlite;
mod steps;
mod stores;
