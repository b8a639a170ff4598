//! Circles among the files of a crate: files that name one another's items, directly or by way of others.
//!
//! A file points to another where its code, tests left out, names an item that the other one defines: in a `use`, in a
//! path, or in what is given to a macro. An item that is named by way of a re-export or of another module's import counts
//! for the file that defines it. Not counted are `mod` lines and `pub use`, however far it reaches: a module may declare
//! and pass on what its children define. Everything else counts between a module and its child as between any two files.
//! What is reached through a value, as methods are, names no file.

use std::path::Path;

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

use super::sources::{Imports, Module, Source};

/// How many imports of imports are followed: `use serde_json;` names itself, and so do two files that import all of
/// each other.
const MAX_STEPS: usize = 16;

/// The files of each circle, in the order of their names.
pub(super) fn find(source: &Source) -> Vec<Vec<&Path>> {
    let mut graph = DiGraphMap::<usize, ()>::new();
    for (number, module) in source.modules.iter().enumerate() {
        let mut paths = Paths::default();
        module.items.iter().for_each(|item| paths.visit_item(item));
        let imports = module.imports.values().chain(&module.globs);
        let imports = imports.filter(|import| !import.is_reexport).map(|import| &import.path);
        for path in paths.0.iter().chain(imports) {
            if let Some(defines) = file_of(source, number, path)
                && defines != module.file
            {
                graph.add_edge(module.file, defines, ());
            }
        }
    }
    let mut circles: Vec<Vec<&Path>> = tarjan_scc(&graph)
        .into_iter()
        .filter(|files| files.len() > 1)
        .map(|files| {
            let files = files.into_iter().filter_map(|file| source.files.get(file));
            let mut paths: Vec<_> = files.map(|file| file.path.as_path()).collect();
            paths.sort_unstable();
            paths
        })
        .collect();
    circles.sort_unstable();
    circles
}

/// The file that defines what a path names in a module; none where that is another crate's, or a module itself.
fn file_of(source: &Source, module: usize, path: &[String]) -> Option<usize> {
    match resolve(source, module, path, MAX_STEPS)? {
        Named::Item(file) => Some(file),
        Named::Module(_) => None,
    }
}

/// What a path names.
enum Named {
    /// An item of this file.
    Item(usize),
    /// A module.
    Module(usize),
}

fn resolve(source: &Source, from: usize, path: &[String], steps: usize) -> Option<Named> {
    let steps = steps.checked_sub(1)?;
    let mut rest = path.iter();
    let mut at = from;
    let mut is_absolute = false;
    while let Some(part) = rest.next() {
        let is_last = rest.as_slice().is_empty();
        let module = source.modules.get(at)?;
        match part.as_str() {
            "crate" => at = 0,
            "self" => {}
            "super" => at = module.parent?,
            name => {
                match within(source, at, name, is_last, steps) {
                    Some(Named::Module(child)) => {
                        at = child;
                        is_absolute = true;
                        continue;
                    }
                    // A variant or an associated item may follow.
                    Some(Named::Item(file)) => return Some(Named::Item(file)),
                    // What a macro defines in a module of ours isn't seen by its name.
                    None if is_absolute => return Some(Named::Item(module.file)),
                    None => return None,
                }
            }
        }
        is_absolute = true;
    }
    Some(Named::Module(at))
}

/// What a name means in a module: where both have it, a module if more of the path follows, else an item.
fn within(source: &Source, at: usize, name: &str, is_last: bool, steps: usize) -> Option<Named> {
    let module: &Module = source.modules.get(at)?;
    let child = module.children.get(name).map(|child| Named::Module(*child));
    let item = module.defined.contains(name).then_some(Named::Item(module.file));
    if let Some(found) = if is_last { item.or(child) } else { child.or(item) } {
        return Some(found);
    }
    if let Some(import) = module.imports.get(name) {
        return resolve(source, at, &import.path, steps);
    }
    module.globs.iter().find_map(|glob| {
        let Named::Module(other) = resolve(source, at, &glob.path, steps)? else { return None };
        if other == at { None } else { within(source, other, name, is_last, steps.checked_sub(1)?) }
    })
}

/// The paths in code, as they are written.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.0.push(path.segments.iter().map(|part| part.ident.to_string()).collect());
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        // Within a function.
        let mut imports = Imports::default();
        imports.add(item);
        self.0.extend(imports.named.into_values().map(|import| import.path));
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.collect_tokens(call.tokens.clone());
    }
}

impl Paths {
    /// Every `a::b::c` among tokens.
    fn collect_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(part) => {
                    if colons != 2 {
                        self.close(&mut path);
                    }
                    path.push(part.to_string());
                    colons = 0;
                }
                TokenTree::Punct(sign) if sign.as_char() == ':' => colons += 1,
                other => {
                    self.close(&mut path);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.collect_tokens(group.stream());
                    }
                }
            }
        }
        self.close(&mut path);
    }

    fn close(&mut self, path: &mut Vec<String>) {
        let path = std::mem::take(path);
        // A single word may be anything.
        if path.len() > 1 {
            self.0.push(path);
        }
    }
}

#[cfg(test)]
mod tests;
