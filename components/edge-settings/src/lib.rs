//! The settings of the edge app: what `settings` and `configuration` give, and the sender is opened from, out of
//! variables.
//!
//! [`settings`] reads them and has all the rules; what stands around it only converts. They are read once per
//! instance: a runtime that changes a variable starts new ones.

pub mod settings;
pub mod text;

#[cfg(target_arch = "wasm32")]
mod component;

#[cfg(target_arch = "wasm32")]
pub use component::senders;
