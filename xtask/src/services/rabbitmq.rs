//! RabbitMQ for tests: a node with its own ports and data, independent of any other RabbitMQ on the machine.

use std::io;
use std::path::{Path, PathBuf};

use super::apt::Program;
use super::service::{Service, accepts, as_user, ask, data_dir, free_ports, give};

const USER: &str = "rabbitmq";
const SERVER: Program = Program { names: &["rabbitmq-server"], package: "rabbitmq-server" };
const EPMD: Program = Program { names: &["epmd"], package: "erlang-base" };
pub(crate) const PROGRAMS: &[Program] = &[SERVER, EPMD];
/// The path of the server. The program of the same name in `PATH` is a script that requires the system's folders.
const DEBIAN: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// Starts a broker that the user `guest` may use, and keeps its data under `root`.
pub(crate) fn start(root: &Path) -> io::Result<Service> {
    let installed = SERVER.path()?;
    let server = Some(PathBuf::from(DEBIAN)).filter(|path| path.is_file()).unwrap_or(installed);
    let dir = data_dir(root, "rabbitmq")?;
    give(&dir, USER)?;
    let [port, peers, names] = free_ports()?;
    let names_server = start_names_server(root, names)?;

    let mut command = as_user(USER, &server);
    command.current_dir(&dir).env("HOME", &dir);
    command.envs([
        ("ERL_EPMD_PORT", names.to_string()),
        ("RABBITMQ_NODENAME", format!("test-{port}@localhost")),
        ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".to_owned()),
        ("RABBITMQ_NODE_PORT", port.to_string()),
        ("RABBITMQ_DIST_PORT", peers.to_string()),
        ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}".to_owned()),
    ]);
    command.envs([
        ("RABBITMQ_MNESIA_BASE", dir.join("data")),
        ("RABBITMQ_LOG_BASE", dir.join("log")),
        // Files that do not exist, so that the configuration of the machine's own RabbitMQ is not read.
        ("RABBITMQ_CONFIG_FILE", dir.join("rabbitmq.conf")),
        ("RABBITMQ_CONF_ENV_FILE", dir.join("rabbitmq-env.conf")),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", dir.join("enabled_plugins")),
    ]);
    let url = format!("amqp://127.0.0.1:{port}/%2f");
    // The broker answers the protocol header once it is up, with the method `start`: a frame of type 1.
    let is_ready = || ask(port, b"AMQP\0\0\x09\x01").is_ok_and(|[frame_type]| frame_type == 1);
    let service = Service::start(command, url, &root.join("rabbitmq.log"), is_ready)?;
    Ok(service.with_companion(names_server))
}

/// Starts Erlang's name server. The one that a node starts by itself outlives the node, on a port that all nodes share.
fn start_names_server(root: &Path, port: u16) -> io::Result<Service> {
    let mut command = as_user(USER, &EPMD.path()?);
    command.args(["-address", "127.0.0.1", "-port", &port.to_string()]).current_dir("/");
    Service::start(command, String::new(), &root.join("epmd.log"), || accepts(port))
}
