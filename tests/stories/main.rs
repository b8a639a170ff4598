//! The systems that this project replaces, end to end: what each needed to work, and what went wrong with it. The fifth,
//! aglis, has a suite of its own.
#![cfg(test)]

mod medmapp;
mod refused;
mod scene;
mod triaura;
mod wati;
mod weelo;
