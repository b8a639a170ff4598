//! Medians and tables.

use std::time::Duration;

use crate::engines::Variant;
use crate::load::Done;

/// One variant's turn in one round.
pub(crate) struct Sample {
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) cpu_us: f64,
}

impl Sample {
    /// From what the load generator saw and what the server's process used.
    pub(crate) fn new(done: Done, cpu_time: Duration) -> Self {
        let count = done.latencies.len();
        let [p50_us, p99_us] = percentiles(done.latencies, [50, 99]);
        Self {
            per_second: count as f64 / done.elapsed.as_secs_f64(),
            p50_us,
            p99_us,
            cpu_us: cpu_time.as_secs_f64() * 1e6 / count as f64,
        }
    }
}

/// So many per cent of the latencies, given in nanoseconds, are below so many microseconds.
pub(crate) fn percentiles<const N: usize>(mut latencies: Vec<u64>, parts: [usize; N]) -> [f64; N] {
    latencies.sort_unstable();
    let count = latencies.len();
    parts.map(|part| latencies.get(count * part / 100).map_or(f64::NAN, |ns| *ns as f64 / 1e3))
}

/// One variant and one operation, over all rounds.
pub(crate) struct Cell {
    title: String,
    name: String,
    variant: Variant,
    pub(crate) samples: Vec<Sample>,
}

impl Cell {
    /// Without samples yet.
    pub(crate) const fn new(title: String, name: String, variant: Variant) -> Self {
        Self { title, name, variant, samples: Vec::new() }
    }

    fn spread(&self, of: impl Fn(&Sample) -> f64) -> Spread {
        Spread::of(self.samples.iter().map(of).collect())
    }
}

/// The middle of some figures, and both ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of at least one figure.
    pub(crate) fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let at = |index: usize| figures.get(index).copied().unwrap_or(f64::NAN);
        let last = figures.len().saturating_sub(1);
        Self {
            median: f64::midpoint(at(last / 2), at(figures.len() / 2)),
            least: at(0),
            most: at(last),
        }
    }
}

/// The table of the servers under load. What is added to the native rules is the median over the rounds of the
/// difference within a round.
pub(crate) fn load<'a>(cells: impl Iterator<Item = &'a Cell>) {
    println!(
        "{:<24} {:<14} {:>8} {:>7} {:>7} {:>8} {:>15} {:>11} {:>9}",
        "", "", "req/s", "p50 us", "p99 us", "CPU us", "(least-most)", "over native", "x native"
    );
    let cells: Vec<_> = cells.collect();
    for cell in &cells {
        let native = cells
            .iter()
            .find(|other| other.title == cell.title && other.variant == Variant::Native);
        let cpu = cell.spread(|sample| sample.cpu_us);
        let pairs = || {
            let natives = native.iter().flat_map(|native| &native.samples);
            cell.samples.iter().zip(natives)
        };
        let over = Spread::of(pairs().map(|(own, native)| own.cpu_us - native.cpu_us).collect());
        let ratio = Spread::of(pairs().map(|(own, native)| own.cpu_us / native.cpu_us).collect());
        println!(
            "{:<24} {:<14} {:>8.0} {:>7.0} {:>7.0} {:>8.1} {:>15} {:>+11.1} {:>9.2}",
            cell.title,
            cell.name,
            cell.spread(|sample| sample.per_second).median,
            cell.spread(|sample| sample.p50_us).median,
            cell.spread(|sample| sample.p99_us).median,
            cpu.median,
            format!("({:.1}-{:.1})", cpu.least, cpu.most),
            over.median,
            ratio.median,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let spread = Spread::of(vec![4.0, 1.0, 3.0, 2.0]);
        assert_eq!(spread, Spread { median: 2.5, least: 1.0, most: 4.0 });
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]).median, 2.0);
    }
}
