//! HTTP: the URL, headers, baggage and the user agent of requests, on both sides of the call.

use std::convert::Infallible;

use ::http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::Empty;
use tower::{Layer, ServiceExt, service_fn};
use tracing_http::client::ClientLayer;
use tracing_http::server::ServerLayer;

use crate::backend::Backend;
use crate::corpus::{Secret, presets};

const HEADERS: [&str; 6] = ["x-note", "user-agent", "referer", "baggage", "authorization", "cookie"];

fn names(secret: &Secret) -> Vec<HeaderName> {
    let key = secret.key.rsplit('.').next().unwrap().to_ascii_lowercase();
    HEADERS.iter().map(|name| HeaderName::from_static(name)).chain(key.parse().ok()).collect()
}

/// Returns a request with the secret in its path, its query and its headers.
fn request(secret: &Secret) -> Request<Empty<bytes::Bytes>> {
    let encoded = secret.encoded();
    let uri = format!("http://shop.example.com/search/{encoded}?page=2&note={encoded}");
    let mut request = Request::get(uri).body(Empty::new()).unwrap();
    let headers = request.headers_mut();
    // Line breaks cannot be in headers.
    let plain = HeaderValue::from_str(secret.anywhere()).ok();
    for (name, value) in [
        ("x-note", plain.clone()),
        ("user-agent", plain),
        ("referer", HeaderValue::from_str(&format!("https://a.example/?q={encoded}")).ok()),
        ("baggage", HeaderValue::from_str(&format!("note={encoded}")).ok()),
    ] {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
    if secret.is_denied_key
        && let Some(name) = names(secret).pop()
        && let Ok(value) = HeaderValue::from_str(&secret.text)
    {
        headers.insert(name, value);
    }
    request
}

#[tokio::test]
async fn no_secret_of_a_request_is_exported() {
    for (redaction, secrets) in presets() {
        let backend = Backend::new(&redaction);
        for secret in &secrets {
            let server = ServerLayer::new()
                .with_provider(&backend.provider)
                .with_captured_request_headers_and_credentials(names(secret))
                .with_captured_response_headers_and_credentials(names(secret));
            let client = ClientLayer::new()
                .with_provider(&backend.provider)
                .with_captured_request_headers(names(secret))
                .with_captured_response_headers(names(secret));
            let handler = service_fn(|request: Request<Empty<bytes::Bytes>>| {
                backend.record_everywhere(secret);
                let mut response = Response::new(Empty::<bytes::Bytes>::new());
                *response.headers_mut() = request.headers().clone();
                async move { Ok::<_, Infallible>(response) }
            });
            let service = client.layer(server.layer(handler));
            service.oneshot(request(secret)).await.unwrap();
        }
        backend.assert_without(&secrets, 3 * secrets.len());
    }
}
