//! Conversions: code that makes one type of another and decides nothing.
//!
//! The lines of the file that defines `Translate`, and those of each `impl` of `From`, `TryFrom` or `Translate` elsewhere.

use std::path::PathBuf;

use syn::Item;

use super::sources::Source;

/// The trait between the words of the contract and those of its bindings.
const TRANSLATE: &str = "Translate";
/// Traits that convert.
const CONVERT: [&str; 3] = ["From", TRANSLATE, "TryFrom"];

/// The files that have conversions, and how many lines of them.
pub(super) fn find(source: &Source) -> Vec<(PathBuf, usize)> {
    let mut found = Vec::new();
    for (number, file) in source.files.iter().enumerate() {
        let modules = || source.modules.iter().filter(|module| module.file == number);
        let lines = if modules().any(|module| module.items.iter().any(defines_translate)) {
            file.lines
        } else {
            modules().flat_map(|module| &module.items).filter_map(lines_of).sum()
        };
        if lines > 0 {
            found.push((file.path.clone(), lines));
        }
    }
    found
}

fn defines_translate(item: &Item) -> bool {
    matches!(item, Item::Trait(item) if item.ident == TRANSLATE)
}

/// The lines of a conversion; none where the item is something else.
fn lines_of(item: &Item) -> Option<usize> {
    let Item::Impl(item) = item else { return None };
    let (path, _) = item.trait_.as_ref()?;
    let name = path.segments.last()?.ident.to_string();
    let (first, last) = (item.impl_token.span.start(), item.brace_token.span.close().end());
    CONVERT.contains(&name.as_str()).then(|| last.line - first.line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Option<usize> {
        lines_of(&syn::parse_str(text).unwrap())
    }

    #[test]
    fn a_conversion_counts_from_its_first_line_to_its_last() {
        let text = "impl From<A> for B {\n    fn from(a: A) -> B {\n        B(a.0)\n    }\n}";
        assert_eq!(lines(text), Some(5));
        assert_eq!(lines("impl<T> x::Translate<T> for T {}"), Some(1));
    }

    #[test]
    fn another_trait_and_none_are_no_conversion() {
        assert_eq!(lines("impl Clone for B {\n}"), None);
        assert_eq!(lines("impl B {\n}"), None);
        assert_eq!(lines("struct From;"), None);
    }
}
