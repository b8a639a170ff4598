//! What was counted, held to the table in the docs.

use super::table::{Table, grouped};

/// By how much a figure may differ from the table: in parts of a thousand.
const TOLERANCE: u64 = 20;
/// By how much a figure of the host differs from run to run, at most: in parts of a thousand.
const NOISE: u64 = 10;

/// Every figure that is further from the table than it may be, and those that only one side has. A figure that is too low
/// counts as well: what was gained could be lost again unseen.
pub(super) fn differences(told: &Table, found: &Table) -> Vec<String> {
    let mut differences = Vec::new();
    for (&(verb, column), &now) in &found.counts {
        if column.is_of_the_host() && told.machine != found.machine {
            continue;
        }
        let name = format!("{}, {}", verb.name(), column.name());
        match told.counts.get(&(verb, column)) {
            None => differences.push(format!("{name}: {} now, not in the table", grouped(now))),
            Some(&before) if is_beyond(TOLERANCE, before, now) => {
                let change = (now as f64 / before as f64 - 1.0) * 100.0;
                let (before, now) = (grouped(before), grouped(now));
                differences
                    .push(format!("{name}: {before} in the table, {now} now ({change:+.1} %)"));
            }
            Some(_) => {}
        }
    }
    let gone = told.counts.keys().filter(|key| !found.counts.contains_key(key));
    differences.extend(gone.map(|(verb, column)| {
        format!("{}, {}: in the table, but not counted", verb.name(), column.name())
    }));
    differences
}

/// What the table is to say from now on: a figure of the host that differs by no more than runs do stays.
pub(super) fn updated(told: &Table, mut found: Table) -> Table {
    if told.machine == found.machine {
        for (key, now) in &mut found.counts {
            let before = told.counts.get(key).copied().unwrap_or_default();
            if key.1.is_of_the_host() && !is_beyond(NOISE, before, *now) {
                *now = before;
            }
        }
    }
    found
}

const fn is_beyond(thousandths: u64, before: u64, now: u64) -> bool {
    now.abs_diff(before).saturating_mul(1_000) > before.saturating_mul(thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instructions::column::Column;
    use crate::instructions::table::Cell;
    use crate::instructions::verb::Verb;

    fn table(machine: &str, figures: &[(Column, u64)]) -> Table {
        let cells = figures.iter().map(|&(column, count)| Cell { row: Verb::Issue, column, count });
        Table::new(machine.to_owned(), cells)
    }

    #[test]
    fn two_per_cent_either_way_are_allowed_and_no_more() {
        let told = table("m", &[(Column::GuestPlain, 10_000)]);
        let found = |count| differences(&told, &table("m", &[(Column::GuestPlain, count)]));
        assert!(found(10_200).is_empty() && found(9_800).is_empty());
        assert_eq!(
            found(10_250),
            ["issue, guest, plain: 10,000 in the table, 10,250 now (+2.5 %)"]
        );
        assert_eq!(found(9_700), ["issue, guest, plain: 10,000 in the table, 9,700 now (-3.0 %)"]);
    }

    #[test]
    fn a_figure_that_one_side_lacks_is_told() {
        let (one, none) = (table("m", &[(Column::Http, 1)]), table("m", &[]));
        assert_eq!(differences(&none, &one), ["issue, HTTP: 1 now, not in the table"]);
        assert_eq!(differences(&one, &none), ["issue, HTTP: in the table, but not counted"]);
    }

    #[test]
    fn figures_of_the_host_hold_for_its_libraries_only() {
        let told = table("glibc 1", &[(Column::CallPlain, 100), (Column::GuestPlain, 100)]);
        let found =
            |machine| table(machine, &[(Column::CallPlain, 200), (Column::GuestPlain, 200)]);
        assert_eq!(differences(&told, &found("glibc 1")).len(), 2);
        assert_eq!(differences(&told, &found("glibc 2")).len(), 1);
    }

    #[test]
    fn noise_changes_no_figure_of_the_host_in_the_table() {
        let figures = |host, guest| [(Column::CallPlain, host), (Column::GuestPlain, guest)];
        let told = table("m", &figures(10_000, 10_000));
        let updated = |host, guest| updated(&told, table("m", &figures(host, guest)));
        assert_eq!(updated(10_100, 10_001), table("m", &figures(10_000, 10_001)));
        assert_eq!(updated(10_101, 10_000), table("m", &figures(10_101, 10_000)));
    }
}
