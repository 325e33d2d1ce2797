//! The program, with one file per command.

mod answer;
mod args;
mod check;
mod convert;
mod dependencies;
mod diff;
mod document;
mod errors;
mod generate;
mod input;
mod latency;
mod partial;
mod path;
mod patterns;
mod plan;
mod quality;
mod run;
mod search;
mod show;
mod size;
mod skew;
mod summary;
mod why;

pub(crate) use run::main;
