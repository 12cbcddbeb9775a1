//! Postgres databases for tests: copied from a template, which whoever comes first makes under an advisory lock.

use std::sync::Arc;

use otpost::domain::random::{OsRandom, unguessable_id};
use otpost::store::{SharedStore, StoreError, postgres};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use url::Url;

/// Where the tests find a server on which they may make databases. Nothing is set: SQLite.
const VARIABLE: &str = "OTPOST_TEST_POSTGRES_URL";
/// Locks the making of the template; any number that nobody else locks on the server.
const TEMPLATE_LOCK: i64 = 0x6f74_706f_7374;

/// The server's maintenance database, where there is a server.
#[expect(clippy::disallowed_methods, reason = "how the tests are told of a server")]
pub fn maintenance_url() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|url| !url.is_empty())
}

/// Opens a store on a Postgres database.
pub async fn connect(url: &str, max_connections: u32) -> Result<SharedStore, StoreError> {
    Ok(Arc::new(postgres::connect(url, max_connections).await?))
}

/// A database on the server, dropped with it.
pub struct PostgresDatabase {
    /// Its URL.
    pub url: String,
    name: String,
    maintenance: String,
}

impl PostgresDatabase {
    /// Makes one without any table.
    pub async fn create_empty(maintenance: &str) -> Self {
        let mut server = PgConnection::connect(maintenance).await.unwrap();
        let name = format!("otpost_test_{}", unguessable_id(&OsRandom).as_simple());
        run(&mut server, format!("CREATE DATABASE {name}")).await;
        server.close().await.unwrap();
        Self {
            url: sibling(maintenance, &name),
            name,
            maintenance: maintenance.to_owned(),
        }
    }

    /// Copies the template.
    pub async fn create(maintenance: &str) -> Self {
        let mut server = PgConnection::connect(maintenance).await.unwrap();
        let template = make_template(&mut server, maintenance).await;
        let name = format!("otpost_test_{}", unguessable_id(&OsRandom).as_simple());
        // Copies of one template wait for each other only as long as the copying takes.
        lock(&mut server).await;
        run(&mut server, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        unlock(&mut server).await;
        server.close().await.unwrap();
        Self {
            url: sibling(maintenance, &name),
            name,
            maintenance: maintenance.to_owned(),
        }
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let (maintenance, name) = (self.maintenance.clone(), self.name.clone());
        // The test's own runtime cannot be waited for from here.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut server = PgConnection::connect(&maintenance).await.unwrap();
                run(
                    &mut server,
                    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                )
                .await;
            });
        });
        if dropping.join().is_err() {
            eprintln!("the database {} was not dropped", self.name);
        }
    }
}

/// The name of the template for the migrations of this build, made where it is not there yet.
async fn make_template(server: &mut PgConnection, maintenance: &str) -> String {
    let name = format!("otpost_template_{:08x}", migrations_checksum());
    lock(server).await;
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut *server)
        .await
        .unwrap();
    if !exists {
        // Made under another name first, so that a template that is there is a whole one.
        let draft = format!("{name}_draft");
        run(server, format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await;
        run(server, format!("CREATE DATABASE {draft}")).await;
        postgres::migrate(&sibling(maintenance, &draft)).await.unwrap();
        run(server, format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
    }
    unlock(server).await;
    name
}

/// Changes with the migrations, so that a template is never older than the tables it stands for.
fn migrations_checksum() -> u32 {
    let migrator = sqlx::migrate!("migrations/postgres");
    let checksums: Vec<u8> = migrator
        .iter()
        .flat_map(|migration| migration.checksum.to_vec())
        .collect();
    crc32fast::hash(&checksums)
}

/// The same server, another database.
fn sibling(url: &str, database: &str) -> String {
    let mut url = Url::parse(url).unwrap();
    url.set_path(database);
    url.into()
}

async fn lock(server: &mut PgConnection) {
    server
        .execute(sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK))
        .await
        .unwrap();
}

async fn unlock(server: &mut PgConnection) {
    server
        .execute(sqlx::query("SELECT pg_advisory_unlock($1)").bind(TEMPLATE_LOCK))
        .await
        .unwrap();
}

async fn run(server: &mut PgConnection, statement: String) {
    server.execute(AssertSqlSafe(statement)).await.unwrap();
}
