//! A cache for downloads and builds outside `target/`, shared by all runs of a user.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder for all of them: `$XDG_CACHE_HOME/tracing-suite`, by default below `~/.cache`.
pub(crate) fn cache_folder() -> io::Result<PathBuf> {
    let given = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folder = given.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    let folder = folder.ok_or_else(|| io::Error::other("there is no home directory; set XDG_CACHE_HOME"))?;
    Ok(folder.join("tracing-suite"))
}

/// Returns `folder`, filled by `fill` unless it exists already.
///
/// The folder appears only after `fill` has succeeded, so that an interrupted run leaves no incomplete folder.
pub(crate) fn cached(folder: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<PathBuf> {
    if folder.is_dir() {
        return Ok(folder.to_owned());
    }
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("cache");
    let unfinished = folder.with_file_name(format!("{name}.{}", std::process::id()));
    let _ = fs::remove_dir_all(&unfinished);
    fs::create_dir_all(&unfinished)?;
    let filled = fill(&unfinished).and_then(|()| match fs::rename(&unfinished, folder) {
        // Another run has created it in the meantime.
        Err(_) if folder.is_dir() => fs::remove_dir_all(&unfinished),
        renamed => renamed,
    });
    if filled.is_err() {
        let _ = fs::remove_dir_all(&unfinished);
    }
    filled.map(|()| folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-cache-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder.join("entry")
    }

    #[test]
    fn a_failed_attempt_leaves_nothing_behind() -> io::Result<()> {
        let entry = folder("failed");
        let failed = cached(&entry, |unfinished| {
            fs::write(unfinished.join("half"), "")?;
            Err(io::Error::other("the network is down"))
        });
        assert!(failed.is_err());
        let parent = entry.parent().unwrap_or(&entry);
        assert_eq!(fs::read_dir(parent)?.count(), 0);
        fs::remove_dir_all(parent)
    }

    #[test]
    fn what_is_there_is_not_made_again() -> io::Result<()> {
        let entry = folder("twice");
        cached(&entry, |unfinished| fs::write(unfinished.join("file"), "first"))?;
        cached(&entry, |_| Err(io::Error::other("made again")))?;
        assert_eq!(fs::read_to_string(entry.join("file"))?, "first");
        fs::remove_dir_all(entry.parent().unwrap_or(&entry))
    }
}
