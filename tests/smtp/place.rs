//! What every test needs: a server with a certificate, and a sender that trusts it.

use std::path::Path;
use std::time::Duration;

use countersign::senders::smtp::Smtp;
use countersign_contract::Secret;
use countersign_contract::types::SendError;
use countersign_providers::{Mail, SmtpSettings};
use countersign_tests::certificates::{Authority, Certified};
use countersign_tests::exim::{Exim, Identity, PASSWORD, USER};
use serde_json::{Value, json};

/// The name that good certificates are for.
pub(crate) const NAME: &str = "localhost";
/// The code in every mail.
pub(crate) const CODE: &str = "493817";
/// More than any test takes that doesn't wait for it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A server that encrypts, with a good certificate.
pub(crate) struct Place {
    pub(crate) authority: Authority,
    pub(crate) exim: Exim,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let authority = Authority::new().unwrap();
        let certified = authority.certify(NAME).unwrap();
        Self::with(authority, &certified).await
    }

    pub(crate) async fn with(authority: Authority, certified: &Certified) -> Self {
        let identity = Identity { certificates: &certified.certificate, key: &certified.key };
        let exim = Exim::start(Some(identity)).await.unwrap();
        Self { authority, exim }
    }

    /// Settings that work.
    pub(crate) fn settings(&self) -> Value {
        json!({
            "host": NAME,
            "port": self.exim.submission_port(),
            "user": USER,
            "password": PASSWORD,
            "from": "Ключ и Ko. <codes@example.test>",
            "ca_file": self.authority.file().unwrap(),
        })
    }

    /// A sender with settings that work.
    pub(crate) fn smtp(&self) -> Smtp {
        open(self.settings())
    }
}

pub(crate) fn open(settings: Value) -> Smtp {
    let settings: SmtpSettings = serde_json::from_value(settings).unwrap();
    Smtp::open(&settings, "senders.email").unwrap()
}

/// `settings` with `changes` in them; what is null in these goes away.
pub(crate) fn changed(mut settings: Value, changes: Value) -> Value {
    let fields = settings.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => fields.remove(name),
            value => fields.insert(name.clone(), value.clone()),
        };
    }
    settings
}

/// A mail in two scripts and in lines that mustn't be taken for the end or for a header.
pub(crate) fn mail() -> Mail {
    Mail {
        subject: "Ваш код для входа — आपका कोड".into(),
        text: Secret::new(format!("Ваш код: {CODE}\n.\nआपका कोड ऊपर है।\nFrom us\n")),
        html: Secret::new(format!("<p lang=\"ru\">Ваш код: <b>{CODE}</b></p>\n<p>आपका कोड</p>\n")),
    }
}

/// Sends [`mail`] as the first message of a challenge.
pub(crate) async fn send(smtp: &Smtp, recipient: &str) -> Result<Option<String>, SendError> {
    smtp.send(&mail(), recipient, "login.challenge 1", DEADLINE).await
}

/// A mail that was delivered, as Python's standard library reads it.
pub(crate) fn parsed(path: &Path) -> Value {
    countersign_tests::mail::parsed(path).unwrap()
}

/// The text of an error that is the operator's to mend.
pub(crate) fn not_configured(result: Result<Option<String>, SendError>) -> String {
    match result {
        Err(SendError::NotConfigured(text)) => text,
        other => panic!("another outcome: {other:?}"),
    }
}
