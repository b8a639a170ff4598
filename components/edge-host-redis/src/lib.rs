//! What the edge app has in place of a host, in one component: the sender, the settings, and the store over a
//! Redis that hosts share. See `edge-host`, which differs in the store alone.

use countersign_edge_sender as _;
use countersign_edge_settings as _;
use countersign_edge_store_redis as _;
use countersign_heap as _;
