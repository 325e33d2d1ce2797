//! The checker finds each kind of error: for a valid span of each domain, it reports one change to it.

use tracing_core_lite::opentelemetry::trace::SpanKind;
use tracing_core_lite::span::data::{AnyValue, SpanData, StatusData};

use crate::group::{self, Membership};
use crate::problems;
use crate::registry::Registry;

fn text(value: &str) -> AnyValue {
    AnyValue::String(value.to_owned())
}

fn span(name: &str, kind: SpanKind, attributes: Vec<(&str, AnyValue)>) -> SpanData {
    let attributes = attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    SpanData { name: name.to_owned(), kind, attributes, ..SpanData::default() }
}

fn http_server() -> SpanData {
    let attributes = vec![
        ("http.request.method", text("GET")),
        ("http.route", text("/orders/{id}")),
        ("http.response.status_code", AnyValue::Int(200)),
        ("url.path", text("/orders/7")),
        ("url.scheme", text("https")),
    ];
    span("GET /orders/{id}", SpanKind::Server, attributes)
}

fn http_client() -> SpanData {
    let attributes = vec![
        ("http.request.method", text("GET")),
        ("http.response.status_code", AnyValue::Int(200)),
        ("url.full", text("http://shop/orders/7")),
        ("server.address", text("shop")),
        ("server.port", AnyValue::Int(80)),
    ];
    span("GET", SpanKind::Client, attributes)
}

fn grpc(kind: SpanKind) -> SpanData {
    let attributes = vec![
        ("rpc.system.name", text("grpc")),
        ("rpc.method", text("shop.Payment/Charge")),
        ("rpc.response.status_code", text("OK")),
        ("server.address", text("payment")),
    ];
    span("shop.Payment/Charge", kind, attributes)
}

fn query(system: &str) -> SpanData {
    let attributes = vec![
        ("db.system.name", text(system)),
        ("db.namespace", text("shop")),
        ("db.query.summary", text("SELECT prices")),
    ];
    span("SELECT prices", SpanKind::Client, attributes)
}

fn redis() -> SpanData {
    let attributes = vec![
        ("db.system.name", text("redis")),
        ("db.operation.name", text("GET")),
        ("db.namespace", text("0")),
        ("server.address", text("cache")),
        ("server.port", AnyValue::Int(6379)),
        ("tracing_suite.cache.hit", AnyValue::Bool(true)),
    ];
    span("GET cache:6379", SpanKind::Client, attributes)
}

fn message(system: &str, operation: &str, kind: SpanKind) -> SpanData {
    let attributes = vec![
        ("messaging.system", text(system)),
        ("messaging.operation.name", text(operation)),
        ("messaging.operation.type", text(operation)),
        ("messaging.destination.name", text("orders.created")),
    ];
    span(&format!("{operation} orders.created"), kind, attributes)
}

