//! The rules as a component.
