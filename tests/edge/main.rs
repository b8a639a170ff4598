//! The edge app: what is its own, beside the surface that the acceptance suite holds against every environment.
#![cfg(test)]

mod composition;
mod deployment;
mod faults;
mod front;
mod races;
mod sender;
mod settings;
mod sharing;
mod sweeping;
mod trials;
