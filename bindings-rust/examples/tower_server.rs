//! A server of hyper that serves verified callers.

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::{ServiceBuilder, service_fn};
use wiresign_tower::{BoxError, Caller, Peer, VerifiedBody, Verifier, VerifyLayer, config_from_file};

async fn serve(request: Request<VerifiedBody<Incoming>>) -> Result<Response<Full<Bytes>>, BoxError> {
    let (head, body) = request.into_parts();
    let caller = Caller::of(&head.extensions);
    let body = body.collect().await?.to_bytes();
    let (status, text) = match (head.uri.path(), caller) {
        ("/health", _) => (200, "up".to_owned()),
        (path, Some(caller)) if path.starts_with("/orders/") => {
            (200, format!("order {}, asked by {}", &path["/orders/".len()..], caller.service()))
        }
        ("/invoices", Some(caller)) => match caller.require_service(&["billing"]) {
            Ok(()) => {
                let invoice: serde_json::Value = serde_json::from_slice(&body)?;
                (200, format!("{} made invoice {}", caller.service(), invoice["number"]))
            }
            Err(refused) => (refused.status(), refused.response().body),
        },
        _ => (404, "not found".to_owned()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = StatusCode::from_u16(status)?;
    Ok(response)
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let verifier = Verifier::new(&config_from_file("wiresign.json")?);
    let service = ServiceBuilder::new().layer(VerifyLayer::new(verifier)).service(service_fn(serve));
    let listener = TcpListener::bind(std::env::var("LISTEN")?).await?;
    loop {
        let (stream, address) = listener.accept().await?;
        let connection = ServiceBuilder::new()
            .map_request(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(Peer(address.ip()));
                request
            })
            .service(service.clone());
        tokio::spawn(async move {
            // A client that goes away is nobody's fault.
            let service = TowerToHyperService::new(connection);
            let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
