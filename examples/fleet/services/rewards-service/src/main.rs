//! Keeps the points that users earn, and sends them badges.
//!
//! ```text
//! rewards-service                            serves
//! rewards-service call TARGET METHOD PATH    makes one call, with the key of this service
//! ```

mod fleet;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use wiresign_tower::{BoxError, Caller};

use fleet::Fleet;

const NAME: &str = "rewards-service";
const POINTS_OF_A_BADGE: u64 = 10;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    fleet::log_to_stdout();
    run().await.inspect_err(|error| tracing::error!(event = "not-started", "{error}"))
}

async fn run() -> Result<(), BoxError> {
    let fleet = Arc::new(Fleet::join(NAME)?);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, target, method, path] = &arguments[..]
        && command == "call"
    {
        return fleet.call_once(target, method.parse()?, path).await;
    }
    let rewards = Rewards { fleet: fleet.clone(), points: Mutex::default(), badges: AtomicU64::new(0) };
    fleet.serve(routes(rewards)).await
}

fn routes(rewards: Rewards) -> Router {
    Router::new()
        .route("/health", get(|| async { Json(json!({"service": NAME, "status": "ok"})) }))
        .route("/api/accounts", post(open_account))
        .route("/api/accounts/{owner}", get(show_account))
        .route("/api/points", post(add_points))
        .route("/api/badges", post(send_badge))
        .with_state(Arc::new(rewards))
}

struct Rewards {
    fleet: Arc<Fleet>,
    points: Mutex<HashMap<String, u64>>,
    badges: AtomicU64,
}

impl Rewards {
    fn points(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.points.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, owner: &str, points: u64) -> u64 {
        let mut all = self.points();
        let sum = all.entry(owner.to_owned()).or_default();
        *sum += points;
        *sum
    }
}

#[derive(Deserialize)]
struct Account {
    owner: String,
}

#[derive(Deserialize)]
struct Points {
    owner: String,
    points: u64,
}

/// A photo of a project, which is worth a badge.
#[derive(Deserialize)]
struct Photo {
    owner: String,
    project: String,
    image: String,
}

async fn open_account(
    State(rewards): State<Arc<Rewards>>,
    caller: Caller,
    Json(account): Json<Account>,
) -> impl IntoResponse {
    let points = rewards.add(&account.owner, 0);
    (StatusCode::CREATED, Json(json!({"owner": account.owner, "points": points, "askedBy": caller.service()})))
}

async fn show_account(State(rewards): State<Arc<Rewards>>, _caller: Caller, Path(owner): Path<String>) -> Json<Value> {
    let points = rewards.points().get(&owner).copied().unwrap_or(0);
    Json(json!({"owner": owner, "points": points}))
}

async fn add_points(
    State(rewards): State<Arc<Rewards>>,
    caller: Caller,
    Json(earned): Json<Points>,
) -> impl IntoResponse {
    let points = rewards.add(&earned.owner, earned.points);
    Json(json!({"owner": earned.owner, "points": points, "askedBy": caller.service()}))
}

/// A badge shows the title of the project and its photo, and goes out while there are any.
async fn send_badge(
    State(rewards): State<Arc<Rewards>>,
    _caller: Caller,
    Json(photo): Json<Photo>,
) -> Result<Response, Failed> {
    let Photo { owner, project, image } = photo;
    let fleet = &rewards.fleet;
    let project = fleet.call("lego-projects-api", Method::GET, &format!("/api/projects/{project}"), None).await?;
    let picture = fleet.call("image-service", Method::GET, &format!("/api/images/{image}?variant=badge"), None).await?;
    let store = fleet.call("stock-service", Method::GET, "/api/stock/badge", None).await?;
    if store["left"] != 0 {
        let parcel = json!({"owner": owner, "title": project["title"], "picture": picture["id"]});
        fleet.call("delivery-service", Method::POST, "/api/parcels", Some(&parcel)).await?;
    }
    let points = rewards.add(&owner, POINTS_OF_A_BADGE);
    let number = rewards.badges.fetch_add(1, Ordering::Relaxed) + 1;
    Ok((StatusCode::ACCEPTED, Json(json!({"number": number, "points": points}))).into_response())
}

/// What went wrong goes to the log, and only the status to the caller.
struct Failed(BoxError);

impl From<BoxError> for Failed {
    fn from(error: BoxError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        tracing::error!(event = "failed", "{}", self.0);
        (StatusCode::BAD_GATEWAY, Json(json!({"error": "A service behind this one failed."}))).into_response()
    }
}
