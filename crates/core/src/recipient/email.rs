//! Mail addresses: RFC 5321 as far as it is used, and IDNA for the domain.
//!
//! - The local part is a dot-atom of 1 to 64 ASCII characters, lower-cased: that `John@` and `john@` are two people is
//!   a right of RFC 5321 that no provider uses, and a gap in every limit. Quoted local parts are refused, and so
//!   are local parts beyond ASCII (RFC 6531): few relays carry them, and to compare them takes a
//!   normalisation that their own provider decides.
//! - The domain is what UTS 46 (non-transitional, STD 3) makes of it: lower-case ASCII labels of 1 to 63 bytes, at least
//!   two, the last beginning with a letter, so that an IP address is none. No trailing dot, no literal in brackets.
//! - The whole has at most 254 bytes in its ASCII form.
//!
//! IDNA is the `idna` crate over ICU4X's compiled tables. Weighed in November 2026, as what each adds to a stripped
//! wasm module at `opt-level = 3`: ICU4X some 165 KB (two thirds of it tables, which are only touched by a domain
//! beyond ASCII), the `unicode-rs` tables (`idna_adapter` 1.1) some 300 KB, no tables (`idna_adapter` 1.0) some 35 KB, but
//! then `info@bücher.de` is refused. An address took less than 1 µs, the first one of an instance less than 10.

use std::borrow::Cow;

use countersign_contract::types::RecipientFault;
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// The longest address, in bytes.
pub(super) const MAX_BYTES: usize = 254;
/// The longest local part, in bytes.
const MAX_LOCAL_BYTES: usize = 64;

/// Reads an address; gives back its canonical form.
pub(super) fn parse(text: &str) -> Result<String, RecipientFault> {
    let (local, domain) = text.rsplit_once('@').ok_or(RecipientFault::MalformedAddress)?;
    if local.len() > MAX_LOCAL_BYTES || !local.split('.').all(is_atom) {
        return Err(RecipientFault::MalformedAddress);
    }
    let domain = ascii_domain(domain)?;
    let address = format!("{}@{domain}", local.to_ascii_lowercase());
    if address.len() > MAX_BYTES { Err(RecipientFault::TooLong) } else { Ok(address) }
}

/// Whether it is an `atom` of RFC 5322.
fn is_atom(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

fn ascii_domain(domain: &str) -> Result<String, RecipientFault> {
    let ascii = mapped(domain, DnsLength::Verify).ok_or(RecipientFault::MalformedAddress)?;
    match ascii.rsplit_once('.') {
        Some((_, last)) if last.starts_with(|first: char| first.is_ascii_alphabetic()) => {
            Ok(ascii.into_owned())
        }
        _ => Err(RecipientFault::MalformedAddress),
    }
}

/// The domain as an address would have it, of one label too: lower-case ASCII. As it is, if it can't be one.
pub(super) fn canonical_domain(domain: &str) -> Cow<'_, str> {
    mapped(domain, DnsLength::Ignore).unwrap_or(Cow::Borrowed(domain))
}

fn mapped(domain: &str, length: DnsLength) -> Option<Cow<'_, str>> {
    // Only the hyphens at either end are looked at: `r3---x.example.com` is in use.
    let hyphens = Hyphens::CheckFirstLast;
    Uts46::new().to_ascii(domain.as_bytes(), AsciiDenyList::STD3, hyphens, length).ok()
}
