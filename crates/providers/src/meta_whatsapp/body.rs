//! The body of a request.

use serde::Serialize;

use crate::messages::message::Message;

/// A message as an authentication template.
#[derive(Serialize)]
pub(super) struct Body<'a> {
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
    pub(super) fn new(
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
pub(super) struct Parameters<'a>([Parameter<'a>; 1]);

impl<'a> Parameters<'a> {
    /// The code of a message.
    pub(super) fn of(message: &'a Message) -> Self {
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
