//! The wrappers over TLS, with each mechanism of SASL and with client certificates, on the real broker.
#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::Message;
use rdkafka::producer::{FutureRecord, Producer};
use tracing_core_lite::testing::TestSpans;
use tracing_kafka::{SaslMechanism, Security};

use support::{LONG, config, config_of, consumer, producer, settings, soon, topic};

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set. `cargo xtask test` starts a broker and sets it; by hand: `cargo xtask services kafka`")
    })
}

fn file(name: &str) -> PathBuf {
    Path::new(&variable("KAFKA_TLS_FOLDER")).join(name)
}

fn secured(brokers: &str, security: &Security) -> ClientConfig {
    let mut config = config_of(&variable(brokers));
    security.apply(&mut config).unwrap();
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mechanism_and_client_certificates() {
    let trusting = || Security::new().with_ca_file(file("ca.pem"));
    let password = |mechanism| trusting().with_sasl(mechanism, "shop").with_password_file(file("password"));
    for (brokers, security) in [
        ("KAFKA_SASL_BROKERS", password(SaslMechanism::Plain)),
        ("KAFKA_SASL_BROKERS", password(SaslMechanism::ScramSha256)),
        ("KAFKA_SASL_BROKERS", password(SaslMechanism::ScramSha512)),
        ("KAFKA_MTLS_BROKERS", trusting().with_client_certificate(file("client.pem"), file("client.key"))),
    ] {
        let topic = topic(&config(), "secured", 1).await;
        let spans = TestSpans::new();
        let config = secured(brokers, &security);
        let producer = producer(&config, settings(&spans));
        let record = FutureRecord::to(&topic).key("4711").payload("order");
        soon(producer.send(record, LONG)).await.map_err(|(error, _)| error).unwrap();
        let consumer = consumer(&config, &[&topic], settings(&spans));
        let message = soon(consumer.recv()).await.unwrap();
        assert_eq!(message.payload(), Some(&b"order"[..]), "{security:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_refused_and_a_corrected_password_is_used() {
    let topic = topic(&config(), "strangers", 1).await;
    let right = std::fs::read_to_string(file("password")).unwrap();
    let password = std::sync::Arc::new(std::sync::Mutex::new("wrong".to_owned()));
    let read = std::sync::Arc::clone(&password);
    let with_password = Security::new()
        .with_ca_file(file("ca.pem"))
        .with_sasl(SaslMechanism::ScramSha512, "shop")
        .with_password(move || Ok(read.lock().unwrap().clone()));
    let foreign = Security::new()
        .with_ca_file(file("foreign-ca.pem"))
        .with_sasl(SaslMechanism::Plain, "shop")
        .with_password_file(file("password"));
    let spans = TestSpans::new();
    let mut producers = Vec::new();
    for (brokers, security) in [
        ("KAFKA_SASL_BROKERS", &with_password),
        ("KAFKA_SASL_BROKERS", &foreign),
        ("KAFKA_MTLS_BROKERS", &Security::new().with_ca_file(file("ca.pem"))),
    ] {
        let mut config = secured(brokers, security);
        config.set("message.timeout.ms", "2000");
        let producer = producer(&config, settings(&spans));
        let record = FutureRecord::to(&topic).key("4711").payload("order");
        assert!(soon(producer.send(record, Duration::ZERO)).await.is_err(), "{security:?}");
        producers.push(producer);
    }
    *password.lock().unwrap() = right;
    let deadline = std::time::Instant::now() + LONG;
    loop {
        with_password.refresh(producers[0].client()).unwrap();
        let record = FutureRecord::to(&topic).key("4711").payload("order");
        if soon(producers[0].send(record, Duration::ZERO)).await.is_ok() {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "the corrected password is not used");
    }
}
