//! What every route needs of HTTP: bodies in and out, problems as JSON, parameters.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::Stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{MAX_BODY, REQUEST_TIMEOUT};
use crate::app::{Event, Refusal};

/// An answer's body, whole or streamed.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A request that was not fulfilled: a status for HTTP, and the words of an `error` event.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    allow: Option<&'static str>,
    event: Box<Event>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let event = Event::Error { code: code.into(), message: message.into(), hint: hint.into() };
        Self { status, allow: None, event: Box::new(event) }
    }

    /// A request that the node cannot make sense of.
    pub(super) fn bad_request(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message, hint)
    }

    /// A path that knows other methods.
    pub(super) fn method_not_allowed(allow: &'static str) -> Self {
        let problem = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "this path does not take that method",
            format!("it takes {allow}"),
        );
        Self { allow: Some(allow), ..problem }
    }

    /// What the engine refused. A node that stops is the same whatever was asked; else the route knows the status.
    pub(super) fn refused(refusal: Refusal, status: StatusCode) -> Self {
        let status = if refusal.code == "stopped" { StatusCode::SERVICE_UNAVAILABLE } else { status };
        Self::new(status, refusal.code, refusal.message, refusal.hint)
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = json(self.status, &self.event);
        if let Some(allow) = self.allow {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}

/// An answer of one JSON object and a line's end.
pub(super) fn json<T: Serialize>(status: StatusCode, value: &T) -> Response<Body> {
    let (status, mut text) = match serde_json::to_vec(value) {
        Ok(text) => (status, text),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            (StatusCode::INTERNAL_SERVER_ERROR, br#"{"type":"error","code":"internal"}"#.to_vec())
        }
    };
    text.push(b'\n');
    respond(status, "application/json", Full::from(text).boxed_unsync())
}

/// An answer of one JSON object a line, for as long as there are any.
pub(super) fn ndjson(events: impl Stream<Item = Event> + Send + 'static) -> Response<Body> {
    use futures_util::StreamExt as _;
    let lines = events.filter_map(|event| {
        let line = serde_json::to_vec(&event).map(|mut line| {
            line.push(b'\n');
            Ok(Frame::data(Bytes::from(line)))
        });
        std::future::ready(line.ok())
    });
    respond(StatusCode::OK, "application/x-ndjson", StreamBody::new(lines).boxed_unsync())
}

fn respond(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Reads a request's JSON. Its `Content-Type` is left alone: `curl -d` says that everything is a form.
pub(super) async fn read_json<T: DeserializeOwned>(body: Incoming) -> Result<T, Problem> {
    let whole = tokio::time::timeout(REQUEST_TIMEOUT, Limited::new(body, MAX_BODY).collect()).await;
    let bytes = match whole {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                format!("the request's body has more than {MAX_BODY} bytes"),
                "send less",
            ));
        }
        Ok(Err(error)) => return Err(Problem::bad_request(format!("the body broke off: {error}"), "send it whole")),
        Err(_) => {
            return Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "timeout",
                "the request's body did not arrive in time",
                "send it at once",
            ));
        }
    };
    serde_json::from_slice(&bytes)
        .map_err(|error| Problem::bad_request(format!("the body is not what was expected: {error}"), "send JSON"))
}

/// The parameters of a query string, decoded, in order.
pub(super) fn parameters(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

/// Undoes form encoding. What is no valid escape stands for itself.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, after) = match (first, tail) {
            (b'+', _) => (b' ', tail),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, after),
                _ => (b'%', tail),
            },
            (&byte, _) => (byte, tail),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// Encodes a value for a query string.
pub(super) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{decode, encode, parameters};

    #[test]
    fn parameters_are_decoded_and_broken_escapes_stand_for_themselves() {
        let read: Vec<_> = parameters("filter=a+b%20%C3%A9&&limit=3&x&y=%zz%1").collect();
        let expected = [("filter", "a b é"), ("limit", "3"), ("x", ""), ("y", "%zz%1")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_read_back(text: String) {
            prop_assert_eq!(decode(&encode(&text)), text);
        }
    }
}
