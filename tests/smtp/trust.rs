//! Whom nothing is said to: servers that don't encrypt, or aren't who they have to be.

use countersign_tests::certificates::{Authority, Certified, self_signed};
use countersign_tests::exim::{Exim, Identity};
use serde_json::{Value, json};

use crate::place::{NAME, Place, changed, not_configured, open, send};
use crate::stub::{Act, Stub};

#[tokio::test]
async fn a_self_signed_certificate_is_refused() {
    let place = Place::with(Authority::new().unwrap(), &self_signed(NAME).unwrap()).await;
    refused(&place, json!({}), "comes from an authority that isn't trusted: see ca_file").await;
}

#[tokio::test]
async fn a_private_authority_is_not_trusted_unless_it_is_named() {
    let place = Place::new().await;
    let text = "comes from an authority that isn't trusted: see ca_file";
    refused(&place, json!({"ca_file": null}), text).await;
    let another = Authority::new().unwrap();
    refused(&place, json!({"ca_file": another.file().unwrap()}), text).await;
    send(&place.smtp(), "ada@example.org").await.unwrap();
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new().unwrap();
    let certified = authority.certify("mail.example.test").unwrap();
    let place = Place::with(authority, &certified).await;
    refused(&place, json!({}), "is for another name than the server's").await;
}

#[tokio::test]
async fn a_certificate_for_a_name_is_refused_for_an_address() {
    let place = Place::new().await;
    refused(&place, json!({"host": "127.0.0.1"}), "is for another name than the server's").await;
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let authority = Authority::new().unwrap();
    let certified = authority.certify_expired(NAME).unwrap();
    let place = Place::with(authority, &certified).await;
    refused(&place, json!({}), "has expired").await;
}

#[tokio::test]
async fn a_server_without_starttls_is_told_nothing() {
    let exim = Exim::start(None).await.unwrap();
    let authority = Authority::new().unwrap();
    let certified: Certified = authority.certify(NAME).unwrap();
    // Settings that would work with a server that encrypts.
    let identity = Identity { certificates: &certified.certificate, key: &certified.key };
    let other = Exim::start(Some(identity)).await.unwrap();
    let place = Place { authority, exim: other };
    let smtp = open(changed(place.settings(), json!({"port": exim.submission_port()})));
    let text = not_configured(send(&smtp, "ada@example.org").await);
    assert_eq!(text, "senders.email.tls: the server doesn't offer STARTTLS");
    told_nothing(&exim);
}

#[tokio::test]
async fn the_wrong_mode_for_a_port_is_told_nothing() {
    let place = Place::new().await;
    let smtp = open(changed(place.settings(), json!({"tls": "tls"})));
    let text = not_configured(send(&smtp, "ada@example.org").await);
    assert!(text.starts_with("senders.email.tls: the TLS handshake failed"), "{text}");
    told_nothing(&place.exim);
}

/// An attacker in between can put replies of his own behind the one that begins encryption. Were they read as what the
/// server says under encryption, he could have mail taken for delivered.
#[tokio::test]
async fn replies_smuggled_in_ahead_of_encryption_end_the_conversation() {
    let script = vec![
        Act::Say("220 stub"),
        Act::Say("250-stub\r\n250 STARTTLS"),
        Act::Ignore("220 go on\r\n250-stub\r\n250 AUTH PLAIN\r\n235 welcome\r\n250 ok\r\n250 ok"),
    ];
    let stub = Stub::start(vec![script]).await;
    let authority = Authority::new().unwrap();
    let changes = json!({"host": NAME, "tls": "starttls", "ca_file": authority.file().unwrap()});
    let smtp = open(changed(stub.settings(), changes));
    let text = not_configured(send(&smtp, "ada@example.org").await);
    assert!(text.starts_with("senders.email.tls: the TLS handshake failed"), "{text}");
}

/// The complaint, in both modes.
async fn refused(place: &Place, changes: Value, complaint: &str) {
    let implicit = json!({"tls": "tls", "port": place.exim.submissions_port()});
    for mode in [json!({}), implicit] {
        let settings = changed(changed(place.settings(), changes.clone()), mode.clone());
        let text = not_configured(send(&open(settings), "ada@example.org").await);
        assert_eq!(text, format!("senders.email: the server's certificate {complaint}"), "{mode}");
    }
    told_nothing(&place.exim);
}

fn told_nothing(exim: &Exim) {
    assert!(exim.count("CONNECTED") > 0);
    assert_eq!((exim.count("SIGN-IN"), exim.count("BEGUN")), (0, 0), "{}", exim.log());
    assert!(exim.is_untouched());
}
