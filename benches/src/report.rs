//! Writes the results into documents: the tables of RESULTS.md and of the README, and the figure.

use std::path::{Path, PathBuf};

use crate::data::Data;
use crate::markdown::fill;
use crate::parts::{self, ALL};
use crate::{behind, figure, ratios};

/// Uses the data of the last run of each part.
pub fn write() -> Result<(), String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    rewrite(&root.join("RESULTS.md"), |mut text| {
        for part in &ALL {
            let data = Data::load(part.name, false);
            if !data.is_empty() {
                text = fill(&text, part.name, &tables(part.name, &data));
            }
        }
        text = fill(&text, "ratios", &ratios::table());
        fill(&text, "behind", &behind::table())
    })?;
    let http = Data::load(parts::http::PART.name, false);
    if !http.is_empty() {
        rewrite(&root.join("../README.md"), |text| fill(&text, "summary", &parts::http::summary(&http)))?;
        let figure = figure::svg(&http, &parts::http::peers());
        std::fs::write(root.join("../docs/overhead.svg"), figure).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Returns the tables of a part, and the circumstances of their measurement.
pub fn tables(name: &str, data: &Data) -> String {
    let Some(part) = ALL.iter().find(|part| part.name == name) else { return String::new() };
    let circumstances: Vec<String> =
        data.circumstances.iter().map(|(name, value)| format!("{name} {value}")).collect();
    format!("{}\n_{}_\n", (part.tables)(data), circumstances.join("; "))
}

fn rewrite(path: &Path, change: impl FnOnce(String) -> String) -> Result<(), String> {
    let named = |error: std::io::Error| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(named)?;
    std::fs::write(path, change(text)).map_err(named)
}
