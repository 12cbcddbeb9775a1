//! The directory in memory: environments with their settings, applications, connections, keys and senders, as one
//! immutable snapshot. The hot path reads nothing else; a change of the revision replaces it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::settings::Opener;
use super::settings::content::EmailContentDocument;
use super::settings::email::EmailDocument;
use super::settings::sms::SmsDocument;
use crate::domain::content::EmailContent;
use crate::domain::environment::{Application, SettingsKind};
use crate::domain::id::{ApplicationId, EnvironmentId};
use crate::domain::keyring::KeyRing;
use crate::domain::message::Channel;
use crate::domain::policy::OtpPolicy;
use crate::domain::settings::{EmailSettings, MfaSettings, SmsSettings};
use crate::provider::{Connect, EmailTransport, SmsTransport};
use crate::store::directory::{DirectoryRows, SettingsRow, Versioned};
use crate::store::{SharedStore, StoreError};

mod snapshot;

pub use snapshot::{EnvironmentSnapshot, KeyHolder, OutOfService, Snapshot};

/// How often a process asks whether another one has changed the directory. A change is in force everywhere within 2 s.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
const _: () = assert!(
    POLL_INTERVAL.as_millis() <= 1_000,
    "the other second is for reading the directory"
);

/// How long a process may go on with a directory that it cannot read again, and still be ready.
const LONGEST_UNREAD: Duration = Duration::from_secs(5);

/// The directory in memory may be out of date.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the directory could not be read for more than {LONGEST_UNREAD:?}")]
pub struct Stale;

/// Keeps the snapshot.
pub struct Directory {
    store: SharedStore,
    keys: Arc<KeyRing>,
    connect: Arc<dyn Connect>,
    current: ArcSwap<Snapshot>,
    reloading: tokio::sync::Mutex<()>,
    /// When the snapshot was last known to be what the database has.
    confirmed_at: Mutex<Instant>,
}

impl Directory {
    /// Reads the directory for the first time.
    pub async fn open(
        store: SharedStore,
        keys: Arc<KeyRing>,
        connect: Arc<dyn Connect>,
    ) -> Result<Self, StoreError> {
        let directory = Self {
            store,
            keys,
            connect,
            current: ArcSwap::default(),
            reloading: tokio::sync::Mutex::default(),
            confirmed_at: Mutex::new(Instant::now()),
        };
        directory.reload().await?;
        Ok(directory)
    }

    /// The snapshot of now.
    #[must_use]
    pub fn current(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Reads the whole directory again, after a change made here or elsewhere.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.reloading.lock().await;
        let rows = self.store.load_directory().await?;
        let former = self.current.load_full();
        let snapshot = self.build(rows, &former);
        self.current.store(Arc::new(snapshot));
        self.confirm();
        Ok(())
    }

