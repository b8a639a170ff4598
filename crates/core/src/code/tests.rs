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

#[test]
fn what_cannot_be_a_code_is_not_read() {
    for typed in
        ["", "12345", "1234567", "12345a", "１２３４５６", "12345\u{0}", &"1".repeat(10_000)]
    {
        assert!(Code::read(&Secret::new(typed.into()), Alphabet::Digits, 6).is_none(), "{typed}");
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
