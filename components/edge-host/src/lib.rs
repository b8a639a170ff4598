//! What the edge app has in place of a host, in one component: the sender, the settings, and the store over the
//! runtime's key-value store.
//!
//! Each is a crate with the bindings of its own world, and what they export comes together here. One component instead
//! of three has one memory, one allocator and one standard library: it is smaller, and so is each instance of it.

use countersign_edge_sender as _;
use countersign_edge_settings as _;
use countersign_edge_store as _;
use countersign_heap as _;
