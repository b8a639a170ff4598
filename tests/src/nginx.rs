//! A real nginx in front of hosts: on a free port, in a directory of its own, gone with the test.

use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::redis::free_port;
use crate::wait::until;

/// How long it may take until it accepts connections.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// A running nginx, killed on drop.
pub struct Nginx {
    child: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Nginx {
    /// Starts one that hands requests to `hosts` in turn: `upstream` with its default policy.
    ///
    /// # Errors
    ///
    /// Where nginx is not installed, or doesn't start in time.
    pub async fn start(hosts: &[SocketAddr]) -> Result<Self> {
        let mut last = Error::from(ErrorKind::AddrInUse);
        // Another process may take the free port before nginx does.
        for _ in 0..5 {
            match launch(hosts).await {
                Ok(nginx) => return Ok(nginx),
                Err(error) if error.kind() == ErrorKind::NotFound => return Err(error),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It may have ended already; a drop can't say so.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

async fn launch(hosts: &[SocketAddr]) -> Result<Nginx> {
    let directory = TempDir::new()?;
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let path = directory.path().join("nginx.conf");
    fs::write(&path, configuration(hosts, address))?;
    let mut child = Command::new(program())
        .arg("-p")
        .arg(directory.path())
        .arg("-c")
        .arg(&path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(explained)?;
    let ready = until(START_TIMEOUT, || match child.try_wait() {
        Ok(None) => TcpStream::connect(address).ok().map(|_| true),
        _ => Some(false),
    });
    let ready = ready.await == Some(true);
    let nginx = Nginx { child, address, _directory: directory };
    if ready { Ok(nginx) } else { Err(Error::other("nginx did not start")) }
}

/// Where Debian has it, which is not on every user's path.
fn program() -> &'static str {
    let debian = "/usr/sbin/nginx";
    if fs::exists(debian).unwrap_or(false) { debian } else { "nginx" }
}

fn explained(error: Error) -> Error {
    let advice = "nginx can't be started: `cargo xtask test` installs it, or says what to install";
    Error::new(error.kind(), format!("{advice} ({error})"))
}

fn configuration(hosts: &[SocketAddr], address: SocketAddr) -> String {
    let servers: String = hosts.iter().map(|host| format!("    server {host};\n")).collect();
    format!(
        "daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  scgi_temp_path scgi;
  uwsgi_temp_path uwsgi;
  upstream countersign {{
{servers}  }}
  server {{
    listen {address};
    location / {{
      proxy_pass http://countersign;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
}}
"
    )
}
