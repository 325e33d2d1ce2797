//! gRPC: metadata of requests and responses, and the message of a status.

use std::convert::Infallible;

use ::http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::Empty;
use tower::{Layer, ServiceExt, service_fn};
use tracing_grpc::client::ClientLayer;
use tracing_grpc::server::ServerLayer;

use crate::backend::Backend;
use crate::corpus::{Secret, presets};

fn names(secret: &Secret) -> Vec<HeaderName> {
    let key = secret.key.rsplit('.').next().unwrap().to_ascii_lowercase();
    let names = ["x-note", "grpc-message", "baggage"].map(HeaderName::from_static);
    names.into_iter().chain(key.parse().ok()).collect()
}

fn request(secret: &Secret) -> Request<Empty<bytes::Bytes>> {
    let mut request = Request::post("http://shop.example.com/shop.Search/Find").body(Empty::new()).unwrap();
    let headers = request.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    let baggage = HeaderValue::from_str(&format!("note={}", secret.encoded())).ok();
    let keyed = HeaderValue::from_str(&secret.text).ok().filter(|_| secret.is_denied_key);
    for (name, value) in [
        (HeaderName::from_static("x-note"), HeaderValue::from_str(secret.anywhere()).ok()),
        (HeaderName::from_static("baggage"), baggage),
        (names(secret).pop().unwrap(), keyed),
    ] {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
    request
}

#[tokio::test]
async fn no_secret_of_a_call_is_exported() {
    for (redaction, secrets) in presets() {
        let backend = Backend::new(&redaction);
        for secret in &secrets {
            let server = ServerLayer::new()
                .with_provider(&backend.provider)
                .with_captured_request_metadata_and_credentials(names(secret))
                .with_captured_response_metadata_and_credentials(names(secret));
            let client = ClientLayer::new()
                .with_provider(&backend.provider)
                .with_captured_request_metadata_and_credentials(names(secret))
                .with_captured_response_metadata_and_credentials(names(secret));
            let handler = service_fn(|request: Request<Empty<bytes::Bytes>>| {
                backend.record_everywhere(secret);
                let mut response = Response::new(Empty::<bytes::Bytes>::new());
                *response.headers_mut() = request.headers().clone();
                // The message of a status is percent-encoded (gRPC over HTTP/2, "Status-Message").
                let message = HeaderValue::from_str(&format!("cannot find {}", secret.encoded())).unwrap();
                response.headers_mut().insert("grpc-status", HeaderValue::from_static("13"));
                response.headers_mut().insert("grpc-message", message);
                async move { Ok::<_, Infallible>(response) }
            });
            client.layer(server.layer(handler)).oneshot(request(secret)).await.unwrap();
        }
        backend.assert_without(&secrets, 3 * secrets.len());
    }
}
