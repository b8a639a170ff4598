use super::*;

fn refusal(code: u16, text: &str) -> Refusal {
    let lines = text.split('\n').map(|line| line.as_bytes().to_vec()).collect();
    Refusal::new(&SmtpReply { code, lines })
}

fn told(text: &str, recipient: &str) -> Option<String> {
    refusal(550, text).operators_text(&recipient.parse().unwrap())
}

#[test]
fn numbers_are_found_where_servers_put_them() {
    for (code, text, shown) in [
        (550, "5.1.1 <ada@example.org>: unknown", "550 5.1.1"),
        (550, "5.7.60 SMTP; Client does not have permissions", "550 5.7.60"),
        (550, "5.4.310 DNS domain does not exist", "550 5.4.310"),
        (550, "#5.1.0 Address rejected.", "550 5.1.0"),
        (550, "5.1.1: unknown", "550 5.1.1"),
        (553, "sorry, not in my list of allowed rcpthosts (#5.7.1)", "553 5.7.1"),
        (550, "unknown (#5.1.1)\nsee https://example.com", "550 5.1.1"),
        (550, "5.1.1 unknown (#5.7.1)", "550 5.1.1"),
        (550, "Please note\n5.1.1 unknown", "550 5.1.1"),
        (550, "ada@example.org unknown", "550"),
        (550, "4.1.1 of another class", "550"),
        (550, "of another class (#4.1.1)", "550"),
        (550, "version 5.1.1", "550"),
        (550, "5.1 half a code", "550"),
        (550, "5.1.1.1 too much of one", "550"),
        (550, "5.1.1234 too long", "550"),
        (550, "5..1 empty", "550"),
        (421, "", "421"),
        (511, "sorry, no mailbox here by that name (#5.1.1 - chkuser)", "511 5.1.1"),
        (550, "see (#5.1.1) and more", "550"),
    ] {
        assert_eq!(refusal(code, text).to_string(), shown, "{text}");
    }
}

#[test]
fn texts_that_are_not_about_the_recipient_are_known() {
    for text in [
        "relay not permitted",
        "Relaying denied",
        "5x Unable to relay",
        "we do not relay",
        "sorry, that domain isn't in my list of allowed rcpthosts",
        "Sender verify failed",
        "Please turn on SMTP Authentication in your mail client.\nfoo is not permitted",
        "authentication required",
        "Unauthenticated users may not send",
        "you must log in first",
        "you must log on",
        "Please log on first",
        "You are not signed on",
        "SMTPAUTH required",
        "SASL login failed",
        "password required",
        "Authorization is required",
        "authorisation required",
        "Not authorised to send",
        "BLACK  LIST",
        "black-list",
        "RBLs list you",
        "UCE",
        "must check for new mail first",
        "Must issue AUTH first",
        "AUTH LOGIN needed",
        "please use smtp auth",
        "no valid credentials",
        "Access denied: sign-on needed",
        "from address not allowed",
        "see sbl-xbl",
        "found in URIBL",
        "JunkMail rejected - host [192.0.2.1] is in an RBL, see\nhttps://example.com",
        "Rejected: listed in RBL.",
        "Your IP is on our Blacklist",
        "blocked using zen.spamhaus.org",
        "This message looks like SPAM",
        "rejected due to SPF",
        "Access denied - Invalid HELO name (see RFC 2821)",
        "Verification failed for you\nSender verify failed",
        "Your IP 192.0.2.1 is not welcome here",
        "You are not authorized to send mail through this server",
    ] {
        let first = text.split('\n').next().map(str::to_owned);
        assert_eq!(told(text, "ada@example.org"), first, "{text}");
    }
}

#[test]
fn a_text_about_the_recipient_is_not_taken_for_another() {
    for (text, recipient) in [
        ("no such user", "ada@example.org"),
        ("", "ada@example.org"),
        ("mailbox unavailable", "ada@example.org"),
        ("mailbox blocked", "ada@example.org"),
        ("Requested action not taken: mailbox unavailable", "ada@example.org"),
        ("<spam@example.org>: unknown user", "spam@example.org"),
        ("spam@example.org unknown", "spam@example.org"),
        ("no mailbox spam here", "Spam@example.org"),
        ("unknown user at relay.example.org", "ada@relay.example.org"),
        ("warbler unknown", "ada@example.org"),
        ("Recipient address rejected: User unknown in relay recipient table", "ada@example.org"),
        ("No such user in catalog index", "ada@example.org"),
        ("Mailbox unavailable, blocked by recipient", "ada@example.org"),
        ("user's spam quota exceeded", "ada@example.org"),
        ("unlisted in our directory", "ada@example.org"),
    ] {
        assert_eq!(told(text, recipient), None, "{text}");
    }
}

#[test]
fn what_the_log_shows_holds_no_address() {
    for (text, shown) in [
        ("relay <ada@example.org> no", "relay [address] no"),
        ("relay for ada@example.org: no", "relay for [address] no"),
        ("relay (Ada Lovelace <x@y", "relay ([address] Lovelace [address]"),
        ("relay: mailbox ADA, not ada", "relay: mailbox [address], not [address]"),
        ("relay ada%example.org", "relay [address]%example.org"),
        ("relay \u{7}\x1b[31m\tü", "relay ??[31m ??"),
        ("no relay <", "no relay [address]"),
    ] {
        assert_eq!(told(text, "ada@example.org").as_deref(), Some(shown), "{text}");
    }
    for (text, recipient) in [
        ("authentication required", "hen@example.org"),
        ("relay not permitted", "ela@example.org"),
        ("this is spam", "pam@example.org"),
    ] {
        assert!(told(text, recipient).is_some(), "{text}");
    }
    for hidden in ["jane=2Edoe", "jane=2edoe", "jane%2Edoe", "amFuZS5kb2U=", "amFuZS5kb2U"] {
        let shown = told(&format!("relay {hidden} no"), "jane.doe@example.org").unwrap();
        assert!(shown.starts_with("relay [address]"), "{hidden}: {shown}");
    }
    let encoded = told("Relaying denied for ada%2Bx%40example.org", "ada+x@example.org");
    assert_eq!(encoded.as_deref(), Some("Relaying denied for [address]"));
    let half = told("Relaying denied for ada%2bx", "ada+x@example.org");
    assert_eq!(half.as_deref(), Some("Relaying denied for [address]"));
    assert_eq!(told("relay a b ab", "a@example.org").as_deref(), Some("relay [address] b ab"));
    let long = told(&format!("relay {}", "x".repeat(500)), "ada@example.org").unwrap();
    assert_eq!(long.len(), MAX_SHOWN);
    let late = format!("{}ada@example.org relay", "x ".repeat(58));
    assert!(!told(&late, "ada@example.org").unwrap().contains("ada"));
}
