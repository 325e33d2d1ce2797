//! Builds the programs in other languages from `integration-tests/peers`.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::go;
use crate::services::{Program, cache_folder, cached, install, python, run_command};
use crate::workspace::root;

const JAVA_COMPILER: Program = Program { names: &["javac"], package: "default-jdk-headless" };
const MAVEN: Program = Program { names: &["mvn"], package: "maven" };
const NODE: Program = Program { names: &["node"], package: "nodejs" };
const NPM: Program = Program { names: &["npm"], package: "npm" };

/// A language: what its program needs, and how to build it.
pub(super) struct Language {
    pub(super) title: &'static str,
    /// The folder of its sources.
    folder: &'static str,
    /// The variable in which tests look for the program.
    pub(super) variable: &'static str,
    needs: &'static [Program],
    /// Builds the program `peer` in a folder that already contains its sources.
    build: fn(&Path) -> io::Result<()>,
}

pub(super) const ALL: [Language; 4] = [
    Language {
        title: "Go",
        folder: "go",
        variable: "TEST_PEER_GO",
        needs: &[],
        build: |folder| go::build(folder, ".", &folder.join("peer")),
    },
    Language {
        title: "Java",
        folder: "java",
        variable: "TEST_PEER_JAVA",
        needs: &[JAVA_COMPILER, MAVEN],
        build: build_java,
    },
    Language {
        title: "JavaScript",
        folder: "javascript",
        variable: "TEST_PEER_JAVASCRIPT",
        needs: &[NODE, NPM],
        build: build_javascript,
    },
    Language {
        title: "Python",
        folder: "python",
        variable: "TEST_PEER_PYTHON",
        needs: &[],
        build: build_python,
    },
];

/// A service in Go that asks the `tail-sampler` for its rate.
pub(super) const SAMPLER: Language = Language {
    title: "Go, with Jaeger's remote sampler",
    folder: "sampler",
    variable: "TEST_PEER_SAMPLER",
    needs: &[],
    build: |folder| go::build(folder, ".", &folder.join("peer")),
};

impl Language {
    /// Returns the program if it has been built from the current sources.
    pub(super) fn find(&self) -> io::Result<Option<PathBuf>> {
        let program = self.cache()?.join("peer");
        Ok(program.is_file().then_some(program))
    }

    /// Returns the program, which is built once for each state of its sources. Missing build tools are installed.
    pub(super) fn program(&self) -> io::Result<PathBuf> {
        let folder = cached(&self.cache()?, |folder| {
            println!("building the peer in {} ...", self.title);
            let missing = self.needs.iter().filter(|program| program.find().is_none());
            let packages: Vec<&str> = missing.map(|program| program.package).collect();
            if !packages.is_empty() {
                install(&packages, "")?;
            }
            run_command(Command::new("cp").arg("--recursive").arg(self.sources().join(".")).arg(folder))?;
            (self.build)(folder)
        })?;
        Ok(folder.join("peer"))
    }

    fn sources(&self) -> PathBuf {
        root().join("integration-tests/peers").join(self.folder)
    }

    /// The folder of the program, named after its sources.
    fn cache(&self) -> io::Result<PathBuf> {
        let mut files = BTreeMap::new();
        read(&self.sources(), &mut files)?;
        let mut hasher = DefaultHasher::new();
        files.hash(&mut hasher);
        Ok(cache_folder()?.join(format!("peer-{}-{:016x}", self.folder, hasher.finish())))
    }
}

/// Reads all files below `folder`.
fn read(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, files)?;
        } else {
            files.insert(path.clone(), fs::read(&path)?);
        }
    }
    Ok(())
}

fn build_java(folder: &Path) -> io::Result<()> {
    let mut maven = Command::new(MAVEN.path()?);
    maven.args(["--quiet", "--batch-mode", "compile", "dependency:copy-dependencies"]);
    run_command(maven.arg("-DoutputDirectory=libs").current_dir(folder))?;
    // The agent is not on the class path, because it loads its own classes.
    fs::create_dir(folder.join("agent"))?;
    for jar in fs::read_dir(folder.join("libs"))?.flatten() {
        if jar.file_name().to_string_lossy().starts_with("opentelemetry-javaagent") {
            fs::rename(jar.path(), folder.join("agent/agent.jar"))?;
        }
    }
    script(
        folder,
        "exec java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
         -javaagent:\"$here/agent/agent.jar\" -cp \"$here/target/classes:$here/libs/*\" Peer",
    )
}

fn build_javascript(folder: &Path) -> io::Result<()> {
    let mut npm = Command::new(NPM.path()?);
    run_command(npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder))?;
    script(folder, "exec node \"$here/main.js\"")
}

fn build_python(folder: &Path) -> io::Result<()> {
    run_command(Command::new(python::python()?).args(["-m", "venv", "environment"]).current_dir(folder))?;
    let options =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"];
    run_command(Command::new(folder.join("environment/bin/python")).args(options).current_dir(folder))?;
    script(folder, "exec \"$here/environment/bin/python\" \"$here/main.py\"")
}

/// Writes the script `peer` that ends with `command`, in which `$here` is its folder.
fn script(folder: &Path, command: &str) -> io::Result<()> {
    let file = folder.join("peer");
    fs::write(&file, format!("#!/bin/sh\nhere=$(dirname \"$0\")\n{command}\n"))?;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
}
