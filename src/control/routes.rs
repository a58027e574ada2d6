//! Which request does what.

use std::convert::Infallible;
use std::str::FromStr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as WordError;
use tokio_util::sync::CancellationToken;

use super::api::{Answer, GetBody, PeerBody, SearchBody, Status, TopologyBody, WhyBody};
use super::http::{Body, Problem, json, ndjson, parameters, read_json};
use super::{FILES_A_PAGE, MAX_FILES_A_PAGE, stream};
use crate::app::{Handle, Refusal, TopologyKind, WhyRequest};

/// What the routes work on.
#[derive(Debug)]
pub(super) struct Face {
    pub(super) handle: Handle,
    /// Ends the streams.
    pub(super) stop: CancellationToken,
}

/// Answers one request; a problem is an answer too.
pub(super) async fn answer(face: Arc<Face>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    Ok(route(&face, request).await.unwrap_or_else(Problem::into_response))
}

async fn route(face: &Face, request: Request<Incoming>) -> Result<Response<Body>, Problem> {
    let (head, body) = request.into_parts();
    let (get, post, delete) = (head.method == Method::GET, head.method == Method::POST, head.method == Method::DELETE);
    let mut segments = head.uri.path().trim_matches('/').splitn(3, '/');
    let (version, view, item) = (segments.next(), segments.next(), segments.next());
    let (Some("v1"), Some(view)) = (version, view) else { return Err(unknown_path()) };
    match (view, item) {
        ("status", None) if get => Ok(ok(&Answer::Status(Box::new(face.status())))),
        ("neighbors", None) if get => {
            Ok(ok(&Answer::Neighbors { neighbors: face.handle.snapshot().neighbors.clone() }))
        }
        ("neighbors", None) if post => face.add_peer(read_json(body).await?).await,
        ("neighbors", Some(node)) if delete => done(face.handle.drop_neighbor(id(node)?).await),
        ("queries", None) if get => Ok(ok(&Answer::Queries { queries: face.handle.snapshot().queries.clone() })),
        ("queries", Some(guid)) if delete => done(face.handle.cancel_search(id(guid)?).await),
        ("transfers", None) if get => {
            Ok(ok(&Answer::Transfers { transfers: face.handle.snapshot().transfers.clone() }))
        }
        ("transfers", Some(number)) if delete => done(face.handle.cancel_transfer(id(number)?).await),
        ("files", None) if get => face.files(head.uri.query().unwrap_or_default()).await,
        ("search", None) if post => face.search(read_json(body).await?).await,
        ("why", None) if post => face.why(read_json(body).await?).await,
        ("get", None) if post => face.get(read_json(body).await?).await,
        ("topology", None) if post => face.set_topology(read_json(body).await?).await,
        ("events", None) if get => Ok(ndjson(stream::events(&face.handle, face.stop.clone()))),
        ("shutdown", None) if post => done(face.handle.shutdown().await),
        ("neighbors", None) => Err(Problem::method_not_allowed("GET, POST")),
        ("neighbors" | "queries" | "transfers", Some(_)) => Err(Problem::method_not_allowed("DELETE")),
        ("status" | "queries" | "transfers" | "files" | "events", None) => Err(Problem::method_not_allowed("GET")),
        ("search" | "why" | "get" | "topology" | "shutdown", None) => Err(Problem::method_not_allowed("POST")),
        _ => Err(unknown_path()),
    }
}

impl Face {
    fn status(&self) -> Status {
        Status { uptime_ms: self.handle.uptime_ms(), ..Status::from(&*self.handle.snapshot()) }
    }

    async fn add_peer(&self, body: PeerBody) -> Result<Response<Body>, Problem> {
        self.handle.add_peer(body.addr).await.map_err(|refusal| Problem::refused(refusal, StatusCode::BAD_REQUEST))?;
        Ok(json(StatusCode::ACCEPTED, &Answer::Ok))
    }

