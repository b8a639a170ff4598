//! What this machine has of what single tests need. A test that it can't run is `ignored`, with the reason, by a `cfg` of
//! these names; none may return early and pass.
//!
//! Looked at again where `PATH` changes. Where something went away without that, its tests fail and say what is missing.

use std::fs::File;
use std::net::{Ipv6Addr, TcpListener};
use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PATH");
    for (name, is_there) in [
        ("has_ipv6", TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()),
        ("has_script", has_script()),
        ("has_spin", is_on_path("spin")),
        ("has_wasmtime", is_on_path("wasmtime")),
        ("reads_memory", reads_memory()),
    ] {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if is_there {
            println!("cargo::rustc-cfg={name}");
        }
    }
}

/// Where `Runtime::spin` and `Runtime::wasmtime` look.
fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// That of util-linux, which runs a command at a terminal; others know no `--version`.
fn has_script() -> bool {
    let mut script = Command::new("script");
    script.arg("--version").stdin(Stdio::null());
    script.output().is_ok_and(|output| output.status.success())
}

/// Whether the memory of a process that one has started may be read: Linux lets a process forbid that, and so do some
/// containers.
fn reads_memory() -> bool {
    let Ok(mut child) = Command::new("sleep").arg("60").spawn() else { return false };
    let is_open = File::open(format!("/proc/{}/mem", child.id())).is_ok();
    let _ = child.kill().and_then(|()| child.wait());
    is_open
}
