//! `cargo xtask compose-images`: pulls every image that the compose files and the Dockerfile name, or builds a stand-in.

use std::io;
use std::process::Command;
use std::time::Duration;

use super::docker::{bounded, compose, docker, output};
use super::engine::Engine;
use super::names::{BASE, LABEL, SHOP};
use super::stand_ins;
use crate::undo::undo_on_signals;
use crate::workspace::root;

/// The time limit of a pull. An unreachable registry usually fails immediately, but may hang.
const PULL_TIMEOUT: Duration = Duration::from_secs(600);

/// The origin of an image.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Registry,
    StandIn,
}

/// Provides all images, including the one in which the shop is built from source.
pub(crate) fn run() -> io::Result<bool> {
    undo_on_signals()?;
    let _engine = Engine::ready()?;
    prepare(true)?;
    Ok(true)
}

/// Provides the images of the services, and with `from_source` the one in which the shop is built.
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

/// Returns the names of the images. The base of all stand-ins comes first.
fn wanted(from_source: bool) -> io::Result<Vec<String>> {
    let mut images = vec![BASE.to_owned()];
    let dockerfile = std::fs::read_to_string(root().join("examples/Dockerfile"))?;
    let froms = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")?.split(' ').next());
    // A name without a tag refers to an earlier stage.
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

/// Keeps an image that came from a registry. Tries to replace a stand-in, because a registry may be reachable now.
fn provide(image: &str) -> io::Result<(Origin, String)> {
    let label = format!("{{{{index .Config.Labels {LABEL:?}}}}}");
    let present = output(&mut docker(&["image", "inspect", "--format", &label, image]));
    let made_from = present.ok().map(|label| label.trim().to_owned());
    if made_from.as_deref() == Some("") {
        return Ok((Origin::Registry, "present".into()));
    }
    match bounded(&mut docker(&["pull", "--quiet", image]), PULL_TIMEOUT) {
        Ok(_) => return Ok((Origin::Registry, "pulled".into())),
        Err(error) => {
            let reason = error.to_string();
            println!("{image}: no pull ({})", reason.lines().last().unwrap_or_default());
        }
    }
    if made_from.is_some_and(|it| stand_ins::made_from(image).is_ok_and(|now| it == now)) {
        return Ok((Origin::StandIn, "present, a stand-in".into()));
    }
    println!("{image}: making a stand-in ...");
    stand_ins::make(image).map_err(|error| {
        io::Error::other(format!("{image} can neither be pulled nor replaced by a stand-in: {error}"))
    })?;
    Ok((Origin::StandIn, "stand-in".into()))
}
