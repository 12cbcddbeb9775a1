//! Reading the whole directory.

use std::collections::HashMap;

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::revision;
use crate::domain::business::{AutofillDomain, BusinessName, BusinessUrl};
use crate::domain::environment::{Application, Connection, Environment, KeyRecord, SettingsKind};
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId, KeyId};
use crate::domain::locale::LanguageTag;
use crate::domain::phone::Country;
use crate::domain::verification::Strategy;
use crate::store::directory::{DirectoryRows, SettingsRow, Versioned};
use crate::store::sqlite::row::{Fields, id_of};
use crate::store::sqlite::{StoreError, fault};

pub(super) async fn load(db: &mut SqliteConnection) -> Result<DirectoryRows, StoreError> {
    let revision = revision(db).await?;
    let environments = rows(db, "SELECT * FROM environments ORDER BY created_at, id").await?;
    let connections = rows(db, "SELECT * FROM connections ORDER BY created_at, id").await?;
    let applications = rows(db, "SELECT * FROM applications ORDER BY created_at, id").await?;
    let switched_on = rows(
        db,
        "SELECT a.application_id, a.connection_id
         FROM application_connections a JOIN connections c ON c.id = a.connection_id ORDER BY c.created_at, c.id",
    )
    .await?;
    let keys = rows(
        db,
        "SELECT * FROM api_keys WHERE revoked_at IS NULL ORDER BY created_at, id",
    )
    .await?;
    let settings = rows(db, "SELECT * FROM settings ORDER BY environment_id, kind").await?;
    let mut switched_on = by_application(&switched_on)?;
    Ok(DirectoryRows {
        revision,
        environments: environments
            .iter()
            .map(read_environment)
            .collect::<Result<_, _>>()?,
        connections: connections
            .iter()
            .map(read_connection)
            .collect::<Result<_, _>>()?,
        applications: applications
            .iter()
            .map(|row| read_application(row, &mut switched_on))
            .collect::<Result<_, _>>()?,
        keys: keys.iter().map(read_key).collect::<Result<_, _>>()?,
        settings: settings.iter().map(read_settings).collect::<Result<_, _>>()?,
    })
}

async fn rows(db: &mut SqliteConnection, statement: &'static str) -> Result<Vec<SqliteRow>, StoreError> {
    sqlx::query(statement).fetch_all(db).await.map_err(fault)
}

type SwitchedOn = HashMap<ApplicationId, Vec<ConnectionId>>;

fn by_application(rows: &[SqliteRow]) -> Result<SwitchedOn, StoreError> {
    let mut switched_on = SwitchedOn::new();
    for row in rows {
        let application = ApplicationId(id_of(row, "application_connections", "application_id")?);
        let connection = ConnectionId(id_of(row, "application_connections", "connection_id")?);
        switched_on.entry(application).or_default().push(connection);
    }
    Ok(switched_on)
}

fn read_environment(row: &SqliteRow) -> Result<Versioned<Environment>, StoreError> {
    let id = EnvironmentId(id_of(row, "environments", "id")?);
    let fields = Fields::of(row, "environments", id);
    let environment = Environment {
        id,
        code: fields.value("code")?,
        name: fields.value("name")?,
        business_name: fields.parsed("business_name", |name| BusinessName::parse(name).ok())?,
        business_url: fields.parsed("business_url", |url| BusinessUrl::parse(url).ok())?,
        default_country: fields.parsed_if_any("default_country", |country| Country::parse(country).ok())?,
        default_locale: fields.parsed("default_locale", |tag| LanguageTag::parse(tag).ok())?,
        created_at: fields.time("created_at")?,
        updated_at: fields.time("updated_at")?,
    };
    versioned(&fields, environment)
}

fn read_connection(row: &SqliteRow) -> Result<Connection, StoreError> {
    let id = ConnectionId(id_of(row, "connections", "id")?);
    let fields = Fields::of(row, "connections", id);
    Ok(Connection {
        id,
        environment_id: EnvironmentId(fields.value("environment_id")?),
        strategy: fields.parsed("strategy", Strategy::parse)?,
        name: fields.value("name")?,
    })
}

fn read_application(
    row: &SqliteRow,
    switched_on: &mut SwitchedOn,
) -> Result<Versioned<Application>, StoreError> {
    let id = ApplicationId(id_of(row, "applications", "id")?);
    let fields = Fields::of(row, "applications", id);
    let application = Application {
        id,
        environment_id: EnvironmentId(fields.value("environment_id")?),
        name: fields.value("name")?,
        autofill_domain: fields
            .parsed_if_any("autofill_domain", |domain| AutofillDomain::parse(domain).ok())?,
        connections: switched_on.remove(&id).unwrap_or_default(),
        created_at: fields.time("created_at")?,
        updated_at: fields.time("updated_at")?,
    };
    versioned(&fields, application)
}

pub(super) fn read_key(row: &SqliteRow) -> Result<KeyRecord, StoreError> {
    let id = KeyId(id_of(row, "api_keys", "id")?);
    let fields = Fields::of(row, "api_keys", id);
    let application_id: Option<uuid::Uuid> = fields.value("application_id")?;
    Ok(KeyRecord {
        id,
        application_id: application_id.map(ApplicationId),
        name: fields.value("name")?,
        prefix: fields.value("prefix")?,
        last_four: fields.value("last_four")?,
        hash: fields.hash("hash")?,
        created_at: fields.time("created_at")?,
    })
}

fn read_settings(row: &SqliteRow) -> Result<Versioned<SettingsRow>, StoreError> {
    let environment_id = EnvironmentId(id_of(row, "settings", "environment_id")?);
    let fields = Fields::of(row, "settings", environment_id);
    let settings = SettingsRow {
        environment_id,
        kind: fields.parsed("kind", SettingsKind::parse)?,
        document: fields.value("document")?,
        updated_at: fields.time("updated_at")?,
    };
    versioned(&fields, settings)
}

fn versioned<T>(fields: &Fields<'_>, row: T) -> Result<Versioned<T>, StoreError> {
    let version = fields.value("version")?;
    Ok(Versioned { version, row })
}
