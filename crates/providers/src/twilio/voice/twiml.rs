//! What Twilio does once a call is answered: says the text, and once more.
//!
//! Escaped here rather than by `quick_xml`, which `aws_sns` reads with: that adds 788 bytes to the edge app, and what XML
//! can't hold would still have to be taken out here.

use super::voices::Voice;

/// Characters that Twilio takes (its error 32018).
const MAX_CHARACTERS: usize = 4_000;

/// The instructions; nothing where they are longer than Twilio takes.
pub(super) fn written(voice: &Voice, text: &str) -> Option<String> {
    // Each character of XML stands for at least one of the text.
    if text.chars().nth(MAX_CHARACTERS).is_some() {
        return None;
    }
    let mut say = String::from("<Say voice=\"");
    push_escaped(&mut say, &voice.name);
    if let Some(language) = &voice.language {
        say.push_str("\" language=\"");
        push_escaped(&mut say, language);
    }
    say.push_str("\">");
    push_escaped(&mut say, text);
    say.push_str("</Say>");
    let whole = format!("<Response>{say}<Pause length=\"1\"/>{say}</Response>");
    (whole.chars().count() <= MAX_CHARACTERS).then_some(whole)
}

/// Adds text as XML has it, in an element or in an attribute. What XML 1.0 can't hold at all is a space then.
fn push_escaped(xml: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => xml.push(' '),
            _ if character.is_control() => xml.push(' '),
            _ => xml.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(language: Option<&str>) -> Voice {
        Voice { name: "Polly.Maxim".into(), language: language.map(Into::into) }
    }

    #[test]
    fn a_text_is_said_twice_and_stays_text() {
        assert_eq!(
            written(&voice(Some("ru-RU")), "<Hangup/> & \"1\" '2'\u{0}\u{1b}\n\u{ffff}é").unwrap(),
            "<Response><Say voice=\"Polly.Maxim\" language=\"ru-RU\">&lt;Hangup/&gt; &amp; &quot;1&quot; \
             &apos;2&apos;    é</Say><Pause length=\"1\"/><Say voice=\"Polly.Maxim\" \
             language=\"ru-RU\">&lt;Hangup/&gt; &amp; &quot;1&quot; &apos;2&apos;    é</Say></Response>"
        );
        assert!(
            written(&voice(None), "1")
                .unwrap()
                .starts_with("<Response><Say voice=\"Polly.Maxim\">1<")
        );
    }

    #[test]
    fn what_twilio_would_refuse_is_not_written() {
        let overhead = written(&voice(None), "").unwrap().len();
        let fits = "é".repeat((MAX_CHARACTERS - overhead) / 2);
        assert_eq!(
            written(&voice(None), &fits).unwrap().chars().count(),
            MAX_CHARACTERS - overhead % 2
        );
        assert_eq!(written(&voice(None), &format!("{fits}é")), None);
        // Escaped it is longer.
        assert_eq!(written(&voice(None), &"&".repeat(500)), None);
        assert_eq!(written(&voice(None), &"&".repeat(1_000_000)), None);
    }
}
