//! What `countersign doctor` does with a mail server: connects, encrypts, signs in and says good-bye. No mail is begun.

use std::time::Duration;

use countersign_providers::{SmtpSettings, Tls};
use tokio::time::Instant;

use super::conversation::Conversation;
use super::outcome::{Cause, Phase, SmtpError};
use super::settings::Account;
use crate::findings::{Check, Findings};
use crate::tls;

/// How long all of it may take.
const LIMIT: Duration = Duration::from_secs(6);

/// Looks at the server of settings that stand at `path`; `now` is in seconds since 1970.
pub(in crate::senders) async fn examine(
    settings: &SmtpSettings,
    path: &str,
    now: u64,
    findings: &mut Findings,
) {
    let account = match Account::try_new(settings, path) {
        Ok(account) => account,
        Err(problems) => {
            let found = problems.to_string().replace('\n', "; ");
            return findings.failed(Check::SenderSettings, found, "correct the settings");
        }
    };
    findings.ok(Check::SenderSettings, "smtp: complete");
    let server = format!("{}:{}", account.host, account.port);
    match Conversation::open(&account, Instant::now() + LIMIT).await {
        Ok(conversation) => {
            findings.ok(Check::SenderReachable, format!("{server}: greeted"));
            encryption(&conversation, now, findings);
            match account.credentials {
                Some(_) => findings.ok(Check::SenderLogin, "signed in"),
                None => findings.ok(Check::SenderLogin, "no user is set: not signed in"),
            }
            conversation.quit().await;
        }
        Err(failure) => tell(&failure, &server, account.tls, findings),
    }
}

fn encryption(conversation: &Conversation, now: u64, findings: &mut Findings) {
    match conversation.secured() {
        Some(secured) => secured.tell(Check::SenderTls, now, findings),
        // The settings allow that on this machine only.
        None => findings.ok(Check::SenderTls, "plain text, and on this machine"),
    }
}

fn tell(failure: &SmtpError, server: &str, mode: Tls, findings: &mut Findings) {
    let what = match &failure.cause {
        Cause::Broken => "the connection could not be made, or broke".to_owned(),
        Cause::Garbled => "what came back is no SMTP".to_owned(),
        Cause::Late => "no answer in time".to_owned(),
        Cause::NotOffered if failure.phase == Phase::SignIn => {
            "it offers no way to sign in with a password".to_owned()
        }
        Cause::NotOffered => "it doesn't offer STARTTLS".to_owned(),
        Cause::Refused(refusal) => format!("refused: {refusal}"),
        Cause::Tls => "the TLS handshake failed".to_owned(),
        Cause::Untrusted(error) => format!("the server's certificate {}", tls::complaint(error)),
    };
    let is_about_tls = matches!(failure.cause, Cause::Tls | Cause::Untrusted(_));
    let found = format!("{server}: {what}");
    if failure.phase == Phase::SignIn {
        findings.ok(Check::SenderReachable, format!("{server}: greeted"));
        let mend =
            "correct user and password; some servers want a password of its own for each program";
        findings.failed(Check::SenderLogin, found, mend);
    } else if failure.phase == Phase::Encryption || is_about_tls {
        findings.ok(Check::SenderReachable, format!("{server}: connected"));
        let mend = match mode {
            Tls::Starttls => {
                "look at `tls` and the port (\"tls\" for 465), and at `ca_file` for an authority of your own"
            }
            Tls::None | Tls::Tls => {
                "look at `tls` and the port (\"starttls\" for 587), and at `ca_file` for an authority of your own"
            }
        };
        findings.failed(Check::SenderTls, found, mend);
    } else {
        let mend = "look whether the server runs, at host and port, and at firewalls between here and there";
        findings.failed(Check::SenderReachable, found, mend);
    }
}
