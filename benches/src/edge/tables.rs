//! What is printed.

use super::load::Verb;
use super::place::Place;
use super::results::{Results, Turn};
use crate::report::{Sample, Spread};

/// Everything that was measured in turns.
pub(super) fn print(places: &[Place], results: &Results) {
    println!("\nLatency in µs, over one connection and over sixteen\n");
    println!(
        "{:<16} {:<18} {:<13} {:>7} {:>7} {:>7} {:>10} {:>9} {:>7} {:>7}",
        "", "", "", "1 req/s", "p50", "p99", "x constant", "16 req/s", "p50", "p99"
    );
    for (index, place) in places.iter().enumerate() {
        for verb in Verb::ALL {
            print_row(place, verb, results.of(index, verb), results.of(index, Verb::Constant));
        }
    }
    println!(
        "\nThe store's own cost of a wrong verify, µs, and what the edge app takes beside constant + store\n"
    );
    for (index, place) in places.iter().enumerate() {
        print_quotient(place, index, results);
    }
    println!("\nA new instance: a constant answer over one connection, µs\n");
    for (index, pairs) in &results.instance_us {
        let of = |pick: fn(&[f64; 2]) -> f64| Spread::of(pairs.iter().map(pick).collect());
        let [used, new] = [of(|[used, _]| *used), of(|[_, new]| *new)];
        let cost = of(|[used, new]| new - used);
        println!(
            "{:<16} used {:>6.0}  new {:>6.0}  difference {:>6.0} ({:.0}-{:.0})",
            places.get(*index).map_or("", |place| &place.runtime),
            used.median,
            new.median,
            cost.median,
            cost.least,
            cost.most
        );
    }
}

fn print_row(place: &Place, verb: Verb, turns: &[Turn], constant: &[Turn]) {
    let median = |of: fn(&Turn) -> &Sample, what: fn(&Sample) -> f64| {
        Spread::of(turns.iter().map(|turn| what(of(turn))).collect()).median
    };
    let one: fn(&Turn) -> &Sample = |turn| &turn.one;
    let many: fn(&Turn) -> &Sample = |turn| &turn.many;
    let pairs = turns.iter().zip(constant);
    let ratio = Spread::of(pairs.map(|(own, other)| own.one.p50_us / other.one.p50_us).collect());
    println!(
        "{:<16} {:<18} {:<13} {:>7.0} {:>7.0} {:>7.0} {:>10.2} {:>9.0} {:>7.0} {:>7.0}",
        place.runtime,
        place.store_name,
        verb.name(),
        median(one, |sample| sample.per_second),
        median(one, |sample| sample.p50_us),
        median(one, |sample| sample.p99_us),
        ratio.median,
        median(many, |sample| sample.per_second),
        median(many, |sample| sample.p50_us),
        median(many, |sample| sample.p99_us),
    );
}

fn print_quotient(place: &Place, index: usize, results: &Results) {
    let Some(costs) = results.store_us.get(&index) else { return };
    let wrong = results.of(index, Verb::Wrong).iter().map(|turn| turn.one.p50_us);
    let constant = results.of(index, Verb::Constant).iter().map(|turn| turn.one.p50_us);
    let rounds = costs.iter().zip(constant).zip(wrong);
    let ratio =
        Spread::of(rounds.map(|((cost, constant), wrong)| wrong / (cost + constant)).collect());
    println!(
        "{:<16} {:<18} round trips {:>5.2}  store {:>6.0}  quotient {:>5.2} ({:.2}-{:.2})",
        place.runtime,
        place.store_name,
        results.round_trips.get(&index).copied().unwrap_or(f64::NAN),
        Spread::of(costs.clone()).median,
        ratio.median,
        ratio.least,
        ratio.most
    );
}

/// What [`print_slow`] prints.
pub(super) fn print_slow_heading() {
    println!(
        "\nStatus by id over one connection, µs: alone, and beside 8 issues that wait 500 ms each\n"
    );
}

/// One environment beside a slow sender.
pub(super) fn print_slow(place: &Place, [alone, beside]: [[f64; 2]; 2]) {
    let text = |[p50, p98]: [f64; 2]| format!("p50 {p50:>6.0}  p98 {p98:>6.0}");
    println!(
        "{:<16} {:<18} alone {}   beside {}",
        place.runtime,
        place.store_name,
        text(alone),
        text(beside)
    );
}
