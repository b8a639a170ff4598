//! The numbers, what each is made of, and whether they keep their limits.

use anyhow::{Result, bail};

/// One number.
pub(super) struct Measure {
    /// What is counted.
    pub(super) name: &'static str,
    /// How many there are.
    pub(super) found: usize,
    /// How many there may be.
    pub(super) limit: usize,
    /// What was counted, a line each.
    pub(super) lines: Vec<String>,
}

impl Measure {
    fn verdict(&self) -> String {
        match self.found.cmp(&self.limit) {
            std::cmp::Ordering::Less => format!("ok; lower the limit from {}", self.limit),
            std::cmp::Ordering::Equal => "ok".to_owned(),
            std::cmp::Ordering::Greater => format!("TOO MANY: the limit is {}", self.limit),
        }
    }
}

/// Prints the measures, first what they are made of.
///
/// # Errors
/// Where one is above its limit; the message names all that are.
pub(super) fn close(measures: &[Measure]) -> Result<()> {
    for measure in measures {
        println!("{}:", measure.name);
        measure.lines.iter().for_each(|line| println!("  {line}"));
        println!();
    }
    for measure in measures {
        println!("{:<28} {:>6}  {}", measure.name, measure.found, measure.verdict());
    }
    let above: Vec<_> = measures
        .iter()
        .filter(|measure| measure.found > measure.limit)
        .map(|measure| format!("{}: {} of at most {}", measure.name, measure.found, measure.limit))
        .collect();
    if above.is_empty() { Ok(()) } else { bail!(above.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(found: usize, limit: usize) -> Measure {
        Measure { name: "long files", found, limit, lines: Vec::new() }
    }

    #[test]
    fn a_number_above_its_limit_fails_and_is_named() {
        assert!(close(&[measure(3, 3), measure(0, 3)]).is_ok());
        let refusal = close(&[measure(3, 3), measure(4, 3)]).unwrap_err();
        assert_eq!(refusal.to_string(), "long files: 4 of at most 3");
    }

    #[test]
    fn a_number_below_its_limit_asks_for_a_lower_one() {
        assert_eq!(measure(2, 3).verdict(), "ok; lower the limit from 3");
        assert_eq!(measure(3, 3).verdict(), "ok");
    }
}
