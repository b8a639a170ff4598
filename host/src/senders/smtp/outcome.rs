//! What a failure means for the caller: RFC 5321's replies and RFC 3463's details, read phase by
//! phase. Of a server's text only the numbers are repeated, and to the operator alone the first
//! line of a refusal that its text made his.

use countersign_contract::types::SendError;
use countersign_providers::Unsent;
use lettre::Address;
use rustls::CertificateError;

pub(super) use super::refusal::Refusal;
use crate::tls;

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
    Refused(Refusal),
    /// The handshake failed, but for the certificate.
    Tls,
    /// The server's certificate isn't good.
    Untrusted(CertificateError),
}

/// A failure, and when.
#[derive(Debug)]
pub(super) struct SmtpError {
    pub(super) phase: Phase,
    pub(super) cause: Cause,
}

impl SmtpError {
    /// Whether a connection that had been idle may just have been closed meanwhile: nothing was sent over it yet.
    pub(super) fn is_stale(&self) -> bool {
        match (&self.cause, self.phase) {
            (Cause::Refused(refusal), Phase::From) => refusal.is_transient(),
            (Cause::Broken | Cause::Garbled | Cause::Late, Phase::From) => true,
            _ => false,
        }
    }

    /// The outcome of a mail to `recipient`, with settings named as they stand at `path`.
    pub(super) fn unsent(&self, path: &str, recipient: &Address) -> Unsent {
        let concerns_recipient = match &self.cause {
            Cause::Refused(refusal) => {
                self.phase == Phase::Recipient && refusal.is_transient() && !is_elsewhere(refusal)
            }
            _ => false,
        };
        Unsent { error: self.outcome(path, recipient), concerns_recipient }
    }

    /// The error of a mail to `recipient`.
    pub(super) fn outcome(&self, path: &str, recipient: &Address) -> SendError {
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
                tls::complaint(error)
            )),
            Cause::Refused(reply) => refusal(self.phase, reply, path, recipient),
        }
    }
}

fn refusal(phase: Phase, refusal: &Refusal, path: &str, recipient: &Address) -> SendError {
    if matches!(refusal.code, 530 | 534 | 535 | 538) {
        return SendError::Unauthorised;
    }
    if refusal.is_transient() {
        return transient(phase, refusal);
    }
    match phase {
        Phase::Greeting => {
            SendError::Other(format!("{path}: the server refuses to talk to us: {refusal}"))
        }
        Phase::Encryption => {
            SendError::NotConfigured(format!("{path}.tls: the server refuses STARTTLS: {refusal}"))
        }
        Phase::SignIn if refusal.code < 505 => SendError::NotConfigured(format!(
            "{path}.user: the server refuses our way to sign in: {refusal}"
        )),
        Phase::SignIn => SendError::Unauthorised,
        Phase::From => refused_sender(refusal, path),
        Phase::Recipient => refused_recipient(refusal, path, recipient),
        Phase::Content | Phase::HandedOver => refused_mail(refusal, path),
    }
}

/// A greylist and a limit look alike. What speaks of policy or of too many recipients is taken for a limit, all else
/// for a server in trouble; either way the mail may pass later.
fn transient(phase: Phase, refusal: &Refusal) -> SendError {
    match (phase, refusal.code, refusal.enhanced) {
        // RFC 3207 and RFC 4954: the server can't encrypt, or can't look passwords up, right now.
        (Phase::Encryption | Phase::SignIn, 454, _) => SendError::Unavailable,
        (_, _, Some((7, _))) | (_, 452, Some((5, 3))) => SendError::Throttled(None),
        _ => SendError::Unavailable,
    }
}

/// Whether a refusal of the recipient speaks of something else: the sender, or the server itself.
fn is_elsewhere(refusal: &Refusal) -> bool {
    matches!(refusal.enhanced, Some((1, 7 | 8) | (3, _)))
}

fn refused_sender(refusal: &Refusal, path: &str) -> SendError {
    SendError::NotConfigured(format!("{path}.from: the server refuses this sender: {refusal}"))
}

/// What an enhanced code is about.
enum About {
    Recipient,
    Sender,
    SomethingElse,
}

/// RFC 3463: 1 is about addresses, 2 about mailboxes, 4 about the way to the recipient's domain.
fn about((subject, detail): (u16, u16)) -> About {
    match (subject, detail) {
        // Servers that judge the sender only now: Postfix does.
        (1, 7 | 8) => About::Sender,
        // A directory that fails, congestion, a loop, and time that is up say nothing of this
        // recipient.
        (4, 3 | 5 | 6 | 7) => About::SomethingElse,
        (1 | 2 | 4, _) => About::Recipient,
        _ => About::SomethingElse,
    }
}

fn refused_recipient(refusal: &Refusal, path: &str, recipient: &Address) -> SendError {
    let other =
        || format!("{path}: the server won't carry mail from us to this recipient: {refusal}");
    match (refusal.enhanced, refusal.code) {
        // The syntax of an address.
        (Some((5, 2)), _) | (Some((5, 4)), 501 | 553) => SendError::RecipientRefused,
        (Some(enhanced), _) => match about(enhanced) {
            About::Recipient => SendError::RecipientRefused,
            About::Sender => refused_sender(refusal, path),
            About::SomethingElse => SendError::Other(other()),
        },
        // RFC 7504 has 521 and 556 for hosts and domains that take no mail.
        (None, 501 | 521 | 550..=554 | 556) => match refusal.operators_text(recipient) {
            None => SendError::RecipientRefused,
            Some(text) => SendError::Other(format!("{} \"{text}\"", other())),
        },
        (None, _) => SendError::Other(other()),
    }
}

/// A mail has one recipient, so that an enhanced code means what it means of the recipient. The
/// text isn't looked into: the server knows the code by now.
fn refused_mail(refusal: &Refusal, path: &str) -> SendError {
    match refusal.enhanced.map(about) {
        Some(About::Recipient) => SendError::RecipientRefused,
        Some(About::Sender) => refused_sender(refusal, path),
        Some(About::SomethingElse) | None => {
            SendError::Other(format!("{path}: the server refuses the mail: {refusal}"))
        }
    }
}
