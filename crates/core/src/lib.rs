//! The rules of one-time codes: pure decisions over a [`World`] that somebody else provides.
//!
//! Nothing here reads a clock, draws randomness, opens a socket or knows that WebAssembly exists. The
//! component `countersign.wasm` is this crate behind WIT; tests and benches drive it natively.
//!
//! # Glossary
//!
//! - **recipient**: where a code goes, normalised. **channel**: how. **provider**: who carries it.
//! - **purpose**: what a code is for; each has a [`Policy`]. **tenant**: whose policies, keys and data.
//! - **subject**: (tenant, purpose, recipient) as a keyed digest; all that the store ever sees of them.
//! - **challenge**: one issued code waiting for its answer. **reference**: the transaction it is bound to.
//! - **attempt**: one try at a challenge, counted by the subject's **odometer** before it is compared.
//! - **failures**: consecutive wrong codes of a subject, over all of its challenges.
//! - **closing**: the lock that an exhausted challenge left. **withdrawal**: that a challenge was taken back.
//!   **success**: that it was answered.
//! - **lease**: the right to send to a subject, held by one request at a time.
//!
//! # Where a rule stands
//!
//! | rule | file |
//! |---|---|
//! | what an operator may set, defaults and ranges | `policy.rs` |
//! | what a recipient is | `recipient.rs` |
//! | how a code is derived and compared | `code.rs` |
//! | what the store holds, sealed | `record.rs` |
//! | where a subject stands: pending, expired, exhausted, locked … | `standing.rs` |
//! | attempts, success once, failures | `engine/verify.rs` |
//! | who may send now; a failed send leaves nothing | `engine/admission.rs`, `lease.rs` |
//! | limits per window | `limits.rs` |
//! | which channels, in which order | `engine/issue.rs`, `record.rs` |
//! | what is known of a message's delivery | `deliveries.rs`, `engine/record_delivery.rs` |

pub mod code;
mod deliveries;
pub mod engine;
pub mod error;
mod id;
pub mod keyring;
mod lease;
mod limits;
pub mod policy;
pub mod recipient;
mod record;
pub mod request;
pub mod secret;
mod signs;
mod standing;
mod subject;
pub mod world;

pub use engine::Engine;
pub use error::Error;
pub use keyring::Keyring;
pub use policy::Policy;
pub use secret::Secret;
pub use world::{Timestamp, World};
