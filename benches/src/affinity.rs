//! Which CPU a process runs on.

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Pins this process, and what it starts from here on, to the first CPU that it may use.
pub(crate) fn pin_to_first() -> Result<()> {
    pin(allowed()?.first())
}

/// The same with the last.
pub(crate) fn pin_to_last() -> Result<()> {
    pin(allowed()?.last())
}

/// Makes up for an earlier [`pin_to_last`]: the first CPU of the machine, whatever was inherited.
pub(crate) fn pin_to_first_of_machine() -> Result<()> {
    pin(Some(&0)).or_else(|_| pin_to_first())
}

/// Does something, and what it starts, on the first CPU of the machine; then goes back to where it was.
pub(crate) fn on_first<T>(work: impl FnOnce() -> T) -> Result<T> {
    let before = sched_getaffinity(None)?;
    pin_to_first_of_machine()?;
    let result = work();
    sched_setaffinity(None, &before)?;
    Ok(result)
}

fn allowed() -> Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect())
}

fn pin(cpu: Option<&usize>) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(*cpu.context("no CPU is allowed")?);
    Ok(sched_setaffinity(None, &set)?)
}
