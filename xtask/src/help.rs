//! `cargo xtask help`: the table of commands, from which they are also found.

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{
    bench, build, ci, edge, faults, instructions, lengthy, messages, phone_table, serve, shape,
    storms, test, wit,
};

/// One command of `cargo xtask`.
pub(crate) struct Command {
    /// What is typed.
    pub(crate) name: &'static str,
    /// What may follow it.
    pub(crate) usage: &'static str,
    /// What it does, in one line.
    pub(crate) summary: &'static str,
    /// What carries it out.
    pub(crate) run: fn(&Workspace, &[String]) -> Result<()>,
}

/// Every command, in the order in which a newcomer wants them.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        name: "build",
        usage: "[--release]",
        summary: "build countersign.wasm and the host; print the component's size and SHA-256",
        run: build::run,
    },
    Command {
        name: "serve",
        usage: "[-- <arguments of countersign serve>]",
        summary: "build, then serve in development mode; Ctrl-C ends it",
        run: serve::run,
    },
    Command {
        name: "test",
        usage: "[<words>] [-- <arguments of the test binaries>]",
        summary: "install what the tests need, build, and run every test, or those whose names have a word",
        run: test::run,
    },
    Command {
        name: "storms",
        usage: "[<words>] [-- <arguments of the test binary>]",
        summary: "run the storms of tests/storms with all of their rounds, which takes minutes",
        run: storms::run,
    },
    Command {
        name: "faults",
        usage: "[<words of a store: fault>] [-- <arguments of the test binary>]",
        summary: "run each fault of tests/faults under load and check the history, which takes a quarter of an hour",
        run: faults::run,
    },
    Command {
        name: "ci",
        usage: "",
        summary: "everything that CI checks, the tests among it",
        run: ci::run,
    },
    Command {
        name: "bench",
        usage: "[<name>] [-- <arguments>]",
        summary: "build for release and measure: web, micro, log, startup; edge, stores, live, durability by name only",
        run: bench::run,
    },
    Command {
        name: "instructions",
        usage: "",
        summary: "count what each call costs in instructions; fail over 2 % from the table in docs/benchmarks.md",
        run: instructions::run,
    },
    Command {
        name: "explore",
        usage: "",
        summary: "try every order of calls and every spelling of a number, which takes minutes",
        run: lengthy::explore,
    },
    Command {
        name: "soak",
        usage: "",
        summary: "run the tests that take minutes: load beside attackers, and a log that stalls",
        run: lengthy::soak,
    },
    Command {
        name: "trials",
        usage: "",
        summary: "try the edge app on each store: races, outages, more sends than instances, sweeping",
        run: lengthy::trials,
    },
    Command {
        name: "edge",
        usage: "",
        summary: "build the edge app, for each of its stores and hosts",
        run: edge::run,
    },
    Command {
        name: "shape",
        usage: "",
        summary: "count what makes the code hard to read, and hold each number to its limit",
        run: shape::run,
    },
    Command {
        name: "wit",
        usage: "",
        summary: "format wit/ and vendor wit/deps again",
        run: wit::run,
    },
    Command {
        name: "messages",
        usage: "",
        summary: "render every message in every language into one page",
        run: messages::run,
    },
    Command {
        name: "phone-table",
        usage: "",
        summary: "generate the core's table of phone numbers again",
        run: phone_table::run,
    },
];

/// Prints every command.
pub(crate) fn print() {
    println!("cargo xtask <command>\n");
    for command in COMMANDS {
        println!("  {:<12} {}", command.name, command.summary);
        if !command.usage.is_empty() {
            println!("  {:<12}   {} {}", "", command.name, command.usage);
        }
    }
}

/// Prints one command.
pub(crate) fn print_one(command: &Command) {
    println!("cargo xtask {} {}\n  {}", command.name, command.usage, command.summary);
}

/// The commands' names, for a message.
pub(crate) fn names() -> String {
    let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_own_name() {
        for (place, command) in COMMANDS.iter().enumerate() {
            assert!(COMMANDS.iter().skip(place + 1).all(|other| other.name != command.name));
        }
    }
}
