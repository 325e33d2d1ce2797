//! A service in Go whose SDK asks the `tail-sampler` for its rate, by Jaeger's remote sampling.
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use peer_tests::path_from;
use tail_sampler::{Config, start};
use tracing_core_lite::exporters::MemoryExporter;

/// The traces about which the service decides before it prints a number.
const TRACES: f64 = 1_000.0;

const CONFIG: &str = "
receivers: {http: '127.0.0.1:0', grpc: '127.0.0.1:0'}
adaptive: {endpoint: '127.0.0.1:0', rates: {base: 0.25}}
tail_sampling:
  policies: [{name: all, type: always_sample}]
";

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_for_go_samples_at_the_rate_that_the_program_serves() {
    let running = start(&Config::from_yaml(CONFIG).unwrap(), MemoryExporter::new(), None).await.unwrap();
    let url = format!("http://{}/sampling", running.addresses()[2]);
    let sampled = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(path_from("TEST_PEER_SAMPLER"));
        command.args([&url, "orders"]).stdout(Stdio::piped());
        let mut service = Ended(command.spawn().unwrap());
        let lines = BufReader::new(service.0.stdout.take().unwrap()).lines();
        let counts = lines.map(|line| line.unwrap().parse::<f64>().unwrap());
        // It samples nothing before it has asked. The first number may be of both times.
        counts.take(600).skip_while(|sampled| *sampled == 0.0).skip(1).take(5).collect::<Vec<f64>>()
    });
    let sampled = sampled.await.unwrap();
    assert_eq!(sampled.len(), 5, "the service never had a rate");
    let share = sampled.iter().sum::<f64>() / (5.0 * TRACES);
    let deviation = (0.25 * 0.75 / (5.0 * TRACES)).sqrt();
    assert!((share - 0.25).abs() <= 4.0 * deviation, "{share}");
    running.shutdown(Duration::from_secs(20)).await.unwrap();
}
