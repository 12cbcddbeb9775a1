//! An installation whose database nobody has written to, with the example of the documentation and the secrets it refers to.

use otpost::store::directory::Loaded;
use serde_json::Value;
use sqlx::Connection as _;

use super::super::installation::{Installation, Running, Said};
use crate::support::database::EmptyDatabase;

/// What the documentation tells people to begin with.
pub(super) const EXAMPLE: &str = include_str!("../../../../config/example-environment.toml");
const TOKEN: &str = "0123456789abcdef-the-auth-token";
const PASSWORD: &str = "the password of the mail server";

/// An installation on a database that nobody has written to.
pub(super) struct Site {
    pub(super) installation: Installation,
    pub(super) database: EmptyDatabase,
}

impl Site {
    /// With the secrets that the example refers to.
    pub(super) async fn new() -> Self {
        let database = EmptyDatabase::create().await;
        let installation = Installation::new()
            .with("OTPOST_DATABASE__URL", &database.url())
            .with("OTPOST_KEYS__FILE", "keys.toml")
            .with("TWILIO_AUTH_TOKEN", TOKEN);
        assert_eq!(installation.run(&["keys", "init"]).await.code, Some(0));
        installation.write("smtp_password", &format!("{PASSWORD}\n"));
        installation.write(
            "environment.toml",
            &EXAMPLE.replace("/run/secrets/smtp_password", "smtp_password"),
        );
        Self {
            installation,
            database,
        }
    }

    /// The same, with the example applied.
    pub(super) async fn applied() -> Self {
        let site = Self::new().await;
        site.apply("environment.toml").await;
        site
    }

    pub(super) async fn run(&self, arguments: &[&str]) -> Said {
        let said = self.installation.run(arguments).await;
        for secret in [TOKEN, PASSWORD] {
            assert!(
                !said.stdout.contains(secret) && !said.stderr.contains(secret),
                "a secret is told"
            );
        }
        said
    }

    /// Applies a file that is good.
    pub(super) async fn apply(&self, file: &str) -> String {
        let said = self.run(&["apply", file]).await;
        assert_eq!(
            (said.code, said.stderr.as_str()),
            (Some(0), ""),
            "{}",
            said.stdout
        );
        said.stdout
    }

    /// Applies a text that is bad: nothing is changed, and each mistake has its line.
    pub(super) async fn refuses(&self, text: &str) -> Vec<String> {
        self.installation.write("bad.toml", text);
        let before = self.revision().await;
        let said = self.run(&["apply", "bad.toml"]).await;
        assert_eq!(
            (said.code, said.stdout.as_str()),
            (Some(2), ""),
            "{}",
            said.stderr
        );
        assert_eq!(self.revision().await, before);
        said.stderr.lines().map(str::to_owned).collect()
    }

    pub(super) async fn directory(&self) -> Loaded {
        self.found().await.unwrap()
    }

    /// `None` where there is no database, or no table in it.
    async fn found(&self) -> Option<Loaded> {
        let store = otpost::store::open(&self.database.url(), 2).await.unwrap()?;
        let loaded = store.load(0).await;
        store.close().await;
        loaded.ok()
    }

    /// Every change of settings raises it; 1 in a database without any.
    pub(super) async fn revision(&self) -> i64 {
        self.found().await.map_or(1, |loaded| loaded.revision)
    }

    /// What a statement counts of the audit log.
    pub(super) async fn audited(&self, statement: &'static str) -> i64 {
        let url = self.database.url();
        if url.starts_with("postgres") {
            let mut database = sqlx::PgConnection::connect(&url).await.unwrap();
            sqlx::query_scalar(statement)
                .fetch_one(&mut database)
                .await
                .unwrap()
        } else {
            let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
            sqlx::query_scalar(statement)
                .fetch_one(&mut database)
                .await
                .unwrap()
        }
    }

    /// Is served with the administrator's key that was shown at first.
    pub(super) async fn read(&self, running: &Running, key: &str, path: &str) -> Value {
        let request = format!("GET /admin/v1/environments/{path}");
        let answer = running.call(&request, key, &Value::Null, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }
}
