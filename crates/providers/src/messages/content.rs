//! A message as a person reads or hears it.

use countersign_contract::Secret;

/// What was rendered of a message. Secret as a whole: it holds the code.
#[derive(Clone, Debug, Default)]
pub enum Content {
    /// A mail.
    Mail(Mail),
    /// Nothing: the provider has the words, under a template's name.
    #[default]
    None,
    /// What a voice says.
    Speech(Speech),
    /// A text message.
    Text(Secret<String>),
}

/// A mail, less its addresses. The subject never holds the code.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The subject, one line.
    pub subject: String,
    /// The body as plain text.
    pub text: Secret<String>,
    /// The body as HTML.
    pub html: Secret<String>,
}

/// What a voice says.
#[derive(Clone, Debug)]
pub struct Speech {
    /// The language to be spoken: a BCP 47 tag.
    pub language: String,
    /// The words.
    pub text: Secret<String>,
}