    async fn files(&self, query: &str) -> Result<Response<Body>, Problem> {
        let (mut filter, mut offset, mut limit) = (String::new(), 0, FILES_A_PAGE);
        for (name, value) in parameters(query) {
            match name.as_str() {
                "filter" => filter = value,
                "offset" => offset = id(&value)?,
                "limit" => limit = id(&value)?,
                _ => {
                    return Err(Problem::bad_request(
                        format!("there is no parameter `{name}`"),
                        "use filter, offset and limit",
                    ));
                }
            }
        }
        let page = self.handle.files(filter, offset, limit.min(MAX_FILES_A_PAGE)).await;
        Ok(ok(&Answer::Files(page.map_err(|refusal| Problem::refused(refusal, StatusCode::BAD_REQUEST))?)))
    }

    async fn search(&self, body: SearchBody) -> Result<Response<Body>, Problem> {
        if body.ttl == Some(0) {
            return Err(Problem::bad_request("a TTL of 0 reaches nobody", "use 1 for the neighbors only, up to 7"));
        }
        let request = body.request().map_err(|refusal| Problem::refused(refusal, StatusCode::BAD_REQUEST))?;
        let events = stream::search(&self.handle, request, self.stop.clone()).await;
        Ok(ndjson(events.map_err(|refusal| Problem::refused(refusal, StatusCode::BAD_REQUEST))?))
    }

    async fn why(&self, body: WhyBody) -> Result<Response<Body>, Problem> {
        let WhyBody { text, at, ttl, search } = body;
        let search = search.map(|guid| id(&guid)).transpose()?;
        match self.handle.why(WhyRequest { text, at, ttl, search }).await {
            Ok(why) => Ok(ok(&Answer::Why(Box::new(why)))),
            Err(refusal) => Err(Problem::refused(refusal, StatusCode::BAD_REQUEST)),
        }
    }

    async fn get(&self, body: GetBody) -> Result<Response<Body>, Problem> {
        match self.handle.get(body.magnet).await {
            Ok(id) => Ok(json(StatusCode::ACCEPTED, &Answer::Accepted { id })),
            Err(refusal) => Err(Problem::refused(refusal, StatusCode::BAD_REQUEST)),
        }
    }

    async fn set_topology(&self, body: TopologyBody) -> Result<Response<Body>, Problem> {
        let named: Result<TopologyKind, WordError> =
            TopologyKind::deserialize(body.topology.as_str().into_deserializer());
        let topology = named.map_err(|_| {
            let shown: String = body.topology.chars().take(40).collect();
            let message = format!("this version has no topology `{shown}`");
            Problem::new(StatusCode::BAD_REQUEST, "no_such_topology", message, "it has flood, ultrapeer and central")
        })?;
        let changed = match body.propose {
            true => self.handle.propose_topology(topology).await,
            false => self.handle.set_topology(topology).await,
        };
        changed.map_err(|refusal| Problem::refused(refusal, StatusCode::CONFLICT))?;
        Ok(ok(&Answer::Topology(Box::new(self.handle.snapshot().role.clone()))))
    }
}

fn ok(answer: &Answer) -> Response<Body> {
    json(StatusCode::OK, answer)
}

/// The answer where the engine says only whether it did it; what it does not know is not found.
fn done(result: Result<(), Refusal>) -> Result<Response<Body>, Problem> {
    result.map(|()| ok(&Answer::Ok)).map_err(|refusal| Problem::refused(refusal, StatusCode::NOT_FOUND))
}

fn id<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error: T::Err| {
        let shown: String = text.chars().take(70).collect();
        Problem::bad_request(format!("`{shown}` cannot be used here: {error}"), "copy it from the list")
    })
}

fn unknown_path() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_such_path",
        "there is nothing at this path",
        "GET /v1/status, neighbors, queries, transfers, files or events; POST /v1/search, why, get, topology, neighbors or \
         shutdown; DELETE /v1/neighbors/{node}, queries/{guid} or transfers/{id}",
    )
}
