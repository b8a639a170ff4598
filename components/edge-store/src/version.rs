//! In what Spin's `wasi:keyvalue` and that of other hosts differ.

#[cfg(not(feature = "wasi"))]
mod spin;
#[cfg(feature = "wasi")]
mod wasi;

#[cfg(not(feature = "wasi"))]
pub(crate) use self::spin::{
    COUNTS_DOWN, batch, get_many, increment, label, store, sweeps_by_itself,
};
#[cfg(feature = "wasi")]
pub(crate) use self::wasi::{
    COUNTS_DOWN, batch, get_many, increment, label, store, sweeps_by_itself,
};
