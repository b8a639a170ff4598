//! What an operator decides about how recipients are read.

use countersign_contract::settings::NumberType;

/// How recipients are read where it isn't as [`parse`](super::parse) does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules<'a> {
    /// The country of numbers that don't name theirs.
    pub default_region: Option<&'a str>,
    /// Types of number that are taken beside the ordinary ones.
    pub number_types: &'a [NumberType],
    /// Beginnings of numbers that are newer than the metadata: a plus sign and digits ([`is_number_prefix`](super::is_number_prefix)). Behind them,
    /// a number of any length that its calling code has is taken.
    pub new_prefixes: &'a [String],
}
