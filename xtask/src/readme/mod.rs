//! Compiles each Rust block of the READMEs as its own crate, with exactly the dependencies that the README lists.

mod blocks;
mod snippet;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use self::blocks::{Block, blocks};
use self::snippet::Snippet;
use crate::step::Step;
use crate::workspace::{cargo, root};

/// The generated crates form a workspace of their own in this folder.
const FOLDER: &str = "target/readme";
/// The head of a list for a block that belongs into a test.
const DEV_DEPENDENCIES: &str = "[dev-dependencies]";

/// One step per Rust block, and a failing one per README that cannot be used.
pub(crate) fn steps() -> io::Result<Vec<Step>> {
    let folder = root().join(FOLDER);
    let _ = fs::remove_dir_all(folder.join("crates"));
    let mut steps = Vec::new();
    for readme in readmes(&root())? {
        let written = snippets_of(&readme).and_then(|snippets| {
            let crates = folder.join("crates");
            snippets.iter().try_for_each(|snippet| snippet.write(&crates.join(&snippet.name), &root()))?;
            Ok(snippets)
        });
        match written {
            Ok(snippets) => steps.extend(snippets.iter().map(check)),
            Err(error) => steps.push(Step::check(readme.display().to_string(), move || Err(error))),
        }
    }
    let members = "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n";
    fs::write(folder.join("Cargo.toml"), members)?;
    // The same versions as everywhere else.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(steps)
}

/// Each crate is checked alone, because together they would share features.
fn check(snippet: &Snippet) -> Step {
    let manifest = format!("{FOLDER}/Cargo.toml");
    let mut command = cargo(&["check", "--quiet", "--manifest-path", &manifest, "--package", &snippet.name]);
    command.arg("--target-dir").arg(root().join(FOLDER).join("target"));
    Step::new(format!("{}, line {}", snippet.readme, snippet.line), command)
}

/// The README of the workspace and of each crate, sorted.
fn readmes(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![root.join("README.md")];
    for entry in fs::read_dir(root)? {
        let folder = entry?.path();
        if folder.join("Cargo.toml").is_file() && folder.join("README.md").is_file() {
            found.push(folder.join("README.md"));
        }
    }
    found.sort();
    Ok(found)
}

fn snippets_of(readme: &Path) -> io::Result<Vec<Snippet>> {
    let text = fs::read_to_string(readme)?;
    let name = readme.strip_prefix(root()).unwrap_or(readme).to_string_lossy().into_owned();
    snippets(&name, &text).map_err(io::Error::other)
}

/// Pairs each Rust block with the last list of dependencies above it, or else with the first below it.
fn snippets(readme: &str, text: &str) -> Result<Vec<Snippet>, String> {
    let blocks = blocks(text);
    let lists = |block: &&Block| {
        let heads = ["[dependencies]", DEV_DEPENDENCIES];
        block.language == "toml" && heads.iter().any(|head| block.text.contains(head))
    };
    let snippet = |(index, block): (usize, &Block)| {
        let above = blocks[..index].iter().rfind(lists);
        let Some(list) = above.or_else(|| blocks[index..].iter().find(lists)) else {
            return Err(format!(
                "{readme}, line {}: no list of dependencies for this Rust block",
                block.line
            ));
        };
        // The block is a program here, and not a test.
        let dependencies = list.text.replace(DEV_DEPENDENCIES, "[dependencies]");
        Ok(Snippet::new(readme, block.line, dependencies, block.text.clone()))
    };
    blocks.iter().enumerate().filter(|(_, block)| block.language == "rust").map(snippet).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rust_block_has_the_dependencies_above_it_or_else_those_below() {
        let text = "```rust\nfirst();\n```\n```toml\n[dependencies]\na = \"1\"\n```\n```rust\nsecond();\n```\n\
                    ```toml\n[profile.release]\n```\n```rust,no_run\nthird();\n```\n\
                    ```toml\n[dependencies]\nb = \"1\"\n```\n```rust,ignore\nfourth();\n```\n";
        let found = snippets("README.md", text).expect("each block has dependencies");
        let is_first: Vec<bool> = found.iter().map(|snippet| snippet.dependencies.contains("a =")).collect();
        assert_eq!(is_first, [true, true, true, false]);
    }

    /// The crates in the `use` lines of a block. Whether it names others, the compiler says in `cargo xtask test`.
    fn crates_of(code: &str) -> Vec<String> {
        const GIVEN: [&str; 6] = ["std", "core", "alloc", "crate", "self", "super"];
        let lines = code.lines().map(|line| line.trim_start().trim_start_matches("# "));
        let roots = lines.filter_map(|line| line.strip_prefix("use ")?.split([':', ';', ' ']).next());
        roots.filter(|root| !GIVEN.contains(root)).map(str::to_owned).collect()
    }

    #[test]
    fn every_readme_lists_the_dependencies_of_its_blocks() {
        let mut blocks = 0;
        for readme in readmes(&root()).expect("READMEs") {
            for snippet in snippets_of(&readme).expect("each block has dependencies") {
                let listed: Vec<String> = snippet
                    .dependencies
                    .lines()
                    .filter_map(|line| Some(line.split_once(" = ")?.0.replace('-', "_")))
                    .collect();
                for used in crates_of(snippet.code()) {
                    // A block may define a module of its own, such as generated code.
                    let is_own = snippet.code().contains(&format!("mod {used}"));
                    let (readme, line) = (&snippet.readme, snippet.line);
                    assert!(listed.contains(&used) || is_own, "{readme}, line {line}: {used} is not listed");
                }
                blocks += 1;
            }
        }
        assert!(blocks > 10, "{blocks} blocks");
    }

    #[test]
    fn a_rust_block_without_dependencies_is_an_error() {
        assert!(snippets("README.md", "```rust\nfirst();\n```\n").is_err());
        assert!(snippets("README.md", "```text\nno code\n```\n").is_ok_and(|found| found.is_empty()));
        let of_a_test = "```toml\n[dev-dependencies]\na = \"1\"\n```\n```rust\nuse a::b;\n```\n";
        let found = snippets("README.md", of_a_test).expect("a list for a test");
        assert_eq!(found[0].dependencies, "[dependencies]\na = \"1\"\n");
    }
}
