//! Why a start fails.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a stand-in does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An entry of `allowed_outbound_hosts` is none.
    #[error("{0}")]
    AllowedHosts(String),
    /// The component is none, exports no `wasi:http/handler@0.3`, or imports what isn't offered.
    #[error("the component can't be run: {0}")]
    Component(String),
    /// The address is taken, or not this machine's.
    #[error("unable to listen on {address}: {error}")]
    Listen {
        /// The address that was wanted.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The manifest says what it may not, or what the stand-in does not know.
    #[error("{path}: {reason}", path = path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The runtime configuration says what it may not, or what the stand-in does not know.
    #[error("{path}: {reason}", path = path.display())]
    RuntimeConfig {
        /// The configuration.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system refuses threads or the like.
    #[error("the runtime can't be started: {0}")]
    Runtime(io::Error),
    /// A file that is needed can't be read, or a directory can't be made.
    #[error("{path}: {error}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A component may use a store that is configured nowhere.
    #[error("unknown key_value_stores label {0:?}")]
    UnknownStore(String),
    /// A variable that is required has no value, or a template is wrong.
    #[error("{0}")]
    Variables(String),
}
