//! The README's clients, in TypeScript and in Python, against the real binary.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use countersign_tests::outbox::wrong;
use countersign_tests::process::Host;
use countersign_tests::settings::{self, Workplace};

const PATIENCE: Duration = Duration::from_secs(30);

/// Sends a code to `+6281234567890`, tells the id, and answers each line that it reads: a code. Then it asks for
/// another code, which the cooldown refuses.
const TYPESCRIPT: &str = r#"
import { createInterface } from "node:readline";
const tell = async (what: () => Promise<unknown>) =>
  console.log(await what().catch((error) => `error: ${error.message}`));
const id = await sendCode("+6281234567890");
console.log(id);
for await (const code of createInterface({ input: process.stdin })) await tell(() => isRight(id, code));
await tell(() => sendCode("+6281234567890"));
"#;

const PYTHON: &str = r#"
import sys

def tell(what):
    try:
        print(str(what()).lower(), flush=True)
    except RuntimeError as error:
        print(f"error: {error}", flush=True)

id = send_code("+6281234567890")
print(id, flush=True)
for line in sys.stdin:
    tell(lambda: is_right(id, line.strip()))
tell(lambda: send_code("+6281234567890"))
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_in_typescript_works() {
    works("ts", TYPESCRIPT, &program("COUNTERSIGN_TEST_NODE")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_in_python_works() {
    works("python", PYTHON, &program("COUNTERSIGN_TEST_PYTHON")).await;
}

async fn works(language: &str, driver: &str, program: &Path) {
    let workplace = Workplace::new().unwrap();
    let senders = workplace.senders(&["sms"]);
    let rules = "[purposes.login]\nchannels = [\"sms\"]\n";
    let sections =
        [settings::SERVER, settings::MEMORY, &senders, settings::LOG, settings::KEYS, rules];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let host = Host::start(&config).await.unwrap();

    let address = format!("\"http://{}\"", host.address());
    let client = block(language).replace("\"http://localhost:8080\"", &address);
    assert!(client.contains(&address), "{client}");
    let script = workplace.path().join(format!("client.{}", &language[..2]));
    std::fs::write(&script, client + driver).unwrap();
    let mut running = Running::start(Command::new(program).arg(&script));

    let id = running.line();
    let code = workplace.outbox().code(&id);
    for (code, said) in [
        (wrong(&code), "false"),
        (code.clone(), "true"),
        (code, "error: There is no such challenge."),
    ] {
        let mut input = running.child.stdin.as_ref().expect("it is open");
        input.write_all(format!("{code}\n").as_bytes()).unwrap();
        let line = running.line();
        assert!(line.starts_with(said), "{code}: {line}");
    }
    drop(running.child.stdin.take());
    let last = running.line();
    assert!(last.starts_with("error: Too many requests"), "{last}");
    assert!(running.child.wait().unwrap().success());
}

/// A program of which each line is awaited; killed on drop.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the client says something")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The one block of the README in this language.
fn block(language: &str) -> String {
    let readme = std::fs::read_to_string(super::root().join("README.md")).unwrap();
    let begin = format!("```{language}\n");
    let mut blocks = readme.split(&begin).skip(1);
    let block = blocks.next().expect("the README has one");
    assert!(blocks.next().is_none(), "the README has two");
    block.split_once("```").expect("the block ends").0.to_owned()
}

fn program(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| panic!("`cargo xtask test` installs it and sets {variable}")).into()
}
