//! Runs all cases and prints one table.

use std::collections::HashMap;
use std::process::Command;

use crate::cases::ALL;

const MODES: [&str; 2] = ["sampled", "unsampled"];

/// One process's figures, in the order in which it prints them.
type Figures = [f64; 5];

/// Every case in both modes, `rounds` times, in an order that changes from round to round.
pub fn print(rounds: usize) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut measured: HashMap<(&str, &str), Vec<Figures>> = HashMap::new();
    for round in 0..rounds {
        let mut runs: Vec<(&str, &str)> =
            ALL.iter().flat_map(|(_, name)| MODES.map(|mode| (*name, mode))).collect();
        shuffle(&mut runs, round as u64);
        for (name, mode) in runs {
            eprint!("\rround {} of {rounds}: {name}, {mode}                              ", round + 1);
            let output = Command::new(&program)
                .args(["one", name, mode, "60000"])
                .output()
                .map_err(|error| error.to_string())?;
            if !output.status.success() {
                return Err(format!("{name} {mode}: {}", String::from_utf8_lossy(&output.stderr)));
            }
            let text = String::from_utf8_lossy(&output.stdout);
            let figures: Vec<f64> =
                text.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
            let figures = figures.try_into().map_err(|_| format!("{name} {mode} printed {text}"))?;
            measured.entry((name, mode)).or_default().push(figures);
        }
    }
    eprintln!();

    let figure = |name, mode, index: usize| {
        let mut all: Vec<f64> = measured[&(name, mode)].iter().map(|figures| figures[index]).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let bare = |mode, index| figure("bare", mode, index);
    println!("| layer | attributes | sampled, ns added | to ours | allocations | bytes | other threads, ns | unsampled, ns added | to ours |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    let added = |name, mode, index| figure(name, mode, index) - bare(mode, index);
    for (_, name) in &ALL[1..] {
        let name = *name;
        println!(
            "| {name} | {} | {:.0} | {:.2} | {:.0} | {:.0} | {:.0} | {:.0} | {:.2} |",
            figure(name, "sampled", 4),
            added(name, "sampled", 0),
            added(name, "sampled", 0) / added("tracing-http", "sampled", 0),
            added(name, "sampled", 1),
            added(name, "sampled", 2),
            figure(name, "sampled", 3),
            added(name, "unsampled", 0),
            added(name, "unsampled", 0) / added("tracing-http", "unsampled", 0),
        );
    }
    println!("\nThe bare service takes {:.0} ns a request; medians of {rounds} processes each.", bare("sampled", 0));
    Ok(())
}

/// Fisher and Yates, with a small generator: the order need not be unpredictable, only different.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    for index in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(index, (state >> 33) as usize % (index + 1));
    }
}
