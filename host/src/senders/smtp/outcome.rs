//! What a failure means for the caller: RFC 5321's replies and RFC 3463's details, read phase by phase. Nothing of a
//! server's text is repeated, only its numbers.

use std::fmt;

use countersign_providers::SendError;
use rustls::CertificateError;

/// How far it had come. Until the end of the content nothing can have gone out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// Connecting, and both sides' greetings.
    Greeting,
    /// `STARTTLS`, the handshake, and the greeting after it.
    Encryption,
    /// `AUTH`.
    SignIn,
    /// `MAIL FROM`.
    From,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`, and the content up to its end.
    Content,
    /// The content's end was on its way: the mail may have been taken.
    HandedOver,
}

/// What went wrong.
#[derive(Debug)]
pub(super) enum Cause {
    /// The connection broke, or was never made.
    Broken,
    /// What came back isn't SMTP, or not what it has to be at this place.
    Garbled,
    /// No answer in time.
    Late,
    /// The server doesn't offer what we need in this phase.
    NotOffered,
    /// The server said no.
    Refused(Reply),
    /// The handshake failed, but for the certificate.
    Tls,
    /// The server's certificate isn't good.
    Untrusted(CertificateError),
}

/// A failure, and when.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) phase: Phase,
    pub(super) cause: Cause,
}

/// The numbers of a server's refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Reply {
    code: u16,
    /// Subject and detail of the enhanced status code, where there is one.
    enhanced: Option<(u16, u16)>,
}

impl Reply {
    /// Of a reply's code and text, only numbers are kept.
    pub(super) fn new(code: u16, text: &str) -> Self {
        let numbers = text.split_whitespace().next().unwrap_or_default();
        let mut numbers = numbers.split('.').map(number);
        let enhanced = match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
            (Some(Some(class)), Some(Some(subject)), Some(Some(detail)), None)
                if class == code / 100 =>
            {
                Some((subject, detail))
            }
            _ => None,
        };
        Self { code, enhanced }
    }

    fn is_transient(self) -> bool {
        self.code < 500
    }
}

/// One to three digits, as RFC 3463 has them.
fn number(text: &str) -> Option<u16> {
    let is_number = text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

impl fmt::Display for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.code)?;
        match self.enhanced {
            Some((subject, detail)) => {
                write!(formatter, " {}.{subject}.{detail}", self.code / 100)
            }
            None => Ok(()),
        }
    }
}

impl Failure {
    /// Whether a connection that had been idle may just have been closed meanwhile: nothing was sent over it yet.
    pub(super) fn is_stale(&self) -> bool {
        match (&self.cause, self.phase) {
            (Cause::Refused(reply), Phase::From) => reply.is_transient(),
            (Cause::Broken | Cause::Garbled | Cause::Late, Phase::From) => true,
            _ => false,
        }
    }

    /// The outcome, with settings named as they stand at `path`.
    pub(super) fn outcome(&self, path: &str) -> SendError {
        let is_handed_over = self.phase == Phase::HandedOver;
        match &self.cause {
            Cause::Broken | Cause::Garbled if is_handed_over => SendError::Unreadable,
            Cause::Late if is_handed_over => SendError::Timeout,
            Cause::Broken | Cause::Garbled | Cause::Late => SendError::Unavailable,
            Cause::NotOffered if self.phase == Phase::SignIn => SendError::NotConfigured(format!(
                "{path}.user: the server offers no way to sign in with a password"
            )),
            Cause::NotOffered => {
                SendError::NotConfigured(format!("{path}.tls: the server doesn't offer STARTTLS"))
            }
            Cause::Tls => SendError::NotConfigured(format!(
                "{path}.tls: the TLS handshake failed: is it the right mode for the port?"
            )),
            Cause::Untrusted(error) => SendError::NotConfigured(format!(
                "{path}: the server's certificate {}",
                complaint(error)
            )),
            Cause::Refused(reply) => refusal(self.phase, *reply, path),
        }
    }
}

fn complaint(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "is for another name than `host`"
        }
        CertificateError::UnknownIssuer => {
            "comes from an authority that isn't trusted: see ca_file"
        }
        _ => "is not good",
    }
}

fn refusal(phase: Phase, reply: Reply, path: &str) -> SendError {
    if matches!(reply.code, 530 | 534 | 535 | 538) {
        return SendError::Unauthorised;
    }
    if reply.is_transient() {
        return transient(phase, reply);
    }
    match phase {
        Phase::Greeting => {
            SendError::Other(format!("{path}: the server refuses to talk to us: {reply}"))
        }
        Phase::Encryption => {
            SendError::NotConfigured(format!("{path}.tls: the server refuses STARTTLS: {reply}"))
        }
        Phase::SignIn if reply.code < 505 => SendError::NotConfigured(format!(
            "{path}.user: the server refuses our way to sign in: {reply}"
        )),
        Phase::SignIn => SendError::Unauthorised,
        Phase::From => refused_sender(reply, path),
        Phase::Recipient => refused_recipient(reply, path),
        Phase::Content | Phase::HandedOver => {
            SendError::Other(format!("{path}: the server refuses the mail: {reply}"))
        }
    }
}

/// A greylist and a limit look alike. What speaks of policy or of too many recipients is taken for a limit, all else
/// for a server in trouble; either way the mail may pass later.
fn transient(phase: Phase, reply: Reply) -> SendError {
    match (phase, reply.code, reply.enhanced) {
        // RFC 4954: the server can't look passwords up right now.
        (Phase::SignIn, 454, _) => SendError::Unavailable,
        (_, _, Some((7, _))) | (_, 452, Some((5, 3))) => SendError::Throttled(None),
        _ => SendError::Unavailable,
    }
}

fn refused_sender(reply: Reply, path: &str) -> SendError {
    SendError::NotConfigured(format!("{path}.from: the server refuses this sender: {reply}"))
}

fn refused_recipient(reply: Reply, path: &str) -> SendError {
    match (reply.enhanced, reply.code) {
        // Servers that judge the sender only now: Postfix does.
        (Some((1, 7 | 8)), _) => refused_sender(reply, path),
        (Some((1 | 2, _)), _) | (None, 550..=554) => SendError::RecipientRefused,
        _ => SendError::Other(format!(
            "{path}: the server won't carry mail from us to this recipient: {reply}"
        )),
    }
}
