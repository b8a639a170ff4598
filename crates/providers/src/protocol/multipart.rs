//! Forms as `multipart/form-data` (RFC 7578), read out of a body that is whole and bounded already.
//!
//! The crates for it read streams, with a runtime and a dozen further crates; here a body of at
//! most 256 KiB is split.

/// Parts that are looked at.
const MAX_PARTS: usize = 256;
/// RFC 2046, section 5.1.1.
const MAX_BOUNDARY_BYTES: usize = 70;
/// Of the headers of one part.
const MAX_HEAD_BYTES: usize = 4096;

/// The boundary in a `content-type`; nothing where that isn't `multipart/form-data`, or holds none.
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameter(parameters, "boundary")?;
    (1..=MAX_BOUNDARY_BYTES).contains(&boundary.len()).then_some(boundary)
}

/// The value of the first part of that name.
pub(crate) fn value<'a>(body: &'a [u8], boundary: &str, name: &str) -> Option<&'a [u8]> {
    let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
    // Nothing that is to be read goes before the first one.
    let opening = delimiter.get(2..)?;
    let mut rest = match body.strip_prefix(opening) {
        Some(rest) => rest,
        None => split(body, &delimiter)?.1,
    };
    for _ in 0..MAX_PARTS {
        // After the last boundary stand two hyphens.
        let (part, next) = split(next_line(rest)?, &delimiter)?;
        if let Some((head, value)) = split(part, b"\r\n\r\n")
            && named(head).as_deref() == Some(name)
        {
            return Some(value);
        }
        rest = next;
    }
    None
}

/// What stands on the lines after a boundary.
fn next_line(bytes: &[u8]) -> Option<&[u8]> {
    let blanks = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    bytes.get(blanks..)?.strip_prefix(b"\r\n")
}

/// The name of a part, out of its headers.
fn named(head: &[u8]) -> Option<String> {
    let head = std::str::from_utf8(head).ok().filter(|head| head.len() <= MAX_HEAD_BYTES)?;
    head.split("\r\n").find_map(|line| {
        let (header, value) = line.split_once(':')?;
        let (kind, parameters) = value.split_once(';')?;
        let is_it = header.trim().eq_ignore_ascii_case("content-disposition")
            && kind.trim().eq_ignore_ascii_case("form-data");
        if is_it { parameter(parameters, "name").map(str::to_owned) } else { None }
    })
}

/// The value of a parameter, in quotes or not. None that matters here holds a quote or a semicolon.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|parameter| {
        let (found, value) = parameter.split_once('=')?;
        let value = value.trim();
        let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        found.trim().eq_ignore_ascii_case(name).then_some(quoted.unwrap_or(value))
    })
}

fn split<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((bytes.get(..at)?, bytes.get(at + separator.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "--x\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n1\r\n\
        --x\r\ncontent-type: text/plain\r\ncontent-disposition: Form-Data; name=status\r\n\r\nDELIVRD\r\n\
        --x \r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--x--\r\n";

    fn read<'a>(body: &'a str, name: &str) -> Option<&'a str> {
        value(body.as_bytes(), "x", name).map(|value| std::str::from_utf8(value).unwrap())
    }

    #[test]
    fn a_boundary_is_found_in_a_form_alone() {
        for (text, expected) in [
            ("multipart/form-data; boundary=x", Some("x")),
            ("Multipart/Form-Data;charset=utf-8; BOUNDARY=\"a b\"", Some("a b")),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/mixed; boundary=x", None),
            ("application/x-www-form-urlencoded", None),
        ] {
            assert_eq!(boundary(text), expected, "{text}");
        }
        assert_eq!(boundary(&format!("multipart/form-data; boundary={}", "x".repeat(71))), None);
    }

    #[test]
    fn a_part_is_found_by_its_name() {
        for body in [BODY.to_owned(), format!("preamble\r\n{BODY}epilogue")] {
            assert_eq!(read(&body, "id"), Some("1"));
            assert_eq!(read(&body, "status"), Some("DELIVRD"));
            assert_eq!(read(&body, "empty"), Some(""));
            assert_eq!(read(&body, "Status"), None);
        }
    }

    #[test]
    fn what_is_not_whole_holds_nothing() {
        for end in 0..BODY.len() - 4 {
            // Every beginning is read without a panic, and no value before its end is there.
            let _ = read(&BODY[..end], "empty");
        }
        assert_eq!(read(&BODY[..70], "status"), None);
        for body in ["", "--x", "--x--", "--x\r\n", "--x\r\n\r\n--x--", "status=DELIVRD"] {
            assert_eq!(read(body, "status"), None, "{body}");
        }
        let part = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
        let many = format!("{}{}", part.repeat(MAX_PARTS), BODY);
        assert_eq!(read(&many, "status"), None);
        assert_eq!(read(&many, "a"), Some("1"));
    }
}
