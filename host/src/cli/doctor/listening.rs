//! Whether the address of `server.listen` is free, or a countersign has it already.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::Request;

use super::configuration::Doubts;
use crate::config::Config;
use crate::findings::{Check, Findings};
use crate::senders::HttpClient;
use crate::server::{self, BindError};

const CHECK: Check = Check::ServerListen;
/// How long whatever has the address may take to answer.
const LIMIT: Duration = Duration::from_secs(2);

pub(super) async fn examine(config: &Config, doubts: &Doubts, findings: &mut Findings) {
    if doubts.cover("server.listen") {
        return findings.skipped(CHECK, "the setting is wrong");
    }
    let listen = config.server.listen;
    match server::try_to_listen(listen).await {
        Ok(()) => findings.ok(CHECK, format!("{listen} is free")),
        Err(BindError::Listen { address, source }) if source.kind() == ErrorKind::AddrInUse => {
            taken(address, findings).await;
        }
        Err(BindError::Listen { address, source })
            if source.kind() == ErrorKind::PermissionDenied =>
        {
            let mend =
                "take a port from 1024 on, or give the service the capability CAP_NET_BIND_SERVICE";
            findings.failed(CHECK, format!("{address}: {source}"), mend);
        }
        Err(error) => {
            let mend = "give an address of this machine, or `:<port>` for every interface";
            findings.failed(CHECK, error.to_string(), mend);
        }
    }
}

async fn taken(address: SocketAddr, findings: &mut Findings) {
    if is_ours(address).await {
        return findings.ok(CHECK, format!("a countersign listens on {address}"));
    }
    let mend = "end the other program, or choose another port in server.listen";
    findings.warning(CHECK, format!("{address} is taken by another program"), mend);
}

/// Whether `/healthz` is answered as we do.
async fn is_ours(mut address: SocketAddr) -> bool {
    // Another machine's answer would say nothing.
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let request = Request::get(format!("http://{address}/healthz")).body(Vec::new());
    let (Ok(client), Ok(request)) = (HttpClient::new(None), request) else { return false };
    let Ok(answer) = client.call(request, LIMIT).await else { return false };
    let body: Option<serde_json::Value> = serde_json::from_slice(answer.body()).ok();
    body.is_some_and(|body| body.get("status").and_then(|status| status.as_str()) == Some("ok"))
}
