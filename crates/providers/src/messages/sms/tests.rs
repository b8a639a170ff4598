use super::*;

/// The two tables of 3GPP TS 23.038 (6.2.1 and 6.2.1.1), row by row as they are printed, without the escape.
const DEFAULT_ALPHABET: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION_TABLE: &str = "\u{c}^{}\\[~]|€";

fn counted(text: &str) -> (SmsEncoding, usize, usize) {
    let counted = segments(text);
    (counted.encoding, counted.units, counted.segments)
}

#[test]
fn the_alphabet_is_that_of_the_specification_and_nothing_more() {
    assert_eq!(DEFAULT_ALPHABET.chars().count(), 127);
    assert_eq!(EXTENSION_TABLE.chars().count(), 10);
    for sign in char::MIN..=char::MAX {
        let expected = if DEFAULT_ALPHABET.contains(sign) {
            Some(1)
        } else {
            EXTENSION_TABLE.contains(sign).then_some(2)
        };
        assert_eq!(septets(sign), expected, "{sign:?}");
    }
}

#[test]
fn gsm_7_holds_160_alone_and_153_in_a_part() {
    use SmsEncoding::Gsm7;
    assert_eq!(counted(""), (Gsm7, 0, 1));
    assert_eq!(counted(&"a".repeat(160)), (Gsm7, 160, 1));
    assert_eq!(counted(&"a".repeat(161)), (Gsm7, 161, 2));
    assert_eq!(counted(&"a".repeat(306)), (Gsm7, 306, 2));
    assert_eq!(counted(&"a".repeat(307)), (Gsm7, 307, 3));
    assert_eq!(counted(&"€".repeat(80)), (Gsm7, 160, 1));
    assert_eq!(counted(&"€".repeat(81)), (Gsm7, 162, 2));
}

#[test]
fn ucs_2_holds_70_alone_and_67_in_a_part() {
    use SmsEncoding::Ucs2;
    assert_eq!(counted(&"я".repeat(70)), (Ucs2, 70, 1));
    assert_eq!(counted(&"я".repeat(71)), (Ucs2, 71, 2));
    assert_eq!(counted(&"я".repeat(134)), (Ucs2, 134, 2));
    assert_eq!(counted(&"я".repeat(135)), (Ucs2, 135, 3));
    let one_sign_changes_the_alphabet = format!("{}`", "a".repeat(70));
    assert_eq!(counted(&one_sign_changes_the_alphabet), (Ucs2, 71, 2));
}

#[test]
fn an_escape_and_its_sign_are_not_parted() {
    let parted = format!("{}€{}", "a".repeat(152), "a".repeat(152));
    assert_eq!(counted(&parted), (SmsEncoding::Gsm7, 306, 3));
    let whole = format!("{}€{}", "a".repeat(151), "a".repeat(153));
    assert_eq!(counted(&whole), (SmsEncoding::Gsm7, 306, 2));
}

#[test]
fn a_surrogate_pair_is_not_parted() {
    let parted = format!("{}😀{}", "я".repeat(66), "я".repeat(66));
    assert_eq!(counted(&parted), (SmsEncoding::Ucs2, 134, 3));
    let whole = format!("{}😀{}", "я".repeat(65), "я".repeat(67));
    assert_eq!(counted(&whole), (SmsEncoding::Ucs2, 134, 2));
    assert_eq!(counted(&"😀".repeat(35)), (SmsEncoding::Ucs2, 70, 1));
}
