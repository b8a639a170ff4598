use hmac::KeyInit;

use std::cell::Cell;

use super::*;

thread_local! {
    /// Codes derived, and codes compared, by this test.
    pub(crate) static WORK: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
}

fn mac(seed: u64) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
    mac.update(&seed.to_be_bytes());
    mac
}

fn code(seed: u64, alphabet: Alphabet, length: u32) -> String {
    Code::derive(mac(seed), alphabet, length).reveal().expose().clone()
}

/// NIST SP 800-63B 3.1.3.2: chi-square over every digit of a million codes. 9 degrees of freedom: 27.9 is
/// exceeded by chance once in a thousand; the seeds are fixed, so this never is.
#[test]
fn derived_codes_are_uniform() {
    let mut counts = [[0_u32; 10]; 6];
    for seed in 0..1_000_000 {
        let code = Code::derive(mac(seed), Alphabet::Digits, 6);
        for (place, sign) in code.0.iter().take(6).enumerate() {
            counts[place][usize::from(sign - b'0')] += 1;
        }
    }
    for place in counts {
        let chi: f64 =
            place.iter().map(|count| (f64::from(*count) - 100_000.0).powi(2) / 100_000.0).sum();
        assert!(chi < 27.9, "chi-square of {chi} at {place:?}");
    }
}

#[test]
fn codes_have_the_length_and_the_signs_asked_for() {
    for length in 6..=10 {
        for seed in 0..200 {
            let digits = code(seed, Alphabet::Digits, length);
            assert_eq!(digits.len(), length as usize);
            assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
            let letters = code(seed, Alphabet::Unambiguous, length);
            assert_eq!(letters.len(), length as usize);
            assert!(!letters.contains(['0', '1', 'I', 'O']), "{letters}");
        }
    }
}

#[test]
fn spaces_hyphens_and_case_do_not_matter() {
    let derived = Code::derive(mac(1), Alphabet::Unambiguous, 8);
    let plain = derived.reveal().expose().clone();
    let typed = format!(" {}-{} ", plain[..4].to_lowercase(), &plain[4..]);
    let read = Code::read(&Secret::new(typed), Alphabet::Unambiguous, 8).unwrap();
    assert!(read.is(&derived));
}

fn read(typed: &str, alphabet: Alphabet, length: u32) -> Option<String> {
    let code = Code::read(&Secret::new(typed.into()), alphabet, length)?;
    Some(code.reveal().expose().clone())
}

#[test]
fn signs_without_a_meaning_are_ignored_wherever_they_stand() {
    for typed in [
        "123456\n",
        "123456\r\n",
        "\t123456",
        "123\n456",
        "123\u{a0}456",
        "123456\u{a0}",
        "123\u{202f}456",
        "123\u{3000}456",
        "\u{200b}123456",
        "\u{feff}123456",
        "1\u{200b}2\u{200c}3\u{200d}4\u{2060}5\u{ad}6",
        "\u{202a}123456\u{202c}",
        "\u{2066}123 456\u{2069}",
        "123\u{2028}456",
        "123\u{85}456",
        "123\u{2013}456",
        "123\u{2011}456",
        "123\u{2212}456",
        "\u{2014}123456",
        "123456\u{301c}",
        "123\u{ff0d}456",
        "- 1 - 2 - 3 - 4 - 5 - 6 -",
        "\u{e0001}123456",
    ] {
        assert_eq!(read(typed, Alphabet::Digits, 6).as_deref(), Some("123456"), "{typed:?}");
    }
}

