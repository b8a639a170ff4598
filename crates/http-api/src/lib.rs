//! The HTTP surface of countersign: one [`Surface`] over one [`Otp`](otp::Otp).
//!
//! The native host and the edge serve the same, the host as an [`axum::Router`]. It opens no socket, needs no runtime, and
//! reads no clock but the one that a [`RequestStart`] brings along, so it builds for wasm as well;
//! time-outs, header limits and load shedding belong to the owner of the connection. What it does
//! own: the routes, the JSON, the API keys, the limit of 16 KiB on request bodies (256 KiB on what
//! providers report), the problems (RFC 9457), and what is traced.
//!
//! ```
//! use countersign_http_api::{callbacks::NoCallbacks, health::Health, keys::ApiKeys, otp::Otp, router};
//!
//! fn service<O: Otp, H: Health>(otp: O, health: H) -> axum::Router {
//!     let (key, sha256) = countersign_http_api::keys::new_key(&[7; 32]);
//!     assert!(key.expose().starts_with("countersign_"));
//!     # let _ = sha256;
//!     router(otp, health, NoCallbacks, ApiKeys::open())
//! }
//! ```

mod body;
mod log_line;
mod problem;
mod response;
mod routes;
#[cfg(test)]
mod tests;
mod trace;
mod wire;

pub mod audit;
pub mod callbacks;
pub mod census;
pub mod health;
pub mod keys;
pub mod otp;
pub mod refusal;
pub mod upkeep;

use std::fmt;
use std::net::IpAddr;
use std::time::Instant;

pub use body::MAX_BODY_BYTES;
pub use routes::{Surface, router};

/// The address of the client that sent the request: put into the request's extensions by the environment, which alone
/// can tell (the socket, or the header of a proxy that it trusts). A `client_ip` in the body wins over it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClientAddress(pub IpAddr);

/// When a request began, and the number by which the log knows it: put into the request's
/// extensions by an environment that has a clock.
#[derive(Clone, Copy, Debug)]
pub struct RequestStart {
    /// Another one for each request.
    pub number: u64,
    /// When its head was there.
    pub at: Instant,
}

impl RequestStart {
    /// How long ago that was, in milliseconds, exact to the microsecond.
    #[must_use]
    pub fn milliseconds(self) -> f64 {
        let microseconds = u32::try_from(self.at.elapsed().as_micros()).unwrap_or(u32::MAX);
        f64::from(microseconds) / 1_000.0
    }
}

impl fmt::Display for RequestStart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.number)
    }
}
