//! The senders, each with a real message.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use super::*;
use crate::bindings::countersign::otp::types;
use crate::config::FileSettings;

fn message(channel: types::Channel, code: &str) -> Message {
    Message {
        tenant: "default".into(),
        purpose: "login".into(),
        channels: vec![channel],
        may_send_twice: false,
        recipient: "+6281234567890".into(),
        code: code.into(),
        challenge_id: "c1".into(),
        send_number: 1,
        lifetime_seconds: 300,
        expires_at: 1_800_000_000,
        reference: Some("order \"7\"\n".into()),
        locale: None,
    }
}

fn file_settings(path: &std::path::Path) -> SendersSettings {
    SendersSettings {
        sms: Some(SenderSettings::File(FileSettings { path: path.to_owned() })),
        ..SendersSettings::default()
    }
}

fn open(settings: &SendersSettings, mode: Mode) -> Result<Router, OpenError> {
    Router::open(settings, mode, Stream::StandardOutput)
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
    let delivery =
        Console::to(out.clone()).send(message(types::Channel::Sms, "123456")).await.unwrap();
    assert_eq!(delivery.provider, "console");
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
    // Each router opens the file for itself, as each process would.
    let routers: Vec<_> =
        (0..4).map(|_| Arc::new(open(&file_settings(&path), Mode::Development).unwrap())).collect();
    let mut sends = tokio::task::JoinSet::new();
    for number in 0..400_usize {
        let router = Arc::clone(&routers[number % 4]);
        let code = format!("{number:06}");
        sends.spawn(async move { router.send(message(types::Channel::Sms, &code)).await });
    }
    while let Some(sent) = sends.join_next().await {
        assert_eq!(sent.unwrap().unwrap().provider, "file");
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
    open(&file_settings(&path), Mode::Development).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_channel_without_a_provider_names_the_setting() {
    let router = open(&SendersSettings::default(), Mode::Production).unwrap();
    let error = router.send(message(types::Channel::Whatsapp, "123456")).await.unwrap_err();
    let SendError::NotConfigured(text) = error else { panic!("another error") };
    assert!(text.contains("[senders.whatsapp]"), "{text}");
}

#[test]
fn production_opens_no_sender_that_shows_codes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("codes.jsonl");
    let opened = open(&file_settings(&path), Mode::Production);
    assert!(matches!(opened, Err(OpenError::DevelopmentOnly("sms"))));
    assert!(!path.exists());
}
