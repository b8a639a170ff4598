//! What a server offers in its answer to EHLO.

use super::reply::SmtpReply;

/// The extensions that matter here. Without an answer to EHLO there are none.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Offer {
    pub(super) starttls: bool,
    pub(super) login: bool,
    pub(super) plain: bool,
}

impl Offer {
    /// Reads the answer to EHLO, whose keywords are read without regard to case (RFC 5321, section
    /// 4.1.1.1). Its first line is the server's name. `AUTH=` is how servers wrote `AUTH ` before
    /// RFC 2554, and some still do.
    pub(super) fn read(reply: &SmtpReply) -> Self {
        let mut offer = Self::default();
        for line in reply.lines.iter().skip(1) {
            let line = line.to_ascii_uppercase();
            let mut words = line
                .split(|byte| byte.is_ascii_whitespace() || *byte == b'=')
                .filter(|word| !word.is_empty());
            match words.next() {
                Some(b"STARTTLS") => offer.starttls = true,
                Some(b"AUTH") => {
                    for word in words {
                        offer.login |= word == b"LOGIN";
                        offer.plain |= word == b"PLAIN";
                    }
                }
                _ => {}
            }
        }
        offer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(lines: &[&str]) -> Offer {
        let lines = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
        Offer::read(&SmtpReply { code: 250, lines })
    }

    #[test]
    fn keywords_are_read_without_regard_to_case() {
        for line in ["STARTTLS", "starttls", "StartTLS", " StartTls ", "STARTTLS\t"] {
            assert!(offer(&["mx", line]).starttls, "{line:?}");
        }
        for line in ["AUTH LOGIN PLAIN", "auth plain login", "Auth Login  XOAUTH2 Plain"] {
            assert_eq!(offer(&["mx", line]), Offer { starttls: false, login: true, plain: true });
        }
    }

    #[test]
    fn the_old_form_of_auth_is_read_like_the_new_one() {
        let both = Offer { starttls: false, login: true, plain: true };
        assert_eq!(offer(&["mx", "AUTH=LOGIN PLAIN"]), both);
        assert_eq!(offer(&["mx", "auth=login", "AUTH PLAIN"]), both);
    }

    #[test]
    fn what_is_not_offered_is_not_used() {
        for lines in [&["STARTTLS"][..], &["mx"], &["mx", "", " ", "="], &["mx", "XSTARTTLS"]] {
            assert_eq!(offer(lines), Offer::default(), "{lines:?}");
        }
        assert_eq!(offer(&["mx", "AUTH XLOGIN CRAM-MD5", "XAUTH PLAIN"]), Offer::default());
    }
}
