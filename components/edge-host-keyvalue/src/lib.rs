//! What the edge app has in place of a host, in one component: the sender, the settings, and the store, over
//! `wasi:config@0.2.0-rc.1` and `wasi:keyvalue@0.2.0-draft` as other hosts than Spin have them. See `edge-host`.

use countersign_edge_sender as _;
use countersign_edge_settings as _;
use countersign_edge_store as _;
use countersign_heap as _;
