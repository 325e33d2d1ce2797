//! Names come from the route, never from the path, and methods from a list.
#![allow(clippy::unwrap_used)]

mod support;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use http::{Request, Response};
use support::{attribute, only, send, serve};
use tower::{Layer, ServiceExt};
use tracing_core_lite::testing::TestSpans;
use tracing_http::server::{Route, ServerLayer};

fn app() -> Router {
    let nested = Router::new().route("/items/{item}", get(|| async { "item" }));
    Router::new()
        .route("/orders/{id}", any(|| async { "order" }))
        .nest("/shops/{shop}", nested)
        .route("/files/{*path}", get(|| async { "file" }))
}

#[tokio::test]
async fn axum() {
    for (line, name, route, method, original) in [
        ("GET /orders/1", "GET /orders/{id}", Some("/orders/{id}"), "GET", None),
        (
            "GET /shops/7/items/8?x=/y",
            "GET /shops/{shop}/items/{item}",
            Some("/shops/{shop}/items/{item}"),
            "GET",
            None,
        ),
        ("GET /files/a/b/c", "GET /files/{*path}", Some("/files/{*path}"), "GET", None),
        ("POST /files/a", "POST /files/{*path}", Some("/files/{*path}"), "POST", None),
        ("GET /nowhere/4711", "GET", None, "GET", None),
        ("QUERY /orders/1", "QUERY /orders/{id}", Some("/orders/{id}"), "QUERY", None),
        ("PURGE /orders/1", "HTTP /orders/{id}", Some("/orders/{id}"), "_OTHER", Some("PURGE")),
        ("get /orders/1", "HTTP /orders/{id}", Some("/orders/{id}"), "_OTHER", Some("get")),
        ("PURGE /nowhere", "HTTP", None, "_OTHER", Some("PURGE")),
    ] {
        let spans = TestSpans::new();
        let address = serve(app().layer(ServerLayer::new().with_provider(spans.provider()))).await;
        send(address, &format!("{line} HTTP/1.1\r\nHost: x")).await;
        let span = only(&spans).await;
        assert_eq!(span.name, name, "{line}");
        assert_eq!(attribute(&span, "http.route").as_deref(), route, "{line}");
        assert_eq!(attribute(&span, "http.request.method").as_deref(), Some(method), "{line}");
        assert_eq!(attribute(&span, "http.request.method_original").as_deref(), original, "{line}");
        assert!(!span.is_error(), "{line}: 4xx is no failure of a server");
    }
}

async fn name_of(
    layer: impl FnOnce(ServerLayer) -> ServerLayer,
    request: Request<String>,
    route_of_response: Option<&'static str>,
) -> (String, Option<String>) {
    let spans = TestSpans::new();
    let inner = tower::service_fn(move |_request: Request<String>| async move {
        let mut response = Response::new(String::new());
        if let Some(route) = route_of_response {
            response.extensions_mut().insert(Route::from(route));
        }
        Ok::<_, std::convert::Infallible>(response)
    });
    let service = layer(ServerLayer::new().with_provider(spans.provider())).layer(inner);
    service.oneshot(request).await.unwrap();
    let span = only(&spans).await;
    (span.name.clone(), attribute(&span, "http.route"))
}

fn get_path(path: &str) -> Request<String> {
    Request::get(path).body(String::new()).unwrap()
}

#[tokio::test]
async fn other_services() {
    let mut with_extension = get_path("/orders/1");
    with_extension.extensions_mut().insert(Route::from("/orders/{id}"));
    let found = name_of(|layer| layer, with_extension, None).await;
    assert_eq!(found, ("GET /orders/{id}".to_owned(), Some("/orders/{id}".to_owned())));

    let found = name_of(|layer| layer, get_path("/orders/1"), Some("/orders/{late}")).await;
    assert_eq!(found, ("GET /orders/{late}".to_owned(), Some("/orders/{late}".to_owned())));

    let finder =
        |layer: ServerLayer| layer.with_route_finder(|request| Some(request.uri().path()[..7].into()));
    let found = name_of(finder, get_path("/orders/1"), None).await;
    assert_eq!(found, ("GET /orders".to_owned(), Some("/orders".to_owned())));

    let parameterized = |layer: ServerLayer| layer.with_parameterized_paths(true);
    let found = name_of(parameterized, get_path("/orders/4711/items"), None).await;
    assert_eq!(found, ("GET /orders/{id}/items".to_owned(), None));

    let purge = |layer: ServerLayer| layer.with_known_methods(["PURGE"]);
    let mut request = get_path("/");
    *request.method_mut() = "PURGE".parse().unwrap();
    assert_eq!(name_of(purge, request, None).await.0, "PURGE");

    let long = format!("/{}", "x".repeat(300)).leak();
    let found = name_of(|layer| layer, get_path("/"), Some(long)).await;
    assert_eq!(found.0, format!("GET {long}"));
}

/// A layer around a whole router runs before routing.
#[tokio::test]
async fn around_a_router() {
    let spans = TestSpans::new();
    let service = ServerLayer::new().with_provider(spans.provider()).layer(app());
    let response =
        service.oneshot(Request::get("/orders/1").body(axum::body::Body::empty()).unwrap()).await.unwrap();
    drop(response.map(axum::body::Body::new).into_response());
    assert_eq!(only(&spans).await.name, "GET");
}
