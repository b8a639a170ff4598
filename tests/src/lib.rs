//! Suites that run against every store and every environment.
