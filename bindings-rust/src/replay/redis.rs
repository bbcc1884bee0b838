//! A replay store in Redis or Valkey.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{RedisError, cmd};
use wiresign::ReplayOutcome;

use super::ReplayStore;
use crate::report::fault;

/// What stands before each key, the same in every language.
const PREFIX: &str = "wiresign:replay:";
const TIMEOUT: Duration = Duration::from_secs(1);

/// Asks Redis or Valkey through a connection of yours: one that can be cloned and shared, such as a
/// `redis::aio::ConnectionManager`, which finds its way back after an outage, or that of a cluster.
///
/// What the server forgets can come again: it needs a memory policy of `noeviction`, and to survive its own restart
/// `appendonly yes` with `appendfsync always`.
#[derive(Clone)]
pub struct RedisReplay<C> {
    connection: C,
    prefix: String,
    timeout: Duration,
}

impl<C> RedisReplay<C> {
    /// A store that is asked through this connection, and has a second to answer.
    pub fn new(connection: C) -> Self {
        Self { connection, prefix: PREFIX.to_owned(), timeout: TIMEOUT }
    }

    /// Puts another text before each key. All who share the store must have the same.
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Waits for another time at most.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> RedisReplay<C> {
    async fn ask(&self, key: &str, seconds: u64) -> Result<ReplayOutcome, RedisError> {
        let name = format!("{}{key}", self.prefix);
        let Ok(mark) = wiresign_host::request_id_string() else {
            return Ok(ReplayOutcome::Unavailable);
        };
        let mut connection = self.connection.clone();
        let set = cmd("SET").arg(&name).arg(&mark).arg("NX").arg("EX").arg(seconds).to_owned();
        if set.query_async::<Option<String>>(&mut connection).await?.is_some() {
            return Ok(ReplayOutcome::First);
        }
        // A client repeats a command whose answer was lost; then what is there is its own mark. A key that is gone by now
        // tells nobody anything.
        Ok(match cmd("GET").arg(&name).query_async::<Option<String>>(&mut connection).await? {
            None => ReplayOutcome::Unavailable,
            Some(found) if found == mark => ReplayOutcome::First,
            Some(_) => ReplayOutcome::Repeated,
        })
    }
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> ReplayStore for RedisReplay<C> {
    fn insert<'a>(&'a self, key: &'a str, seconds: u64) -> Pin<Box<dyn Future<Output = ReplayOutcome> + Send + 'a>> {
        Box::pin(async move {
            let answer = match tokio::time::timeout(self.timeout, self.ask(key, seconds)).await {
                Ok(answer) => answer.map_err(|error| error.category().to_owned()),
                Err(_) => Err("it took too long".to_owned()),
            };
            answer.unwrap_or_else(|why| {
                fault("the replay store gave no answer", why);
                ReplayOutcome::Unavailable
            })
        })
    }
}

impl<C> fmt::Debug for RedisReplay<C> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RedisReplay").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
