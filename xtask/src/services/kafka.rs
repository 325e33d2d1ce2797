//! Apache Kafka for tests: one node in KRaft mode, from the jars that Maven Central has.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::apt::Program;
use super::cache::{cache_folder, cached};
use super::kafka_tls::{OPENSSL, Secured};
use super::service::{Service, ask, data_dir, free_ports, run};

/// A Java runtime. Kafka 4 needs 17.
pub(crate) const JAVA: Program = Program { names: &["java"], package: "default-jre-headless" };
/// Fetches the jars; not needed once they are cached.
const MAVEN: Program = Program { names: &["mvn"], package: "maven" };

const VERSION: &str = "4.3.1";
/// The Maven project that lists the jars and their versions.
pub(crate) const POM: &str = include_str!("kafka-pom.xml");
/// Any base64 UUID: no other node ever joins.
const CLUSTER_ID: &str = "dHJhY2luZy1zdWl0ZS10ZQ";

/// Asks which requests the broker knows: ApiVersions (18) in version 0, with the correlation id 7 and no client id.
const API_VERSIONS: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 255, 255];

/// The programs that are needed and not installed.
pub(crate) fn missing() -> Vec<Program> {
    let is_fetched = jars_folder().is_ok_and(|folder| folder.is_dir());
    let needed = if is_fetched { vec![JAVA, OPENSSL] } else { vec![JAVA, OPENSSL, MAVEN] };
    needed.into_iter().filter(|program| program.find().is_none()).collect()
}

/// The folder with Kafka's jars, fetched once per version and user.
pub(crate) fn jars() -> io::Result<PathBuf> {
    cached(&jars_folder()?, |folder| {
        println!(" fetching Apache Kafka {VERSION} from Maven Central ...");
        let project = folder.join("project");
        fs::create_dir_all(&project)?;
        fs::write(project.join("pom.xml"), POM)?;
        let mut maven = Command::new(MAVEN.path()?);
        maven.args(["--quiet", "--batch-mode", "dependency:copy-dependencies"]);
        maven.arg(format!("-DoutputDirectory={}", folder.display())).current_dir(&project);
        run(&mut maven)?;
        fs::remove_dir_all(project)
    })
}

fn jars_folder() -> io::Result<PathBuf> {
    Ok(cache_folder()?.join(format!("kafka-{VERSION}")))
}

/// Starts a broker whose data lie under `root`.
pub(crate) fn start(root: &Path) -> io::Result<Service> {
    let jars = jars()?;
    let dir = data_dir(root, "kafka")?;
    let [port, controller, tls, sasl] = free_ports()?;
    let secured = Secured::create(&dir.join("tls"), tls, sasl)?;
    let settings = dir.join("server.properties");
    fs::write(&settings, properties(port, controller, &secured, &dir.join("data")))?;
    run(java(&jars, "-Xmx256m")?
        .args(["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c"])
        .arg(&settings)
        .args(secured.users())
        .current_dir(&dir))?;
    let mut command = java(&jars, "-Xmx768m")?;
    command.arg("kafka.Kafka").arg(&settings).current_dir(&dir);
    let answers = || ask(port, &API_VERSIONS).is_ok_and(|[.., id]: [u8; 8]| id == 7);
    let service = Service::start(command, format!("127.0.0.1:{port}"), &root.join("kafka.log"), answers)?;
    Ok(service.with_variables(secured.variables()))
}

fn java(jars: &Path, memory: &str) -> io::Result<Command> {
    let mut command = Command::new(JAVA.path()?);
    // Only the first-tier compiler, which halves the start time of this short-lived node.
    command.args([memory, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]);
    command.arg("-cp").arg(format!("{}/*", jars.display()));
    Ok(command)
}

/// The settings of a node that is broker and controller, and stores its internal topics once.
fn properties(port: u16, controller: u16, secured: &Secured, data: &Path) -> String {
    let (listeners, settings) = (secured.listeners(), secured.settings());
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@127.0.0.1:{controller}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},{listeners}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port},{listeners}\n\
         {settings}\
         controller.listener.names=CONTROLLER\n\
         log.dirs={}\n\
         offsets.topic.replication.factor=1\n\
         offsets.topic.num.partitions=4\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         transaction.state.log.num.partitions=4\n\
         share.coordinator.state.topic.replication.factor=1\n\
         share.coordinator.state.topic.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\n",
        data.display()
    )
}
