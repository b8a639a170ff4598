//! A message as a person reads or hears it.

use countersign_contract::Secret;
use countersign_contract::types::SendError;

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

impl Content {
    /// The mail.
    ///
    /// # Errors
    /// Where it is none.
    pub(crate) fn mail(&self) -> Result<&Mail, SendError> {
        match self {
            Self::Mail(mail) => Ok(mail),
            _ => Err(SendError::Other("the message has no mail".to_owned())),
        }
    }

    /// What a voice says.
    ///
    /// # Errors
    /// Where it is none.
    pub(crate) fn speech(&self) -> Result<&Speech, SendError> {
        match self {
            Self::Speech(speech) => Ok(speech),
            _ => Err(SendError::Other("the message has nothing to be said".to_owned())),
        }
    }

    /// The text message.
    ///
    /// # Errors
    /// Where it is none.
    pub(crate) fn text(&self) -> Result<&str, SendError> {
        match self {
            Self::Text(text) => Ok(text.expose()),
            _ => Err(SendError::Other("the message has no text".to_owned())),
        }
    }
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
