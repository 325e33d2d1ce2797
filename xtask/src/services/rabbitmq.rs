//! RabbitMQ for tests: a node, ports and data of its own, which another RabbitMQ on the machine never meets.

use std::io;
use std::path::{Path, PathBuf};

use super::service::{Service, accepts, as_user, ask, data_dir, free_ports, give, program};

const USER: &str = "rabbitmq";
/// Debian's program of the same name in the path insists on the system's own folders.
const DEBIAN: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// Starts a broker for guests, whose data lie under `root`.
pub(crate) fn start(root: &Path) -> io::Result<Service> {
    let installed = program(&["rabbitmq-server"], "rabbitmq-server")?;
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
        // What the machine's own RabbitMQ is configured to be is not for this one: neither file exists.
        ("RABBITMQ_CONFIG_FILE", dir.join("rabbitmq.conf")),
        ("RABBITMQ_CONF_ENV_FILE", dir.join("rabbitmq-env.conf")),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", dir.join("enabled_plugins")),
    ]);
    let url = format!("amqp://127.0.0.1:{port}/%2f");
    // The broker answers a client's protocol header only when it is up; frame type 1 is a method, its first `start`.
    let is_ready = || ask(port, b"AMQP\0\0\x09\x01").is_ok_and(|[frame_type]| frame_type == 1);
    let service = Service::start(command, url, &root.join("rabbitmq.log"), is_ready)?;
    Ok(service.with_companion(names_server))
}

/// Erlang's name server. A node would start one that goes on when the node has ended, on a port that all share.
fn start_names_server(root: &Path, port: u16) -> io::Result<Service> {
    let mut command = as_user(USER, &program(&["epmd"], "erlang-base")?);
    command.args(["-address", "127.0.0.1", "-port", &port.to_string()]).current_dir("/");
    Service::start(command, String::new(), &root.join("epmd.log"), || accepts(port))
}
