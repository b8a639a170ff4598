//! How many text messages a text takes, after 3GPP TS 23.038 (the alphabets) and TS 23.040 (the parts of a long one).

/// In which alphabet a text travels.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum SmsEncoding {
    /// The GSM 7-bit default alphabet with its extension table.
    Gsm7,
    /// UCS-2, for everything else; what is beyond it takes two units, as in UTF-16.
    Ucs2,
}

/// What a text takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Segments {
    /// The alphabet.
    pub encoding: SmsEncoding,
    /// Its length: septets, or units of 16 bits.
    pub units: usize,
    /// The messages that it is sent as, at least one.
    pub segments: usize,
}

/// Counts the messages that `text` is sent as. National shift tables aren't used: few networks know them.
#[must_use]
pub fn segments(text: &str) -> Segments {
    let encoding = if text.chars().all(|sign| septets(sign).is_some()) {
        SmsEncoding::Gsm7
    } else {
        SmsEncoding::Ucs2
    };
    // One message alone, and a part of several: 140 bytes, of which 6 say which part it is.
    let (alone, part) = match encoding {
        SmsEncoding::Gsm7 => (160, 153),
        SmsEncoding::Ucs2 => (70, 67),
    };
    let (mut units, mut parts, mut room) = (0, 0, 0);
    for sign in text.chars() {
        let size = match encoding {
            SmsEncoding::Gsm7 => septets(sign).unwrap_or_default(),
            SmsEncoding::Ucs2 => sign.len_utf16(),
        };
        units += size;
        // Neither an escape and its sign nor the halves of a surrogate pair are parted.
        if room < size {
            parts += 1;
            room = part;
        }
        room -= size;
    }
    Segments { encoding, units, segments: if units <= alone { 1 } else { parts } }
}

/// The septets of a sign in the default alphabet; the extension table's come after an escape.
fn septets(sign: char) -> Option<usize> {
    match sign {
        '\n' | '\r' | ' '..='Z' | 'a'..='z' => Some(1),
        '_' | '¡' | '£' | '¤' | '¥' | '§' | '¿' => Some(1),
        'Ä' | 'Å' | 'Æ' | 'Ç' | 'É' | 'Ñ' | 'Ö' | 'Ø' | 'Ü' | 'ß' => Some(1),
        'à' | 'ä' | 'å' | 'æ' | 'è' | 'é' | 'ì' | 'ñ' | 'ò' | 'ö' | 'ø' | 'ù' | 'ü' => {
            Some(1)
        }
        'Γ' | 'Δ' | 'Θ' | 'Λ' | 'Ξ' | 'Π' | 'Σ' | 'Φ' | 'Ψ' | 'Ω' => Some(1),
        '\u{c}' | '[' | '\\' | ']' | '^' | '{' | '|' | '}' | '~' | '€' => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
