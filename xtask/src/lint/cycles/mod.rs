//! Dependency cycles between the files of a crate: modules must form layers.

mod graph;
mod modules;
mod source;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use self::graph::{Graph, cycles};
use self::modules::Modules;
use crate::workspace::root;

/// Prints every cycle. Returns whether there is none.
pub(crate) fn check() -> io::Result<bool> {
    let mut count = 0;
    for folder in crates(&root())? {
        let modules = Modules::read(&folder.join("src"))?;
        let dependencies = modules.dependencies();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for cycle in cycles(&dependencies) {
            count += 1;
            println!("{name}: {} files depend on each other:", cycle.len());
            print_edges(&modules, &dependencies, &cycle);
        }
    }
    println!("cycles: {count}");
    Ok(count == 0)
}

fn print_edges(modules: &Modules, dependencies: &Graph, cycle: &[usize]) {
    for file in cycle {
        let inside = dependencies[*file].iter().filter(|dependency| cycle.contains(dependency));
        let names: Vec<&str> = inside.map(|dependency| modules.name(*dependency)).collect();
        println!("  {} uses {}", modules.name(*file), names.join(", "));
    }
}

/// The folders of the workspace's crates, sorted. Benchmarks have a workspace of their own.
fn crates(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders: Vec<PathBuf> = fs::read_dir(root)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?
        .into_iter()
        .filter(|folder| folder.join("src").is_dir() && !folder.ends_with("benches"))
        .collect();
    folders.sort();
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cycles of a crate with these files, by name.
    fn cycles_of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let modules = Modules::new(files.iter().map(|(path, text)| (*path, *text)));
        let found = cycles(&modules.dependencies());
        let names = |cycle: Vec<usize>| cycle.iter().map(|file| modules.name(*file).to_owned()).collect();
        found.into_iter().map(names).collect()
    }

    #[test]
    fn two_files_that_use_each_other_are_a_cycle() {
        let found = cycles_of(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            ("b.rs", "use crate::a::A; pub struct B; impl From<A> for B {}"),
        ]);
        assert_eq!(found, [["a", "b"]]);
    }

    #[test]
    fn a_path_in_the_code_counts_as_much_as_an_import() {
        for code in [
            "pub fn b() { crate::a::a() }",
            "pub fn b() { super::a::a() }",
            "pub fn b(_: crate::a::A) {}",
            "pub fn b() { assert_eq!(1, crate::a::a()) }",
        ] {
            let found = cycles_of(&[
                ("lib.rs", "mod a; mod b;"),
                ("a.rs", "use crate::b::b; pub struct A; pub fn a() {}"),
                ("b.rs", code),
            ]);
            assert_eq!(found, [["a", "b"]], "{code}");
        }
    }

    #[test]
    fn re_exports_are_followed_to_the_file_that_defines_the_name() {
        let through_a_table_of_contents = [
            ("lib.rs", "mod kit; mod user;"),
            ("kit/mod.rs", "mod one; mod two; pub use one::One; pub use two::*;"),
            ("kit/one.rs", "use super::Two; pub struct One(Two);"),
            ("kit/two.rs", "pub struct Two;"),
            ("user.rs", "use crate::kit::{One, Two}; fn user(_: One, _: Two) {}"),
        ];
        assert_eq!(cycles_of(&through_a_table_of_contents), Vec::<Vec<String>>::new());

        let mut with_a_cycle = through_a_table_of_contents;
        with_a_cycle[3].1 = "use super::One; pub struct Two(One);";
        assert_eq!(cycles_of(&with_a_cycle), [["kit/one", "kit/two"]]);
    }

    #[test]
    fn a_parent_with_code_of_its_own_is_a_file_like_others() {
        let found = cycles_of(&[
            ("lib.rs", "mod kit;"),
            ("kit.rs", "mod part; use part::Part; pub struct Kit(Part); pub fn limit() {}"),
            ("kit/part.rs", "pub struct Part; fn part() { super::limit() }"),
        ]);
        assert_eq!(found, [["kit", "kit/part"]]);
    }

    #[test]
    fn tests_comments_and_texts_do_not_count() {
        let found = cycles_of(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            (
                "b.rs",
                "//! See [`crate::a::A`].\n// use crate::a::A;\npub struct B; const TEXT: &str = \"use crate::a::A;\";\
                 #[cfg(test)] mod tests { use crate::a::A; } #[cfg(test)] use crate::a::A;",
            ),
        ]);
        assert_eq!(found, Vec::<Vec<String>>::new());
    }
}
