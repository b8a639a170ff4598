//! Two lanes of suites that run beside each other: one whose tests start servers and mostly wait, one that computes.
//!
//! Within a lane one suite follows the other. What the second lane prints is shown when its suite has ended.

use std::io::{Write, stdout};
use std::process::Command;
use std::{panic, thread};

use anyhow::Result;

use super::table::Table;
use super::watch::{self, Ended};
use crate::process;

/// What is to be run.
#[derive(Default)]
pub(super) struct Lanes {
    waiting: Vec<(String, Command)>,
    computing: Vec<(String, Command)>,
}

impl Lanes {
    /// Adds a suite.
    pub(super) fn add(&mut self, is_waiting: bool, name: String, command: Command) {
        let lane = if is_waiting { &mut self.waiting } else { &mut self.computing };
        lane.push((name, command));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.computing.is_empty()
    }

    /// Has each tell the names of its tests.
    ///
    /// # Errors
    /// Where one can't be run.
    pub(super) fn list(self) -> Result<Table> {
        for (name, mut command) in self.computing.into_iter().chain(self.waiting) {
            println!("\n-- {name}");
            process::run(&mut command)?;
        }
        Ok(Table::default())
    }

    /// Runs them all, whichever fail.
    ///
    /// # Errors
    /// Where one can't be started, or its output not be passed on.
    pub(super) fn run(self) -> Result<Table> {
        let Self { waiting, computing } = self;
        let is_beside = !waiting.is_empty();
        let (waited, computed) = thread::scope(|scope| {
            let beside = scope.spawn(|| in_turn(computing, is_beside));
            let waited = in_turn(waiting, false);
            (waited, beside.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked)))
        });
        let mut ended = computed?;
        ended.extend(waited?);
        ended.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut table = Table::default();
        for (name, ended) in ended {
            table.add(&name, ended);
        }
        Ok(table)
    }
}

/// Runs suites one after the other; `at_end` shows what each printed when it has ended, so that it isn't mixed with what
/// others print.
fn in_turn(lane: Vec<(String, Command)>, at_end: bool) -> Result<Vec<(String, Ended)>> {
    let mut all = Vec::new();
    for (name, mut command) in lane {
        let ended = if at_end {
            let mut printed = format!("\n-- {name}\n").into_bytes();
            let ended = watch::run(&mut command, &mut printed);
            stdout().lock().write_all(&printed)?;
            ended?
        } else {
            println!("\n-- {name}");
            watch::run(&mut command, &mut stdout())?
        };
        all.push((name, ended));
    }
    Ok(all)
}
