//! What several servers share: a database with its keys, and the time.

use std::sync::Arc;
use std::time::Duration;

use otpost::app::{self, Pruned, StartError};
use otpost::config::{Config, keys_file};
use otpost::domain::keyring::KeyRing;
use otpost::domain::random::OsRandom;
use otpost::domain::time::{Clock, SystemClock};
use tempfile::TempDir;

use super::clocks::FakeClock;
use super::database::Database;
use super::test_server::{ServerOptions, configuration};

/// A database with its keys, on which several servers may run.
pub struct Place {
    pub(super) database: Database,
    directory: TempDir,
    pub(super) clock: Arc<FakeClock>,
}

impl Place {
    pub(super) async fn fresh() -> Self {
        let place = Self {
            database: Database::fresh().await,
            directory: tempfile::tempdir().unwrap(),
            clock: Arc::default(),
        };
        keys_file::init(&place.keys_file(), &OsRandom, SystemClock.now()).unwrap();
        place
    }

    pub(super) fn keys_file(&self) -> std::path::PathBuf {
        self.directory.path().join("keys.toml")
    }

    /// The keys that servers which start from now on have.
    pub fn keys(&self) -> KeyRing {
        keys_file::read(&self.keys_file()).unwrap().ring
    }

    /// Puts new keys before the others, as `otpost keys rotate --in` does. Servers that start from now on have them.
    pub fn rotate_keys(&self, delay: Duration) {
        let now = self.clock.now();
        keys_file::rotate(&self.keys_file(), &OsRandom, now, now + delay).unwrap();
    }

    /// As [`Self::rotate_keys`], but done so long ago that the new keys were in use since.
    pub fn rotate_keys_in_the_past(&self, ago: Duration) {
        let then = self.clock.now() - ago;
        keys_file::rotate(&self.keys_file(), &OsRandom, then, then).unwrap();
    }

    /// Drops the keys that nothing needs, as `otpost keys prune` does.
    pub async fn prune_keys(&self) -> Pruned {
        self.prune_keys_by(Arc::new(SystemClock)).await.unwrap()
    }

    /// The same on a machine with another clock.
    pub async fn prune_keys_by(&self, clock: Arc<dyn Clock>) -> Result<Pruned, StartError> {
        let config = self.configuration_with_database(self.database.url());
        app::prune_keys(&config, clock).await
    }

    /// The configuration with these keys and some database.
    pub fn configuration_with_database(&self, url: &str) -> Config {
        configuration(self, &ServerOptions::default().set("database.url", url))
    }

    /// The store, for looking behind the service's back.
    pub fn database(&self) -> &Database {
        &self.database
    }
}
