//! `cargo xtask compose-images`: has every image that the compose files and the Dockerfile name, pulled or made here.

use std::io;
use std::process::Command;
use std::time::Duration;

use super::docker::{bounded, compose, docker, needs_engine, output};
use super::stand_ins;
use crate::workspace::root;

/// The image of our own services, which is built and never pulled.
pub(crate) const SHOP: &str = "tracing-suite-shop";
/// The base of all stand-ins, and of the shop's image.
pub(crate) const BASE: &str = "debian:bookworm-slim";
/// Marks an image as a stand-in; its value tells from what it was made.
pub(crate) const LABEL: &str = "tracing-suite.stand-in";

/// How long a pull may take: a registry that is not there answers at once, one that hangs does not.
const PULL_TIMEOUT: Duration = Duration::from_secs(600);

/// Whether an image is the one of a registry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Registry,
    StandIn,
}

/// Makes what is missing, also what only a build from source needs.
pub(crate) fn run() -> io::Result<bool> {
    needs_engine()?;
    prepare(true)?;
    Ok(true)
}

/// Has all images of the services; with `from_source` also the one in which the shop is built.
pub(crate) fn prepare(from_source: bool) -> io::Result<()> {
    let mut stand_ins = 0;
    for image in wanted(from_source)? {
        let (origin, how) = provide(&image)?;
        stand_ins += usize::from(origin == Origin::StandIn);
        println!("{image}: {how}");
    }
    if stand_ins > 0 {
        println!(
            "\n{stand_ins} of these are stand-ins, made on this machine; see xtask/stand-ins/README.md\n"
        );
    }
    Ok(())
}

/// The base first, since all stand-ins are made from it.
fn wanted(from_source: bool) -> io::Result<Vec<String>> {
    let mut images = vec![BASE.to_owned()];
    let dockerfile = std::fs::read_to_string(root().join("examples/Dockerfile"))?;
    let froms = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")?.split(' ').next());
    // A name without a tag is that of an earlier stage.
    images.extend(froms.filter(|from| from_source && from.contains(':')).map(str::to_owned));
    let compose = compose()?;
    let mut command = Command::new(&compose[0]);
    command.args(&compose[1..]).current_dir(root().join("examples"));
    command.args(["-f", "compose.yaml", "-f", "compose.collector.yaml", "config", "--images"]);
    let listed = output(&mut command)?;
    images.extend(listed.lines().filter(|image| !image.starts_with(SHOP)).map(str::to_owned));
    let mut unique: Vec<String> = Vec::new();
    images.into_iter().for_each(|image| {
        if !unique.contains(&image) {
            unique.push(image);
        }
    });
    Ok(unique)
}

fn provide(image: &str) -> io::Result<(Origin, String)> {
    let label = format!("{{{{index .Config.Labels {LABEL:?}}}}}");
    if let Ok(stand_in) = output(&mut docker(&["image", "inspect", "--format", &label, image])) {
        let made_from = stand_in.trim();
        if made_from.is_empty() {
            return Ok((Origin::Registry, "present".into()));
        }
        if made_from == stand_ins::made_from(image)? {
            return Ok((Origin::StandIn, "present, a stand-in".into()));
        }
    } else if let Err(error) = bounded(&mut docker(&["pull", "--quiet", image]), PULL_TIMEOUT) {
        let reason = error.to_string();
        println!("{image}: no pull ({})", reason.lines().last().unwrap_or_default());
    } else {
        return Ok((Origin::Registry, "pulled".into()));
    }
    println!("{image}: making a stand-in ...");
    stand_ins::make(image).map_err(|error| {
        io::Error::other(format!("{image} can neither be pulled nor replaced by a stand-in: {error}"))
    })?;
    Ok((Origin::StandIn, "stand-in".into()))
}
