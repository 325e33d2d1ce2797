//! The files of a crate as modules, and the dependencies between them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use super::graph::Graph;
use super::source::{Reference, Source};

/// How many re-exports of re-exports are followed: more than any crate has, so that a loop of them ends.
const MAX_RE_EXPORTS: usize = 8;

/// The files below the `src` of a crate.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    names: Vec<String>,
    sources: Vec<Source>,
    /// The file of each module path; the root's path is empty.
    files: BTreeMap<Vec<String>, usize>,
}

impl Modules {
    /// Reads all files below `src`.
    pub(crate) fn read(src: &Path) -> io::Result<Self> {
        let mut texts = Vec::new();
        read_folder(src, "", &mut texts)?;
        texts.sort();
        Ok(Self::new(texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))))
    }

    /// From pairs of a path below `src` and a text.
    pub(crate) fn new<'a>(texts: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut modules = Self::default();
        for (path, text) in texts {
            let name = path.trim_end_matches(".rs").trim_end_matches("/mod");
            let module = match name {
                "lib" | "main" => Vec::new(),
                name => name.split('/').map(str::to_owned).collect(),
            };
            modules.files.insert(module, modules.names.len());
            modules.names.push(name.to_owned());
            modules.sources.push(Source::read(text));
        }
        modules
    }

    pub(crate) fn name(&self, file: usize) -> &str {
        &self.names[file]
    }

    /// Returns which files each file uses. A file that only re-exports uses none, because re-exports are resolved to definitions.
    pub(crate) fn dependencies(&self) -> Graph {
        let mut graph: Graph = vec![BTreeSet::new(); self.names.len()];
        for (module, file) in &self.files {
            let source = &self.sources[*file];
            if source.is_table_of_contents() {
                continue;
            }
            for reference in &source.uses {
                let target = self.absolute(reference, module).and_then(|path| self.defining_file(&path, 0));
                graph[*file].extend(target.filter(|target| target != file));
            }
        }
        graph
    }

    /// The path from the crate's root that `reference` means in `module`, or `None` when it leads to another crate.
    fn absolute(&self, reference: &Reference, module: &[String]) -> Option<Vec<String>> {
        let mut base: Vec<String> = module.iter().chain(&reference.inside).cloned().collect();
        let mut rest = &reference.path[..];
        match rest.first()?.as_str() {
            "crate" => return Some(rest[1..].to_vec()),
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            child => {
                let mut path = base.clone();
                path.push(child.to_owned());
                self.files.get(&path)?;
            }
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// The file that defines what `path` leads to, through re-exports.
    fn defining_file(&self, path: &[String], followed: usize) -> Option<usize> {
        let longest = (0..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length]))?;
        let (module, rest) = path.split_at(longest);
        let file = *self.files.get(module)?;
        let source = &self.sources[file];
        let Some((name, members)) = rest.split_first().filter(|_| followed < MAX_RE_EXPORTS) else {
            return Some(file);
        };
        if let Some(export) = source.exports.get(name) {
            let mut target = self.absolute(export, module)?;
            target.extend(members.iter().cloned());
            return self.defining_file(&target, followed + 1);
        }
        if source.defines.contains(name) {
            return Some(file);
        }
        let found_in = source.exports_all_of.iter().find_map(|all| {
            let mut target = self.absolute(all, module)?;
            target.push(name.clone());
            let found = self.defining_file(&target, followed + 1)?;
            self.sources[found].defines.contains(name).then_some(found)
        });
        found_in.or(Some(file))
    }
}

fn read_folder(folder: &Path, prefix: &str, texts: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_folder(&entry.path(), &format!("{name}/"), texts)?;
        } else if name.ends_with(".rs") {
            texts.push((name, fs::read_to_string(entry.path())?));
        }
    }
    Ok(())
}
