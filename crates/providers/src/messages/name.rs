//! Names of templates: `[tenants/<tenant>/][<purpose>/]<channel>.<locale>.<part>`.

use std::fmt;

use countersign_contract::names::{MAX_NAME, is_name};

use super::locale;

/// The longest name, in bytes: what the longest tenant, purpose and locale make.
const MAX_BYTES: usize = 256;

/// What is rendered as one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Medium {
    /// A mail, of three parts.
    Email,
    /// A text message.
    Sms,
    /// What a voice says.
    Voice,
}

impl Medium {
    /// The part by which a message of the medium is found.
    pub(super) const fn first(self) -> Part {
        match self {
            Self::Email => Part::Subject,
            Self::Sms => Part::Sms,
            Self::Voice => Part::Voice,
        }
    }
}

/// What one template renders.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Part {
    /// The body of a mail as HTML.
    Html,
    /// A text message, less the lines for autofill.
    Sms,
    /// The subject of a mail.
    Subject,
    /// The body of a mail as plain text.
    Text,
    /// What a voice says.
    Voice,
}

impl Part {
    /// The parts of a mail.
    pub(super) const MAIL: [Self; 3] = [Self::Subject, Self::Text, Self::Html];

    pub(super) const fn medium(self) -> Medium {
        match self {
            Self::Html | Self::Subject | Self::Text => Medium::Email,
            Self::Sms => Medium::Sms,
            Self::Voice => Medium::Voice,
        }
    }

    /// What stands before and after the locale.
    const fn around(self) -> (&'static str, &'static str) {
        match self {
            Self::Html => ("email", "html"),
            Self::Sms => ("sms", "txt"),
            Self::Subject => ("email", "subject.txt"),
            Self::Text => ("email", "txt"),
            Self::Voice => ("voice", "txt"),
        }
    }
}

/// A template's name.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Name {
    /// Whose messages it is for; every tenant's where none is named.
    pub(super) tenant: Option<String>,
    /// What codes it is for; all where none is named.
    pub(super) purpose: Option<String>,
    /// What it renders.
    pub(super) part: Part,
    /// The language, in its proper spelling.
    pub(super) locale: String,
}

impl Name {
    /// Reads a name.
    ///
    /// # Errors
    /// What it has to be.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_BYTES {
            return Err("a template's name has to be at most 256 bytes long");
        }
        let folders: Vec<&str> = text.split('/').collect();
        let (tenant, purpose, file) = match folders.as_slice() {
            [file] => (None, None, file),
            ["tenants", tenant, file] => (Some(*tenant), None, file),
            ["tenants", tenant, purpose, file] => (Some(*tenant), Some(*purpose), file),
            [purpose, file] if *purpose != "tenants" => (None, Some(*purpose), file),
            _ => return Err("a template stands in `[tenants/<tenant>/][<purpose>/]`"),
        };
        if tenant.into_iter().chain(purpose).any(|folder| !is_name(folder, MAX_NAME)) {
            return Err(
                "a tenant or purpose has to be 1 to 64 characters of `a-z`, `0-9`, `_` and `-`",
            );
        }
        let (part, locale) = part(file)?;
        let locale = locale::canonical(locale)
            .ok_or("the locale has to be a BCP 47 tag such as `en`, `id-ID` or `uz-Cyrl`")?;
        Ok(Self { tenant: tenant.map(Into::into), purpose: purpose.map(Into::into), part, locale })
    }

    /// The same in another part.
    pub(super) fn with(&self, part: Part) -> Self {
        Self { part, ..self.clone() }
    }

    /// How narrow it is: tenant and purpose, tenant, purpose, neither.
    pub(super) const fn narrowness(&self) -> u8 {
        match (&self.tenant, &self.purpose) {
            (Some(_), Some(_)) => 3,
            (Some(_), None) => 2,
            (None, Some(_)) => 1,
            (None, None) => 0,
        }
    }

    /// Whether it is for messages of `tenant` for `purpose`.
    pub(super) fn serves(&self, tenant: &str, purpose: &str) -> bool {
        self.tenant.as_deref().is_none_or(|own| own == tenant)
            && self.purpose.as_deref().is_none_or(|own| own == purpose)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tenant) = &self.tenant {
            write!(formatter, "tenants/{tenant}/")?;
        }
        if let Some(purpose) = &self.purpose {
            write!(formatter, "{purpose}/")?;
        }
        let (channel, ending) = self.part.around();
        write!(formatter, "{channel}.{}.{ending}", self.locale)
    }
}

/// Tells the part and the locale of a file.
fn part(file: &str) -> Result<(Part, &str), &'static str> {
    let (channel, rest) = file.split_once('.').unwrap_or((file, ""));
    // The subject first: its ending ends as the text's does.
    let parts = [Part::Subject, Part::Text, Part::Html, Part::Sms, Part::Voice];
    if !parts.iter().any(|part| part.around().0 == channel) {
        return Err(
            "the channel has to be `sms`, `voice` or `email`: the others have no templates",
        );
    }
    for part in parts {
        let (own, ending) = part.around();
        let locale = rest.strip_suffix(ending).and_then(|rest| rest.strip_suffix('.'));
        if let (true, Some(locale)) = (own == channel, locale) {
            return Ok((part, locale));
        }
    }
    Err(
        "a template is called `sms.<locale>.txt`, `voice.<locale>.txt`, `email.<locale>.subject.txt`, `email.<locale>.txt` or `email.<locale>.html`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_back() {
        for text in [
            "sms.en.txt",
            "voice.uz-Cyrl.txt",
            "email.id.subject.txt",
            "login/email.id-ID.txt",
            "tenants/acme/email.hi.html",
            "tenants/acme/wallet_funding/sms.ru.txt",
            "tenants/tenants/tenants/sms.ru.txt",
        ] {
            assert_eq!(Name::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Name::parse("sms.UZ-cyrl.txt").unwrap().to_string(), "sms.uz-Cyrl.txt");
        let name = Name::parse("tenants/acme/login/email.hi.html").unwrap();
        assert_eq!(name.tenant.as_deref(), Some("acme"));
        assert_eq!(name.purpose.as_deref(), Some("login"));
        assert_eq!((name.part, name.locale.as_str()), (Part::Html, "hi"));
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        let long = format!("{}/sms.en.txt", "a".repeat(256));
        for (text, reason) in [
            ("", "channel"),
            ("sms", "is called"),
            ("sms.txt", "is called"),
            ("sms.en.html", "is called"),
            ("sms.en.txt.j2", "is called"),
            ("sms.en.subject.txt", "locale"),
            ("voice.en.html", "is called"),
            ("email.subject.txt", "locale"),
            ("email.en.TXT", "is called"),
            ("Sms.en.txt", "channel"),
            ("whatsapp.en.txt", "channel"),
            ("fax.en.txt", "channel"),
            ("sms.english.txt", "locale"),
            ("sms..txt", "locale"),
            ("sms.en_GB.txt", "locale"),
            ("sms.en .txt", "locale"),
            ("tenants/sms.en.txt", "stands in"),
            ("a/b/sms.en.txt", "stands in"),
            ("tenants/a/b/c/sms.en.txt", "stands in"),
            ("/sms.en.txt", "tenant or purpose"),
            ("../sms.en.txt", "tenant or purpose"),
            ("Login/sms.en.txt", "tenant or purpose"),
            ("tenants//sms.en.txt", "tenant or purpose"),
            (&long, "256"),
        ] {
            let error = Name::parse(text).unwrap_err();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
    }
}
