//! One connection to a mail server, and what is said over it: every step with its own deadline.

use std::time::Duration;

use countersign_providers::Tls;
use data_encoding::BASE64;
use lettre::Address;
use tokio::time::{Instant, timeout, timeout_at};
use zeroize::Zeroizing;

use super::letter::Letter;
use super::offer::Offer;
use super::outcome::{Cause, Phase, Refusal, SmtpError};
use super::reply::{Kind, SmtpReply};
use super::settings::{Account, Credentials};
use super::stream::{Encryption, Stream, Trouble};
use crate::tls::{self, Secured};

/// How long each step may take; what the server does with a whole mail may take all the time that is left.
const STEP_LIMIT: Duration = Duration::from_secs(10);
/// How long a polite end may take.
const FAREWELL_LIMIT: Duration = Duration::from_secs(2);

/// A connection that has signed in.
pub(super) struct Conversation {
    stream: Stream,
}

impl Conversation {
    /// Connects and signs in.
    pub(super) async fn open(account: &Account, end: Instant) -> Result<Self, SmtpError> {
        let (mut stream, offer) = greeted(account, end).await?;
        if let Some(credentials) = &account.credentials {
            sign_in(&mut stream, offer, credentials, end).await?;
        }
        Ok(Self { stream })
    }

    /// Begins a mail from `sender`.
    pub(super) async fn begin(&mut self, sender: &Address, end: Instant) -> Result<(), SmtpError> {
        let command = format!("MAIL FROM:<{sender}>");
        ask(&mut self.stream, Phase::From, &command, Kind::Done, end).await.map(drop)
    }

    /// Hands over the mail that [`begin`](Self::begin) began.
    pub(super) async fn finish(
        &mut self,
        recipient: &Address,
        letter: &Letter,
        end: Instant,
    ) -> Result<(), SmtpError> {
        let command = format!("RCPT TO:<{recipient}>");
        ask(&mut self.stream, Phase::Recipient, &command, Kind::Done, end).await?;
        ask(&mut self.stream, Phase::Content, "DATA", Kind::GoOn, end).await?;
        self.hand_over(&letter.bytes, end).await
    }

    async fn hand_over(&mut self, bytes: &[u8], end: Instant) -> Result<(), SmtpError> {
        let content = stuffed(bytes);
        answered(Phase::Content, timeout_at(end, self.stream.write(&content)).await.ok())?;
        let phase = Phase::HandedOver;
        let ending = async {
            self.stream.write(b".\r\n").await?;
            self.stream.read().await
        };
        let reply = answered(phase, timeout_at(end, ending).await.ok())?;
        expect(phase, reply, Kind::Done).map(drop)
    }

    /// Says good-bye, in its own time.
    pub(super) fn leave(self) {
        tokio::spawn(self.quit());
    }

    /// Says good-bye, and waits for the server's.
    pub(super) async fn quit(mut self) {
        let quit = async {
            self.stream.write(b"QUIT\r\n").await?;
            self.stream.read().await
        };
        // The connection ends either way.
        let _ = timeout(FAREWELL_LIMIT, quit).await;
    }

    /// What the handshake settled, where the connection is encrypted.
    pub(super) fn secured(&self) -> Option<Secured> {
        self.stream.secured()
    }
}

/// A connection on which both sides have greeted, encrypted as the settings want it.
async fn greeted(account: &Account, end: Instant) -> Result<(Stream, Offer), SmtpError> {
    let connecting = Stream::connect(&account.host, account.port);
    let stream = step(Phase::Greeting, end, connecting).await?;
    let (mut stream, encryption) = match (account.tls, &account.encryption) {
        (Tls::None, _) => (Stream::plain(stream), None),
        (Tls::Starttls, Some(encryption)) => (Stream::plain(stream), Some(encryption)),
        (Tls::Tls, Some(encryption)) => {
            let encrypting = Stream::encrypted(stream, encryption);
            (step(Phase::Greeting, end, encrypting).await?, None)
        }
        // Settings that hold have what encrypts. Were it missing, nothing would go out in plain text.
        (_, None) => return Err(failure(Phase::Encryption, Cause::Tls)),
    };
    let greeting = step(Phase::Greeting, end, stream.read()).await?;
    expect(Phase::Greeting, greeting, Kind::Done)?;
    let offer = greet(&mut stream, Phase::Greeting, account, end).await?;
    match encryption {
        None => Ok((stream, offer)),
        Some(encryption) => encrypt(stream, offer, encryption, account, end).await,
    }
}

/// Greets the server. One that knows no EHLO is greeted as RFC 5321, section 3.2, has it, and
/// offers nothing.
async fn greet(
    stream: &mut Stream,
    phase: Phase,
    account: &Account,
    end: Instant,
) -> Result<Offer, SmtpError> {
    let reply = exchange(stream, phase, &format!("EHLO {}", account.client), end).await?;
    if matches!(reply.code, 500 | 502) {
        ask(stream, phase, &format!("HELO {}", account.client), Kind::Done, end).await?;
        return Ok(Offer::default());
    }
    expect(phase, reply, Kind::Done).map(|reply| Offer::read(&reply))
}

