//! The services of axum whose CPU time is compared: bare, behind the layer of wiresign-tower, and behind one by hand.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use wiresign::Verifier;
use wiresign_tower::VerifyLayer;

use super::by_hand::{ByHand, HmacSha2};
use crate::fleet::Fleet;

const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// Serves until it is killed. Its address is the first line that it prints.
pub(crate) fn serve(kind: &str) -> Result<(), Box<dyn Error>> {
    let bare = Router::new().route("/{*path}", post(answer));
    let service = match kind {
        "bare" => bare,
        "ours" => bare.layer(VerifyLayer::new(Verifier::new(&Fleet::default().called()))),
        "by hand" => bare.layer(from_fn_with_state(Arc::new(ByHand::<HmacSha2>::new()), by_hand)),
        _ => return Err(format!("there is no service {kind}").into()),
    };
    Runtime::new()?.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
        Ok(axum::serve(listener, service).await?)
    })
}

async fn answer(body: Bytes) -> String {
    format!("{{\"read\":{}}}", body.len())
}

/// What people write: the body is collected, then judged with everything else, and given on.
async fn by_hand(State(verifier): State<Arc<ByHand<HmacSha2>>>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let header = |name: &str| head.headers.get(name)?.to_str().ok();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    match verifier.judge(head.method.as_str().as_bytes(), target.as_bytes(), header, &body, now) {
        Ok(caller) => {
            let mut request = Request::from_parts(head, body.into());
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(_) => StatusCode::UNAUTHORIZED.into_response(),
    }
}
