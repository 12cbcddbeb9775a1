//! The whole directory, as of one moment: fetched first, read into the domain's types once the transaction is over.

use sqlx::{PgConnection, query_file, query_file_as};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::business::{AutofillDomain, BusinessName, BusinessUrl};
use crate::domain::country::Country;
use crate::domain::environment::{Application, Connection, Environment, KeyRecord, SettingsKind};
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId, KeyId};
use crate::domain::locale::LanguageTag;
use crate::domain::time::Timestamp;
use crate::domain::verification::Strategy;
use crate::store::directory::{DirectoryRows, SettingsRow, Versioned};
use crate::store::postgres::{StoreError, fault};

/// The directory as the database gives it.
pub(super) struct Fetched {
    revision: i64,
    environments: Vec<EnvironmentRow>,
    connections: Vec<ConnectionRow>,
    applications: Vec<ApplicationRow>,
    keys: Vec<KeyRow>,
    settings: Vec<StoredSettingsRow>,
}

pub(super) async fn fetch(connection: &mut PgConnection) -> Result<Fetched, sqlx::Error> {
    let row = query_file!("src/store/postgres/sql/revision.sql")
        .fetch_one(&mut *connection)
        .await?;
    Ok(Fetched {
        revision: row.revision,
        environments: query_file_as!(EnvironmentRow, "src/store/postgres/sql/load_environments.sql")
            .fetch_all(&mut *connection)
            .await?,
        connections: query_file_as!(ConnectionRow, "src/store/postgres/sql/load_connections.sql")
            .fetch_all(&mut *connection)
            .await?,
        applications: query_file_as!(ApplicationRow, "src/store/postgres/sql/load_applications.sql")
            .fetch_all(&mut *connection)
            .await?,
        keys: query_file_as!(KeyRow, "src/store/postgres/sql/load_api_keys.sql")
            .fetch_all(&mut *connection)
            .await?,
        settings: query_file_as!(StoredSettingsRow, "src/store/postgres/sql/load_settings.sql")
            .fetch_all(&mut *connection)
            .await?,
    })
}

impl Fetched {
    pub(super) fn rows(self) -> Result<DirectoryRows, StoreError> {
        Ok(DirectoryRows {
            revision: self.revision,
            environments: read(self.environments, EnvironmentRow::environment)?,
            connections: read(self.connections, ConnectionRow::connection)?,
            applications: read(self.applications, ApplicationRow::application)?,
            keys: read(self.keys, KeyRow::key)?,
            settings: read(self.settings, StoredSettingsRow::settings)?,
        })
    }
}

fn read<R, T>(rows: Vec<R>, one: impl Fn(R) -> Result<T, StoreError>) -> Result<Vec<T>, StoreError> {
    rows.into_iter().map(one).collect()
}

struct EnvironmentRow {
    id: Uuid,
    code: String,
    name: String,
    business_name: String,
    business_url: String,
    default_country: Option<String>,
    default_locale: String,
    version: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl EnvironmentRow {
    fn environment(self) -> Result<Versioned<Environment>, StoreError> {
        let id = EnvironmentId(self.id);
        let of = |column| fault::corrupt("environments", column, id);
        let country = self.default_country.as_deref().map(Country::parse).transpose();
        let row = Environment {
            id,
            code: self.code,
            name: self.name,
            business_name: BusinessName::parse(&self.business_name).map_err(|_| of("business_name"))?,
            business_url: BusinessUrl::parse(&self.business_url).map_err(|_| of("business_url"))?,
            default_country: country.map_err(|_| of("default_country"))?,
            default_locale: LanguageTag::parse(&self.default_locale).map_err(|_| of("default_locale"))?,
            created_at: Timestamp::new(self.created_at),
            updated_at: Timestamp::new(self.updated_at),
        };
        Ok(Versioned {
            version: self.version,
            row,
        })
    }
}

struct ConnectionRow {
    id: Uuid,
    environment_id: Uuid,
    strategy: String,
    name: String,
}

impl ConnectionRow {
    fn connection(self) -> Result<Connection, StoreError> {
        let id = ConnectionId(self.id);
        let strategy = Strategy::parse(&self.strategy);
        Ok(Connection {
            id,
            environment_id: EnvironmentId(self.environment_id),
            strategy: strategy.ok_or_else(|| fault::corrupt("connections", "strategy", id))?,
            name: self.name,
        })
    }
}

struct ApplicationRow {
    id: Uuid,
    environment_id: Uuid,
    name: String,
    autofill_domain: Option<String>,
    version: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    connections: Vec<Uuid>,
}

impl ApplicationRow {
    fn application(self) -> Result<Versioned<Application>, StoreError> {
        let id = ApplicationId(self.id);
        let domain = self
            .autofill_domain
            .as_deref()
            .map(AutofillDomain::parse)
            .transpose();
        let row = Application {
            id,
            environment_id: EnvironmentId(self.environment_id),
            name: self.name,
            autofill_domain: domain.map_err(|_| fault::corrupt("applications", "autofill_domain", id))?,
            connections: self.connections.into_iter().map(ConnectionId).collect(),
            created_at: Timestamp::new(self.created_at),
            updated_at: Timestamp::new(self.updated_at),
        };
        Ok(Versioned {
            version: self.version,
            row,
        })
    }
}

pub(super) struct KeyRow {
    pub(super) id: Uuid,
    pub(super) application_id: Option<Uuid>,
    pub(super) name: String,
    pub(super) prefix: String,
    pub(super) last_four: String,
    pub(super) hash: Vec<u8>,
    pub(super) created_at: OffsetDateTime,
}

impl KeyRow {
    pub(super) fn key(self) -> Result<KeyRecord, StoreError> {
        let id = KeyId(self.id);
        Ok(KeyRecord {
            id,
            application_id: self.application_id.map(ApplicationId),
            name: self.name,
            prefix: self.prefix,
            last_four: self.last_four,
            hash: self
                .hash
                .try_into()
                .map_err(|_| fault::corrupt("api_keys", "hash", id))?,
            created_at: Timestamp::new(self.created_at),
        })
    }
}

struct StoredSettingsRow {
    environment_id: Uuid,
    kind: String,
    document: String,
    version: i64,
    updated_at: OffsetDateTime,
}

impl StoredSettingsRow {
    fn settings(self) -> Result<Versioned<SettingsRow>, StoreError> {
        let environment_id = EnvironmentId(self.environment_id);
        let kind = SettingsKind::parse(&self.kind);
        let row = SettingsRow {
            environment_id,
            kind: kind.ok_or_else(|| fault::corrupt("settings", "kind", environment_id))?,
            document: self.document,
            updated_at: Timestamp::new(self.updated_at),
        };
        Ok(Versioned {
            version: self.version,
            row,
        })
    }
}
