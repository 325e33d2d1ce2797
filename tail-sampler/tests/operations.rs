//! `docs/operations.md` describes every metric, and its alert rules use metrics that exist.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use tail_sampler::{Config, start};
use tracing_core_lite::exporters::MemoryExporter;

const DOCS: &str = include_str!("../../docs/operations.md");

const CONFIG: &str = "
receivers: {http: '127.0.0.1:0', grpc: '127.0.0.1:0'}
admin: 127.0.0.1:0
tail_sampling:
  policies: [{name: all, type: always_sample}]
";

#[tokio::test]
async fn every_metric_is_described_and_every_rule_has_its_metric() {
    let running = start(&Config::from_yaml(CONFIG).unwrap(), MemoryExporter::new(), None).await.unwrap();
    let url = format!("http://{}/metrics", running.addresses()[2]);
    let metrics = reqwest::get(url).await.unwrap().text().await.unwrap();
    let types = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE tail_sampler_"));
    let names: Vec<&str> = types.filter_map(|line| line.split(' ').next()).collect();
    assert!(names.len() > 15, "{metrics}");
    for name in &names {
        assert!(DOCS.contains(&format!("`{name}`")), "docs/operations.md does not describe {name}");
    }
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    for used in DOCS.split("tail_sampler_").skip(1) {
        let name: String = used.chars().take_while(|c| is_name(*c)).collect();
        // Those of Kafka mode are described, but are not shown here.
        let is_known = names.contains(&name.as_str())
            || name
                .strip_prefix("kafka_")
                .is_some_and(|name| DOCS.contains(&format!("`{name}`")) || name.is_empty());
        assert!(is_known || name.is_empty(), "there is no metric {name}");
    }
    running.shutdown(Duration::from_secs(20)).await.unwrap();
}
