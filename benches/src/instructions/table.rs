//! The table in the docs: read and written.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::column::Column;
use super::verb::Verb;

const BEGIN: &str = "<!-- instructions: begin -->\n";
const END: &str = "<!-- instructions: end -->";
/// What stands in front of the machine's description.
const MACHINE: &str = "Host columns: ";
/// What stands where there is nothing to count.
const NONE: &str = "–";

/// One figure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Cell {
    /// Of which verb.
    pub(super) row: Verb,
    /// Counted how.
    pub(super) column: Column,
    /// Instructions per call.
    pub(super) count: u64,
}

/// Figures, and what those of the host were counted with.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Table {
    /// Libraries and tools.
    pub(super) machine: String,
    /// Instructions per call.
    pub(super) counts: BTreeMap<(Verb, Column), u64>,
}

impl Table {
    /// Of what was counted: the median, where that was done more than once.
    pub(super) fn new(machine: String, cells: impl IntoIterator<Item = Cell>) -> Self {
        let mut counted = BTreeMap::<_, Vec<_>>::new();
        for Cell { row, column, count } in cells {
            counted.entry((row, column)).or_default().push(count);
        }
        let medians = counted.into_iter().filter_map(|(key, mut counts)| {
            counts.sort_unstable();
            Some((key, *counts.get(counts.len() / 2)?))
        });
        Self { machine, counts: medians.collect() }
    }

    /// The table in a document. An empty one has no figures.
    ///
    /// # Errors
    /// Where the document has no place for it, or something else stands there.
    pub(super) fn read(document: &str) -> Result<Self> {
        let (_, table, _) = split(document)?;
        let mut lines = table.lines().filter(|line| !line.is_empty());
        let Some(first) = lines.next() else { return Ok(Self::default()) };
        let machine = first.strip_prefix(MACHINE).and_then(|rest| rest.strip_suffix('.'));
        let machine = machine.with_context(|| format!("`{first}` names no machine"))?.to_owned();
        let columns: Vec<_> = words(lines.next().unwrap_or_default())
            .skip(1)
            .map(|name| Column::named(name).with_context(|| format!("no column `{name}`")))
            .collect::<Result<_>>()?;
        let mut counts = BTreeMap::new();
        for line in lines.skip(1) {
            let mut words = words(line);
            let name = words.next().unwrap_or_default();
            let row = Verb::named(name).with_context(|| format!("no verb `{name}`"))?;
            for (column, word) in columns.iter().zip(words).filter(|(_, word)| *word != NONE) {
                let count = word.replace(',', "").parse();
                let count = count.with_context(|| format!("{name}: `{word}` is no number"))?;
                counts.insert((row, *column), count);
            }
        }
        Ok(Self { machine, counts })
    }

    /// The document with this table in place of the one that it had.
    ///
    /// # Errors
    /// Where it has no place for one.
    pub(super) fn put_into(&self, document: &str) -> Result<String> {
        let (before, _, after) = split(document)?;
        Ok([before, BEGIN, &self.render(), END, after].concat())
    }

    /// As Markdown.
    pub(super) fn render(&self) -> String {
        let row =
            |first: &str, cells: Vec<String>| format!("| {first} | {} |\n", cells.join(" | "));
        let names = Column::ALL.map(|column| column.name().to_owned());
        let mut text = format!("{MACHINE}{}.\n\n", self.machine);
        text.push_str(&row("instructions per call", names.to_vec()));
        text.push_str(&format!("|---|{}\n", "---:|".repeat(Column::ALL.len())));
        for verb in Verb::ALL {
            let cells = Column::ALL.map(|column| {
                let count = self.counts.get(&(verb, column));
                count.map_or_else(|| NONE.to_owned(), |count| grouped(*count))
            });
            text.push_str(&row(verb.name(), cells.to_vec()));
        }
        text
    }
}

/// What stands before the table, the table, and what stands after it.
fn split(document: &str) -> Result<(&str, &str, &str)> {
    let parts = document.split_once(BEGIN).and_then(|(before, rest)| {
        let (table, after) = rest.split_once(END)?;
        Some((before, table, after))
    });
    let (before, table, after) = parts.context("the document has no place for the table")?;
    ensure!(!after.contains(BEGIN), "the document has two places for the table");
    Ok((before, table, after))
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.trim_matches('|').split('|').map(str::trim)
}

/// A number as the docs write it: 12,345.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str =
        "# Costs\n\n<!-- instructions: begin -->\n<!-- instructions: end -->\nMore.\n";

    #[test]
    fn what_is_written_is_read_again() {
        let cell = |row, column, count| Cell { row, column, count };
        let table = Table::new(
            "x86_64, glibc 2.41".to_owned(),
            [
                cell(Verb::Issue, Column::GuestPlain, 1_234_567),
                cell(Verb::Unlock, Column::Http, 891),
                cell(Verb::Unlock, Column::Http, 890),
                cell(Verb::Unlock, Column::Http, 892),
            ],
        );
        let written = table.put_into(DOCUMENT).unwrap();
        assert!(written.contains("\n| issue | 1,234,567 | – |"), "{written}");
        assert!(written.contains("| 891 |\n"), "the median: {written}");
        assert!(written.starts_with("# Costs\n") && written.ends_with("end -->\nMore.\n"));
        assert_eq!(Table::read(&written).unwrap(), table);
        assert_eq!(table.put_into(&written).unwrap(), written);
    }

    #[test]
    fn an_empty_place_has_no_figures_and_a_missing_one_is_refused() {
        assert_eq!(Table::read(DOCUMENT).unwrap(), Table::default());
        assert!(Table::read("# Costs\n").is_err());
        assert!(Table::read(&[DOCUMENT, DOCUMENT].concat()).is_err());
    }

    #[test]
    fn what_is_no_figure_of_ours_is_refused() {
        let written = Table::new("m".to_owned(), []).put_into(DOCUMENT).unwrap();
        assert!(Table::read(&written.replace("| issue |", "| isue |")).is_err());
        assert!(Table::read(&written.replace("guest, plain", "guest")).is_err());
        assert!(Table::read(&written.replacen("–", "many", 1)).is_err());
    }

    #[test]
    fn digits_stand_in_threes() {
        assert_eq!([1, 999, 1_000, 1_234_567].map(grouped), ["1", "999", "1,000", "1,234,567"]);
    }
}
