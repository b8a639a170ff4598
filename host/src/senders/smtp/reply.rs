//! Replies as RFC 5321, section 4.2, has them: a code decides, the text behind it is for people.
//!
//! lettre's own parser refuses what servers do send: a line that is only its three digits, text
//! that isn't UTF-8, and keywords of EHLO in other capitals. It can't be told to do otherwise, so
//! replies are read here.

/// The longest reply that is read. RFC 5321 allows 512 bytes a line; the longest greetings have
/// some 20 lines.
const MAX_REPLY_BYTES: usize = 16 * 1024;

/// A whole reply.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct SmtpReply {
    /// 200 to 599.
    pub(super) code: u16,
    /// The text of each line, at least one. May hold the recipient's address: not for logs.
    pub(super) lines: Vec<Vec<u8>>,
}

/// What a code asks of the client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// 2yz: done.
    Done,
    /// 3yz: more is expected.
    GoOn,
    /// 4yz and 5yz: no.
    Refused,
}

/// Not SMTP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Garbled;

impl SmtpReply {
    /// What the code asks for.
    pub(super) const fn kind(&self) -> Kind {
        match self.code {
            ..300 => Kind::Done,
            300..400 => Kind::GoOn,
            _ => Kind::Refused,
        }
    }

    /// Takes a whole reply out of `buffer`, which keeps what follows it; nothing while its end is
    /// missing.
    ///
    /// # Errors
    /// Where this can't become a reply.
    pub(super) fn take(buffer: &mut Vec<u8>) -> Result<Option<Self>, Garbled> {
        let mut lines = Vec::new();
        let mut first = None;
        let mut start = 0;
        while let Some(length) = buffer.get(start..).and_then(first_line).transpose()? {
            let line = buffer.get(start..start + length).ok_or(Garbled)?;
            start += length + LINE_END.len();
            let (code, is_last, text) = parts(line)?;
            if start > MAX_REPLY_BYTES || *first.get_or_insert(code) != code {
                return Err(Garbled);
            }
            lines.push(text.to_vec());
            if is_last {
                buffer.drain(..start);
                return Ok(Some(Self { code, lines }));
            }
        }
        if buffer.len() > MAX_REPLY_BYTES { Err(Garbled) } else { Ok(None) }
    }
}

const LINE_END: &[u8] = b"\r\n";

/// The length of the first line, where its end is there. A line feed alone ends no line (RFC 5321,
/// section 2.3.8).
fn first_line(bytes: &[u8]) -> Option<Result<usize, Garbled>> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some(bytes.get(..end).and_then(|line| line.strip_suffix(b"\r")).map(<[u8]>::len).ok_or(Garbled))
}

/// The code of a line, whether it is the reply's last, and its text.
fn parts(line: &[u8]) -> Result<(u16, bool, &[u8]), Garbled> {
    let Some((digits, rest)) = line.split_at_checked(3) else { return Err(Garbled) };
    let digits = std::str::from_utf8(digits).map_err(|_| Garbled)?;
    let code = digits.parse().ok().filter(|code| (200..600).contains(code));
    // A sign would be read as part of the number.
    let code = code.filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit())).ok_or(Garbled)?;
    match rest.split_first() {
        None => Ok((code, true, rest)),
        Some((b' ', text)) => Ok((code, true, text)),
        Some((b'-', text)) => Ok((code, false, text)),
        Some(_) => Err(Garbled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<SmtpReply>, Garbled> {
        SmtpReply::take(&mut bytes.to_vec())
    }

    fn reply(code: u16, lines: &[&[u8]]) -> Result<Option<SmtpReply>, Garbled> {
        Ok(Some(SmtpReply { code, lines: lines.iter().map(|line| line.to_vec()).collect() }))
    }

    #[test]
    fn the_text_of_a_reply_may_be_missing_and_may_be_anything() {
        assert_eq!(read(b"250\r\n"), reply(250, &[b""]));
        assert_eq!(read(b"250 \r\n"), reply(250, &[b""]));
        assert_eq!(read(b"220-a\r\n220\r\n"), reply(220, &[b"a", b""]));
        assert_eq!(read(b"250-\r\n250-b\r\n250 c\r\n"), reply(250, &[b"", b"b", b"c"]));
        for text in [&b"\xb5\xc7\xc2\xbc"[..], b"\xee\xc5\xd4", b"\0\xff\r", "ü".as_bytes()] {
            let bytes = [b"550 ", text, b"\r\n"].concat();
            assert_eq!(read(&bytes), reply(550, &[text]));
        }
    }

    #[test]
    fn what_follows_a_reply_is_kept() {
        let mut buffer = b"250 a\r\n550-b\r\n55".to_vec();
        assert_eq!(SmtpReply::take(&mut buffer), reply(250, &[b"a"]));
        assert_eq!(SmtpReply::take(&mut buffer), Ok(None));
        assert_eq!(buffer, b"550-b\r\n55");
        buffer.extend_from_slice(b"0\r\n");
        assert_eq!(SmtpReply::take(&mut buffer), reply(550, &[b"b", b""]));
        assert_eq!(buffer, b"");
    }

    #[test]
    fn what_is_no_reply_is_told_at_once() {
        for text in [
            "hello there\r\n",
            "25\r\n",
            "\r\n",
            "250\n",
            "250-a\n250 b\r\n",
            "150 a\r\n",
            "600 a\r\n",
            "+50 a\r\n",
            "25x a\r\n",
            "2500 a\r\n",
            "250\ta\r\n",
            "250-a\r\n251 b\r\n",
        ] {
            assert_eq!(read(text.as_bytes()), Err(Garbled), "{text}");
        }
        assert_eq!(read(b"\xff\xff\xff a\r\n"), Err(Garbled));
        assert_eq!(read(b"250-a\r\n250"), Ok(None));
    }

    #[test]
    fn a_reply_has_an_end() {
        let lines = |count| "250-x\r\n".repeat(count);
        assert_eq!(read(lines(2000).as_bytes()), Ok(None));
        assert_eq!(read(lines(3000).as_bytes()), Err(Garbled));
        assert_eq!(read(&vec![b'2'; MAX_REPLY_BYTES + 1]), Err(Garbled));
    }
}
