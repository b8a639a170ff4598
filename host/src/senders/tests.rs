//! The senders, each with a real message.

use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use countersign_contract::types::Channel;
use countersign_contract::{Pii, Secret, Timestamp};
use countersign_providers::{Content, FileSettings, Message, NativeSettings};

use super::*;

fn message(code: &str) -> Message {
    Message {
        tenant: "default".into(),
        purpose: "login".into(),
        channel: Channel::Sms,
        recipient: Pii::new("+6281234567890".into()),
        code: Secret::new(code.into()),
        challenge_id: "c1".into(),
        send_number: 1,
        lifetime_seconds: 300,
        expires_at: Timestamp(1_800_000_000),
        reference: Some("order \"7\"\n".into()),
        locale: None,
        content: Content::None,
        callback_url: None,
    }
}

fn file(path: &Path) -> Result<Native, Problems> {
    let settings = FileSettings { path: path.to_owned() };
    Native::open("senders.sms", &NativeSettings::File(&settings), Stream::StandardOutput)
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_console_gets_one_line_per_message() {
    let out = Shared::default();
    Console::to(out.clone()).send(&message("123456")).await.unwrap();
    let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
    assert_eq!(
        text,
        "[sms] to +6281234567890: code 123456 for login, reference \"order \\\"7\\\"\\n\", good for 300 s\n"
    );
}

#[tokio::test]
async fn lines_of_many_processes_do_not_mix() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("codes.jsonl");
    // Each opens the file for itself, as each process would.
    let files: Vec<_> = (0..4).map(|_| Arc::new(file(&path).unwrap())).collect();
    let mut sends = tokio::task::JoinSet::new();
    for number in 0..400_usize {
        let file = Arc::clone(&files[number % 4]);
        let message = message(&format!("{number:06}"));
        sends.spawn(async move { file.send(&message, Duration::from_secs(5)).await });
    }
    while let Some(sent) = sends.join_next().await {
        sent.unwrap().unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let mut codes: Vec<String> = text
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["to"], "+6281234567890");
            line["code"].as_str().unwrap().to_owned()
        })
        .collect();
    codes.sort();
    let expected: Vec<String> = (0..400).map(|number| format!("{number:06}")).collect();
    assert_eq!(codes, expected);
}

#[cfg(unix)]
#[test]
fn the_file_of_codes_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("codes.jsonl");
    file(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_file_that_cannot_be_opened_names_the_setting() {
    let directory = tempfile::tempdir().unwrap();
    let problems = file(&directory.path().join("absent/codes.jsonl")).err().unwrap();
    assert_eq!(problems.0[0].path, "senders.sms.path");
}
