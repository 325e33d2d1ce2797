//! A process of the program.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::broker::{LONG, brokers};

const POLICIES: &str = "
  decision_wait: 8s
  decision_wait_after_root_received: 1s
  num_traces: 0
  policies:
    - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
    - {name: slow, type: latency, latency: {threshold_ms: 500}}
    - name: budget
      type: and
      and:
        and_sub_policy:
          - {name: marked, type: string_attribute, string_attribute: {key: shop.marked, values: ['yes']}}
          - {name: limit, type: rate_limiting, rate_limiting: {spans_per_second: 160, burst_capacity: 40}}
    - {name: rest, type: probabilistic, probabilistic: {sampling_percentage: 10}}
";

/// What the processes of a group share.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) topic: String,
    pub(crate) name: String,
    pub(crate) receiver: String,
}

/// A running process, which is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    admin: u16,
    _folder: tempfile::TempDir,
}

impl Process {
    pub(crate) fn start(group: &Group, version: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let admin = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let Group { topic, name, receiver } = group;
        let config = format!(
            "kafka:
  brokers: {}
  topic: {topic}
  group: {name}
  decisions: {{topic: {name}.decisions, version: {version}}}
  late_window: 10s
  idle_after: 12s
  session_timeout: 6s
  properties: {{heartbeat.interval.ms: '1000'}}
exporter: {{endpoint: '{receiver}', protocol: http/protobuf}}
admin: 127.0.0.1:{admin}
tail_sampling:{POLICIES}",
            brokers()
        );
        let file = folder.path().join("sampler.yaml");
        std::fs::write(&file, config).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_tail-sampler"))
            .arg(&file)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, admin, _folder: folder }
    }

    /// Kills the process with SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops the process with SIGTERM.
    pub(crate) async fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let deadline = Instant::now() + LONG;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "the process does not stop");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Returns the sum of a metric over its labels, or 0 if the process does not answer.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let Ok(answer) = reqwest::get(format!("http://127.0.0.1:{}/metrics", self.admin)).await else {
            return 0;
        };
        let text = answer.text().await.unwrap_or_default();
        let of = |line: &str| {
            let (key, value) = line.rsplit_once(' ')?;
            let is_named = key == name || key.strip_prefix(name).is_some_and(|rest| rest.starts_with('{'));
            is_named.then(|| value.parse::<u64>().ok()).flatten()
        };
        text.lines().filter_map(of).sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the sum of a metric over processes.
pub(crate) async fn sum(processes: &[&Process], name: &str) -> u64 {
    let mut sum = 0;
    for process in processes {
        sum += process.metric(name).await;
    }
    sum
}

/// Waits until `reached` returns true.
pub(crate) async fn until(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !reached().await {
        assert!(Instant::now() < deadline, "{what}: not reached");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
