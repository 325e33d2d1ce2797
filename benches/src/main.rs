//! What each tracing layer of the Rust ecosystem costs a service, measured side by side.
//!
//! `peers table` runs every case in a process of its own, interleaved at random, and prints medians. `peers one CASE MODE` is
//! such a process; under `valgrind --tool=callgrind` it counts instructions.

mod allocations;
mod cases;
mod exporters;
mod measure;
mod table;

use cases::Case;

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["table"] => table::print(5),
        ["table", rounds] => table::print(rounds.parse().map_err(|_| "how many rounds?")?),
        ["one", case, mode] => measure::print(Case::named(case)?, mode, 200_000),
        ["one", case, mode, requests] => {
            measure::print(Case::named(case)?, mode, requests.parse().map_err(|_| "how many requests?")?)
        }
        _ => Err(format!("usage: peers table [ROUNDS] | peers one CASE sampled|unsampled [REQUESTS]\ncases: {}", Case::names())),
    }
}
