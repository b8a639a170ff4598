//! Providers, without sending: a real mail server, and servers that only take connections.

use std::net::TcpListener;
use std::path::Path;

use countersign_tests::certificates::Authority;
use countersign_tests::exim::{Exim, Identity, PASSWORD, USER};
use countersign_tests::redis::free_port;
use countersign_tests::settings::{self, Workplace};

use super::{Diagnosis, HEALTHY, UNHEALTHY, configured, doctor};

const MAIL: &str = "senders.email";

fn mail(port: u16, password: &str, more: &str) -> String {
    format!(
        "[senders.email]\ntype = \"smtp\"\nhost = \"localhost\"\nport = {port}\nuser = \"{USER}\"\n\
         password = \"{password}\"\nfrom = \"codes@example.test\"\n{more}"
    )
}

fn trusting(file: &Path) -> String {
    format!("ca_file = '{}'\n", file.display())
}

async fn look(senders: &str) -> Diagnosis {
    let workplace = Workplace::new().unwrap();
    configured(&workplace, &[settings::MEMORY, senders]);
    doctor(&workplace, &[]).await
}

#[tokio::test]
async fn a_mail_server_is_signed_in_to_and_gets_no_mail() {
    let authority = Authority::new().unwrap();
    let certified = authority.certify("localhost").unwrap();
    let identity = Identity { certificates: &certified.certificate, key: &certified.key };
    let exim = Exim::start(Some(identity)).await.unwrap();
    let (port, file) = (exim.submission_port(), authority.file().unwrap());
    let found = look(&mail(port, PASSWORD, &trusting(&file))).await;
    assert_eq!((found.exit, found.ended("failed")), (HEALTHY, vec![]), "{:#}", found.json);
    found.says(MAIL, "sender.reachable", "ok", "greeted");
    found.says(MAIL, "sender.tls", "ok", "TLS 1.3; the server's certificate was verified");
    found.says(MAIL, "sender.login", "ok", "signed in");
    found.says("", "files.certificates", "ok", "more days");

    let found = look(&mail(port, "hunter2", &trusting(&file))).await;
    assert_eq!((found.exit, found.ended("failed")), (UNHEALTHY, vec!["sender.login"]));
    found.says(MAIL, "sender.login", "failed", "refused: 535");
    let found = look(&mail(port, PASSWORD, "")).await;
    assert_eq!((found.exit, found.ended("failed")), (UNHEALTHY, vec!["sender.tls"]));
    found.says(MAIL, "sender.tls", "failed", "authority that isn't trusted");
    let found = look(&mail(free_port().unwrap(), PASSWORD, "")).await;
    assert_eq!((found.exit, found.ended("failed")), (UNHEALTHY, vec!["sender.reachable"]));
    assert_eq!(found.about(MAIL, "sender.login")["status"], "skipped");
}

#[tokio::test]
async fn a_provider_over_http_is_connected_to_and_asked_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let webhook = |url: String| {
        format!(
            "[[senders.sms]]\ntype = \"webhook\"\nurl = \"{url}/hunter2\"\n\
             secret = \"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\"\n"
        )
    };
    let senders = [
        webhook(format!("http://127.0.0.1:{port}")),
        webhook(format!("http://127.0.0.1:{}", free_port().unwrap())),
        webhook(format!("https://127.0.0.1:{port}")),
    ];
    let found = look(&senders.concat()).await;
    assert_eq!(found.exit, UNHEALTHY);
    assert_eq!(found.ended("failed"), ["sender.reachable", "sender.tls"]);
    found.says("senders.sms.0", "sender.reachable", "ok", "connected");
    found.says("senders.sms.0", "sender.login", "skipped", "credentials");
    found.says("senders.sms.1", "sender.reachable", "failed", "refused");
    found.says("senders.sms.2", "sender.tls", "failed", "no answer");
    // The first connection was closed without a byte.
    let (mut first, _) = listener.accept().unwrap();
    first.set_nonblocking(false).unwrap();
    let mut heard = Vec::new();
    std::io::Read::read_to_end(&mut first, &mut heard).unwrap();
    assert_eq!(heard, b"");
}

#[tokio::test]
async fn settings_that_a_provider_refuses_are_told_and_the_others_looked_at() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let senders = format!(
        "[senders.sms]\ntype = \"twilio_sms\"\naccount_sid = \"AC1\"\nauth_token = \"hunter2\"\nfrom = \"+15017122661\"\n\
         [senders.voice]\ntype = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\nsecret = \"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\"\n"
    );
    let found = look(&senders).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("", "configuration", "failed", "senders.sms.account_sid");
    found.says("senders.voice", "sender.reachable", "ok", "connected");
}
