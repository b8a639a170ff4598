//! The README's "Try it", run as it is written: `cargo xtask serve`, and every command under it with the output that
//! stands below.
//!
//! What no two runs share (ids, times, the code) is compared by its form. The one change is the port, which is a
//! free one here.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A first build of the host may be part of it.
const READY_WITHIN: Duration = Duration::from_secs(1_500);
const SENT_WITHIN: Duration = Duration::from_secs(30);

#[test]
fn the_readme_runs_as_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let steps = steps(section(&readme, "## Try it"));
    let (serve, calls) = steps.split_first().expect("the README begins with a command");
    assert_eq!(serve.command, "cargo xtask serve");
    assert!(calls.len() >= 4, "issue, a wrong code, the right one, and the right one again");

    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Server::start(&root, &serve.command, port);
    server.line_with("ready", READY_WITHIN);
    let sample = sample_message(&readme);
    let mut known = BTreeMap::new();
    for step in calls {
        let command = step.command.replace("localhost:8080", &format!("localhost:{port}"));
        let command = with_known(&command, &known);
        let shell = Command::new("sh").args(["-c", &command]).output().unwrap();
        let printed = String::from_utf8(shell.stdout).unwrap();
        assert!(shell.status.success(), "{command}: {}", String::from_utf8_lossy(&shell.stderr));
        assert_eq!(form(&printed), form(&step.output), "{command}");
        if known.is_empty() {
            let message = server.line_with("[sms]", SENT_WITHIN);
            assert_eq!(form(&message), form(&sample));
            known.insert(code_in(&sample), code_in(&message));
        }
    }
}

/// A command of the README and the output that it promises.
struct Step {
    command: String,
    output: String,
}

fn section<'a>(readme: &'a str, heading: &str) -> &'a str {
    let (_, rest) = readme.split_once(heading).expect("the README has that section");
    rest.split_once("\n## ").map_or(rest, |(section, _)| section)
}

fn steps(section: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for block in section.split("```console\n").skip(1) {
        let (block, _) = block.split_once("```").expect("the block ends");
        for part in format!("\n{block}").split("\n$ ").skip(1) {
            let (command, output) = part.split_once('\n').unwrap_or((part, ""));
            steps.push(Step { command: command.into(), output: output.trim_end().into() });
        }
    }
    steps
}

fn sample_message(readme: &str) -> String {
    let message = readme.lines().find(|line| line.starts_with("[sms]"));
    message.expect("the README shows the message").into()
}

fn code_in(message: &str) -> String {
    let (_, rest) = message.split_once("code ").expect("the message names the code");
    rest.chars().take_while(char::is_ascii_digit).collect()
}

fn with_known(command: &str, known: &BTreeMap<String, String>) -> String {
    known.iter().fold(command.into(), |command, (sample, real)| command.replace(sample, real))
}

/// A text with what no two runs share replaced: ids, times of day, codes.
fn form(text: &str) -> String {
    let mut form = String::new();
    for (position, word) in text.trim_end().split('"').enumerate() {
        if position > 0 {
            form.push('"');
        }
        let challenge = word.strip_prefix("login.").is_some_and(|rest| rest.len() == 64);
        let time = word.len() == 20 && word.ends_with('Z') && word.as_bytes()[10] == b'T';
        match (challenge, time) {
            (true, _) => form.push_str("<id>"),
            (_, true) => form.push_str("<time>"),
            _ => form.push_str(word),
        }
    }
    match form.split_once(": code ") {
        Some((before, rest)) => {
            let after = rest.trim_start_matches(|sign: char| sign.is_ascii_digit());
            format!("{before}: code <code>{after}")
        }
        None => form,
    }
}

/// `cargo xtask serve`, ended with the test.
struct Server {
    child: Child,
    lines: Receiver<String>,
}

impl Server {
    fn start(root: &Path, command: &str, port: u16) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", &format!("exec {command} 2>&1")])
            .current_dir(root)
            .env("COUNTERSIGN_SERVER__LISTEN", format!("127.0.0.1:{port}"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in printed.lines().map_while(Result::ok) {
                println!("server: {line}");
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// The next line that holds a word.
    fn line_with(&self, word: &str, within: Duration) -> String {
        loop {
            let line = self.lines.recv_timeout(within).expect("the server says it in time");
            if line.contains(word) {
                return line;
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // cargo and xtask have become the host by now, or wait for it: all of them end with this.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
