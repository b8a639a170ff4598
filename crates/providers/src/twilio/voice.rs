//! `type = "twilio_voice"`: calls in which a voice says the code.

mod polly;
mod request;
mod settings;
mod twiml;
mod voices;

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

pub use self::settings::TwilioVoiceSettings;

/// The protocol of Twilio's calls.
pub struct TwilioVoice(Checked);

impl TwilioVoice {
    /// The provider of these settings; `path` is where they stand: `senders.voice`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &TwilioVoiceSettings, path: &str) -> Result<Self, Problems> {
        settings.check(path).map(Self)
    }
}

impl Provider for TwilioVoice {
    fn provider_type(&self) -> &'static str {
        "twilio_voice"
    }

    fn origin(&self) -> String {
        self.0.account.origin()
    }

    fn request(
        &self,
        message: &Message,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, SendError> {
        request::write(&self.0, message, now)
    }

    fn response(
        &self,
        response: Response<&[u8]>,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Progress, SendError> {
        let settings = Settings { path: &self.0.path, sender: "from" };
        answer::read(&response, &settings, now).map(Progress::Accepted)
    }

    fn receive(
        &self,
        callback: &Callback<'_>,
        _: Timestamp,
    ) -> Result<CallbackContent, CallbackError> {
        report::receive(&self.0.account, callback, Of::Call)
    }
}
