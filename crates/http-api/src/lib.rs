//! The HTTP surface of countersign.
