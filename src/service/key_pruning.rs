//! Which generations of keys may go: those that were replaced long enough ago and that nothing stored needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::settings::{self, SealedSecret};
use crate::domain::keyring::{GenerationId, KeyRing, OpenError, sealed_under};
use crate::domain::settings::{EmailSettings, Secrets, SmsSettings};
use crate::domain::time::Timestamp;
use crate::store::directory::{Kind, StoredRecord};
use crate::store::{SharedStore, StoreError};

/// How long another generation must have been in use before those that it replaced may go: until then a process may not have
/// come to it yet.
const GRACE: Duration = Duration::from_hours(1);

/// What may go and what stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What nothing needs.
    pub dropped: BTreeSet<GenerationId>,
    /// What stays, newest first.
    pub kept: Vec<(GenerationId, Reason)>,
}

/// Why a generation stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It is written under, or will be.
    InUse {
        /// From then on.
        from: Timestamp,
    },
    /// What replaced it has not been in use for long.
    ReplacedLately {
        /// Until then.
        until: Timestamp,
    },
    /// Something stored was made under it.
    Needed {
        /// What.
        by: BTreeSet<Need>,
    },
}

/// Something that is stored and needs keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Codes that have not died.
    Codes,
    /// Codes or notifications that may still be sent.
    Messages,
    /// Recipients of what was sent within the retention.
    Recipients,
    /// Secrets of an environment's settings, by what they belong to.
    Settings(String),
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Codes => f.write_str("codes that have not expired"),
            Self::Messages => f.write_str("messages that may still be sent"),
            Self::Recipients => f.write_str("recipients of messages that are kept"),
            Self::Settings(of) => write!(f, "the secrets of the settings {of}"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { from } => write!(f, "it is used from {from} on"),
            Self::ReplacedLately { until } => {
                write!(f, "until {until} a process may still write under it")
            }
            Self::Needed { by } => {
                let by: Vec<_> = by.iter().map(ToString::to_string).collect();
                write!(f, "it is needed by {}", by.join(", "))
            }
        }
    }
}

/// Why nobody can say which generations are needed. Then none goes.
#[derive(Debug, thiserror::Error)]
pub enum PruningError {
    /// The database could not tell.
    #[error("the database cannot be used")]
    Store(#[from] StoreError),
    /// Something sealed in a form that this release does not know.
    #[error(
        "something is stored that this release cannot read, so nothing is dropped; use the newest release"
    )]
    Unreadable(#[source] OpenError),
    /// Settings that this release does not know.
    #[error("the settings {0} cannot be read by this release, so nothing is dropped")]
    Settings(String),
}

/// Asks the database what it needs.
pub async fn plan(store: &SharedStore, keys: &KeyRing, now: Timestamp) -> Result<Plan, PruningError> {
    let mut needs = needs(store, keys).await?;
    let in_use = keys.in_use(now).id;
    let mut plan = Plan {
        dropped: BTreeSet::new(),
        kept: Vec::new(),
    };
    // When every process has come to a generation newer than the one at hand.
    let mut replaced_at: Option<Timestamp> = None;
    for generation in keys.generations() {
        let (id, from) = (generation.id, generation.use_from);
        let reason = if id >= in_use {
            Some(Reason::InUse { from })
        } else if let Some(until) = replaced_at.map(|at| at + GRACE).filter(|until| *until > now) {
            Some(Reason::ReplacedLately { until })
        } else {
            needs.remove(&id).map(|by| Reason::Needed { by })
        };
        match reason {
            Some(reason) => plan.kept.push((id, reason)),
            None => {
                plan.dropped.insert(id);
            }
        }
        if from <= now {
            replaced_at = Some(replaced_at.map_or(from, |before| before.min(from)));
        }
    }
    Ok(plan)
}

async fn needs(
    store: &SharedStore,
    keys: &KeyRing,
) -> Result<BTreeMap<GenerationId, BTreeSet<Need>>, PruningError> {
    let stored = store.key_needs().await?;
    let mut needs: BTreeMap<GenerationId, BTreeSet<Need>> = BTreeMap::new();
    let mut add = |id: GenerationId, need| needs.entry(id).or_default().insert(need);
    for id in stored.codes {
        let id = GenerationId::new(id).ok_or(PruningError::Unreadable(OpenError::UnknownGeneration(id)))?;
        add(id, Need::Codes);
    }
    for header in stored.sealed {
        add(
            sealed_under(&header).map_err(PruningError::Unreadable)?,
            Need::Messages,
        );
    }
    for header in stored.oldest_recipients {
        // Newer ones were sealed under this generation or one of those after it.
        let oldest = sealed_under(&header).map_err(PruningError::Unreadable)?;
        let since = keys
            .generations()
            .iter()
            .map(|generation| generation.id)
            .filter(|id| *id >= oldest);
        for id in since.chain([oldest]) {
            add(id, Need::Recipients);
        }
    }
    for record in store.load(0).await?.records {
        let of = match record.environment_id {
            Some(environment) => format!("{} of {environment}", record.kind),
            None => record.kind.clone(),
        };
        let secrets = secrets(&record).ok_or_else(|| PruningError::Settings(of.clone()))?;
        for secret in secrets {
            let id = secret.generation().map_err(PruningError::Unreadable)?;
            add(id, Need::Settings(of.clone()));
        }
    }
    Ok(needs)
}

/// The secrets of a record; `None` where this release cannot tell.
fn secrets(record: &StoredRecord) -> Option<Vec<SealedSecret>> {
    fn sealed(settings: impl Secrets<Option<SealedSecret>>) -> Vec<SealedSecret> {
        settings::secrets(settings).into_values().collect()
    }

    let document = record.document.as_deref()?;
    match Kind::parse(&record.kind)? {
        Kind::Sms => serde_json::from_str::<SmsSettings<_>>(document).ok().map(sealed),
        Kind::Email => serde_json::from_str::<EmailSettings<_>>(document)
            .ok()
            .map(sealed),
        _ => Some(Vec::new()),
    }
}
