//! What the process ends with.

/// It was done.
pub(super) const DONE: u8 = 0;
/// Something broke.
pub(super) const FAILED: u8 = 1;
/// The command line or the configuration is wrong.
pub(super) const USAGE: u8 = 2;
/// The code is wrong.
pub(super) const WRONG_CODE: u8 = 3;
/// A rule refuses it: a limit, a lock, a challenge whose time is over.
pub(super) const REFUSED: u8 = 4;
/// There is no such challenge or purpose.
pub(super) const UNKNOWN: u8 = 5;
/// Store or provider can't be used now.
pub(super) const UNAVAILABLE: u8 = 6;
/// `doctor` found something that fails, or with `--strict` something to warn of.
pub(super) const UNHEALTHY: u8 = 7;

/// The same for people.
pub(super) const HELP: &str = "Exit codes:
  0  done
  1  something broke: -v shows the log
  2  the command line or the configuration is wrong
  3  the code is wrong
  4  refused: a limit, a lock, a challenge that is over, a channel or number that is not allowed
  5  unknown: no such challenge or purpose
  6  unavailable: the store or every provider; try again
  7  doctor: a check failed; with --strict also for a warning";
