//! How a message becomes a request of the Cloud API's.

use countersign_contract::types::SendError;
use http::Request;
use serde::Serialize;

use super::settings::Checked;
use crate::messages::message::Message;
use crate::protocol::tag::Tag;

/// Writes the request.
///
/// # Errors
/// Where it can't be written.
pub(super) fn write(settings: &Checked, message: &Message) -> Result<Request<Vec<u8>>, SendError> {
    let language = message.locale.as_deref().and_then(|locale| settings.languages.of(locale));
    let is_reported = settings.reports.is_some() && message.callback_url.is_some();
    let tag = is_reported.then(|| Tag::of(message).to_string());
    let parameters = Parameters::of(message);
    let template = settings.templates.of(&message.purpose);
    let language = language.unwrap_or(&settings.language);
    let body = Body::new(message, template, language, &parameters, tag);
    settings.token.post(&settings.url, &body)
}

/// A message as an authentication template.
#[derive(Serialize)]
struct Body<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    to: &'a str,
    r#type: &'static str,
    template: Template<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    biz_opaque_callback_data: Option<String>,
}

impl<'a> Body<'a> {
    /// `tag` is what Meta gives back in its reports: at most 512 bytes.
    fn new(
        message: &'a Message,
        template: &'a str,
        language: &'a str,
        code: &'a Parameters<'a>,
        tag: Option<String>,
    ) -> Self {
        let Parameters(code) = code;
        Self {
            messaging_product: "whatsapp",
            recipient_type: "individual",
            to: message.recipient.expose(),
            r#type: "template",
            template: Template {
                name: template,
                language: Language { code: language },
                components: [
                    Component { r#type: "body", sub_type: None, index: None, parameters: code },
                    Component {
                        r#type: "button",
                        sub_type: Some("url"),
                        index: Some("0"),
                        parameters: code,
                    },
                ],
            },
            biz_opaque_callback_data: tag,
        }
    }
}

/// What a template is filled with: the code, the same in text and button.
struct Parameters<'a>([Parameter<'a>; 1]);

impl<'a> Parameters<'a> {
    /// The code of a message.
    fn of(message: &'a Message) -> Self {
        Self([Parameter { r#type: "text", text: message.code.expose() }])
    }
}

#[derive(Serialize)]
struct Template<'a> {
    name: &'a str,
    language: Language<'a>,
    components: [Component<'a>; 2],
}

#[derive(Serialize)]
struct Language<'a> {
    code: &'a str,
}

#[derive(Serialize)]
struct Component<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<&'static str>,
    parameters: &'a [Parameter<'a>],
}

#[derive(Serialize)]
struct Parameter<'a> {
    r#type: &'static str,
    text: &'a str,
}
