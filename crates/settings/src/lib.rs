//! What an operator decides, in the words that the native host and the edge app share: purposes and their policies,
//! tenants, API keys, keys. Where the text comes from (a file, the environment, a runtime's variables) is the
//! business of each.
//!
//! Ranges and defaults of a policy are the engine's: it says what is wrong with one when it is asked to prepare it.
//!
//! ```
//! use countersign_settings::keys::decode_key;
//! use countersign_contract::Secret;
//!
//! let text = Secret::new("ab".repeat(32));
//! assert!(decode_key("keys.index", &text).is_ok());
//! ```

pub mod api_keys;
pub mod costs;
pub mod keys;
pub mod limits;
pub mod policy;
pub mod problem;
pub mod purposes;
