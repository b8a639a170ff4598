//! What `countersign doctor` looks at in a provider, without sending: its settings, and the way to its server. No request
//! is made, so that no credentials leave but a mail server's own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_contract::types::Channel;
use countersign_providers::{NativeSettings, Opened, Problems, SenderSettings};
use hyper::Uri;
use rustix::fs::{Access, access};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::{client, now, smtp};
use crate::findings::{Check, Findings};
use crate::tls::{self, Secured};

/// How long a provider's host may take to accept a connection, its name looked up …
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// … and over the handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(3);

/// What is looked at.
const CHECKS: [Check; 4] =
    [Check::SenderSettings, Check::SenderReachable, Check::SenderTls, Check::SenderLogin];

/// Looks at one provider, whose settings stand at `path`. `authorities` is `delivery.ca_file`.
pub async fn examine(
    channel: Channel,
    path: &str,
    settings: &SenderSettings,
    authorities: Option<&Path>,
) -> Findings {
    let mut findings = Findings::about(path);
    let kind = settings.provider_type();
    let no_server = match settings.open(channel, path) {
        Err(problems) => {
            refused(&problems, &mut findings);
            "its settings are wrong"
        }
        Ok(Opened::Http(provider)) => {
            findings.ok(Check::SenderSettings, format!("{kind}: complete"));
            reach(&provider.origin(), authorities, &mut findings).await;
            findings.skip_rest(&[Check::SenderLogin], "it would take a request with credentials");
            "it can't be reached"
        }
        Ok(Opened::Native(NativeSettings::Smtp(smtp))) => {
            smtp::examine::examine(smtp, path, now().0, &mut findings).await;
            "it can't be reached"
        }
        Ok(Opened::Native(NativeSettings::Console(_))) => {
            findings.ok(Check::SenderSettings, "console: codes in the terminal");
            "it has no server"
        }
        Ok(Opened::Native(NativeSettings::File(file))) => {
            outbox(&file.path, &mut findings);
            "it has no server"
        }
    };
    findings.skip_rest(&CHECKS, no_server);
    findings
}

fn refused(Problems(problems): &Problems, findings: &mut Findings) {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    findings.failed(Check::SenderSettings, texts.join("; "), "correct the settings");
}

fn outbox(file: &Path, findings: &mut Findings) {
    let check = Check::SenderSettings;
    let full = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let place = if full.exists() { full.as_path() } else { full.parent().unwrap_or(&full) };
    match access(place, Access::WRITE_OK) {
        Ok(()) => findings.ok(check, format!("file: codes go to {}", file.display())),
        Err(error) => {
            let found = format!("{} can't be written: {error}", place.display());
            findings.failed(
                check,
                found,
                "give the user who runs countersign the right to write there",
            );
        }
    }
}

/// Connects to the host of `origin`, encrypts and hangs up.
async fn reach(origin: &str, authorities: Option<&Path>, findings: &mut Findings) {
    const MEND: &str = "look at the host's name in the settings, at this machine's name servers, and at what leaves its network";
    let Some((host, port, is_encrypted)) = place(origin) else {
        return findings.skipped(Check::SenderReachable, "its address can't be read");
    };
    let began = Instant::now();
    let connecting = timeout(CONNECT_LIMIT, TcpStream::connect((host.as_str(), port)));
    let stream = match connecting.await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            return findings.failed(
                Check::SenderReachable,
                format!("{host}:{port}: {error}"),
                MEND,
            );
        }
        Err(_) => {
            let found = format!("{host}:{port}: no answer in time");
            return findings.failed(Check::SenderReachable, found, MEND);
        }
    };
    let took = began.elapsed().as_millis();
    findings.ok(Check::SenderReachable, format!("{host}:{port}: connected in {took} ms"));
    if !is_encrypted {
        // The settings allow that on this machine only.
        return findings.ok(Check::SenderTls, "plain text, and on this machine");
    }
    match encrypt(stream, &host, authorities).await {
        Ok(secured) => secured.tell(Check::SenderTls, now().0, findings),
        Err(reason) => {
            let mend = "where a proxy of your own ends TLS, name its authority in delivery.ca_file; otherwise don't go on: \
                        this may not be the provider";
            findings.failed(Check::SenderTls, format!("{host}:{port}: {reason}"), mend);
        }
    }
}

async fn encrypt(
    stream: TcpStream,
    host: &str,
    authorities: Option<&Path>,
) -> Result<Secured, String> {
    let config = client::config(authorities).map_err(|error| error.to_string())?;
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| "has no name that could be verified".to_owned())?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    match timeout(HANDSHAKE_LIMIT, connecting).await {
        Ok(Ok(stream)) => Ok(Secured::of(stream.get_ref().1)),
        Ok(Err(error)) => Err(match tls::within(&error) {
            Some(rustls::Error::InvalidCertificate(error)) => {
                format!("the server's certificate {}", tls::complaint(error))
            }
            Some(_) => "the TLS handshake failed".to_owned(),
            None => format!("the TLS handshake was cut off: {}", error.kind()),
        }),
        Err(_) => Err("no answer to the TLS handshake in time".to_owned()),
    }
}

/// Host, port, and whether it is encrypted.
fn place(origin: &str) -> Option<(String, u16, bool)> {
    let uri: Uri = origin.parse().ok()?;
    let host = uri.host()?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_encrypted = uri.scheme_str()? == "https";
    let port = uri.port_u16().unwrap_or(if is_encrypted { 443 } else { 80 });
    Some((host.to_owned(), port, is_encrypted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_host_and_a_port() {
        let read = |text| place(text).unwrap();
        assert_eq!(read("https://api.example.com"), ("api.example.com".into(), 443, true));
        assert_eq!(read("http://[::1]:8081"), ("::1".into(), 8081, false));
        assert_eq!(place("nowhere"), None);
    }
}
