//! What a test's Exim is told.

use std::path::Path;

use super::{NOBODY, PASSWORD, Ports, USER, is_root};

/// The configuration file of a server in the directory `path`.
pub(super) fn configuration(path: &Path, ports: Ports, has_identity: bool) -> String {
    let (path, submission, submissions) = (path.display(), ports.submission, ports.submissions);
    let tls = if has_identity {
        format!("tls_certificate = {path}/certificates.pem\ntls_privatekey = {path}/key.pem\n")
    } else {
        "tls_advertise_hosts =\n".to_owned()
    };
    let (user, group) = if is_root() {
        (NOBODY, NOBODY)
    } else {
        (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
    };
    format!(
        "primary_hostname = mail.example.test
local_interfaces = 127.0.0.1
daemon_smtp_ports = {submission} : {submissions}
tls_on_connect_ports = {submissions}
{tls}
exim_path = {path}/exim4
exim_user = {user}
exim_group = {group}
deliver_drop_privilege = true
spool_directory = {path}/spool
log_file_path = {path}/%slog
pid_file_path = {path}/exim.pid
keep_environment =
{REST}
begin transports

mailbox:
  driver = appendfile
  directory = {path}/mail
  maildir_format
  user = {user}
  group = {group}

begin authenticators

plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and {{{{eq{{$auth2}}{{{USER}}}}}{{eq{{$auth3}}{{{PASSWORD}}}}}}}}}
  server_set_id = $auth2
"
    )
}

/// What needs no value of ours. Every `%` and brace is Exim's.
const REST: &str = "
acl_smtp_connect = connect
acl_smtp_auth = auth
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = data
log_selector = +smtp_connection +smtp_protocol_error +received_recipients

begin acl

connect:
  accept logwrite = CONNECTED

auth:
  accept logwrite = SIGN-IN

mail:
  deny message = 550 5.1.8 stranger, go away
       condition = ${if eq{$sender_address_local_part}{stranger}}
  accept logwrite = BEGUN

rcpt:
  deny message = 550 5.1.1 unknown, go away
       local_parts = unknown
  deny message = 552 5.2.2 full, go away
       local_parts = full
  deny message = 550 5.7.1 relay, go away
       local_parts = relay
  defer message = 450 4.7.1 limited, come back
        local_parts = limited
  defer message = 450 4.2.0 grey, come back
        local_parts = grey
        !seen = 1d / key=$sender_address-$local_part@$domain
  accept

data:
  deny message = 554 5.7.1 junk, go away
       condition = ${if match{$message_body}{GTUBE}}
  accept

begin routers

everything:
  driver = accept
  transport = mailbox
";
