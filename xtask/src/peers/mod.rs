//! The third-party systems that our tests run against: Jaeger, the OpenTelemetry Collector, and services in other languages.

mod collector;
mod go;
pub(crate) mod jaeger;
mod languages;
mod record_tail;
mod table;
mod test;

use std::io;
use std::path::PathBuf;

use crate::services::cache_folder;
use crate::undo::undo_on_signals;

pub(crate) use test::{collector, run as test};

/// A program that is built once and kept outside `target/`.
struct Built {
    /// With the version.
    title: &'static str,
    /// Its folder in the cache, which names the version.
    folder: &'static str,
    /// Its file in that folder.
    file: &'static str,
    /// The variable in which tests look for its path.
    variable: &'static str,
    build: fn() -> io::Result<PathBuf>,
}

impl Built {
    /// Returns the path of the program if it has been built.
    fn find(&self) -> Option<PathBuf> {
        let program = cache_folder().ok()?.join(self.folder).join(self.file);
        program.is_file().then_some(program)
    }
}

const JAEGER: Built = Built {
    title: jaeger::TITLE,
    folder: jaeger::FOLDER,
    file: "jaeger",
    variable: "TEST_JAEGER",
    build: jaeger::program,
};
const COLLECTOR: Built = Built {
    title: collector::TITLE,
    folder: collector::FOLDER,
    file: "otelcol",
    variable: "TEST_COLLECTOR",
    build: collector::program,
};

/// `cargo xtask peers`: builds the programs that are not in the cache.
pub(crate) fn run(names: &[String]) -> io::Result<bool> {
    if names == ["record-tail"] {
        return record_tail::run();
    }
    const SYSTEMS: [(&str, Built); 2] = [("jaeger", JAEGER), ("collector", COLLECTOR)];
    const LANGUAGES: &str = "languages";
    let known = || SYSTEMS.iter().map(|(name, _)| *name).chain([LANGUAGES]);
    if let Some(unknown) = names.iter().find(|name| known().all(|known| known != *name)) {
        let known: Vec<&str> = known().collect();
        return Err(io::Error::other(format!(
            "there is no peer {unknown:?}; there are {}",
            known.join(", ")
        )));
    }
    undo_on_signals()?;
    let wanted = |name: &str| names.is_empty() || names.iter().any(|it| it == name);
    for (_, built) in SYSTEMS.iter().filter(|(name, _)| wanted(name)) {
        println!("{}: {}", built.title, (built.build)()?.display());
    }
    for language in languages::ALL.iter().chain([&languages::SAMPLER]).filter(|_| wanted(LANGUAGES)) {
        println!("{}: {}", language.title, language.program()?.display());
    }
    Ok(true)
}
