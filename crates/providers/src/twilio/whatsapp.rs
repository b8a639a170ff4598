//! `type = "twilio_whatsapp"`: authentication templates, with the code as their one variable.

mod request;
mod settings;
mod templates;

use countersign_contract::Timestamp;
use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::SendError;
use countersign_settings::problem::Problems;
use http::{Request, Response};

use crate::messages::message::Message;
use crate::protocol::callback::{Callback, CallbackContent};
use crate::protocol::provider::{Progress, Provider, Session};

use self::settings::Checked;
use super::answer::{self, Settings};
use super::report::{self, Of};

pub use self::settings::TwilioWhatsappSettings;
pub use self::templates::TwilioTemplates;

/// The protocol of Twilio's WhatsApp messages.
pub struct TwilioWhatsapp(Checked);

impl TwilioWhatsapp {
    /// The provider of these settings; `path` is where they stand: `senders.whatsapp`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &TwilioWhatsappSettings, path: &str) -> Result<Self, Problems> {
        settings.check(path).map(Self)
    }
}

impl Provider for TwilioWhatsapp {
    fn provider_type(&self) -> &'static str {
        "twilio_whatsapp"
    }

    fn origin(&self) -> String {
        self.0.account.origin()
    }

    fn request(
        &self,
        message: &Message,
        _: &mut Session,
        _: Timestamp,
    ) -> Result<Request<Vec<u8>>, SendError> {
        request::write(&self.0, message)
    }

    fn response(
        &self,
        response: Response<&[u8]>,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Progress, SendError> {
        let settings = Settings { path: &self.0.path, sender: self.0.sender.field() };
        answer::read(&response, &settings, now).map(Progress::Accepted)
    }

    fn receive(
        &self,
        callback: &Callback<'_>,
        _: Timestamp,
    ) -> Result<CallbackContent, CallbackError> {
        report::receive(&self.0.account, callback, Of::Message)
    }
}
