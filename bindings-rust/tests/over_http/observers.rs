//! What is told to others, and that nothing they do changes a decision.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use wiresign_tower::VerifyLayer;

use crate::support::*;

type Fields = HashMap<String, String>;

/// Keeps the events of this crate; panics when it is told to.
#[derive(Clone, Default)]
struct Events {
    seen: Arc<Mutex<Vec<Fields>>>,
    is_broken: Arc<AtomicBool>,
}

impl Subscriber for Events {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("wiresign")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        assert!(!self.is_broken.load(Ordering::Relaxed), "this subscriber is broken");
        let mut fields = Gathered(HashMap::new());
        event.record(&mut fields);
        fields.0.insert("level".into(), event.metadata().level().to_string());
        fields.0.insert("target".into(), event.metadata().target().into());
        self.seen.lock().expect("nobody panicked").push(fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Gathered(Fields);

impl Visit for Gathered {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().into(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }
}

#[tokio::test]
async fn each_decision_has_one_record() {
    let events = Events::default();
    let _guard = tracing::subscriber::set_default(events.clone());
    let address = serve(protected(&verifier(json!({})))).await;
    call(address, "billing", "POST", "/echo?secret=x", b"body").await;
    ask(address, "GET", "/echo?secret=x", "", b"").await;
    ask(address, "GET", "/health", "", b"").await;
    let mut seen = events.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 3, "{seen:?}");
    for record in &mut seen {
        assert_eq!(record.remove("target").as_deref(), Some("wiresign.audit"));
        assert!(record.remove("duration_us").expect("a duration").parse::<u64>().is_ok());
        assert_eq!(record.remove("client").as_deref(), Some("127.0.0.1"));
    }
    let expect = |record: &mut Fields, wanted: &[(&str, &str)]| {
        for (name, value) in wanted {
            assert_eq!(record.remove(*name).as_deref(), Some(*value), "{name}");
        }
    };
    let accepted = &mut seen[0];
    assert_eq!(accepted.remove("request_id").expect("an id").len(), 36);
    assert!(accepted.remove("age").expect("an age").parse::<i64>().expect("seconds") < 60);
    expect(accepted, &[("event", "accepted"), ("level", "INFO"), ("method", "POST"), ("path", "/echo")]);
    expect(
        accepted,
        &[("message", "request accepted"), ("service", "billing"), ("scheme", "service-hmac-v2"), ("key_id", "1")],
    );
    assert!(accepted.is_empty(), "{accepted:?}");
    let refused = &mut seen[1];
    expect(refused, &[("event", "refused"), ("level", "WARN"), ("method", "GET"), ("path", "/echo")]);
    expect(refused, &[("message", "request refused"), ("code", "AUTHENTICATION_REQUIRED")]);
    assert!(refused.remove("detail").is_some() && refused.is_empty(), "{refused:?}");
    expect(&mut seen[2], &[("event", "public"), ("path", "/health"), ("route", "/health")]);
}

#[tokio::test]
async fn a_broken_subscriber_changes_nothing() {
    let events = Events::default();
    events.is_broken.store(true, Ordering::Relaxed);
    let _guard = tracing::subscriber::set_default(events);
    let address = serve(protected(&verifier(json!({})))).await;
    expect(&call(address, "billing", "POST", "/echo", b"body").await, 200, "billing sent body");
    expect_refusal(&ask(address, "POST", "/echo", "", b"body").await, 401, "AUTHENTICATION_REQUIRED");
}

#[tokio::test]
async fn a_hook_sees_each_decision_and_its_panic_changes_none() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let layer = VerifyLayer::new(verifier(json!({}))).on_decision(move |decision| {
        let code = decision.outcome.err().map(|refusal| refusal.code().name());
        noted.lock().unwrap().push((decision.event(), code, decision.path.to_owned()));
        panic!("this hook is broken");
    });
    let address = serve(routes().layer(layer)).await;
    expect(&call(address, "billing", "POST", "/echo?x", b"body").await, 200, "billing sent body");
    expect_refusal(&ask(address, "POST", "/echo?x", "", b"body").await, 401, "AUTHENTICATION_REQUIRED");
    let path = || "/echo".to_owned();
    let wanted = [("accepted", None, path()), ("refused", Some("AUTHENTICATION_REQUIRED"), path())];
    // The first poisoned nothing: the lock was let go before.
    let seen = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    assert_eq!(*seen, wanted);
}

