//! Runs the command that the command line names.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use super::answer::{Answer, Failure, write_out};
use super::args::{Options, Program, Verb};
use super::{
    check, convert, dependencies, diff, document, errors, generate, latency, partial, path, patterns, plan,
    quality, search, show, skew, summary, why,
};

pub(crate) fn main() -> ExitCode {
    // clap exits with 2 for a wrong command line, and with 0 for help.
    let program = Program::parse();
    match run(&program) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            // Nothing helps if even this cannot be written.
            let _ = writeln!(std::io::stderr(), "trace-lens: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(program: &Program) -> Result<u8, Failure> {
    let print = |answer: Result<Answer, Failure>, options: &Options| answer?.print(options);
    let Some(verb) = &program.verb else {
        return print(summary::run(&program.shared), &program.shared.options);
    };
    match verb {
        Verb::Show(it) => print(show::run(it), &it.shared.options),
        Verb::Path(it) => print(path::run(it), &it.shared.options),
        Verb::Map(it) => print(dependencies::run(it), &it.options),
        Verb::Errors(it) => print(errors::run(it), &it.options),
        Verb::Latency(it) => print(latency::run(it), &it.shared.options),
        Verb::Why(it) => print(why::run(it), &it.shared.options),
        Verb::Quality(it) => print(quality::run(it), &it.options),
        Verb::Skew(it) => print(skew::run(it), &it.options),
        Verb::Patterns(it) => print(patterns::run(it), &it.options),
        Verb::Diff(it) => print(diff::run(it), &it.options),
        Verb::Check(it) => check::run(it),
        Verb::Plan(it) => print(plan::run(it), &it.shared.options),
        Verb::Document(it) => document::run(it),
        Verb::Search(it) => print(search::run(it), &it.options),
        Verb::Convert(it) => convert::run(it),
        Verb::Partial(it) => partial::write(it),
        Verb::Merge(it) => print(partial::merge(it), &it.options),
        Verb::Schema => write_out(generate::SCHEMA).map(|()| 0),
        Verb::Completions { shell } => generate::completions(*shell),
        Verb::Man { folder } => generate::manual(folder),
    }
}
