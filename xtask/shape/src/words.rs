//! The words of the contract: the records, variants and enumerations of `wit/`, and the types that define each in Rust.
//!
//! A `struct` or an `enum` of that name counts, whatever its visibility. What a bindings generator makes is no source, and so
//! isn't counted; nor is this tool, which speaks of builds. A word without a type is one that Rust has by another name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use syn::Item;
use wit_parser::{Resolve, TypeDefKind};

use super::sources::Source;

/// What the names of the packages of `cargo xtask` begin with, which have nothing to do with the contract.
const TOOLS: &str = "xtask";

/// Where each word of the contract is defined, by the name of its type.
///
/// # Errors
/// Where `wit/` doesn't parse.
pub(super) fn find(workspace: &Path, sources: &[Source]) -> Result<BTreeMap<String, Vec<PathBuf>>> {
    let mut words: BTreeMap<String, Vec<PathBuf>> = words_of(&workspace.join("wit"))?;
    for source in sources.iter().filter(|source| !source.name.starts_with(TOOLS)) {
        for module in &source.modules {
            let Some(file) = source.files.get(module.file) else { continue };
            for name in module.items.iter().filter_map(type_name) {
                if let Some(definitions) = words.get_mut(&name) {
                    definitions.push(file.path.clone());
                }
            }
        }
    }
    Ok(words)
}

fn words_of(folder: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>> {
    let mut resolve = Resolve::default();
    let (contract, _) = resolve.push_dir(folder).context("wit/ doesn't parse")?;
    let types = resolve.types.iter().map(|(_, of)| of).filter(|of| match of.owner {
        wit_parser::TypeOwner::Interface(interface) => {
            resolve.interfaces.get(interface).is_some_and(|its| its.package == Some(contract))
        }
        _ => false,
    });
    let words = types.filter(|of| {
        matches!(of.kind, TypeDefKind::Record(_) | TypeDefKind::Variant(_) | TypeDefKind::Enum(_))
    });
    Ok(words.filter_map(|of| Some((in_rust(of.name.as_ref()?), Vec::new()))).collect())
}

/// `verify-request` as Rust writes it: `VerifyRequest`.
fn in_rust(word: &str) -> String {
    word.split('-')
        .flat_map(|part| {
            let mut letters = part.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect()
}

fn type_name(item: &Item) -> Option<String> {
    match item {
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Struct(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_written_as_a_type_is() {
        assert_eq!(in_rust("verify-request"), "VerifyRequest");
        assert_eq!(in_rust("key"), "Key");
    }
}
