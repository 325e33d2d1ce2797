//! The dependencies of one file.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, Macro, UseTree, Visibility};

/// A path as it is written, and the modules within the file around it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    pub(crate) inside: Vec<String>,
    pub(crate) path: Vec<String>,
}

/// The names and paths of a file, without its tests.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// The paths that it uses.
    pub(crate) uses: BTreeSet<Reference>,
    /// The paths that it re-exports, by name.
    pub(crate) exports: BTreeMap<String, Reference>,
    /// The modules that it re-exports with a glob.
    pub(crate) exports_all_of: Vec<Reference>,
    /// The names that it defines.
    pub(crate) defines: BTreeSet<String>,
    inside: Vec<String>,
}

impl Source {
    /// Reads the text of a file. One that is not Rust has no dependencies.
    pub(crate) fn read(text: &str) -> Self {
        let mut source = Self::default();
        if let Ok(file) = syn::parse_file(text) {
            source.visit_file(&file);
        }
        source
    }

    /// Returns whether the file only declares modules and re-exports names.
    pub(crate) fn is_table_of_contents(&self) -> bool {
        self.defines.is_empty()
    }

    fn reference(&self, path: Vec<String>) -> Reference {
        Reference { inside: self.inside.clone(), path }
    }

    fn import(&mut self, tree: &UseTree, mut path: Vec<String>, is_public: bool) {
        match tree {
            UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.import(&part.tree, path, is_public);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, path.clone(), is_public);
                }
            }
            UseTree::Glob(_) => {
                let module = self.reference(path);
                if is_public {
                    self.exports_all_of.push(module);
                } else {
                    self.uses.insert(module);
                }
            }
            UseTree::Name(name) => self.import_name(&name.ident.to_string(), None, path, is_public),
            UseTree::Rename(renamed) => {
                let alias = renamed.rename.to_string();
                self.import_name(&renamed.ident.to_string(), Some(alias), path, is_public);
            }
        }
    }

    fn import_name(&mut self, name: &str, alias: Option<String>, mut path: Vec<String>, is_public: bool) {
        // `use module::{self}` names the module.
        if name != "self" {
            path.push(name.to_owned());
        }
        let known_as = alias.or_else(|| path.last().cloned()).unwrap_or_default();
        let item = self.reference(path);
        if is_public {
            self.exports.insert(known_as, item);
        } else {
            self.uses.insert(item);
        }
    }

    /// Paths in the arguments of a macro, which are not parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(word) if path.is_empty() || colons < 2 => {
                    self.path(std::mem::replace(&mut path, vec![word.to_string()]));
                    colons = 0;
                }
                TokenTree::Ident(word) => {
                    path.push(word.to_string());
                    colons = 0;
                }
                TokenTree::Punct(sign) if sign.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.path(std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.path(path);
    }

    /// Paths that start at the crate or at the module above.
    fn path(&mut self, path: Vec<String>) {
        if path.len() > 1 && matches!(path[0].as_str(), "crate" | "super") {
            let reference = self.reference(path);
            self.uses.insert(reference);
        }
    }

    fn define(&mut self, name: &syn::Ident) {
        self.defines.insert(name.to_string());
    }
}

impl<'a> Visit<'a> for Source {
    fn visit_item(&mut self, item: &'a Item) {
        if is_test(attributes(item)) {
            return;
        }
        match item {
            Item::Use(item) => {
                self.import(&item.tree, Vec::new(), !matches!(item.vis, Visibility::Inherited));
                return;
            }
            Item::Mod(item) => {
                self.inside.push(item.ident.to_string());
                visit::visit_item_mod(self, item);
                self.inside.pop();
                return;
            }
            Item::Const(item) => self.define(&item.ident),
            Item::Enum(item) => self.define(&item.ident),
            Item::Fn(item) => self.define(&item.sig.ident),
            Item::Static(item) => self.define(&item.ident),
            Item::Struct(item) => self.define(&item.ident),
            Item::Trait(item) => self.define(&item.ident),
            Item::Type(item) => self.define(&item.ident),
            Item::Union(item) => self.define(&item.ident),
            // A type can be implemented in another file than the one that defines it.
            Item::Impl(_) => _ = self.defines.insert("impl".into()),
            Item::Macro(item) => item.ident.iter().for_each(|name| self.define(name)),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item(&mut self, item: &'a ImplItem) {
        let attributes = match item {
            ImplItem::Fn(item) => &item.attrs[..],
            ImplItem::Const(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.path(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, invoked: &'a Macro) {
        self.tokens(invoked.tokens.clone());
        visit::visit_macro(self, invoked);
    }

    /// Visibilities (`pub(in crate::module)`) and documentation are no dependencies.
    fn visit_visibility(&mut self, _: &'a Visibility) {}

    fn visit_attribute(&mut self, _: &'a Attribute) {}
}

/// Whether an item exists only in tests.
fn is_test(attributes: &[Attribute]) -> bool {
    let is_test = |attribute: &Attribute| {
        let condition = attribute.meta.require_list().map(|list| list.tokens.to_string());
        attribute.path().is_ident("cfg") && condition.is_ok_and(|condition| condition == "test")
    };
    attributes.iter().any(is_test)
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
