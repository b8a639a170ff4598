//! The time that a Redis tells, as it passes.

/// Adds `seconds` to what a Redis answers to `TIME`: two texts, the first of ten digits.
pub(super) fn shift(answers: &mut [u8], seconds: i64) {
    const BEGINNING: &[u8] = b"*2\r\n$10\r\n";
    let places: Vec<_> = answers.windows(BEGINNING.len()).map(|part| part == BEGINNING).collect();
    for (place, _) in places.iter().enumerate().filter(|(_, is_time)| **is_time) {
        let digits = answers.get_mut(place + BEGINNING.len()..).and_then(|rest| rest.get_mut(..10));
        let Some(digits) = digits else { continue };
        let time = std::str::from_utf8(digits).ok().and_then(|text| text.parse::<i64>().ok());
        if let Some(time) = time {
            digits.copy_from_slice(format!("{:010}", time + seconds).as_bytes());
        }
    }
}
