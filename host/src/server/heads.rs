//! Where the head of each request on a connection begins and ends.
//!
//! hyper takes a line feed that stands alone for the end of a line; a proxy in front may not (RFC 9112, section 2.2).
//! So the bytes of heads, and of trailers, are looked at on their way to hyper. A request that follows another one on a connection begins
//! where the body of that one ends: how long that is, hyper itself says before it reads on.

use axum::extract::Request;
use axum::http::header;

/// How the body of a request is framed, as hyper understood it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Framing {
    /// In chunks.
    Chunked,
    /// So many bytes.
    Length(u64),
}

impl Framing {
    /// That of `request`. Where there is a length beside the chunks, hyper goes by the chunks.
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let headers = request.headers();
        if headers.contains_key(header::TRANSFER_ENCODING) {
            return Self::Chunked;
        }
        let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        Self::Length(length.and_then(|length| length.trim().parse().ok()).unwrap_or_default())
    }
}

/// Looks at the bytes of a connection as they arrive.
#[derive(Default)]
pub(super) struct Heads(Position);

/// What the next byte of a connection belongs to.
enum Position {
    Head(Head),
    /// A head is over, and nothing is known of the body yet.
    Over,
    Length(u64),
    Chunked(Chunk),
}

impl Default for Position {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

impl Heads {
    /// Whether a head has begun, and isn't over.
    pub(super) fn is_in_a_head(&self) -> bool {
        matches!(&self.0, Position::Head(head) if head.has_begun)
    }

    /// The request whose head is over has such a body.
    pub(super) fn begin(&mut self, body: Framing) {
        self.0 = match body {
            Framing::Chunked => Position::Chunked(Chunk::default()),
            Framing::Length(0) => Position::default(),
            Framing::Length(length) => Position::Length(length),
        };
    }

    /// Puts a byte that no head may hold in place of each line feed that stands alone in a head, and of a `#` in the
    /// request line: no target has a fragment (RFC 9112, section 3.2), and hyper drops it. Returns how many of the bytes
    /// hyper may see now: up to the end of a head, since what follows depends on what hyper reads there.
    pub(super) fn admit(&mut self, bytes: &mut [u8]) -> usize {
        let mut seen = 0;
        while let Some(rest) = bytes.get_mut(seen..).filter(|rest| !rest.is_empty()) {
            match &mut self.0 {
                Position::Head(head) => {
                    let (count, is_over) = head.spoil(rest);
                    seen += count;
                    if is_over {
                        self.0 = Position::Over;
                        return seen;
                    }
                }
                // hyper reads on only once it knows the body; if it did all the same, this would be a head.
                Position::Over => self.0 = Position::default(),
                Position::Length(left) => {
                    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    seen += count;
                    *left -= count as u64;
                    if *left == 0 {
                        self.0 = Position::default();
                    }
                }
                Position::Chunked(chunk) => {
                    let (count, is_over) = chunk.pass(rest);
                    seen += count;
                    if is_over {
                        self.0 = Position::default();
                    }
                }
            }
        }
        seen
    }
}

/// How much of a head there is.
#[derive(Default)]
struct Head {
    /// Whether there is more than the empty lines that may stand in front.
    has_begun: bool,
    /// Whether the request line is over.
    has_line: bool,
    /// How much of `\r\n\r\n` the last bytes were.
    seen: usize,
}

impl Head {
    /// Returns how many of the bytes belong to the head, and whether it is over.
    fn spoil(&mut self, bytes: &mut [u8]) -> (usize, bool) {
        const END: usize = b"\r\n\r\n".len();
        for (index, byte) in bytes.iter_mut().enumerate() {
            let is_alone = *byte == b'\n' && self.seen.is_multiple_of(2);
            if is_alone || (*byte == b'#' && !self.has_line) {
                *byte = 0;
            }
            self.has_line |= self.has_begun && *byte == b'\r';
            self.has_begun |= !matches!(*byte, b'\r' | b'\n');
            self.seen = match (self.seen, *byte) {
                (seen @ (1 | 3), b'\n') => seen + 1,
                (2, b'\r') => 3,
                (_, b'\r') => 1,
                _ => 0,
            };
            if self.seen == END {
                if self.has_begun {
                    return (index + 1, true);
                }
                self.seen = 2;
            }
        }
        (bytes.len(), false)
    }
}

/// Where in a body of chunks the next byte is. hyper refuses what is not exactly as RFC 9112, section 7.1, has it, so that
/// this need not.
enum Chunk {
    /// In the line that tells its size, up to the digits' end or behind them.
    Size { size: u64, has_ended: bool },
    /// In its bytes, of which so many are left with the line break behind them.
    Data(u64),
    /// In a line behind the last one.
    Trailer { is_empty: bool, after_return: bool },
}

impl Default for Chunk {
    fn default() -> Self {
        Self::Size { size: 0, has_ended: false }
    }
}

impl Chunk {
    const TRAILER: Self = Self::Trailer { is_empty: true, after_return: false };