#[test]
fn digits_of_any_script_and_full_width_letters_count() {
    for typed in [
        "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}",
        "\u{6f1}\u{6f2}\u{6f3}\u{6f4}\u{6f5}\u{6f6}",
        "\u{967}\u{968}\u{969}\u{96a}\u{96b}\u{96c}",
        "\u{ff11}\u{ff12}\u{ff13}\u{ff14}\u{ff15}\u{ff16}",
        "\u{1d7cf}\u{1d7da}\u{1d7e5}\u{1d7f0}\u{1d7fb}6",
        "\u{e51}2\u{e53}4\u{e55}6",
    ] {
        assert_eq!(read(typed, Alphabet::Digits, 6).as_deref(), Some("123456"), "{typed:?}");
    }
    for typed in
        ["AB23CD", "ab23cd", "\u{ff21}\u{ff42}\u{ff12}\u{ff13}\u{ff23}\u{ff44}", "ab-\u{662}3cd"]
    {
        assert_eq!(read(typed, Alphabet::Unambiguous, 6).as_deref(), Some("AB23CD"), "{typed:?}");
    }
}

#[test]
fn what_messages_put_around_a_code_is_taken_away_once() {
    for typed in [
        "G-123456",
        "g - 123 456",
        "FB-123456",
        "ABC\u{2013}123456",
        "\u{416}-123456",
        "#123456",
        "# 123456",
        "\u{ff03}123456",
        "\"123456\"",
        "'123456'",
        "\u{201c}123456\u{201d}",
        "\u{201e}123456\u{201c}",
        "\u{ab}\u{a0}123456\u{a0}\u{bb}",
        "\u{300c}123456\u{300d}",
        "\u{ff02}123456\u{ff02}",
        "123456.",
        "123456,",
        "123456 .\n",
        "123456\u{ff0e}",
        "\"123456.\"",
        "\"123456\".",
        "\"G-123456\"",
        "\"#123 456\",",
    ] {
        assert_eq!(read(typed, Alphabet::Digits, 6).as_deref(), Some("123456"), "{typed:?}");
    }
    for (typed, code) in [
        ("G-ABCD2345", "ABCD2345"),
        ("AB-CDEF23", "ABCDEF23"),
        ("\"abcd-2345\"", "ABCD2345"),
        ("ABC-ABCD-2345.", "ABCD2345"),
    ] {
        assert_eq!(read(typed, Alphabet::Unambiguous, 8).as_deref(), Some(code), "{typed:?}");
    }
}

#[test]
fn what_is_no_code_is_not_read() {
    for typed in [
        "",
        " ",
        "12345",
        "1234567",
        "12345a",
        "12345\u{0}",
        "123.456",
        "123,456",
        "12345O",
        "12345l",
        "Your code is 123456",
        "@pay.example.com #123456",
        "123456 654321",
        "ABCD-123456",
        "G123456",
        "G 123456",
        "G--12345",
        "G-#123456",
        "##123456",
        "\"123456",
        "123456\"",
        "\"\"123456\"\"",
        "(123456)",
        "123456..",
        "123456.,",
        "\"123456.\".",
        ".123456",
        "123456!",
        "123456;",
        "code:123456",
        "1/23456",
        "\u{2460}23456",
        "12345\u{00b2}",
        "12345\u{19da}",
        "123456\u{301}",
        "1\u{fe0f}\u{20e3}23456",
        "0x123456",
        "\u{1f511}123456",
        &"1".repeat(10_000),
        &"\u{200b}".repeat(10_000),
    ] {
        assert_eq!(read(typed, Alphabet::Digits, 6), None, "{typed:?}");
    }
    for typed in ["AB23CO", "AB23C1", "ABCD-AB23CDE", "AB23CDE", "\u{410}B23CD"] {
        assert_eq!(read(typed, Alphabet::Unambiguous, 6), None, "{typed:?}");
    }
}

#[test]
fn a_code_that_differs_in_one_sign_is_another() {
    let derived = Code::derive(mac(1), Alphabet::Digits, 6);
    let plain = derived.reveal().expose().clone();
    for place in 0..6 {
        let mut other = plain.clone().into_bytes();
        other[place] = b'0' + (other[place] - b'0' + 1) % 10;
        let typed = Secret::new(String::from_utf8(other).unwrap());
        assert!(!Code::read(&typed, Alphabet::Digits, 6).unwrap().is(&derived));
    }
}
