//! How WIT files look: two spaces, no tabs, no spaces at the end of a line, 100 columns.

/// The widest line, in characters.
pub(super) const COLUMNS: usize = 100;

/// A WIT file as it should look: comments that are too wide are wrapped again, a paragraph at a time;
/// spaces at the ends of lines and empty lines at the end of the file go. Everything else stays.
pub(super) fn format(text: &str) -> String {
    let mut formatted: Vec<String> = Vec::new();
    let mut paragraph: Option<Paragraph> = None;
    for line in text.lines().map(str::trim_end) {
        let comment = Comment::parse(line);
        if let Some(open) = &mut paragraph
            && comment.as_ref().is_some_and(|comment| open.is_continued_by(comment))
        {
            open.lines.push(line);
            continue;
        }
        if let Some(done) = paragraph.take() {
            done.write(&mut formatted);
        }
        match comment.filter(Comment::opens_paragraph) {
            Some(first) => paragraph = Some(Paragraph { first, lines: vec![line] }),
            None => formatted.push(line.to_owned()),
        }
    }
    if let Some(done) = paragraph {
        done.write(&mut formatted);
    }
    while formatted.last().is_some_and(String::is_empty) {
        formatted.pop();
    }
    formatted.push(String::new());
    formatted.join("\n")
}

/// What [`format()`] can't mend, as `line: what is wrong`.
pub(super) fn faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, line) in (1_usize..).zip(text.lines()) {
        let indentation = line.len() - line.trim_start_matches(' ').len();
        if line.contains('\t') {
            faults.push(format!("{number}: a tab"));
        }
        if line.chars().count() > COLUMNS {
            faults.push(format!("{number}: over {COLUMNS} columns"));
        }
        if indentation % 2 != 0 {
            faults.push(format!("{number}: indented by {indentation} spaces, not by pairs"));
        }
    }
    faults
}

/// A line that is a comment and nothing else.
#[derive(Clone, Copy)]
struct Comment<'a> {
    /// Indentation and slashes.
    prefix: &'a str,
    /// What follows the slashes.
    body: &'a str,
}

impl<'a> Comment<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let start = line.len() - line.trim_start_matches(' ').len();
        let slashes = line.get(start..)?.chars().take_while(|sign| *sign == '/').count();
        let (prefix, body) = line.split_at_checked(start + slashes)?;
        matches!(slashes, 2 | 3).then_some(Self { prefix, body })
    }

    /// Running text or an item of a list, not a heading, a table, a fence or code.
    fn opens_paragraph(&self) -> bool {
        let text = self.body.strip_prefix(' ').unwrap_or_default();
        !text.starts_with([' ', '#', '|', '>']) && !text.starts_with("```") && !text.is_empty()
    }

    fn is_item(&self) -> bool {
        self.body.starts_with(" - ") || self.body.starts_with(" * ")
    }
}

/// A paragraph or an item of a list within a comment.
struct Paragraph<'a> {
    first: Comment<'a>,
    lines: Vec<&'a str>,
}

impl Paragraph<'_> {
    fn is_continued_by(&self, comment: &Comment<'_>) -> bool {
        let is_text = if self.first.is_item() {
            comment.body.starts_with("   ") && !comment.body.starts_with("    ")
        } else {
            comment.opens_paragraph()
        };
        comment.prefix == self.first.prefix && is_text && !comment.is_item()
    }

    fn write(&self, formatted: &mut Vec<String>) {
        if self.lines.iter().all(|line| line.chars().count() <= COLUMNS) {
            formatted.extend(self.lines.iter().map(|&line| line.to_owned()));
            return;
        }
        let prefix = self.first.prefix;
        let hang = if self.first.is_item() { "  " } else { "" };
        let mut wrapped = prefix.to_owned();
        let mut is_fresh = false;
        let bodies = self.lines.iter().filter_map(|line| line.strip_prefix(prefix));
        for word in bodies.flat_map(str::split_whitespace) {
            if !is_fresh && wrapped.chars().count() + 1 + word.chars().count() > COLUMNS {
                formatted.push(std::mem::replace(&mut wrapped, format!("{prefix} {hang}")));
                is_fresh = true;
            }
            if !is_fresh {
                wrapped.push(' ');
            }
            wrapped.push_str(word);
            is_fresh = false;
        }
        formatted.push(wrapped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_paragraph_is_wrapped_and_its_neighbours_are_left() {
        let wide = "word ".repeat(30);
        let text =
            format!("  /// Short\n  /// lines.\n  ///\n  /// {wide}\n  /// end.\n  a: u32,\n");
        let formatted = format(&text);
        assert!(formatted.starts_with("  /// Short\n  /// lines.\n  ///\n  /// word"));
        assert!(formatted.ends_with("word end.\n  a: u32,\n"));
        assert!(faults(&formatted).is_empty());
        assert_eq!(format(&formatted), formatted);
    }

    #[test]
    fn an_item_of_a_list_keeps_its_indentation() {
        let wide = "word ".repeat(30);
        let formatted = format(&format!("/// - {wide}\n///   more\n/// - next\n"));
        assert_eq!(formatted.lines().next().unwrap().chars().next_back(), Some('d'));
        assert!(formatted.lines().nth(1).unwrap().starts_with("///   word"));
        assert!(formatted.ends_with("word more\n/// - next\n"));
    }

    #[test]
    fn a_line_of_exactly_the_width_stays() {
        let line = format!("/// {}", "x".repeat(COLUMNS - 4));
        assert!(faults(&line).is_empty());
        assert_eq!(format(&line), format!("{line}\n"));
        let fault = faults(&format!("{line}x"));
        assert_eq!(fault, ["1: over 100 columns"]);
    }

    #[test]
    fn columns_are_characters_not_bytes() {
        assert!(faults(&"…".repeat(COLUMNS)).is_empty());
    }

    #[test]
    fn spaces_at_the_end_go_and_code_stays() {
        assert_eq!(format("a: u32,  \n\n\n"), "a: u32,\n");
        let code = format!("///     {}\n", "code ".repeat(30).trim_end());
        assert_eq!(format(&code), code);
    }

    #[test]
    fn tabs_and_odd_indentation_are_faults() {
        assert_eq!(
            faults("\ta: u32,\n   b: u32,"),
            ["1: a tab", "2: indented by 3 spaces, not by pairs"]
        );
    }
}
