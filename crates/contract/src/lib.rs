//! The words of `wit/` as plain Rust types: each is defined here once, for the engine, the HTTP surface, the providers,
//! the settings, the stores, the components and the host.
//!
//! A module has the words of the WIT interface of the same name; the WIT says what each field, limit and error means,
//! and the comments here repeat only what a reader of Rust needs. Times are seconds since 1970, durations are seconds.
//!
//! Bindings generators make types of their own from `wit/`. [`types!`](crate::types!) and its siblings translate between
//! those and these, field by field; a field that one side lacks doesn't compile.
//!
//! | word | file |
//! |---|---|
//! | channels, scopes, faults, errors of senders and stores | `types.rs` |
//! | requests, answers and errors of the engine | `otp.rs` |
//! | operations of the store, and the limits of a batch | `store.rs` |
//! | what a sweep did | `upkeep.rs` |
//! | the message to a sender | `sender.rs` |
//! | policies | `settings.rs` |
//! | what providers report | `callbacks.rs` |
//! | names of tenants, purposes and keys | `names.rs` |
//! | secrets and personal data | `secret.rs` |

pub mod callbacks;
pub mod names;
pub mod otp;
pub mod secret;
pub mod sender;
pub mod settings;
pub mod store;
pub mod time;
pub mod translate;
pub mod types;
pub mod upkeep;

pub use secret::{Pii, Secret};
pub use time::Timestamp;
pub use translate::Translate;
