//! A Rust block as a crate.

use std::fs;
use std::io;
use std::path::Path;

/// A Rust block and its dependencies.
#[derive(Debug)]
pub(crate) struct Snippet {
    /// The name of its crate.
    pub(crate) name: String,
    pub(crate) readme: String,
    pub(crate) line: usize,
    /// The dependencies in the README, as part of a manifest.
    pub(crate) dependencies: String,
    code: String,
}

impl Snippet {
    pub(crate) fn new(readme: &str, line: usize, dependencies: String, code: String) -> Self {
        let folder = readme.trim_end_matches("README.md").trim_end_matches('/');
        let folder = if folder.is_empty() { "root" } else { folder };
        let name = format!("readme-{folder}-line-{line}");
        Self { name, readme: readme.to_owned(), line, dependencies, code }
    }

    #[cfg(test)]
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Writes the crate into `folder`. Its paths lead to the crates below `root`.
    pub(crate) fn write(&self, folder: &Path, root: &Path) -> io::Result<()> {
        let dependencies = with_paths_below(root, &self.dependencies)
            .map_err(|error| io::Error::other(format!("{}: {error}", self.readme)))?;
        let head = format!(
            "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n",
            self.name
        );
        fs::create_dir_all(folder.join("src"))?;
        fs::write(folder.join("Cargo.toml"), head + &dependencies)?;
        fs::write(folder.join("src/main.rs"), program(&self.code))
    }
}

/// Returns the dependencies with each `path = "…/crate"`, which is relative to the reader's folder, as a path below `root`.
fn with_paths_below(root: &Path, dependencies: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = dependencies;
    while let Some((before, after)) = rest.split_once("path = \"") {
        let (path, after) = after.split_once('"').ok_or("a path without its end")?;
        let folder = root.join(path.rsplit('/').next().unwrap_or(path));
        if !folder.join("Cargo.toml").is_file() {
            return Err(format!("there is no crate {path:?}"));
        }
        text += &format!("{before}path = \"{}\"", folder.display());
        rest = after;
    }
    Ok(text + rest)
}

/// Returns the block as a program. A block without `main` is put into a function. Lines that rustdoc hides are included.
fn program(code: &str) -> String {
    let shown = |line: &str| match line.trim_start().strip_prefix('#') {
        Some("") => String::new(),
        Some(hidden) if hidden.starts_with(' ') => hidden[1..].to_owned(),
        _ => line.to_owned(),
    };
    let lines: Vec<String> = code.lines().map(shown).collect();
    let code = lines.join("\n");
    if code.contains("fn main(") {
        return code;
    }
    let ends_with_a_result = lines.iter().rev().find(|line| !line.trim().is_empty());
    let body = if ends_with_a_result.is_some_and(|line| line.trim_start().starts_with("Ok::<")) {
        format!("async fn snippet() {{\nlet _ = async {{\n{code}\n}};\n}}")
    } else {
        format!("async fn snippet() -> Result<(), Box<dyn std::error::Error>> {{\n{code}\n;Ok(())\n}}")
    };
    format!("#![allow(unused, unreachable_code)]\nfn main() {{}}\n{body}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_into_this_clone() {
        let root = crate::workspace::root();
        let given =
            "[dependencies]\nxtask = { path = \"tracing-suite/xtask\", features = [\"a\"] }\nserde = \"1\"\n";
        let expected = format!(
            "[dependencies]\nxtask = {{ path = \"{}/xtask\", features = [\"a\"] }}\nserde = \"1\"\n",
            root.display()
        );
        assert_eq!(with_paths_below(&root, given), Ok(expected));
        assert!(with_paths_below(&root, "a = { path = \"tracing-suite/no-such-crate\" }").is_err());
    }

    #[test]
    fn a_program_stays_as_it_is_and_lines_are_put_into_a_function() {
        assert_eq!(program("fn main() {}\n"), "fn main() {}");
        assert!(program("# use a::b;\nb().await?;\n").contains("{\nuse a::b;\nb().await?;\n;Ok(())"));
        assert!(program("b()?;\n# Ok::<(), E>(())\n").contains("let _ = async {\nb()?;\nOk::<(), E>(())"));
        assert!(program("#[derive(Debug)]\nstruct A;\n").contains("#[derive(Debug)]\nstruct A;"));
    }
}
