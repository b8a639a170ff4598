//! The classes of characters that people and programs add to codes and recipients, and the ones that stand for a digit
//! or a letter. The categories are those of the Unicode Character Database.
//!
//! The tables are ICU4X's, which `idna` links already: asking them adds code only, no data.

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

/// From a full-width sign of `!` to `~` to the sign itself.
const FULL_WIDTH: u32 = 0xff01 - 0x21;

/// Whether the sign shows nothing: white space (`White_Space`), or a format character (category Cf), such as the marks
/// of writing direction, the zero-width signs and the byte order mark.
pub(crate) fn is_blank(sign: char) -> bool {
    sign.is_whitespace() || (!sign.is_ascii() && category(sign) == GeneralCategory::Format)
}

/// Whether the sign is a hyphen or a dash (category Pd), or the minus sign U+2212.
pub(crate) fn is_dash(sign: char) -> bool {
    match sign {
        '-' | '\u{2212}' => true,
        _ => !sign.is_ascii() && category(sign) == GeneralCategory::DashPunctuation,
    }
}

/// Whether the sign is one of the variation selectors U+FE00 to U+FE0F, which choose how the sign before is drawn.
pub(crate) fn is_variation_selector(sign: char) -> bool {
    matches!(sign, '\u{fe00}'..='\u{fe0f}')
}

/// Whether a line, or a cell of a table, ends here.
pub(crate) fn is_break(sign: char) -> bool {
    matches!(sign, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The ASCII sign of a full-width one, U+FF01 to U+FF5E; any other sign is given back.
pub(crate) fn half_width(sign: char) -> char {
    match sign {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(sign).saturating_sub(FULL_WIDTH)).unwrap_or(sign)
        }
        _ => sign,
    }
}

/// The ASCII digit of the same value, for a decimal digit (category Nd) of any script; any other sign is given back.
///
/// Unicode assigns decimal digits in runs from 0 to 9: the value follows from the place in the run, also where runs
/// follow one another (the mathematical digits are five of them).
pub(crate) fn plain_digit(sign: char) -> char {
    let is_digit = |sign: char| category(sign) == GeneralCategory::DecimalNumber;
    if sign.is_ascii() || !is_digit(sign) {
        return sign;
    }
    let before = (0..u32::from(sign)).rev().map_while(char::from_u32).take_while(|s| is_digit(*s));
    let value = u32::try_from(before.count() % 10).ok();
    value.and_then(|value| char::from_digit(value, 10)).unwrap_or(sign)
}

fn category(sign: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(sign)
}

#[cfg(test)]
mod tests;
