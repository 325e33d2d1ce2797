//! The files of a folder.

use std::fs;
use std::io;
use std::path::Path;

/// How deep folders are searched.
const MAX_DEPTH: usize = 16;

/// Returns the names with each folder replaced by the files in it and in the folders below, in alphabetical order.
///
/// Hidden files and links to folders are left out.
pub(crate) fn expand(names: &[String]) -> Result<Vec<String>, (String, io::Error)> {
    let mut files = Vec::new();
    for name in names {
        let before = files.len();
        let is_folder = name != "-" && Path::new(name).is_dir();
        if !is_folder {
            files.push(name.clone());
            continue;
        }
        collect(Path::new(name), MAX_DEPTH, &mut files)?;
        if files.len() == before {
            return Err((name.clone(), io::Error::other("the folder holds no files")));
        }
    }
    Ok(files)
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<String>) -> Result<(), (String, io::Error)> {
    let at = |error: io::Error| (folder.display().to_string(), error);
    let mut entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(at)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let kind = entry.file_type().map_err(at)?;
        if kind.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, files)?;
            }
        } else if path.is_file() {
            let name = path.to_str().ok_or_else(|| at(io::Error::other("a name is not UTF-8")))?;
            files.push(name.to_owned());
        }
    }
    Ok(())
}
