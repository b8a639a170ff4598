use super::*;

#[test]
fn a_digit_of_any_script_counts_by_its_value() {
    // The zeros of scripts in and beyond the basic plane.
    for zero in [
        '0',
        '\u{660}',
        '\u{6f0}',
        '\u{7c0}',
        '\u{966}',
        '\u{9e6}',
        '\u{e50}',
        '\u{1040}',
        '\u{19d0}',
        '\u{1a80}',
        '\u{1a90}',
        '\u{a9f0}',
        '\u{ff10}',
        '\u{104a0}',
        '\u{11066}',
        '\u{1d7ce}',
        '\u{1d7d8}',
        '\u{1d7e2}',
        '\u{1d7ec}',
        '\u{1d7f6}',
        '\u{1e950}',
        '\u{1fbf0}',
    ] {
        for value in 0..10 {
            let digit = char::from_u32(u32::from(zero) + value).unwrap();
            let plain = plain_digit(half_width(digit));
            assert_eq!(Some(plain), char::from_digit(value, 10), "{digit:?}");
        }
    }
    for other in ['a', '½', '²', '①', '\u{19da}', '\u{2164}', '〇', '\u{1d7cd}', '\u{1d800}'] {
        assert_eq!(plain_digit(other), other);
    }
}

#[test]
fn full_width_ascii_is_ascii() {
    for (wide, plain) in
        [('！', '!'), ('＃', '#'), ('Ａ', 'A'), ('ｚ', 'z'), ('～', '~'), ('＠', '@')]
    {
        assert_eq!(half_width(wide), plain);
    }
    for other in ['a', '\u{ff00}', '｟', 'ｱ', '\u{3000}'] {
        assert_eq!(half_width(other), other);
    }
}

#[test]
fn blanks_and_dashes_are_those_of_unicode() {
    let blanks = " \t\r\n\u{b}\u{85}\u{a0}\u{ad}\u{61c}\u{1680}\u{180e}\u{2003}\u{200b}\u{200d}\u{200e}\u{202f}\u{2028}\
                  \u{2060}\u{2066}\u{3000}\u{feff}\u{fff9}\u{e0020}";
    assert!(blanks.chars().all(is_blank));
    assert!(!"a0-_.\0\u{7f}\u{301}\u{fe0f}\u{2800}\u{3164}".chars().any(is_blank));
    let dashes = "-\u{58a}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2212}\u{301c}\u{fe58}\u{fe63}\u{ff0d}\u{10ead}";
    assert!(dashes.chars().all(is_dash));
    assert!(!"_~+.\u{b7}\u{30fc}\u{2043}".chars().any(is_dash));
}