    /// Follows the changes of other processes until `stop`.
    pub async fn follow(&self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(POLL_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.refresh().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the directory could not be read again"
                );
            }
        }
    }

    /// Reads the directory again if anybody has changed it.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        if self.store.revision().await? == self.current.load().revision {
            self.confirm();
            return Ok(());
        }
        self.reload().await
    }

    /// Whether the snapshot has lately been what the database has. One that is not may let in whom an administrator has shut out.
    ///
    /// # Errors
    /// If it could not be read for 5 s.
    pub fn check(&self) -> Result<(), Stale> {
        let confirmed_at = *self.confirmed_at.lock().unwrap_or_else(PoisonError::into_inner);
        if confirmed_at.elapsed() > LONGEST_UNREAD {
            return Err(Stale);
        }
        Ok(())
    }

    fn confirm(&self) {
        *self.confirmed_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn build(&self, rows: DirectoryRows, former: &Snapshot) -> Snapshot {
        let mut ordered = rows.connections;
        // Their ids are random and an environment's are made at one moment, so the order is that of the channels.
        ordered.sort_by_key(|connection| connection.channel() != Channel::Sms);
        let mut connections = group(ordered, |connection| connection.environment_id);
        let mut ordered = rows.applications;
        ordered.sort_by_key(|application| application.row.id);
        let mut applications = group(ordered, |application| application.row.environment_id);
        let mut settings = group(rows.settings, |settings| settings.row.environment_id);
        let mut ordered = rows.environments;
        ordered.sort_by_key(|environment| environment.row.id);
        let mut environments = Vec::with_capacity(ordered.len());
        let (mut out_of_service, mut stranded) = (Vec::new(), HashSet::new());
        for Versioned { version, row } in ordered {
            let id = row.id;
            let read = Self::read_settings(&self.keys, id, settings.remove(&id).unwrap_or_default());
            let documents = match read {
                Ok(documents) => documents,
                Err(error) => {
                    tracing::error!(environment.id = %id, alarm = true, %error, "{OutOfService}");
                    let its = applications.remove(&id).unwrap_or_default();
                    stranded.extend(its.iter().map(|application| application.row.id));
                    out_of_service.push(row);
                    continue;
                }
            };
            let before = former.environment(id);
            environments.push(Arc::new(EnvironmentSnapshot {
                own_sms: self.own_sms(&documents.sms, before),
                own_email: self.own_email(&documents.email, before),
                environment: row,
                version,
                connections: connections.remove(&id).unwrap_or_default(),
                applications: applications.remove(&id).unwrap_or_default(),
                sms: documents.sms,
                email: documents.email,
                content: documents.content,
                mfa: documents.mfa,
                otp: documents.otp,
            }));
        }
        let holders: HashMap<ApplicationId, (Arc<Application>, Arc<EnvironmentSnapshot>)> = environments
            .iter()
            .flat_map(|environment| {
                environment.applications.iter().map(|application| {
                    let id = application.row.id;
                    (id, (Arc::new(application.row.clone()), Arc::clone(environment)))
                })
            })
            .collect();
        let keys = rows.keys.into_iter().filter_map(|key| {
            let holder = match key.application_id {
                None => KeyHolder::Administrator { key_id: key.id },
                Some(id) if stranded.contains(&id) => KeyHolder::OutOfService { key_id: key.id },
                Some(id) => {
                    let (application, environment) = holders.get(&id)?.clone();
                    KeyHolder::Application {
                        key_id: key.id,
                        application,
                        environment,
                    }
                }
            };
            Some((key.hash, holder))
        });
        Snapshot {
            revision: rows.revision,
            keys: keys.collect(),
            environments,
            out_of_service,
        }
    }

    /// The client of the environment's own account. It is kept, with its connections and its breaker, until the settings are
    /// saved: saving closes the breaker.
    fn own_sms(
        &self,
        settings: &Versioned<SmsSettings>,
        former: Option<&Arc<EnvironmentSnapshot>>,
    ) -> Option<SmsTransport> {
        let account = settings.row.own_account()?;
        match former.filter(|former| former.sms.version == settings.version) {
            Some(former) => former.own_sms.clone(),
            None => Some(self.connect.twilio(account)),
        }
    }

    fn own_email(
        &self,
        settings: &Versioned<EmailSettings>,
        former: Option<&Arc<EnvironmentSnapshot>>,
    ) -> Option<EmailTransport> {
        let account = settings.row.custom_sender.as_ref()?;
        match former.filter(|former| former.email.version == settings.version) {
            Some(former) => former.own_email.clone(),
            None => Some(self.connect.smtp(account)),
        }
    }

    /// Reads and opens the settings documents of an environment.
    pub(super) fn read_settings(
        keys: &KeyRing,
        environment: EnvironmentId,
        rows: Vec<Versioned<SettingsRow>>,
    ) -> Result<Documents, StoreError> {
        let opener = Opener { keys, environment };
        let mut documents = Documents::default();
        for Versioned { version, row } in rows {
            let text = row.document.as_str();
            let read = match row.kind {
                SettingsKind::Sms => serde_json::from_str::<SmsDocument<_>>(text)
                    .ok()
                    .and_then(|document| document.open(opener))
                    .map(|row| documents.sms = Versioned { version, row }),
                SettingsKind::Email => serde_json::from_str::<EmailDocument<_>>(text)
                    .ok()
                    .and_then(|document| document.open(opener))
                    .map(|row| documents.email = Versioned { version, row }),
                SettingsKind::Content => serde_json::from_str::<EmailContentDocument>(text)
                    .ok()
                    .and_then(|document| document.validate().ok())
                    .map(|row| documents.content = Versioned { version, row }),
                SettingsKind::Mfa => serde_json::from_str(text)
                    .ok()
                    .map(|row| documents.mfa = Versioned { version, row }),
                SettingsKind::Otp => serde_json::from_str::<OtpPolicy>(text)
                    .ok()
                    .filter(|policy| policy.out_of_range().is_empty())
                    .map(|row| documents.otp = Versioned { version, row }),
            };
            read.ok_or_else(|| StoreError::Corrupt {
                table: "settings",
                column: "document",
                id: format!("{environment} {}", row.kind),
            })?;
        }
        Ok(documents)
    }
}

/// An environment's settings.
#[derive(Default)]
pub(super) struct Documents {
    pub(super) sms: Versioned<SmsSettings>,
    pub(super) email: Versioned<EmailSettings>,
    pub(super) content: Versioned<EmailContent>,
    pub(super) mfa: Versioned<MfaSettings>,
    pub(super) otp: Versioned<OtpPolicy>,
}

/// What belongs to each environment.
pub(super) fn group<T>(rows: Vec<T>, key: impl Fn(&T) -> EnvironmentId) -> HashMap<EnvironmentId, Vec<T>> {
    let mut groups: HashMap<EnvironmentId, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}
