//! One connection to a mail server, and what is said over it: every step with its own deadline.

use std::error::Error as _;
use std::io::{Error, ErrorKind};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_providers::Tls;
use futures_util::FutureExt;
use lettre::Address;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use super::guard::Guarded;
use super::letter::Letter;
use super::outcome::{Cause, Failure, Phase, Reply};
use super::settings::Account;

/// How long one address may take until it is connected to.
const CONNECT_LIMIT: Duration = Duration::from_secs(4);
/// How long each step may take; what the server does with a whole mail may take all the time that is left.
const STEP_LIMIT: Duration = Duration::from_secs(10);
/// How long a polite end may take.
const FAREWELL_LIMIT: Duration = Duration::from_secs(2);

/// A connection that has signed in.
pub(super) struct Conversation {
    connection: AsyncSmtpConnection,
}

impl Conversation {
    /// Connects and signs in.
    pub(super) async fn open(account: &Account, end: Instant) -> Result<Self, Failure> {
        // lettre 0.11 panics at a greeting with a line of nothing but spaces, which is the server's to send.
        let opening = AssertUnwindSafe(open(account, end)).catch_unwind();
        let opened =
            opening.await.unwrap_or(Err(Failure { phase: Phase::Greeting, cause: Cause::Garbled }));
        opened.map(|connection| Self { connection })
    }

    /// Begins a mail from `sender`.
    pub(super) async fn begin(&mut self, sender: &Address, end: Instant) -> Result<(), Failure> {
        let command = Mail::new(Some(sender.clone()), Vec::new());
        let reply = step(Phase::From, end, self.connection.command(command)).await?;
        expect(Phase::From, &reply, Severity::PositiveCompletion)
    }

    /// Hands over the mail that [`begin`](Self::begin) began.
    pub(super) async fn finish(
        &mut self,
        recipient: &Address,
        letter: &Letter,
        end: Instant,
    ) -> Result<(), Failure> {
        let command = Rcpt::new(recipient.clone(), Vec::new());
        let reply = step(Phase::Recipient, end, self.connection.command(command)).await?;
        expect(Phase::Recipient, &reply, Severity::PositiveCompletion)?;
        let reply = step(Phase::Content, end, self.connection.command(Data)).await?;
        expect(Phase::Content, &reply, Severity::PositiveIntermediate)?;
        self.hand_over(&letter.bytes, end).await
    }

    async fn hand_over(&mut self, bytes: &[u8], end: Instant) -> Result<(), Failure> {
        // lettre asks for a second part once the first is written, and ends the content when there is none.
        let is_ending = AtomicBool::new(false);
        let ending = std::iter::from_fn(|| {
            is_ending.store(true, Ordering::Relaxed);
            None
        });
        let content = std::iter::once(bytes).chain(ending);
        let answer = timeout_at(end, self.connection.message_iter(content)).await;
        let phase =
            if is_ending.load(Ordering::Relaxed) { Phase::HandedOver } else { Phase::Content };
        let reply = answered(phase, answer.ok())?;
        expect(phase, &reply, Severity::PositiveCompletion)
    }

    /// Says good-bye, in its own time.
    pub(super) fn leave(mut self) {
        tokio::spawn(async move { timeout(FAREWELL_LIMIT, self.connection.quit()).await });
    }
}

async fn open(account: &Account, end: Instant) -> Result<AsyncSmtpConnection, Failure> {
    let mut connection = match (account.tls, &account.encryption) {
        (Tls::None, _) => plain(account, end).await?,
        (Tls::Starttls, Some(encryption)) => {
            let mut connection = plain(account, end).await?;
            encrypt(&mut connection, encryption, account, end).await?;
            connection
        }
        (Tls::Tls, Some(encryption)) => {
            let server = (account.host.as_str(), account.port);
            let encryption = Some(encryption.clone());
            let connecting = AsyncSmtpConnection::connect_tokio1(
                server,
                Some(CONNECT_LIMIT),
                &account.client,
                encryption,
                None,
            );
            step(Phase::Greeting, end, connecting).await?
        }
        // Settings that hold have what encrypts. Were it missing, nothing would go out in plain text.
        (_, None) => return Err(failure(Phase::Encryption, Cause::Tls)),
    };
    if let Some(credentials) = &account.credentials {
        if connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
            return Err(failure(Phase::SignIn, Cause::NotOffered));
        }
        let signing_in = connection.auth(DEFAULT_MECHANISMS, credentials);
        let reply = step(Phase::SignIn, end, signing_in).await?;
        expect(Phase::SignIn, &reply, Severity::PositiveCompletion)?;
    }
    Ok(connection)
}

