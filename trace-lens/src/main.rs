//! The program `trace-lens`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::main()
}
