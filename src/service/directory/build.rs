//! From records to the next snapshot. One record that cannot be read takes its environment out of service, and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::record::{self, Item};
use super::snapshot::{Contents, EnvironmentSnapshot, HashedKey, OutOfService, Snapshot, Versioned};
use crate::domain::environment::{Connection, KeyRecord};
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId, KeyId};
use crate::domain::keyring::KeyRing;
use crate::domain::message::Channel;
use crate::provider::Connect;
use crate::store::directory::{Kind, Loaded, StoredRecord};

/// Builds snapshots.
pub(super) struct Builder<'a> {
    pub(super) keys: &'a KeyRing,
    /// What makes senders; without it environments have none.
    pub(super) connect: Option<&'a dyn Connect>,
}

type ByEnvironment = BTreeMap<Option<EnvironmentId>, Vec<StoredRecord>>;

impl Builder<'_> {
    /// The snapshot of all records. Senders whose settings are those of `former` move over.
    pub(super) fn build(&self, all: Loaded, former: &Snapshot) -> Snapshot {
        let mut snapshot = Snapshot {
            revision: all.revision,
            ..Snapshot::default()
        };
        for (environment, records) in by_environment(all.records) {
            match environment {
                None => self.administrators(&mut snapshot, &records),
                Some(id) => self.environment(&mut snapshot, id, &records, former),
            }
        }
        snapshot
    }

    /// The snapshot after `former`, from what is newer. `None` where that does not tell enough: an environment that was out of
    /// service may be in service again, and a database that was put back to an earlier time has nothing that is newer.
    pub(super) fn update(&self, former: &Snapshot, newer: Loaded) -> Option<Snapshot> {
        if newer.revision < former.revision {
            return None;
        }
        let mut snapshot = Snapshot {
            revision: newer.revision,
            ..former.clone()
        };
        for (environment, records) in by_environment(newer.records) {
            match environment {
                None => self.administrators(&mut snapshot, &records),
                Some(id) if former.out_of_service.contains_key(&id) => return None,
                Some(id) => self.environment(&mut snapshot, id, &records, former),
            }
        }
        Some(snapshot)
    }

    fn administrators(&self, snapshot: &mut Snapshot, records: &[StoredRecord]) {
        for record in records {
            let Some(document) = &record.document else {
                if let Some(key) = snapshot.administrators.get(&KeyId(record.id)).cloned() {
                    snapshot.administrators.remove_mut(&key.id);
                    snapshot.hashed.remove_mut(&key.hash);
                }
                continue;
            };
            if let Some(Item::Key(key)) = Item::read(record, document, self.keys) {
                snapshot.hashed.insert_mut(key.hash, hashed(None, &key));
                snapshot.administrators.insert_mut(key.id, Arc::new(key));
            } else {
                unreadable(record, "it is left alone");
            }
        }
    }

    fn environment(
        &self,
        snapshot: &mut Snapshot,
        id: EnvironmentId,
        records: &[StoredRecord],
        former: &Snapshot,
    ) {
        let held = snapshot.environments.get(&id).cloned();
        if records.iter().any(is_removed_environment) {
            for key in held.iter().flat_map(|held| held.keys.values()) {
                snapshot.hashed.remove_mut(&key.hash);
            }
            snapshot.environments.remove_mut(&id);
            return;
        }
        for record in records.iter().filter(|record| record.document.is_none()) {
            if let Some(key) = held.as_ref().and_then(|held| held.keys.get(&KeyId(record.id))) {
                snapshot.hashed.remove_mut(&key.hash);
            }
        }
        match self.read(held.as_deref(), records) {
            Ok(None) => {}
            Ok(Some(mut read)) => {
                for record in records {
                    if let Some(key) = read.keys.get(&KeyId(record.id)) {
                        snapshot.hashed.insert_mut(key.hash, hashed(Some(id), key));
                    }
                }
                let former = former.environments.get(&id);
                self.connect(&mut read, former.map(Arc::as_ref));
                snapshot.environments.insert_mut(id, Arc::new(read));
            }
            Err(OutOfService) => {
                // What its keys open is told apart from what no key opens.
                for record in records {
                    let document = record.document.as_deref();
                    let item = document.and_then(|document| Item::read(record, document, self.keys));
                    if let Some(Item::Key(key)) = item {
                        snapshot.hashed.insert_mut(key.hash, hashed(Some(id), &key));
                    }
                }
                let code = held.map(|held| held.environment.fields.code.as_str().to_owned());
                let written = || {
                    let its = records
                        .iter()
                        .find(|record| record.kind == Kind::Environment.as_str())?;
                    record::code(its.document.as_deref()?)
                };
                snapshot.environments.remove_mut(&id);
                snapshot.out_of_service.insert(id, written().or(code));
            }
        }
    }

    /// The environment as it was with what is newer; `None` where there is no record of the environment itself.
    fn read(
        &self,
        held: Option<&EnvironmentSnapshot>,
        records: &[StoredRecord],
    ) -> Result<Option<EnvironmentSnapshot>, OutOfService> {
        let mut items = Vec::with_capacity(records.len());
        let mut result = Ok(());
        let mut next = held.cloned();
        for record in records {
            let read = record
                .document
                .as_deref()
                .map(|document| Item::read(record, document, self.keys));
            match read {
                Some(Some(Item::Environment(environment))) => {
                    let new = || EnvironmentSnapshot::new(environment.clone(), Contents::default());
                    let place = next.get_or_insert_with(new);
                    (place.version, place.environment) = (record.revision, environment);
                }
                Some(Some(item)) => items.push((record, Some(item))),
                None => items.push((record, None)),
                Some(None) => {
                    unreadable(record, "its environment is out of service in this process");
                    result = Err(OutOfService);
                }
            }
        }
        result?;
        let Some(mut next) = next else {
            return Ok(None);
        };
        for (record, item) in items {
            match item {
                Some(item) => put(&mut next.contents, record.revision, item),
                None => remove(&mut next.contents, record),
            }
        }
        Ok(Some(next))
    }

    /// Makes the clients of the environment's own accounts. Each is kept, with its connections and its breaker, until the settings
    /// are saved: saving closes the breaker.
    fn connect(&self, environment: &mut EnvironmentSnapshot, former: Option<&EnvironmentSnapshot>) {
        let Some(connect) = self.connect else {
            return;
        };
        environment.own_sms = match former.filter(|former| former.sms.version == environment.sms.version) {
            Some(former) => former.own_sms.clone(),
            None => environment
                .sms
                .row
                .own_account()
                .map(|account| connect.twilio(account)),
        };
        environment.own_email =
            match former.filter(|former| former.email.version == environment.email.version) {
                Some(former) => former.own_email.clone(),
                None => environment
                    .email
                    .row
                    .custom_sender
                    .as_ref()
                    .map(|account| connect.smtp(account)),
            };
    }
}

