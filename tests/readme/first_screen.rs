//! The README's "Try it" and "At the edge", run as they are written: the server, and every command under it with the
//! output that stands below.
//!
//! What no two runs share (ids, times, the code) is compared by its form. What is changed is the port, which is a
//! free one here, and `spin`, for which the stand-in stands where there is none on the `PATH`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use countersign_tests::edge::Runtime;
use countersign_tests::redis::free_port;
use rustix::process::{Pid, Signal, kill_process_group};

/// A first build of the host may be part of it.
const READY_WITHIN: Duration = Duration::from_secs(1_500);
const SENT_WITHIN: Duration = Duration::from_secs(30);

#[test]
fn the_readme_runs_as_written() {
    let readme = std::fs::read_to_string(super::root().join("README.md")).unwrap();
    let steps = steps(section(&readme, "## Try it"));
    let (serve, calls) = steps.split_first().expect("the README begins with a command");
    assert_eq!(serve.command, "cargo xtask serve");
    assert!(calls.len() >= 4, "issue, a wrong code, the right one, and the right one again");

    let port = free_port().unwrap();
    let server = Server::start(&serve.command, ("COUNTERSIGN_SERVER__LISTEN", port));
    server.line_with("ready", READY_WITHIN);
    make(calls, &server, port, 8080, &sample_message(&readme));
}

#[test]
fn the_readme_runs_at_the_edge_as_written() {
    let readme = std::fs::read_to_string(super::root().join("README.md")).unwrap();
    let steps = steps(section(&readme, "## At the edge"));
    let (up, calls) = steps.split_first().expect("the section begins with a command");
    let arguments =
        up.command.strip_prefix("spin build --up ").expect("it is Spin that is started");
    assert_eq!(calls.len(), 3, "issue, verify, verify again");

    let port = free_port().unwrap();
    let runtime = Runtime::spin().unwrap_or_else(|| Runtime::stand_in().unwrap());
    println!("the edge runs on {}", runtime.name());
    let state = tempfile::tempdir().unwrap();
    // Built it is already.
    let command = format!(
        "{} up --from spin.toml --listen 127.0.0.1:{port} --state-dir {} {arguments}",
        runtime.program().display(),
        state.path().display()
    );
    let server = Server::start(&command, ("NONE", port));
    server.line_with("Serving http://", READY_WITHIN);
    make(calls, &server, port, 3000, &sample_message(&readme));
}

/// Makes the calls of a section, whose first one is answered with a message like `sample` on the server's side.
fn make(calls: &[Step], server: &Server, port: u16, readmes: u16, sample: &str) {
    let mut known = BTreeMap::new();
    for step in calls {
        let there = format!("localhost:{readmes}");
        let command = step.command.replace(&there, &format!("localhost:{port}"));
        let command = with_known(&command, &known);
        let shell = Command::new("sh").args(["-c", &command]).output().unwrap();
        let printed = String::from_utf8(shell.stdout).unwrap();
        assert!(shell.status.success(), "{command}: {}", String::from_utf8_lossy(&shell.stderr));
        assert_eq!(form(&printed), form(&step.output), "{command}");
        if known.is_empty() {
            known.insert(id_in(&step.output), id_in(&printed));
            let message = server.line_with("[sms]", SENT_WITHIN);
            assert_eq!(form(&message), form(sample));
            known.insert(code_in(sample), code_in(&message));
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

fn id_in(answer: &str) -> String {
    let id = answer.split('"').find(|word| word.starts_with("login."));
    id.expect("the answer names the challenge").into()
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
        let sign = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let cookie = word.len() == 28 && word.bytes().all(sign);
        form.push_str(match (challenge, time, cookie) {
            (true, _, _) => "<id>",
            (_, true, _) => "<time>",
            (_, _, true) => "<cookie>",
            _ => word,
        });
    }
    match form.split_once(": code ") {
        Some((before, rest)) => {
            let after = rest.trim_start_matches(|sign: char| sign.is_ascii_digit());
            format!("{before}: code <code>{after}")
        }
        None => form,
    }
}

/// A server, ended with the test.
struct Server {
    child: Child,
    lines: Receiver<String>,
}

impl Server {
    fn start(command: &str, (variable, port): (&str, u16)) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", &format!("exec {command} 2>&1")])
            .current_dir(super::root())
            .env(variable, format!("127.0.0.1:{port}"))
            // `spin up` serves from a process of its own, which has to end as well.
            .process_group(0)
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
        // All that the command became or started ends with this.
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let _ = group.map(|group| kill_process_group(group, Signal::KILL));
        let _ = self.child.wait();
    }
}
