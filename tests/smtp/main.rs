//! Mail through a real server: what arrives, what is refused and how, and what a server that is gone, silent or not the
//! one that it says leads to.
#![cfg(test)]

mod delivery;
mod place;
mod refusals;
mod replies;
mod reuse;
mod seen;
mod silence;
mod stub;
mod trust;
