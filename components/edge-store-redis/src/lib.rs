//! The store of the edge app over a Redis or Valkey server, through Spin's outbound Redis: the same keys, values and times
//! to live as the native host's store of type `redis`, so that both can serve the same challenges.
//!
//! A batch is one call: a script, because the runtime sends commands one by one. Redis carries it out as a whole, so
//! no key is ever without a time to live, also when the connection is cut.

pub mod script;

#[cfg(target_arch = "wasm32")]
mod component;
