//! The receiver of OTLP over HTTP: protobuf and JSON, gzip, with a limit on the size before and after decompression.

use std::io::Read;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Limited};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use crate::intake::Intake;
use crate::refused::Refused;

pub(crate) fn router(intake: Intake) -> Router {
    Router::new().route("/v1/traces", post(receive)).with_state(intake)
}

async fn receive(State(intake): State<Intake>, headers: HeaderMap, body: Body) -> Response {
    let is_json = match media_type(&headers) {
        Some("application/json") => true,
        Some("application/x-protobuf") => false,
        _ => return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(),
    };
    let limit = intake.max_request_bytes;
    let Ok(body) = Limited::new(body, limit).collect().await else {
        let _ = intake.malformed("too large, or incomplete");
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = decoded(&headers, body.to_bytes(), limit).and_then(|body| match is_json {
        true => to_protobuf(&body),
        false => Ok(body),
    });
    let result = match request {
        Ok(request) => intake.accept(request),
        Err(reason) => Err(intake.malformed(reason)),
    };
    respond(result, is_json)
}

fn media_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next().map(str::trim)
}

/// Decompresses a body, up to `limit` bytes.
fn decoded(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, String> {
    match headers.get(CONTENT_ENCODING).map(http::HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(body),
        Some(b"gzip") => {
            let mut whole = Vec::new();
            let mut reader = MultiGzDecoder::new(&body[..]).take(limit as u64 + 1);
            reader.read_to_end(&mut whole).map_err(|error| format!("not gzip: {error}"))?;
            match whole.len() > limit {
                true => Err(format!("larger than {limit} bytes when decompressed")),
                false => Ok(whole.into()),
            }
        }
        Some(_) => Err("unknown content-encoding; valid are gzip and identity".into()),
    }
}

fn to_protobuf(json: &[u8]) -> Result<Bytes, String> {
    let request: ExportTraceServiceRequest =
        serde_json::from_slice(json).map_err(|error| format!("not OTLP as JSON: {error}"))?;
    Ok(request.encode_to_vec().into())
}

fn respond(result: Result<(), Refused>, is_json: bool) -> Response {
    let (media_type, empty) = match is_json {
        true => ("application/json", "{}"),
        false => ("application/x-protobuf", ""),
    };
    match result {
        Ok(()) => ([(CONTENT_TYPE, media_type)], empty).into_response(),
        Err(refused @ Refused::Busy) => {
            let after = [(RETRY_AFTER, crate::intake::RETRY_AFTER.to_string())];
            (StatusCode::SERVICE_UNAVAILABLE, after, refused.to_string()).into_response()
        }
        Err(refused) => (StatusCode::BAD_REQUEST, refused.to_string()).into_response(),
    }
}
