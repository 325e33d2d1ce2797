//! The Collector's Kafka exporter and ours choose the same partition, its exporter feeds our sampler, and its receiver reads what we
//! export. Jaeger's program has both components.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use peer_tests::{Program, free_port, path_from};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Message};
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::exporters::otlp::OtlpConfig;
use tracing_core_lite::pipeline::{Batch, Exporter};
use tracing_core_lite::testing::FakeOtlp;
use tracing_kafka::exporter::{KafkaExporter, TraceKey};

const SOON: Duration = Duration::from_secs(60);
const PARTITIONS: i32 = 8;
const TRACES: u64 = 64;

fn client() -> ClientConfig {
    let brokers = std::env::var("KAFKA_BROKERS").expect("`cargo xtask test --peers` sets KAFKA_BROKERS");
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", brokers);
    client
}

fn topic(name: &str) -> String {
    let name = format!("{name}-{}", std::process::id());
    let admin: AdminClient<DefaultClientContext> = client().create().expect("a client can be created");
    let topic = NewTopic::new(&name, PARTITIONS, TopicReplication::Fixed(1));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be created");
    let mut results =
        runtime.block_on(admin.create_topics([&topic], &AdminOptions::new())).expect("the broker answers");
    results.remove(0).expect("the topic can be created");
    name
}

fn trace(number: u64) -> u128 {
    u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(number | 1 << 40)
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.len() < 1 << 14);
    [&[number << 3 | 2, bytes.len() as u8 | 128, (bytes.len() >> 7) as u8][..], bytes].concat()
}

/// A request with one failed span of each of `traces`.
fn batch(traces: impl Iterator<Item = u64>, id: u64) -> Batch {
    let (mut spans, mut count) = (Vec::new(), 0);
    for number in traces {
        let status = field(15, &[3 << 3, 2]);
        let times =
            [&[7 << 3 | 1][..], &1_000_u64.to_le_bytes(), &[8 << 3 | 1], &2_000_u64.to_le_bytes()].concat();
        let ids = [field(1, &trace(number).to_be_bytes()), field(2, &id.to_be_bytes())].concat();
        spans.extend(field(2, &[ids, field(5, b"work"), times, status].concat()));
        count += 1;
    }
    Batch::new(field(1, &field(2, &spans)).into(), count)
}

/// Starts Jaeger's program with a Collector's configuration.
fn collector(folder: &Path, ports: &[u16], configuration: &str) -> Program {
    let file = folder.join("collector.yaml");
    std::fs::write(&file, configuration).expect("the folder is writable");
    let mut command = Command::new(path_from("TEST_JAEGER"));
    command.arg("--config").arg(file);
    Program::start(command, &folder.join("log"), ports)
}

/// Sends traces through the Collector's Kafka exporter to `topic`.
fn through_the_collector(topic: &str, batches: &[Batch]) {
    let folder = tempfile::tempdir().expect("a folder can be created");
    let port = free_port();
    let brokers = client().get("bootstrap.servers").unwrap_or_default().to_owned();
    let configuration = format!(
        "receivers: {{otlp: {{protocols: {{http: {{endpoint: '127.0.0.1:{port}'}}}}}}}}
exporters:
  kafka:
    brokers: ['{brokers}']
    partition_traces_by_id: true
    traces: {{topic: {topic}, encoding: otlp_proto}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [kafka]}}}}
"
    );
    let program = collector(folder.path(), &[port], &configuration);
    let endpoint = format!("http://127.0.0.1:{port}");
    let mut exporter = OtlpConfig::new().with_endpoint(endpoint).build().expect("an exporter can be built");
    for batch in batches {
        exporter
            .export(batch, Instant::now() + SOON)
            .unwrap_or_else(|error| panic!("{error}: {}", program.log()));
    }
    program.stop();
}

/// Returns the partitions of each key in a topic, and the number of records.
fn partitions(topic: &str, records: usize) -> BTreeMap<Vec<u8>, Vec<i32>> {
    let mut config = client();
    config.set("group.id", format!("{topic}-reader")).set("auto.offset.reset", "earliest");
    let consumer: BaseConsumer = config.create().expect("a consumer can be created");
    consumer.subscribe(&[topic]).expect("the topic exists");
    let (mut found, mut count, deadline) = (BTreeMap::<_, Vec<i32>>::new(), 0, Instant::now() + SOON);
    while count < records {
        assert!(Instant::now() < deadline, "{count} of {records} records");
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) {
            found.entry(message.key().unwrap_or_default().to_vec()).or_default().push(message.partition());
            count += 1;
        }
    }
    found
}

#[test]
fn a_trace_lands_on_one_partition_whoever_writes_it_and_our_sampler_keeps_it_whole() {
    let topic = topic("peer-spans");
    through_the_collector(&topic, &[batch(0..TRACES, 1)]);
    let mut exporter = KafkaExporter::create(&client(), &topic).expect("an exporter can be created");
    exporter.export(&batch(0..TRACES, 2), Instant::now() + SOON).expect("the broker accepts it");
    let found = partitions(&topic, 2 * TRACES as usize);
    assert_eq!(found.len() as u64, TRACES);
    for (key, partitions) in found {
        let expected = TraceKey::parse(&key).expect("the key is a trace id").partition(PARTITIONS);
        assert_eq!(partitions, [expected, expected], "{}", String::from_utf8_lossy(&key));
    }

    let yaml = format!(
        "kafka: {{brokers: '{}', topic: {topic}, group: {topic}, idle_after: 1s}}
tail_sampling:
  decision_wait: 1s
  policies: [{{name: errors, type: status_code, status_code: {{status_codes: [ERROR]}}}}]
",
        client().get("bootstrap.servers").unwrap_or_default()
    );
    let config = tail_sampler::Config::from_yaml(&yaml).expect("the configuration is valid");
    let memory = MemoryExporter::new();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be created");
    let running = runtime.block_on(tail_sampler::start(&config, memory.clone(), None)).expect("it starts");
    let deadline = Instant::now() + SOON;
    while memory.finished().len() < 2 * TRACES as usize {
        assert!(Instant::now() < deadline, "{} spans", memory.finished().len());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(running.control().stats().kept.traces, TRACES);
    runtime.block_on(running.shutdown(SOON)).expect("it stops");
}

#[test]
fn the_collectors_receiver_reads_what_we_export() {
    let topic = topic("peer-export");
    let folder = tempfile::tempdir().expect("a folder can be created");
    let brokers = client().get("bootstrap.servers").unwrap_or_default().to_owned();
    let receiver = FakeOtlp::start().expect("a port is free");
    let port = free_port();
    let configuration = format!(
        "receivers:
  kafka:
    brokers: ['{brokers}']
    group_id: {topic}
    initial_offset: earliest
    traces: {{topic: {topic}, encoding: otlp_proto}}
exporters:
  otlphttp: {{endpoint: '{}'}}
extensions: {{healthcheckv2: {{use_v2: true, http: {{endpoint: '127.0.0.1:{port}'}}}}}}
service:
  extensions: [healthcheckv2]
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [kafka], exporters: [otlphttp]}}}}
",
        receiver.url()
    );
    let program = collector(folder.path(), &[port], &configuration);
    let mut exporter = KafkaExporter::create(&client(), &topic).expect("an exporter can be created");
    exporter.export(&batch(0..TRACES, 1), Instant::now() + SOON).expect("the broker accepts it");
    let deadline = Instant::now() + SOON;
    let received = || receiver.spans().len();
    while received() < TRACES as usize {
        assert!(Instant::now() < deadline, "{} spans; {}", received(), program.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(received(), TRACES as usize);
    program.stop();
}