    /// Returns how many of the bytes belong to the body, and whether it is over. Line feeds that stand alone in trailers are
    /// replaced like those in heads: hyper would go on reading them as a trailer, into the next request.
    fn pass(&mut self, bytes: &mut [u8]) -> (usize, bool) {
        let (mut seen, length) = (0, bytes.len());
        while let Some(byte) = bytes.get_mut(seen) {
            seen += 1;
            match self {
                Self::Size { size, .. } if *byte == b'\n' => {
                    *self = match *size {
                        0 => Self::TRAILER,
                        size => Self::Data(size.saturating_add(2)),
                    };
                }
                Self::Size { size, has_ended } => match char::from(*byte).to_digit(16) {
                    Some(digit) if !*has_ended => {
                        *size = size.saturating_mul(16).saturating_add(digit.into());
                    }
                    _ => *has_ended = true,
                },
                Self::Data(left) => {
                    let more = usize::try_from(*left - 1).unwrap_or(usize::MAX);
                    let more = more.min(length - seen);
                    seen += more;
                    *left -= 1 + more as u64;
                    if *left == 0 {
                        *self = Self::default();
                    }
                }
                Self::Trailer { is_empty, after_return } => match byte {
                    b'\n' if *after_return && *is_empty => return (seen, true),
                    b'\n' if *after_return => *self = Self::TRAILER,
                    b'\n' => {
                        *byte = 0;
                        (*is_empty, *after_return) = (false, false);
                    }
                    b'\r' => *after_return = true,
                    _ => (*is_empty, *after_return) = (false, false),
                },
            }
        }
        (seen, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What hyper sees of `bytes`, which arrive in `parts`, where the bodies are framed so.
    fn seen(parts: &[&[u8]], bodies: &[Framing]) -> String {
        let (mut heads, mut bodies, mut all) = (Heads::default(), bodies.iter(), Vec::new());
        for part in parts {
            let mut rest = part.to_vec();
            while !rest.is_empty() {
                if matches!(heads.0, Position::Over) {
                    heads.begin(*bodies.next().expect("one body for each head"));
                }
                let count = heads.admit(&mut rest);
                assert!(count > 0, "nothing passes");
                all.extend(rest.drain(..count));
            }
        }
        String::from_utf8(all).unwrap()
    }

    /// The same however the bytes arrive.
    fn spoiled(bytes: &str, bodies: &[Framing]) -> String {
        let bytes = bytes.as_bytes();
        let whole = seen(&[bytes], bodies);
        for at in 0..bytes.len() {
            let (first, second) = bytes.split_at(at);
            assert_eq!(seen(&[first, second], bodies), whole, "cut at {at}");
        }
        let single: Vec<_> = bytes.chunks(1).collect();
        assert_eq!(seen(&single, bodies), whole);
        whole
    }

    #[test]
    fn line_feeds_that_stand_alone_are_spoiled_in_heads_only() {
        let body = Framing::Length(5);
        assert_eq!(spoiled("GET / HTTP/1.1\na: b\r\n\n", &[]), "GET / HTTP/1.1\0a: b\r\n\0");
        assert_eq!(spoiled("\nGET / HTTP/1.1\r\n\r\n", &[]), "\0GET / HTTP/1.1\r\n\r\n");
        let whole = "GET / HTTP/1.1\r\na: b\r\n\r\n{\n\n\n}";
        assert_eq!(spoiled(whole, &[body]), whole);
        assert_eq!(spoiled("a\r\r\n\r\n1\n2\n3b\n", &[body]), "a\r\r\n\r\n1\n2\n3b\0");
    }

    #[test]
    fn a_fragment_is_spoiled_in_the_request_line_only() {
        let whole = "\r\nGET /a#b#c HTTP/1.1\r\na: #b\r\n\r\n#";
        let spoilt = "\r\nGET /a\0b\0c HTTP/1.1\r\na: #b\r\n\r\n#";
        assert_eq!(spoiled(whole, &[Framing::Length(1)]), spoilt);
    }

    #[test]
    fn empty_lines_in_front_end_no_head() {
        assert_eq!(spoiled("\r\n\r\nGET /\n\r\n\r\n", &[]), "\r\n\r\nGET /\0\r\n\r\n");
    }

    #[test]
    fn every_head_of_a_connection_is_looked_at() {
        let none = Framing::Length(0);
        let two = |second: &str| format!("a\r\n\r\nb\r\n\r\n{second}");
        assert_eq!(spoiled(&two("c\nd\r\n\r\n"), &[none, none]), two("c\0d\r\n\r\n"));
        let chunks =
            "POST\r\n\r\n5\r\n\n\n\n\n\n\r\nA;x=\"y\"\r\n0123\r\n\r\n89\r\n0\r\na: b\r\n\r\n";
        let bodies = [Framing::Chunked, Framing::Chunked];
        assert_eq!(spoiled(&format!("{chunks}{chunks}"), &bodies), format!("{chunks}{chunks}"));
        assert_eq!(spoiled(&format!("{chunks}c\n"), &bodies), format!("{chunks}c\0"));
        let empty = "POST\r\n\r\n000\r\n\r\n";
        assert_eq!(spoiled(&format!("{empty}c\n"), &bodies), format!("{empty}c\0"));
    }

    #[test]
    fn a_line_feed_that_stands_alone_is_spoiled_in_trailers_too() {
        let bodies = [Framing::Chunked];
        let behind = |trailer: &str| format!("POST\r\n\r\n1\r\n\n\r\n0\r\n{trailer}");
        assert_eq!(spoiled(&behind("A: b\n\r\n"), &bodies), behind("A: b\0\r\n"));
        assert_eq!(spoiled(&behind("\nGET /"), &bodies), behind("\0GET /"));
        assert_eq!(spoiled(&behind("A: b\r\n\n"), &bodies), behind("A: b\r\n\0"));
    }

    #[test]
    fn a_body_is_framed_as_hyper_reads_it() {
        let framing = |headers: &[(&str, &str)]| {
            let builder = headers
                .iter()
                .fold(Request::builder(), |builder, (name, value)| builder.header(*name, *value));
            Framing::of(&builder.body(()).unwrap())
        };
        assert_eq!(framing(&[]), Framing::Length(0));
        assert_eq!(framing(&[("content-length", "12")]), Framing::Length(12));
        let both = [("content-length", "12"), ("transfer-encoding", "chunked")];
        assert_eq!(framing(&both), Framing::Chunked);
    }
}
