//! A request over AMQP and its reply are one trace.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use lapin::BasicProperties;
use lapin::options::{BasicAckOptions, BasicPublishOptions};
use lapin::types::AMQPValue;
use support::{Rabbit, next, text, unique, within};
use tracing_amqp::attribute::ROUTING_KEY;
use tracing_amqp::{RpcClient, RpcError, Settings};
use tracing_core_lite::messaging::attribute;

const MANDATORY: BasicPublishOptions = BasicPublishOptions { mandatory: true, immediate: false };

/// Starts a server on a separate connection, which answers `requests` requests with their own bodies.
async fn serve(client: &Rabbit, requests: usize) -> (String, tokio::task::JoinHandle<()>) {
    let settings = Settings::new();
    let server = Rabbit::at(&support::url(), Default::default(), client.spans.clone(), settings).await;
    let queue = server.queue("rpc").await;
    let mut consumer = server.consume(&queue).await;
    let task = tokio::spawn(async move {
        for _ in 0..requests {
            let channel = server.channel.clone();
            next(&mut consumer)
                .await
                .process(|request| async move {
                    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
                    let confirm = request.reply(&channel, options, &request.data, properties).await?.unwrap();
                    confirm.await?;
                    request.ack(BasicAckOptions::default()).await
                })
                .await
                .unwrap();
        }
    });
    (queue, task)
}

#[tokio::test]
async fn request_and_reply() {
    let rabbit = Rabbit::connect().await;
    let (queue, server) = serve(&rabbit, 1).await;
    let client = RpcClient::new(rabbit.channel.clone()).await.unwrap();
    let calling =
        client.call("".into(), queue.as_str().into(), MANDATORY, b"4711", BasicProperties::default());
    let reply = within(calling).await.unwrap();
    assert_eq!(reply.data, b"4711");
    within(server).await.unwrap();

    let spans: Vec<_> = rabbit.spans.wait_for(4).into_iter().map(|it| it.span).collect();
    let find = |operation: &str, key: &str| {
        let of_operation = |name: &str| name.starts_with(operation) && name.ends_with(key);
        spans.iter().find(|span| of_operation(&span.name)).unwrap()
    };
    let port = url_port();
    let [request, process] = [find("publish", &queue), find("process", &queue)];
    let [answer, receive] = [find("publish", &port), find("receive", &port)];
    assert!(spans.iter().all(|span| span.trace_id == request.trace_id), "{spans:#?}");
    assert_eq!(process.parent_span_id, request.span_id);
    assert_eq!(answer.parent_span_id, process.span_id);
    assert_eq!(receive.parent_span_id, request.span_id);
    assert_eq!(receive.links.len(), 1);
    assert_eq!(receive.links[0].span_id, answer.span_id);
    let conversation = request.text(attribute::CONVERSATION_ID).unwrap();
    for span in [process, answer, receive] {
        assert_eq!(span.text(attribute::CONVERSATION_ID), Some(conversation), "{}", span.name);
    }
}

fn url_port() -> String {
    support::url().parse::<lapin::uri::AMQPUri>().unwrap().authority.port.to_string()
}

#[tokio::test]
async fn replies_find_their_requests() {
    let rabbit = Rabbit::connect().await;
    let (queue, server) = serve(&rabbit, 20).await;
    let client = RpcClient::new(rabbit.channel.clone()).await.unwrap();
    let requests = (0..20).map(|number: u8| {
        let (client, queue) = (client.clone(), queue.clone());
        tokio::spawn(async move {
            let body = [number];
            let queue = queue.as_str().into();
            let reply = client.call("".into(), queue, MANDATORY, &body, BasicProperties::default()).await;
            assert_eq!(reply.unwrap().data, body);
        })
    });
    for request in requests.collect::<Vec<_>>() {
        within(request).await.unwrap();
    }
    within(server).await.unwrap();
    assert_eq!(rabbit.spans.wait_for(80).len(), 80);
}

#[tokio::test]
async fn no_reply() {
    let rabbit = Rabbit::connect().await;
    let client = RpcClient::new(rabbit.channel.clone()).await.unwrap();
    let call = |queue: &str| {
        let queue = queue.into();
        client.call("".into(), queue, MANDATORY, b"", BasicProperties::default())
    };
    let nowhere = unique("nowhere");
    assert!(matches!(within(call(&nowhere)).await, Err(RpcError::Returned(_))));
    let limits = [("x-max-length", AMQPValue::LongInt(0)), ("x-overflow", text("reject-publish"))];
    let full = rabbit.queue_with("full", &limits).await;
    assert!(matches!(within(call(&full)).await, Err(RpcError::Nack)));
    let silent = rabbit.queue("silent").await;
    assert!(tokio::time::timeout(Duration::from_millis(100), call(&silent)).await.is_err());

    let finished = rabbit.spans.finished();
    let receives = finished.iter().map(|it| &it.span).filter(|it| it.name.starts_with("receive"));
    let errors: Vec<_> = receives.map(|it| it.text(attribute::ERROR_TYPE)).collect();
    assert_eq!(errors, [Some("NO_ROUTE"), Some("nack"), Some("cancelled")]);
}

#[tokio::test]
async fn the_reply_to_of_a_peer_names_no_span() {
    let rabbit = Rabbit::connect().await;
    let [queue, replies] = [rabbit.queue("requests").await, rabbit.queue("replies").await];
    let mut consumer = rabbit.consume(&queue).await;
    let properties = BasicProperties::default().with_reply_to(replies.as_str().into());
    rabbit.publish(&queue, b"", properties).await;
    let request = next(&mut consumer).await.start_processing();
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    let reply = within(request.reply(&rabbit.channel, options, b"", properties)).await.unwrap().unwrap();
    within(reply).await.unwrap();
    let finished = rabbit.spans.finished();
    let reply = finished.iter().map(|it| &it.span).find(|it| it.text(ROUTING_KEY) == Some(&replies)).unwrap();
    assert!(reply.name.starts_with("publish ") && !reply.name.contains(&replies), "{}", reply.name);
    assert_eq!(reply.text(attribute::DESTINATION_NAME), Some(&*replies));
    let is_temporary = reply.attribute(attribute::DESTINATION_TEMPORARY).and_then(|value| value.as_bool());
    assert_eq!((is_temporary, reply.attribute(attribute::DESTINATION_ANONYMOUS)), (Some(true), None));
}

#[tokio::test]
async fn a_message_without_reply_to_gets_no_reply() {
    let rabbit = Rabbit::connect().await;
    let queue = rabbit.queue("no-reply").await;
    let mut consumer = rabbit.consume(&queue).await;
    rabbit.publish(&queue, b"", BasicProperties::default()).await;
    let request = next(&mut consumer).await.start_processing();
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    assert!(within(request.reply(&rabbit.channel, options, b"", properties)).await.unwrap().is_none());
}