async fn encrypt(
    mut stream: Stream,
    offer: Offer,
    encryption: &Encryption,
    account: &Account,
    end: Instant,
) -> Result<(Stream, Offer), SmtpError> {
    let phase = Phase::Encryption;
    if !offer.starttls {
        return Err(failure(phase, Cause::NotOffered));
    }
    ask(&mut stream, phase, "STARTTLS", Kind::Done, end).await?;
    let mut stream = step(phase, end, stream.encrypt(encryption)).await?;
    // What was offered in plain text may have been an attacker's: it is asked for again.
    let offer = greet(&mut stream, phase, account, end).await?;
    Ok((stream, offer))
}

/// Signs in by `PLAIN`, or else by `LOGIN`.
async fn sign_in(
    stream: &mut Stream,
    offer: Offer,
    credentials: &Credentials,
    end: Instant,
) -> Result<(), SmtpError> {
    let phase = Phase::SignIn;
    let encode = |text: &str| Zeroizing::new(BASE64.encode(text.as_bytes()));
    let user = credentials.user.as_str();
    let password = credentials.password.expose();
    let (command, answers) = if offer.plain {
        let both = encode(&Zeroizing::new(format!("\0{user}\0{password}")));
        (Zeroizing::new(format!("AUTH PLAIN {}", both.as_str())), vec![both])
    } else if offer.login {
        // Whatever stands behind 334: first the user, then the password
        // (draft-murchison-sasl-login).
        (Zeroizing::new("AUTH LOGIN".to_owned()), vec![encode(user), encode(password)])
    } else {
        return Err(failure(phase, Cause::NotOffered));
    };
    let mut reply = exchange(stream, phase, &command, end).await?;
    for answer in answers {
        if reply.kind() == Kind::GoOn {
            reply = exchange(stream, phase, &answer, end).await?;
        }
    }
    expect(phase, reply, Kind::Done).map(drop)
}

/// Sends a command, and wants an answer of that kind.
async fn ask(
    stream: &mut Stream,
    phase: Phase,
    command: &str,
    kind: Kind,
    end: Instant,
) -> Result<SmtpReply, SmtpError> {
    let reply = exchange(stream, phase, command, end).await?;
    expect(phase, reply, kind)
}

async fn exchange(
    stream: &mut Stream,
    phase: Phase,
    command: &str,
    end: Instant,
) -> Result<SmtpReply, SmtpError> {
    let line = Zeroizing::new(format!("{command}\r\n"));
    let exchange = async {
        stream.write(line.as_bytes()).await?;
        stream.read().await
    };
    step(phase, end, exchange).await
}

async fn step<T>(
    phase: Phase,
    end: Instant,
    step: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, SmtpError> {
    let limit = end.min(Instant::now() + STEP_LIMIT);
    answered(phase, timeout_at(limit, step).await.ok())
}

fn answered<T>(phase: Phase, answer: Option<Result<T, Trouble>>) -> Result<T, SmtpError> {
    let answer = answer.ok_or_else(|| failure(phase, Cause::Late))?;
    answer.map_err(|trouble| failure(phase, cause(trouble)))
}

/// A reply of another kind than this phase has is as good as none.
fn expect(phase: Phase, reply: SmtpReply, kind: Kind) -> Result<SmtpReply, SmtpError> {
    match reply.kind() {
        found if found == kind => Ok(reply),
        Kind::Refused => Err(failure(phase, Cause::Refused(Refusal::new(&reply)))),
        Kind::Done | Kind::GoOn => Err(failure(phase, Cause::Garbled)),
    }
}

fn failure(phase: Phase, cause: Cause) -> SmtpError {
    SmtpError { phase, cause }
}

fn cause(trouble: Trouble) -> Cause {
    let error = match trouble {
        Trouble::Broken(error) => error,
        Trouble::Garbled => return Cause::Garbled,
    };
    match tls::within(&error) {
        Some(rustls::Error::InvalidCertificate(error)) => Cause::Untrusted(error.clone()),
        Some(_) => Cause::Tls,
        None => Cause::Broken,
    }
}

/// A mail as it goes over the wire (RFC 5321, section 4.5.2): a full stop that begins a line is
/// doubled, and the last line ends.
fn stuffed(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut content = Zeroizing::new(Vec::with_capacity(bytes.len() + bytes.len() / 16 + 2));
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            content.push(b'.');
        }
        content.extend_from_slice(line);
    }
    if !content.ends_with(b"\r\n") {
        content.extend_from_slice(b"\r\n");
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_mail_ends_it() {
        for (mail, sent) in [
            (&b"a\r\nb\r\n"[..], &b"a\r\nb\r\n"[..]),
            (b"a\r\n.\r\nb", b"a\r\n..\r\nb\r\n"),
            (b".\r\n..\r\n.c\r\n", b"..\r\n...\r\n..c\r\n"),
            (b"", b"\r\n"),
        ] {
            assert_eq!(*stuffed(mail), sent);
        }
    }
}
