//! What an installation has beside its first environment, written behind the service's back as long as no endpoint makes
//! it: another application, another environment, a revoked key.

use otpost::domain::api_key::{ApiKey, KeyKind};
use otpost::domain::random::{OsRandom, time_ordered_id, unguessable_id};
use otpost::domain::time::{Clock as _, SystemClock};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use uuid::Uuid;

use super::test_server::TestServer;

/// An application that is not the server's own.
pub struct Neighbour {
    /// Its key.
    pub key: String,
    /// Its connection for phone numbers.
    pub phone: String,
}

/// Another application of the environment `default`. It has the phone connection on, and the email connection off.
pub async fn application(server: &TestServer) -> Neighbour {
    let (id, key) = (later_id(), key());
    let sql = Sql::of(server);
    let phone = "(SELECT id FROM connections WHERE strategy = 'phone:otp' LIMIT 1)";
    sql.run(&[
        format!(
            "INSERT INTO applications SELECT {}, environment_id, 'other', NULL, 1, created_at, updated_at FROM applications LIMIT 1",
            sql.uuid(id)
        ),
        format!("INSERT INTO application_connections VALUES ({}, {phone})", sql.uuid(id)),
        sql.insert_key(id, &key),
    ])
    .await;
    server.services.directory.reload().await.unwrap();
    Neighbour {
        key: key.expose().to_owned(),
        phone: server.phone.clone(),
    }
}

/// An application of another environment, whose code is `other`.
pub async fn environment(server: &TestServer) -> Neighbour {
    let [environment, id, connection] = [later_id(), later_id(), unguessable_id(&OsRandom)];
    let key = key();
    let sql = Sql::of(server);
    sql.run(&[
        format!(
            "INSERT INTO environments SELECT {}, 'other', 'Other', business_name, business_url, NULL, default_locale, 1, \
             created_at, updated_at FROM environments LIMIT 1",
            sql.uuid(environment)
        ),
        format!(
            "INSERT INTO connections SELECT {}, {}, strategy, name, created_at FROM connections \
             WHERE strategy = 'phone:otp' LIMIT 1",
            sql.uuid(connection),
            sql.uuid(environment)
        ),
        format!(
            "INSERT INTO applications SELECT {}, {}, 'other', NULL, 1, created_at, updated_at FROM applications LIMIT 1",
            sql.uuid(id),
            sql.uuid(environment)
        ),
        format!(
            "INSERT INTO application_connections VALUES ({}, {})",
            sql.uuid(id),
            sql.uuid(connection)
        ),
        sql.insert_key(id, &key),
    ])
    .await;
    server.services.directory.reload().await.unwrap();
    Neighbour {
        key: key.expose().to_owned(),
        phone: format!("conn_{}", connection.as_simple()),
    }
}

/// Revokes the server's own application key.
pub async fn revoke_application_key(server: &TestServer) {
    let sql = Sql::of(server);
    sql.run(&["UPDATE api_keys SET revoked_at = created_at WHERE application_id IS NOT NULL".to_owned()])
        .await;
}

/// Switches every connection of the server's own application off.
pub async fn switch_connections_off(server: &TestServer) {
    let sql = Sql::of(server);
    sql.run(&["DELETE FROM application_connections".to_owned()]).await;
    server.services.directory.reload().await.unwrap();
}

/// The id of what is made now, after all that the service has made.
fn later_id() -> Uuid {
    time_ordered_id(&OsRandom, SystemClock.now())
}

fn key() -> ApiKey {
    ApiKey::generate(&OsRandom, KeyKind::Application)
}

/// Statements in the words of one of the two databases.
struct Sql<'a> {
    url: &'a str,
}

impl<'a> Sql<'a> {
    fn of(server: &'a TestServer) -> Self {
        Self {
            url: server.place.database().url(),
        }
    }

    fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    fn uuid(&self, id: Uuid) -> String {
        if self.is_postgres() {
            format!("'{id}'::uuid")
        } else {
            format!("x'{}'", id.as_simple())
        }
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        let hex = hex::encode(bytes);
        if self.is_postgres() {
            format!("'\\x{hex}'::bytea")
        } else {
            format!("x'{hex}'")
        }
    }

    fn insert_key(&self, application: Uuid, key: &ApiKey) -> String {
        format!(
            "INSERT INTO api_keys SELECT {}, {}, 'key', '{}', '{}', {}, created_at, NULL, NULL FROM api_keys \
             WHERE application_id IS NULL",
            self.uuid(unguessable_id(&OsRandom)),
            self.uuid(application),
            key.prefix(),
            key.last_four(),
            self.bytes(&key.hash()),
        )
    }

    /// Runs the statements and raises the revision, so that every replica reads the directory again.
    async fn run(&self, statements: &[String]) {
        let revision = "UPDATE installation SET revision = revision + 1".to_owned();
        let all = statements.iter().chain([&revision]);
        if self.is_postgres() {
            let mut database = PgConnection::connect(self.url).await.unwrap();
            for statement in all {
                let query = sqlx::query(AssertSqlSafe(statement.clone()));
                query.execute(&mut database).await.unwrap();
            }
            database.close().await.unwrap();
        } else {
            let mut database = SqliteConnection::connect(self.url).await.unwrap();
            for statement in all {
                let query = sqlx::query(AssertSqlSafe(statement.clone()));
                query.execute(&mut database).await.unwrap();
            }
            database.close().await.unwrap();
        }
    }
}
