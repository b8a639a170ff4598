//! `countersign key generate`.

use std::process::ExitCode;

use clap::Args;
use countersign_http_api::keys::new_key;
use countersign_settings::keys::KEY_BYTES;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use zeroize::Zeroizing;

use super::error::CommandError;
use super::output::print;

/// Makes a key.
#[derive(Args, Debug)]
pub(super) struct Generate {
    /// Make an API key: prints the key, which stands nowhere else, and the line for [[api_keys]]
    #[arg(long)]
    api: bool,
}

impl Generate {
    pub(super) fn run(self) -> Result<ExitCode, CommandError> {
        let mut random = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(&mut *random)?;
        if self.api {
            let (key, sha256) = new_key(&random);
            print(key.expose())?;
            print(&format!("sha256 = \"{}\"", HEXLOWER.encode(&sha256)))?;
        } else {
            print(&Zeroizing::new(BASE64URL_NOPAD.encode(&*random)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
