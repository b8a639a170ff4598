//! The sources of a crate as the compiler reads them: from its root, by the `mod` lines. What stands behind
//! `#[cfg(test)]` is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};

/// What a generator writes into the first line of what it makes.
const GENERATED: &str = "@generated";

/// One crate.
pub(super) struct Source {
    /// The package and what of it this is, such as `countersign-core`.
    pub(super) name: String,
    /// Its files; the first one is the root.
    pub(super) files: Vec<File>,
    /// Its modules; the first one is the root.
    pub(super) modules: Vec<Module>,
}

/// One file.
pub(super) struct File {
    /// Where it is, from the workspace's root.
    pub(super) path: PathBuf,
    /// How many lines it has.
    pub(super) lines: usize,
    /// Whether a generator wrote it.
    pub(super) is_generated: bool,
}

/// One module: a file's own, or one that stands within a file.
pub(super) struct Module {
    /// Its file, by its place in [`Source::files`].
    pub(super) file: usize,
    /// The module around it.
    pub(super) parent: Option<usize>,
    /// The modules within it.
    pub(super) children: BTreeMap<String, usize>,
    /// What it defines, by name.
    pub(super) defined: BTreeSet<String>,
    /// What it imports, by the name that it has here.
    pub(super) imports: BTreeMap<String, Import>,
    /// Of which modules it imports everything.
    pub(super) globs: Vec<Import>,
    /// Its items, except modules and imports.
    pub(super) items: Vec<Item>,
}

/// Something from elsewhere.
#[derive(Clone)]
pub(super) struct Import {
    /// Its path as it is written.
    pub(super) path: Vec<String>,
    /// Whether it is passed on: `pub use`, however far.
    pub(super) is_reexport: bool,
}

impl Source {
    /// Reads a crate whose root file is `root`, a path below `workspace`.
    ///
    /// # Errors
    /// Where a file can't be read or isn't Rust.
    pub(super) fn read(name: &str, workspace: &Path, root: &Path) -> Result<Self> {
        let mut source = Self { name: name.to_owned(), files: Vec::new(), modules: Vec::new() };
        let folder = root.parent().context("a file without a folder")?;
        source.read_file(workspace, root, folder, None)?;
        Ok(source)
    }

    /// Reads a file, whose modules lie in `folder`; gives back its module.
    fn read_file(
        &mut self,
        workspace: &Path,
        file: &Path,
        folder: &Path,
        parent: Option<usize>,
    ) -> Result<usize> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("{} can't be read", file.display()))?;
        let parsed =
            syn::parse_file(&text).with_context(|| format!("{} isn't Rust", file.display()))?;
        self.files.push(File {
            path: file.strip_prefix(workspace).unwrap_or(file).to_owned(),
            lines: text.lines().count(),
            is_generated: text.lines().next().is_some_and(|line| line.contains(GENERATED)),
        });
        let number = self.files.len() - 1;
        self.read_module(workspace, number, folder, parent, parsed.items)
    }

    fn read_module(
        &mut self,
        workspace: &Path,
        file: usize,
        folder: &Path,
        parent: Option<usize>,
        items: Vec<Item>,
    ) -> Result<usize> {
        let here = self.modules.len();
        self.modules.push(Module {
            file,
            parent,
            children: BTreeMap::new(),
            defined: BTreeSet::new(),
            imports: BTreeMap::new(),
            globs: Vec::new(),
            items: Vec::new(),
        });
        let (mut children, mut module) = (BTreeMap::new(), Imports::default());
        let (mut defined, mut others) = (BTreeSet::new(), Vec::new());
        for item in items {
            match item {
                Item::Mod(child) if !is_test(&child.attrs) && !is_elsewhere(&child.attrs) => {
                    let name = child.ident.to_string();
                    let number = self.read_child(workspace, file, folder, here, child)?;
                    children.insert(name, number);
                }
                Item::Use(item) if !is_test(&item.attrs) => module.add(&item),
                Item::Mod(_) | Item::Use(_) => {}
                item if attributes(&item).is_some_and(is_test) => {}
                item => {
                    defined.extend(name(&item));
                    others.push(item);
                }
            }
        }
        if let Some(read) = self.modules.get_mut(here) {
            read.children = children;
            read.defined = defined;
            read.imports = module.named;
            read.globs = module.globs;
            read.items = others;
        }
        Ok(here)
    }

    fn read_child(
        &mut self,
        workspace: &Path,
        file: usize,
        folder: &Path,
        parent: usize,
        child: ItemMod,
    ) -> Result<usize> {
        let name = child.ident.to_string();
        let within = folder.join(&name);
        if let Some((_, items)) = child.content {
            return self.read_module(workspace, file, &within, Some(parent), items);
        }
        let beside = folder.join(format!("{name}.rs"));
        let path = if beside.is_file() { beside } else { within.join("mod.rs") };
        self.read_file(workspace, &path, &within, Some(parent))
    }
}

/// What `use` brings into a scope.
#[derive(Default)]
pub(super) struct Imports {
    /// By the name that it has there.
    pub(super) named: BTreeMap<String, Import>,
    globs: Vec<Import>,
}

impl Imports {
    pub(super) fn add(&mut self, item: &ItemUse) {
        let is_reexport = !matches!(item.vis, Visibility::Inherited);
        self.add_tree(&item.tree, &mut Vec::new(), is_reexport);
    }

    fn add_tree(&mut self, tree: &UseTree, path: &mut Vec<String>, is_reexport: bool) {
        let depth = path.len();
        match tree {
            UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.add_tree(&part.tree, path, is_reexport);
            }
            UseTree::Name(part) => {
                if part.ident != "self" {
                    path.push(part.ident.to_string());
                }
                let name = path.last().cloned().unwrap_or_default();
                self.named.insert(name, Import { path: path.clone(), is_reexport });
            }
            UseTree::Rename(part) => {
                if part.ident != "self" {
                    path.push(part.ident.to_string());
                }
                let import = Import { path: path.clone(), is_reexport };
                // Each `as _` is of its own.
                let name = match part.rename.to_string() {
                    unnamed if unnamed == "_" => format!("_{}", self.named.len()),
                    name => name,
                };
                self.named.insert(name, import);
            }
            UseTree::Glob(_) => self.globs.push(Import { path: path.clone(), is_reexport }),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(tree, path, is_reexport);
                }
            }
        }
        path.truncate(depth);
    }
}

/// Whether something is compiled for tests only.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

/// Whether a module is a file of another crate, which is looked at there.
fn is_elsewhere(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("path"))
}

fn attributes(item: &Item) -> Option<&[Attribute]> {
    Some(match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        _ => return None,
    })
}

/// The name that an item gives to something.
fn name(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref()?.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        Item::Union(item) => item.ident.to_string(),
        _ => return None,
    })
}
