//! The settings of the edge app, as a component: what `settings` and `configuration` give, out of variables.
//!
//! [`settings`] reads them and has all the rules; the component around it only converts. They are read once per
//! instance: a runtime that changes a variable starts new ones.

pub mod settings;
pub mod text;

#[cfg(target_arch = "wasm32")]
mod component;