fn by_environment(records: Vec<StoredRecord>) -> ByEnvironment {
    let mut groups = ByEnvironment::new();
    for record in records {
        groups.entry(record.environment_id).or_default().push(record);
    }
    groups
}

fn put(contents: &mut Contents, version: i64, item: Item) {
    match item {
        // Taken before.
        Item::Environment(_) => {}
        Item::Connection(connection) => put_connection(&mut contents.connections, connection),
        Item::Application(application) => contents.put_application(version, application),
        Item::Key(key) => {
            contents.keys.insert_mut(key.id, Arc::new(key));
        }
        Item::Sms(row) => contents.sms = Versioned { version, row },
        Item::Email(row) => contents.email = Versioned { version, row },
        Item::Content(row) => contents.content = Versioned { version, row },
        Item::Mfa(row) => contents.mfa = Versioned { version, row },
        Item::Otp(row) => contents.otp = Versioned { version, row },
    }
}

fn put_connection(connections: &mut Vec<Connection>, connection: Connection) {
    connections.retain(|held| held.id != connection.id);
    connections.push(connection);
    // Their ids are random, so the order is that of the channels.
    connections.sort_by_key(|connection| connection.channel() != Channel::Sms);
}

fn remove(contents: &mut Contents, record: &StoredRecord) {
    match Kind::parse(&record.kind) {
        Some(Kind::Connection) => contents
            .connections
            .retain(|held| held.id != ConnectionId(record.id)),
        Some(Kind::Application) => {
            contents.applications.remove_mut(&ApplicationId(record.id));
        }
        Some(Kind::Key) => {
            contents.keys.remove_mut(&KeyId(record.id));
        }
        Some(Kind::Sms) => contents.sms = Versioned::default(),
        Some(Kind::Email) => contents.email = Versioned::default(),
        Some(Kind::Content) => contents.content = Versioned::default(),
        Some(Kind::Mfa) => contents.mfa = Versioned::default(),
        Some(Kind::Otp) => contents.otp = Versioned::default(),
        // An environment goes whole; of what another release has removed there is nothing here.
        Some(Kind::Environment) | None => {}
    }
}

fn hashed(environment: Option<EnvironmentId>, key: &KeyRecord) -> HashedKey {
    HashedKey {
        id: key.id,
        application: environment.zip(key.application_id),
    }
}

fn is_removed_environment(record: &StoredRecord) -> bool {
    record.document.is_none() && record.kind == Kind::Environment.as_str()
}

fn unreadable(record: &StoredRecord, what_follows: &str) {
    tracing::error!(
        alarm = true,
        record.kind = record.kind,
        record.id = %record.id,
        environment.id = record.environment_id.map(tracing::field::display),
        "a record of the directory cannot be read: {what_follows}"
    );
}