#[tokio::test]
async fn a_panic_about_an_address_is_an_address_that_is_not_known() {
    let layer = VerifyLayer::new(verifier(json!({}))).client(|_| panic!("this function is broken"));
    let address = serve(routes().layer(layer)).await;
    expect(&call(address, "billing", "GET", "/echo", b"").await, 200, "billing sent ");
}

/// Keeps counters; panics when it is told to.
#[derive(Clone, Default)]
struct Counters {
    values: Arc<Mutex<HashMap<String, Arc<Value>>>>,
    is_broken: Arc<AtomicBool>,
}

#[derive(Default)]
struct Value(AtomicU64);

impl CounterFn for Value {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.0.fetch_max(value, Ordering::Relaxed);
    }
}

impl Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        assert!(!self.is_broken.load(Ordering::Relaxed), "this recorder is broken");
        Counter::from_arc(self.values.lock().expect("nobody panicked").entry(key.to_string()).or_default().clone())
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn counters_reach_the_recorder_and_its_panic_changes_nothing() {
    let counters = Counters::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    metrics::with_local_recorder(&counters, || {
        runtime.block_on(async {
            let verifier = verifier(json!({}));
            let layer = VerifyLayer::new(verifier.clone()).publish_metrics();
            let address = serve(routes().layer(layer)).await;
            counters.is_broken.store(true, Ordering::Relaxed);
            expect(&call(address, "billing", "GET", "/echo", b"").await, 200, "billing sent ");
            tokio::time::sleep(Duration::from_millis(400)).await;
            counters.is_broken.store(false, Ordering::Relaxed);
            expect(&call(address, "shop", "GET", "/echo", b"").await, 200, "shop sent ");
            expect_refusal(&ask(address, "GET", "/echo", "", b"").await, 401, "AUTHENTICATION_REQUIRED");
            let unpublished = || {
                let values = counters.values.lock().unwrap();
                verifier.metrics().counters().iter().find_map(|counter| {
                    let labels: Vec<_> =
                        counter.labels.iter().map(|(name, value)| metrics::Label::new(*name, *value)).collect();
                    let key = Key::from_parts(counter.name, labels).to_string();
                    let published = values.get(&key).map(|value| value.0.load(Ordering::Relaxed));
                    (published != Some(counter.value)).then(|| format!("{key}: {published:?}, not {}", counter.value))
                })
            };
            for _ in 0..600 {
                if unpublished().is_none() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            assert_eq!(unpublished(), None);
            expect_counted(&verifier, "wiresign_requests_accepted_total{scheme=\"service-hmac-v2\"} 2");
        });
    });
}

#[test]
fn counters_reach_the_recorder_though_a_server_ends_before_they_are_due() {
    let counters = Counters::default();
    let one_thread = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    metrics::with_local_recorder(&counters, || {
        let verifier = verifier(json!({}));
        let layer = VerifyLayer::new(verifier.clone()).publish_metrics();
        let accepted = || {
            let values = counters.values.lock().expect("nobody panicked");
            let of_scheme = |key: &&String| key.contains("wiresign_requests_accepted_total") && key.contains("hmac-v2");
            let key = values.keys().find(of_scheme).expect("it is published");
            values[key].0.load(Ordering::Relaxed)
        };
        for served in 1..=2 {
            let runtime = one_thread();
            runtime.block_on(async {
                let address = serve(routes().layer(layer.clone())).await;
                expect(&call(address, "billing", "GET", "/echo", b"").await, 200, "billing sent ");
            });
            drop(runtime);
            assert_eq!(accepted(), served);
        }
    });
}
