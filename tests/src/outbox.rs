//! What was sent: the JSON lines of the sender `file`.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// The messages in a file that any number of hosts append to. A message is there before its request is answered.
pub struct Outbox {
    path: PathBuf,
    read: Mutex<Messages>,
}

#[derive(Default)]
struct Messages {
    position: u64,
    messages: Vec<Value>,
}

impl Outbox {
    /// The messages in `path`, which need not be there yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, read: Mutex::default() }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every message so far, in the order in which they were sent.
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        self.look(<[Value]>::to_vec)
    }

    /// How many messages were sent.
    #[must_use]
    pub fn count(&self) -> usize {
        self.look(<[Value]>::len)
    }

    /// The last message of a challenge; null where there is none.
    #[must_use]
    pub fn message(&self, challenge: &str) -> Value {
        let of_challenge = |message: &&Value| text(message, "challenge_id") == challenge;
        self.look(|messages| messages.iter().rfind(of_challenge).cloned()).unwrap_or_default()
    }

    /// The code in the last message of a challenge; empty where there is none.
    #[must_use]
    pub fn code(&self, challenge: &str) -> String {
        text(&self.message(challenge), "code").to_owned()
    }

    fn look<T>(&self, look: impl FnOnce(&[Value]) -> T) -> T {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        // Without a file, nothing was sent.
        let _ = read.read_on(&self.path);
        look(&read.messages)
    }
}

impl Messages {
    fn read_on(&mut self, path: &Path) -> std::io::Result<()> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(self.position))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            self.position += line.len() as u64;
            self.messages.push(serde_json::from_str(line)?);
        }
        Ok(())
    }
}

/// A field of a message that is text; empty where it is absent.
#[must_use]
pub fn text<'a>(message: &'a Value, field: &str) -> &'a str {
    message.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A code of the same length and alphabet that is another one.
#[must_use]
pub fn wrong(code: &str) -> String {
    let other = if code.starts_with('2') { '3' } else { '2' };
    let mut wrong: String = code.chars().skip(1).collect();
    wrong.insert(0, other);
    wrong
}
