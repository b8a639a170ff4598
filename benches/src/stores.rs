//! The stores: what each costs, how many challenges it carries, and what a crash takes.
//!
//! The component in shared instances answers, as it is shipped. Its process has the first CPU; the load generator and all
//! servers of the stores share the last one.

mod compared;
mod durability;
mod live;
mod masters;
mod site;

pub(crate) use compared::{Compared, run as compare};
pub(crate) use durability::{Durability, run as crash};
pub(crate) use live::{Live, run as fill};
