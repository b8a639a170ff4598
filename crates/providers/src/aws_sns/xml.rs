//! Texts out of small XML documents.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

use crate::json;

/// Elements within elements: SNS has 3.
const MAX_DEPTH: usize = 16;
const MAX_TEXT_BYTES: usize = 1_024;

/// The texts of the elements at these paths of names, without what stands in elements within. Nothing where the
/// document isn't whole, isn't XML, declares a type (and thus entities), or is deeper or longer than SNS's answers are.
/// Bytes that aren't UTF-8 are read as U+FFFD: they cost the text that they stand in, and no other.
pub(super) fn texts<const N: usize>(
    body: &[u8],
    paths: [&[&str]; N],
) -> Option<[Option<String>; N]> {
    let body = String::from_utf8_lossy(json::unmarked(body));
    let mut reader = Reader::from_str(&body);
    let mut texts = [const { None }; N];
    let mut open: Vec<String> = Vec::new();
    let mut has_root = false;
    loop {
        let here = paths.iter().position(|path| *path == open.as_slice());
        let text = here.and_then(|index| texts.get_mut(index));
        match reader.read_event().ok()? {
            Event::Start(element) => {
                if open.len() == MAX_DEPTH || open.is_empty() && has_root {
                    return None;
                }
                has_root = true;
                open.push(element.name().0.to_owned());
            }
            Event::End(_) => drop(open.pop()?),
            Event::Text(part) => add(text, &part)?,
            Event::CData(part) => add(text, &part)?,
            Event::GeneralRef(name) => match name.resolve_char_ref().ok()? {
                Some(character) => add(text, character.encode_utf8(&mut [0; 4]))?,
                None => add(text, resolve_xml_entity(&name)?)?,
            },
            Event::DocType(_) => return None,
            Event::Eof => return (has_root && open.is_empty()).then_some(texts),
            Event::Comment(_) | Event::Decl(_) | Event::Empty(_) | Event::PI(_) => {}
        }
    }
}

/// Adds to a text that is wanted; nothing where it grows too long.
fn add(text: Option<&mut Option<String>>, part: &str) -> Option<()> {
    let Some(text) = text else { return Some(()) };
    let text = text.get_or_insert_default();
    text.push_str(part);
    (text.len() <= MAX_TEXT_BYTES).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Option<[Option<String>; 2]> {
        texts(body.as_bytes(), [&["a", "b"], &["a", "c", "d"]])
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn texts_are_found_by_their_paths_alone() {
        let body = "<?xml version=\"1.0\"?>\n<a xmlns=\"urn:x\"><!-- b --><c><b>no</b><d>2</d></c>\n<b x='y'>1</b><e/></a>\n";
        assert_eq!(of(body), Some([some("1"), some("2")]));
        assert_eq!(of("<a><b/></a>"), Some([None, None]));
        assert_eq!(of("<b><b>1</b></b>"), Some([None, None]));
        assert_eq!(of("<a><b>1<x>2</x>3</b></a>"), Some([some("13"), None]));
    }

    #[test]
    fn only_the_five_entities_and_characters_by_number_are_resolved() {
        let text = of("<a><b>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;<![CDATA[<&amp;]]></b></a>");
        assert_eq!(text, Some([some("<&>\"'AB<&amp;"), None]));
        assert_eq!(of("<a><b>&x;</b></a>"), None);
        assert_eq!(of("<!DOCTYPE a [<!ENTITY x \"y\">]><a><b>&x;</b></a>"), None);
        assert_eq!(of("<!DOCTYPE a><a><b>1</b></a>"), None);
    }

    #[test]
    fn what_is_not_whole_says_nothing() {
        for body in
            ["", " ", "text", "<a>", "<a><b>1</b>", "<a><b>1</a></b>", "<a><b>1</b></a", "<a/><a/>"]
        {
            assert!(of(body).is_none_or(|texts| texts == [None, None]), "{body}");
        }
        assert_eq!(of("<a><b>1</b></a><a><b>2</b></a>"), None);
        assert_eq!(texts(&[b'<', 0xff, b'>'], [&["a"]]), None);
    }

    #[test]
    fn bytes_that_are_not_utf_8_cost_their_own_text_alone() {
        let body = b"<a><b>1</b><c><d>\xff</d></c></a>";
        let paths: [&[&str]; 2] = [&["a", "b"], &["a", "c", "d"]];
        assert_eq!(texts(body, paths), Some([some("1"), some("\u{fffd}")]));
    }

    #[test]
    fn depth_and_length_have_an_end() {
        let nested = |depth| format!("{}{}", "<x>".repeat(depth), "</x>".repeat(depth));
        assert!(of(&nested(MAX_DEPTH)).is_some());
        assert!(of(&nested(MAX_DEPTH + 1)).is_none());
        let long = |bytes| format!("<a><b>{}</b></a>", "x".repeat(bytes));
        assert!(of(&long(MAX_TEXT_BYTES)).is_some());
        assert!(of(&long(MAX_TEXT_BYTES + 1)).is_none());
    }
}
