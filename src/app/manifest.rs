//! Manifests against the configured database: applied, planned and written, and on the first start.

use std::path::Path;
use std::sync::Arc;

use super::database::{self, confirmed_time, guarded_clock, is_empty};
use super::{StartError, bootstrap_options, keys};
use crate::config::manifest::{self, ManifestFile, read_referenced};
use crate::config::{Config, DatabaseUrl, keys_file};
use crate::domain::keyring::KeyRing;
use crate::domain::random::{OsRandom, Random};
use crate::domain::time::{Clock, SystemClock, Timestamp};
use crate::service::directory;
use crate::service::first_start::{self, Welcome};
use crate::service::manifest::{ManifestError, Manifests, Plan};
use crate::store::directory::Loaded;
use crate::store::{self, SharedStore};

/// What came of a file.
pub struct Applied {
    /// What it changed.
    pub plan: Plan,
    /// What was made before it, where the database was empty.
    pub welcome: Option<Welcome>,
}

/// Applies a file to the configured database. An empty one gets its first environment as on a first start, in the same
/// transaction.
///
/// # Errors
/// With every mistake in the file, or why the database cannot be used. Nothing was changed, then.
pub async fn apply(config: &Config, path: &Path) -> Result<Applied, StartError> {
    let file = manifest::read(path).map_err(StartError::Manifest)?;
    let store = database::open(config).await?;
    let applied = apply_to(config, &store, &file).await;
    store.close().await;
    applied
}

async fn apply_to(config: &Config, store: &SharedStore, file: &ManifestFile) -> Result<Applied, StartError> {
    let random = OsRandom;
    let clock = guarded_clock(store, Arc::new(SystemClock)).await?;
    let at = confirmed_time(&clock)?;
    let keys = keys::open(config, store, &random, &clock).await?;
    let manifests = manifests(config, &keys, &random, at);
    if is_empty(store).await? {
        let mut founding = first_start::draw_up(&random, at, bootstrap_options(config));
        let refined = founding.refine(&manifests, file.document());
        let plan = refined.map_err(|fault| failed(file, fault))?;
        if let Some(welcome) = founding.carry_out(store, &keys, &random, at).await? {
            let welcome = Some(welcome);
            return Ok(Applied { plan, welcome });
        }
        // Another process was quicker, so that the database is not empty any more.
    }
    let applied = manifests.apply(file.document(), store).await;
    let plan = applied.map_err(|fault| failed(file, fault))?;
    Ok(Applied { plan, welcome: None })
}

/// What [`apply`] would change. Nothing is: not even tables are brought up to date. The second value says whether the database
/// is empty, so that the first environment would be made before.
///
/// # Errors
/// As [`apply`].
pub async fn plan(config: &Config, path: &Path) -> Result<(Plan, bool), StartError> {
    let file = manifest::read(path).map_err(StartError::Manifest)?;
    // Nothing is written, so whether the clock is right does not matter.
    let (random, at) = (OsRandom, SystemClock.now());
    let loaded = look(config).await?;
    let founded = loaded.filter(|loaded| !loaded.records.is_empty());
    let embedded = matches!(config.database.url, DatabaseUrl::Sqlite { .. });
    let keys = if founded.is_none() && embedded && !config.keys.file.exists() {
        // They would be made. Nothing that these seal is kept.
        KeyRing::generate(&random, at)
    } else {
        keys_file::read(&config.keys.file)?.ring
    };
    let manifests = manifests(config, &keys, &random, at);
    let is_empty = founded.is_none();
    let planned = if let Some(loaded) = founded {
        manifests.plan(file.document(), &directory::snapshot(loaded, &keys))
    } else {
        let mut founding = first_start::draw_up(&random, at, bootstrap_options(config));
        founding.refine(&manifests, file.document())
    };
    let plan = planned.map_err(|fault| failed(&file, fault))?;
    Ok((plan, is_empty))
}

/// The configured database as a document that [`apply`] takes. Nothing is changed.
///
/// # Errors
/// When there is no database, it cannot be read, or no file can say what is in it.
pub async fn export(config: &Config) -> Result<serde_json::Value, StartError> {
    let loaded = look(config).await?.ok_or(StartError::NoDatabase)?;
    let keys = keys_file::read(&config.keys.file)?.ring;
    crate::service::manifest::export(&directory::snapshot(loaded, &keys)).map_err(StartError::Export)
}

/// Makes the first environment where there is none, with what the file in `bootstrap.file` says of it.
pub(super) async fn first_start(
    config: &Config,
    store: &SharedStore,
    keys: &KeyRing,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Option<Welcome>, StartError> {
    let mut founding = first_start::draw_up(random, now, bootstrap_options(config));
    // Later starts do not even look for the file: it has been used.
    if let Some(path) = &config.bootstrap.file
        && is_empty(store).await?
    {
        let file = manifest::read(path).map_err(StartError::Manifest)?;
        let manifests = manifests(config, keys, random, now);
        founding
            .refine(&manifests, file.document())
            .map_err(|fault| failed(&file, fault))?;
    }
    Ok(founding.carry_out(store, keys, random, now).await?)
}

fn manifests<'a>(config: &Config, keys: &'a KeyRing, random: &'a dyn Random, at: Timestamp) -> Manifests<'a> {
    Manifests {
        keys,
        at,
        random,
        allow_plaintext_smtp: config.smtp.allow_plaintext,
        read_secret: &read_referenced,
    }
}

/// Reads the directory without changing anything; `None` where there is no database.
async fn look(config: &Config) -> Result<Option<Loaded>, StartError> {
    let database = &config.database;
    let opened = store::open(database.url.expose(), database.max_connections).await;
    let Some(store) = opened.map_err(StartError::Database)? else {
        return Ok(None);
    };
    let loaded = store.load(0).await;
    store.close().await;
    loaded.map(Some).map_err(StartError::NotReadable)
}

fn failed(file: &ManifestFile, fault: ManifestError) -> StartError {
    match fault {
        ManifestError::Invalid(errors) => StartError::Manifest(file.errors(&errors)),
        ManifestError::Store(error) => StartError::Database(error),
        ManifestError::OutOfService(_) | ManifestError::Overtaken => StartError::NotApplied(fault),
    }
}
