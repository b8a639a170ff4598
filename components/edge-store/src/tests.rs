//! The store over a model of Spin's backends, stopped, broken and interleaved at every one of its calls.

mod calls;
mod contract;
mod crash;
mod engine;
mod faults;
mod flat;
mod forgetting;
mod lease;
mod model;
mod race;
mod unseen;
