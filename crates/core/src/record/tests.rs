//! What is sealed, byte by byte.
