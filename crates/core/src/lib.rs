//! The rules of one-time codes.