/// A change to a valid span.
enum Change {
    Set(&'static str, AnyValue),
    Remove(&'static str),
    Name(&'static str),
    Kind(SpanKind),
    Fail,
}

use Change::{Fail, Kind, Name, Remove, Set};

impl Change {
    fn apply(self, span: &mut SpanData) {
        match self {
            Set(key, value) => {
                span.attributes.retain(|(it, _)| it != key);
                span.attributes.push((key.to_owned(), value));
            }
            Remove(key) => span.attributes.retain(|(it, _)| it != key),
            Name(name) => span.name = name.to_owned(),
            Kind(kind) => span.kind = kind,
            Fail => span.status = StatusData::Error(String::new()),
        }
    }
}

#[test]
fn each_group_has_its_spans() {
    let registry = Registry::load();
    let cases = [
        ("http.server", http_server()),
        ("http.client", http_client()),
        ("rpc.grpc.client", grpc(SpanKind::Client)),
        ("rpc.grpc.server", grpc(SpanKind::Server)),
        ("db.sqlite.client", query("sqlite")),
        ("db.postgresql.client", query("postgresql")),
        ("db.mysql.client", query("mysql")),
        ("db.mariadb.client", query("mariadb")),
        ("db.redis.client", redis()),
        ("messaging.kafka.create.producer", message("kafka", "create", SpanKind::Producer)),
        ("messaging.kafka.send.producer", message("kafka", "send", SpanKind::Producer)),
        ("messaging.kafka.send.client", message("kafka", "send", SpanKind::Client)),
        ("messaging.kafka.receive.client", message("kafka", "receive", SpanKind::Client)),
        ("messaging.kafka.settle.client", message("kafka", "settle", SpanKind::Client)),
        ("messaging.kafka.process.consumer", message("kafka", "process", SpanKind::Consumer)),
        ("messaging.rabbitmq.send.producer", message("rabbitmq", "send", SpanKind::Producer)),
        ("messaging.rabbitmq.receive.client", message("rabbitmq", "receive", SpanKind::Client)),
        ("messaging.rabbitmq.process.consumer", message("rabbitmq", "process", SpanKind::Consumer)),
        ("messaging.rabbitmq.settle.client", message("rabbitmq", "settle", SpanKind::Client)),
        // RabbitMQ has no such group of its own.
        ("messaging.create.producer", message("rabbitmq", "create", SpanKind::Producer)),
        ("messaging.send.producer", message("pulsar", "send", SpanKind::Producer)),
    ];
    for (id, good) in cases {
        assert_eq!(problems(&registry, &good), Vec::<String>::new(), "{id}");
        let found = group::find(&registry, &good);
        assert!(matches!(found, Membership::Of(found, _) if found == id), "{id}: {found:?}");
    }
}

#[test]
fn spans_without_a_group_are_internal() {
    let registry = Registry::load();
    let wait = [
        ("db.system.name", text("sqlite")),
        ("tracing_suite.db.client.connection.wait_time", AnyValue::Double(0.5)),
    ];
    for good in [
        span("take payment", SpanKind::Internal, vec![("shop.order.id", AnyValue::Int(7))]),
        span(
            "get_or_load prices",
            SpanKind::Internal,
            vec![("tracing_suite.cache.hit", AnyValue::Bool(false))],
        ),
        span("acquire connection", SpanKind::Internal, wait.to_vec()),
    ] {
        assert!(matches!(group::find(&registry, &good), Membership::None), "{}", good.name);
        assert_eq!(problems(&registry, &good), Vec::<String>::new(), "{}", good.name);
    }
}

#[test]
fn every_fault_is_found() {
    let registry = Registry::load();
    let kafka = || message("kafka", "send", SpanKind::Producer);
    let rabbit = || message("rabbitmq", "process", SpanKind::Consumer);
    let cases: Vec<(SpanData, Vec<Change>, &str)> = vec![
        // Required, and of the right type
        (http_server(), vec![Remove("url.path")], "url.path is required"),
        (http_client(), vec![Remove("server.port")], "server.port is required"),
        (grpc(SpanKind::Client), vec![Remove("server.address")], "server.address is required"),
        (redis(), vec![Remove("db.operation.name"), Name("cache:6379")], "db.operation.name is required"),
        (kafka(), vec![Remove("messaging.operation.name")], "messaging.operation.name is required"),
        (rabbit(), vec![Remove("messaging.destination.name")], "messaging.destination.name is required"),
        (http_server(), vec![Set("http.response.status_code", text("200"))], "is not of type int"),
        (
            grpc(SpanKind::Server),
            vec![Set("rpc.response.status_code", AnyValue::Int(0))],
            "is not of type string",
        ),
        (http_server(), vec![Set("http.request.header.x-shop", text("a"))], "is not of type string[]"),
        (
            query("sqlite"),
            vec![Set("db.response.returned_rows", AnyValue::Double(1.0))],
            "is not of type int",
        ),
        // Names of attributes
        (http_client(), vec![Set("peer.service", text("shop"))], "peer.service is deprecated"),
        (http_server(), vec![Set("http.method", text("GET"))], "http.method is deprecated"),
        (query("sqlite"), vec![Set("db.statement", text("SELECT 1"))], "db.statement is deprecated"),
        (kafka(), vec![Set("messaging.client_id", text("a"))], "messaging.client_id is deprecated"),
        (query("sqlite"), vec![Set("db.rows", AnyValue::Int(1))], "neither in the registry nor"),
        (http_server(), vec![Set("http.request.method", text("get"))], "neither a member nor"),
        // Conditions
        (http_server(), vec![Fail], "error.type is missing"),
        (query("sqlite"), vec![Set("error.type", text("275"))], "error.type is present"),
        (kafka(), vec![Fail], "error.type is missing"),
        (http_server(), vec![Set("http.request.method", text("_OTHER"))], "method_original is missing"),
        (grpc(SpanKind::Server), vec![Set("rpc.method_original", text("a/b"))], "method_original is present"),
        (http_client(), vec![Remove("http.response.status_code")], "status_code is missing"),
        (grpc(SpanKind::Server), vec![Remove("rpc.response.status_code")], "status_code is required"),
        (query("postgresql"), vec![Set("server.port", AnyValue::Int(1))], "without server.address"),
        (kafka(), vec![Remove("messaging.destination.name"), Name("send")], "there is one message"),
        (
            rabbit(),
            vec![Set("messaging.destination.temporary", AnyValue::Bool(false))],
            "must be absent unless true",
        ),
        (rabbit(), vec![Set("messaging.rabbitmq.destination.routing_key", text(""))], "present, but empty"),
        // Status
        (http_client(), vec![Set("http.response.status_code", AnyValue::Int(404))], "the response is"),
        (http_server(), vec![Set("http.response.status_code", AnyValue::Int(500))], "the response is"),
        (grpc(SpanKind::Client), vec![Set("rpc.response.status_code", text("NOT_FOUND"))], "the response is"),
        (
            grpc(SpanKind::Server),
            vec![
                Set("rpc.response.status_code", text("NOT_FOUND")),
                Fail,
                Set("error.type", text("NOT_FOUND")),
            ],
            "the response is",
        ),
        // Opt-in
        (http_server(), vec![Set("client.port", AnyValue::Int(7))], "client.port is opt-in"),
        (
            http_server(),
            vec![Set("http.request.header.x-shop", AnyValue::Array(vec![text("a")]))],
            "http.request.header is opt-in",
        ),
        (
            query("sqlite"),
            vec![Set("db.response.returned_rows", AnyValue::Int(1))],
            "returned_rows is opt-in",
        ),
        (kafka(), vec![Set("messaging.message.body.size", AnyValue::Int(1))], "body.size is opt-in"),
        // Kind and group
        (http_server(), vec![Kind(SpanKind::Internal)], "no such group"),
        (query("sqlite"), vec![Kind(SpanKind::Server)], "no such group"),
        (kafka(), vec![Kind(SpanKind::Consumer)], "no such group"),
        (kafka(), vec![Remove("messaging.operation.type")], "has no messaging.operation.type"),
        (kafka(), vec![Remove("messaging.system")], "but no messaging.system"),
        (query("sqlite"), vec![Remove("db.system.name")], "but no db.system.name"),
        (span("call", SpanKind::Client, vec![]), vec![], "belongs to no group"),
        // Names of spans
        (http_server(), vec![Name("GET /orders/7")], "its name is \"GET /orders/{id}\""),
        (http_client(), vec![Name("GET /orders/7")], "its name is \"GET\""),
        (http_client(), vec![Set("url.template", text("/o/{id}"))], "its name is \"GET /o/{id}\""),
        (grpc(SpanKind::Client), vec![Name("Charge")], "its name is \"shop.Payment/Charge\""),
        (query("sqlite"), vec![Name("SELECT")], "its name is \"SELECT prices\""),
        (query("sqlite"), vec![Remove("db.query.summary")], "its name is \"shop\""),
        (redis(), vec![Name("GET 0")], "its name is \"GET cache:6379\""),
        (kafka(), vec![Name("orders.created send")], "its name is \"send orders.created\""),
        (
            rabbit(),
            vec![Set("messaging.destination.anonymous", AnyValue::Bool(true))],
            "its name is \"process\"",
        ),
    ];
    for (mut span, changes, expected) in cases {
        for change in changes {
            change.apply(&mut span);
        }
        let found = problems(&registry, &span);
        assert!(found.iter().any(|it| it.contains(expected)), "{expected}: {found:?} of {span:?}");
    }
}
