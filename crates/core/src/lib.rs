//! The rules of one-time codes: pure decisions over a [`World`] that the host provides.
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
//! - **budget**: the attempts that the living challenges of a subject share. **odometer**: the count of them.
//! - **attempt**: one try at a challenge, counted by the odometer before it is compared.
//! - **history**: a recipient's consecutive wrong codes, and the lock that they led to.
//! - **withdrawal**: that challenges were taken back. **success**: that one was answered.
//! - **lease**: the right to send to a subject, held by one request at a time.
//! - **generation**: a state of the store that has lost nothing since.
//!
//! # Where a rule stands
//!
//! | rule | file |
//! |---|---|
//! | what an operator may set, defaults and ranges | `policy.rs` |
//! | what a recipient is | `recipient.rs` |
//! | how a code is derived and compared | `code.rs` |
//! | what the store holds, sealed | `record.rs` |
//! | how attempts are counted and voided | `odometer.rs` |
//! | failures, locks, who is disabled | `history.rs` |
//! | where a subject stands: pending, expired, exhausted, locked … | `standing.rs` |
//! | attempts, success once | `engine/verify.rs` and `engine/verify`, `verdict.rs` |
//! | how long everything is kept | `times.rs` |
//! | who may send now | `engine/admission.rs`, `lease.rs` |
//! | a failed send leaves nothing | `engine/sending.rs` |
//! | limits per window | `limits.rs` |
//! | known devices, which strangers can't keep out | `device.rs` |
//! | what a policy's fields are by default | `policy/presets.rs` |
//! | which channels, in which order | `engine/issue.rs`, `record.rs` |
//! | what operators are told | `engine/inspect.rs`, `engine/tally.rs` |
//! | what is known of a message's delivery | `deliveries.rs`, `engine/record_delivery.rs` |

mod batch;
mod channel;
pub mod code;
mod deliveries;
mod device;
pub mod engine;
mod history;
mod id;
pub mod keyring;
mod lease;
mod limits;
mod nonce;
mod odometer;
pub mod policy;
pub mod recipient;
mod record;
mod signs;
mod slot;
mod standing;
mod subject;
mod times;
mod verdict;
pub mod world;

pub use engine::Engine;
pub use keyring::Keyring;
pub use policy::Policy;
pub use world::World;
