//! Measures the cost of the tracing layers of the Rust ecosystem side by side.
//!
//! `peers` runs all parts, `peers http` one of them: every case in a process of its own, interleaved at random. The tables of
//! RESULTS.md hold the medians. `peers one PART CASE MODE CALLS` is such a process.

mod allocations;
mod behind;
mod beside;
mod cases;
mod data;
mod exporters;
mod figure;
mod load;
mod markdown;
mod measure;
mod migration;
mod parts;
mod process;
mod ratios;
mod report;
mod runner;
mod sink;

use parts::Part;

const USAGE: &str = "\
usage: peers [PART...]              measures all parts, or these, and writes RESULTS.md
       peers quick [PART...]        the same with a tenth of the calls, once; prints the tables and writes nothing else
       peers report                 writes RESULTS.md anew from the data in results/
       peers spans [save]           prints the spans that the pages of docs/migration show, or writes them there
       peers one PART CASE MODE CALLS
       peers count PART CASE MODE CALLS
       peers beside PART MODE       the processes that the parts start themselves
       peers sink
       peers spans PAGE SIDE
       peers serve CASE URL";

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["one", part, case, mode, calls] => {
            let calls = calls.parse().map_err(|_| "how many calls?")?;
            measure::place_yardstick();
            process::start_idle_thread();
            for (figure, value) in (parts::named(part)?.one)(case, mode, calls)? {
                println!("{figure}\t{value}");
            }
            Ok(())
        }
        ["count", part, case, mode, calls] => {
            let calls = calls.parse().map_err(|_| "how many calls?")?;
            let count = parts::named(part)?.all_threads.ok_or("this part counts only the calling thread")?;
            process::start_idle_thread();
            count(case, mode, calls)
        }
        ["beside", part, mode] => {
            process::start_idle_thread();
            beside::run(part, mode)
        }
        ["sink"] => sink::run(),
        ["spans"] => migration::print(),
        ["spans", "save"] => migration::save(),
        ["spans", page, side] => migration::one(page, side),
        ["serve", case, url] => {
            process::start_idle_thread();
            parts::server::serve(case, url)
        }
        ["report"] => report::write(),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        ["quick", ref names @ ..] => run(names, true),
        ref names => {
            let outcome = run(names, false);
            report::write()?;
            outcome
        }
    }
}

fn run(names: &[&str], quick: bool) -> Result<(), String> {
    let all: Vec<&Part> = parts::ALL.iter().collect();
    let named = names.iter().map(|name| parts::named(name)).collect::<Result<Vec<_>, _>>();
    let chosen = if names.is_empty() { all } else { named.map_err(|error| format!("{error}\n\n{USAGE}"))? };
    // A failed part does not stop the others.
    let mut failed = Ok(());
    for part in chosen {
        match runner::run(part, quick) {
            Ok(data) => {
                data.save(part.name, quick).map_err(|error| error.to_string())?;
                println!("{}", report::tables(part.name, &data));
            }
            Err(error) => {
                eprintln!("\n{error}");
                failed = Err(format!("{} and maybe others could not be measured", part.name));
            }
        }
    }
    failed
}
