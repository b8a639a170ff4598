//! No secret is ever in what the doctor says.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use countersign_tests::postgres::PostgresServer;
use countersign_tests::redis::{RedisServer, free_port};
use countersign_tests::settings::{self, Workplace};

use super::output;

/// The word in every secret that may be any text.
const MARK: &str = "hunter2";

/// All that may hold a secret, for the store of this URL.
fn everything(store: &str, url: &str) -> String {
    let (index, ring) = (settings::key(0x31), settings::key(0x71));
    let port = free_port().unwrap();
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nmode = \"production\"\n\
         [store]\ntype = \"{store}\"\nurl = \"{url}\"\n\
         [keys]\nindex = \"{index}\"\nring = [{{ name = \"k1\", secret = \"{ring}\" }}]\n\
         [[api_keys]]\nname = \"shop\"\nsha256 = \"{}\"\n\
         [senders.email]\ntype = \"smtp\"\nhost = \"localhost\"\nport = {port}\ntls = \"none\"\nuser = \"{MARK}-user\"\n\
         password = \"{MARK}\"\nfrom = \"codes@example.test\"\n\
         [senders.whatsapp]\ntype = \"wati\"\nurl = \"http://127.0.0.1:{port}/{MARK}\"\napi_key = \"{MARK}\"\n\
         template = \"otp\"\n\
         [[senders.voice]]\ntype = \"webhook\"\nurl = \"http://127.0.0.1:{port}/{MARK}\"\n\
         secret = \"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\"\n\
         [purposes.login]\nchannels = [\"whatsapp\", \"email\", \"voice\"]\n{}",
        "ab".repeat(32),
        settings::engine("").unwrap()
    )
}

async fn no_secret_is_said(workplace: &Workplace, text: &str) {
    let path = workplace.write("countersign.toml", text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
    for arguments in [&[][..], &["--json"], &["-v"], &["--json", "--verbose", "--strict"]] {
        let (_, said, _) = output(workplace, arguments).await;
        assert!(said.contains("store.reachable"), "{said}");
        let secrets = [MARK, "C2FVsBQIhrscChlQIMV", &settings::key(0x31), &settings::key(0x71)];
        for secret in secrets {
            assert!(!said.contains(secret), "{secret}: {said}");
        }
        assert!(!said.contains(&"ab".repeat(32)), "{said}");
    }
}

#[tokio::test]
async fn whatever_is_wrong_no_secret_is_said() {
    let workplace = Workplace::new().unwrap();
    let redis = RedisServer::start().unwrap();
    redis
        .run(&["ACL", "SETUSER", "ann", "on", &format!(">{MARK}"), "~*", "+@all", "-get"])
        .unwrap();
    let postgres = PostgresServer::shared().unwrap();
    postgres.run(&format!("CREATE ROLE ann LOGIN PASSWORD '{MARK}'")).await.unwrap();
    let port = free_port().unwrap();
    let users = [format!("ann:{MARK}"), format!("{MARK}:{MARK}")];
    for user in &users {
        for (store, url) in [
            ("redis", format!("redis://{user}@127.0.0.1:{}/1", redis.port())),
            ("redis", format!("rediss://{user}@127.0.0.1:{}/1", redis.port())),
            ("redis", format!("redis://{user}@127.0.0.1:{port}/1")),
            ("redis", format!("redis://{user}@127.0.0.1:{port}/{MARK}")),
            ("postgres", format!("postgresql://{user}@127.0.0.1:{port}/postgres")),
        ] {
            no_secret_is_said(&workplace, &everything(store, &url)).await;
        }
    }
    // A server names the user that it refuses, which is no secret: the password is.
    let url = format!("postgresql://ann:{MARK}@127.0.0.1:{}/postgres", postgres.port());
    no_secret_is_said(&workplace, &everything("postgres", &url)).await;
    // Secrets of a wrong form.
    let url = format!("redis://127.0.0.1:{port}");
    let text = everything("redis", &url);
    let text = text.replace("whsec_", MARK).replace("template = \"otp\"", "template = \"\"");
    no_secret_is_said(&workplace, &text).await;
}
