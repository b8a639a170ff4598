//! A configuration that is in order.

use countersign_settings::problem::Problem;

use super::places::Places;
use super::rules::Rules;
use super::sections::Config;

/// A configuration that is in order as far as the host can tell; the engine has its word when it prepares.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// What the engine is told of them.
    pub rules: Rules,
    /// Whether the keys were made up for this process: nothing that it issues outlives it.
    pub ephemeral_keys: bool,
    /// What is allowed, and probably not meant.
    pub warnings: Vec<Problem>,
    /// A warning where secrets stand in the configuration file and others may read it. In production it is among the
    /// `warnings` too.
    pub exposed: Option<Problem>,
    /// Where each setting was given.
    pub places: Places,
}