async fn plain(account: &Account, end: Instant) -> Result<AsyncSmtpConnection, Failure> {
    let limit = end.min(Instant::now() + STEP_LIMIT);
    let broken = |_| failure(Phase::Greeting, Cause::Broken);
    let connecting = timeout_at(limit, connect(&account.host, account.port));
    let stream = connecting.await.map_err(|_| failure(Phase::Greeting, Cause::Late))?;
    let stream = stream.map_err(broken)?;
    stream.set_nodelay(true).map_err(broken)?;
    let stream = Box::new(Guarded::new(stream));
    let greeting = AsyncSmtpConnection::connect_with_transport(stream, &account.client);
    step(Phase::Greeting, end, greeting).await
}

/// Connects to the first of the host's addresses that answers.
async fn connect(host: &str, port: u16) -> Result<TcpStream, Error> {
    let mut last = Error::from(ErrorKind::NotFound);
    for address in lookup_host((host, port)).await? {
        match timeout(CONNECT_LIMIT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

async fn encrypt(
    connection: &mut AsyncSmtpConnection,
    encryption: &TlsParameters,
    account: &Account,
    end: Instant,
) -> Result<(), Failure> {
    if !connection.can_starttls() {
        return Err(failure(Phase::Encryption, Cause::NotOffered));
    }
    let encrypting = connection.starttls(encryption.clone(), &account.client);
    step(Phase::Encryption, end, encrypting).await?;
    // Nothing but an encrypted connection gets any further, whatever a later lettre makes of a refusal.
    if connection.is_encrypted() {
        Ok(())
    } else {
        Err(failure(Phase::Encryption, Cause::NotOffered))
    }
}

async fn step<T>(
    phase: Phase,
    end: Instant,
    step: impl Future<Output = Result<T, smtp::Error>>,
) -> Result<T, Failure> {
    let limit = end.min(Instant::now() + STEP_LIMIT);
    answered(phase, timeout_at(limit, step).await.ok())
}

fn answered<T>(phase: Phase, answer: Option<Result<T, smtp::Error>>) -> Result<T, Failure> {
    let answer = answer.ok_or_else(|| failure(phase, Cause::Late))?;
    answer.map_err(|error| failure(phase, cause(&error)))
}

/// A reply of another kind than this phase has is as good as none.
fn expect(phase: Phase, reply: &Response, severity: Severity) -> Result<(), Failure> {
    if reply.code().severity == severity { Ok(()) } else { Err(failure(phase, Cause::Garbled)) }
}

fn failure(phase: Phase, cause: Cause) -> Failure {
    Failure { phase, cause }
}

fn cause(error: &smtp::Error) -> Cause {
    if let Some(code) = error.status() {
        // The source of such an error is the reply's text.
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        return Cause::Refused(Reply::new(code.into(), &text));
    }
    match handshake_error(error) {
        Some(rustls::Error::InvalidCertificate(error)) => Cause::Untrusted(error.clone()),
        Some(_) => Cause::Tls,
        None if error.is_response() || error.is_client() => Cause::Garbled,
        None => Cause::Broken,
    }
}

/// What rustls said, which lies at the bottom of other errors.
fn handshake_error(error: &smtp::Error) -> Option<&rustls::Error> {
    let mut source = error.source();
    while let Some(error) = source {
        let within = error.downcast_ref::<Error>().and_then(Error::get_ref);
        let found = within.and_then(|error| error.downcast_ref()).or_else(|| error.downcast_ref());
        if found.is_some() {
            return found;
        }
        source = error.source();
    }
    None
}
