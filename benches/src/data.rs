//! The figures of all runs of a part, and the file that stores them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::measure::{TO_BARE, YARDSTICK, median};

/// Figures that depend on the speed of the machine.
const TIMES: [&str; 4] = ["ns", "wall", "other threads", "process cpu"];

/// With fewer quiet processes than this, all processes of a case count.
const LEAST: usize = 3;

/// The figures of one process, by name.
pub type Figures = Vec<(&'static str, f64)>;

/// The figures of all processes of a part.
#[derive(Debug, Default)]
pub struct Data {
    /// The circumstances: `measured`, `machine`, `load`.
    pub circumstances: BTreeMap<String, String>,
    /// By case, mode and figure.
    values: BTreeMap<(String, String, String), Vec<f64>>,
}

impl Data {
    pub fn add(&mut self, case: &str, mode: &str, figure: &str, value: f64) {
        self.values.entry((case.into(), mode.into(), figure.into())).or_default().push(value);
    }

    /// The median over processes, or NaN without data. Times are those of [quiet](Data::quiet) processes, on a machine
    /// on which the yardstick takes its median.
    pub fn get(&self, case: &str, mode: &str, figure: &str) -> f64 {
        let values = |figure: &str| self.values.get(&(case.to_owned(), mode.to_owned(), figure.to_owned()));
        let Some(measured) = values(figure) else { return f64::NAN };
        match values(YARDSTICK) {
            Some(yardsticks) if TIMES.contains(&figure) => {
                let most = self.quiet();
                let is_quiet = |pair: &(&f64, &f64)| *pair.1 <= most;
                let all = || measured.iter().zip(yardsticks);
                let compared = |(value, yardstick): (&f64, &f64)| value / yardstick;
                let mut quiet: Vec<f64> = all().filter(is_quiet).map(compared).collect();
                if quiet.len() < LEAST {
                    quiet = all().map(compared).collect();
                }
                median(&mut quiet) * self.yardstick()
            }
            _ => median(&mut measured.clone()),
        }
    }

    /// The yardsticks of all processes of the part, in ascending order.
    fn yardsticks(&self) -> Vec<f64> {
        let all = self.values.iter().filter(|((_, _, figure), _)| figure == YARDSTICK);
        let mut all: Vec<f64> = all.flat_map(|(_, values)| values.clone()).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    /// The median of the quiet processes of the part.
    fn yardstick(&self) -> f64 {
        let most = self.quiet();
        median(&mut self.yardsticks().into_iter().filter(|yardstick| *yardstick <= most).collect::<Vec<_>>())
    }

    /// Returns the limit for the yardstick of a quiet process. It is slightly above the slowest of the fastest quarter
    /// of all processes.
    fn quiet(&self) -> f64 {
        let all = self.yardsticks();
        all.get(all.len() / 4).map_or(f64::NAN, |yardstick| yardstick * 1.06)
    }

    /// What `case` adds to the bare service. Thread times are compared with the service [beside](crate::beside) it, if there was one.
    pub fn added(&self, case: &str, mode: &str, figure: &str) -> f64 {
        let beside = (self.get(case, mode, TO_BARE) - 1.0) * self.get("bare", mode, "ns");
        match figure {
            "ns" if beside.is_finite() => beside,
            "process cpu" if beside.is_finite() => beside + self.difference(case, mode, "other threads"),
            _ => self.difference(case, mode, figure),
        }
    }

    /// The difference between processes with `case` and processes with the bare service.
    pub fn difference(&self, case: &str, mode: &str, figure: &str) -> f64 {
        self.get(case, mode, figure) - self.get("bare", mode, figure)
    }

    /// A sentence with the ratio of the bare service to itself in some modes: the noise.
    pub fn noise(&self, modes: &[impl AsRef<str>]) -> String {
        let of_mode = |mode: &str| {
            let key = ("bare".to_owned(), mode.to_owned(), TO_BARE.to_owned());
            self.values.get(&key).cloned().unwrap_or_default()
        };
        let mut values: Vec<f64> = modes.iter().flat_map(|mode| of_mode(mode.as_ref())).collect();
        let middle = median(&mut values);
        match values[..] {
            [least, .., most] => format!(
                "Beside itself it took {least:.2} to {most:.2} times that in single processes, and {middle:.3} in the median."
            ),
            _ => String::new(),
        }
    }

    /// The file of a part's data. Quick runs have files of their own.
    fn path(part: &str, quick: bool) -> PathBuf {
        let folder = if quick { "target/quick" } else { "results" };
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder).join(format!("{part}.tsv"))
    }

    pub fn save(&self, part: &str, quick: bool) -> std::io::Result<()> {
        let path = Self::path(part, quick);
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        let mut text = String::new();
        for (name, value) in &self.circumstances {
            text += &format!("# {name}: {value}\n");
        }
        for ((case, mode, figure), values) in &self.values {
            let decimals = if figure == TO_BARE { 4 } else { 2 };
            let values: Vec<String> = values.iter().map(|value| format!("{value:.decimals$}")).collect();
            text += &format!("{case}\t{mode}\t{figure}\t{}\n", values.join(" "));
        }
        std::fs::write(path, text)
    }

    /// Returns no data when the part has not been run.
    pub fn load(part: &str, quick: bool) -> Self {
        let text = std::fs::read_to_string(Self::path(part, quick)).unwrap_or_default();
        let mut data = Self::default();
        for line in text.lines() {
            if let Some((name, value)) = line.strip_prefix("# ").and_then(|line| line.split_once(": ")) {
                data.circumstances.insert(name.into(), value.into());
            } else if let [case, mode, figure, values] = line.split('\t').collect::<Vec<_>>()[..] {
                for value in values.split(' ').filter_map(|value| value.parse().ok()) {
                    data.add(case, mode, figure, value);
                }
            }
        }
        data
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}
