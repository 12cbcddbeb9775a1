//! Databases of a run on a Postgres server, dropped with their value, and one for `pgbench`, the yardstick.

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::Failure;

/// Where there is a Postgres with room for databases.
const SERVER: &str = "OTPOST_BENCH_POSTGRES_URL";
const DEFAULT_SERVER: &str = "postgres://postgres@127.0.0.1:5432/postgres";

pub struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    pub fn create(purpose: &str) -> Result<Self, Failure> {
        let server = std::env::var(SERVER).unwrap_or_else(|_| DEFAULT_SERVER.to_owned());
        let name = format!("otpost_load_{}_{purpose}", std::process::id());
        let (base, _) = server
            .rsplit_once('/')
            .ok_or("the server's URL names no database")?;
        let url = format!("{base}/{name}");
        sql(&server, &format!("CREATE DATABASE {name}"))?;
        let database = Self { server, name, url };
        database.at_server("ALTER DATABASE {name} SET synchronous_commit = on")?;
        Ok(database)
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// What of the server's settings decides about the figures.
    pub fn settings(&self) -> Result<String, Failure> {
        let settings = self.at_server(
            "SELECT string_agg(name || ' = ' || current_setting(name), ', ' ORDER BY name) FROM pg_settings
             WHERE name IN ('checkpoint_timeout', 'max_wal_size', 'server_version', 'shared_buffers')",
        )?;
        Ok(settings.trim().to_owned())
    }

    /// The process whose children all of the server are, where the server runs on this machine.
    pub fn postmaster(&self) -> Option<u32> {
        let file = self.at_server("SELECT pg_read_file('postmaster.pid')").ok()?;
        file.lines().next()?.trim().parse().ok()
    }

    /// Puts verifications there as if they had been sent.
    pub fn seed(&self, rows: u64) -> Result<(), Failure> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("seed.sql");
        let rows = format!("rows={rows}");
        let mut psql = Command::new("psql");
        psql.args(["-qX", "-v", "ON_ERROR_STOP=1", "-v", &rows, "-f"]);
        output(psql.arg(file).arg(&self.url)).map(drop)
    }

    /// Bytes of write-ahead log that the server has written.
    pub fn wal_bytes(&self) -> Result<u64, Failure> {
        let bytes = self.at_server("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")?;
        Ok(bytes.trim().parse()?)
    }

    /// Deadlocks that the server has counted in this database. To be asked when the connections to it have ended, which
    /// is when they hand in what they have counted.
    pub fn deadlocks(&self) -> Result<u64, Failure> {
        sleep(Duration::from_secs(1));
        let deadlocks = self.at_server("SELECT deadlocks FROM pg_stat_database WHERE datname = '{name}'")?;
        Ok(deadlocks.trim().parse()?)
    }

    /// `{name}` is the database's.
    fn at_server(&self, statement: &str) -> Result<String, Failure> {
        sql(&self.server, &statement.replace("{name}", &self.name))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Err(failure) = self.at_server("DROP DATABASE {name} WITH (FORCE)") {
            eprintln!("{} was not dropped: {failure}", self.name);
        }
    }
}

/// What this machine's Postgres does at a moment, whatever our schema is.
pub struct Yardstick(Database);

impl Yardstick {
    pub fn create() -> Result<Self, Failure> {
        let database = Database::create("yardstick")?;
        output(Command::new("pgbench").args(["-i", "-q", "-s", "20", database.url()]))?;
        database.at_server("CHECKPOINT")?;
        Ok(Self(database))
    }

    /// Transactions a second.
    pub fn rate(&self, span: Duration) -> Result<f64, Failure> {
        let mut run = Command::new("pgbench");
        run.args(["-N", "-M", "prepared", "-c", "16", "-j", "2", "-T"]);
        let text = output(run.arg(span.as_secs().to_string()).arg(self.0.url()))?;
        let rate = text.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|line| line.split(' ').next()?.parse().ok());
        rate.ok_or_else(|| format!("pgbench told no rate: {text}").into())
    }
}

fn sql(url: &str, statement: &str) -> Result<String, Failure> {
    output(Command::new("psql").args(["-qXAt", "-v", "ON_ERROR_STOP=1", "-c", statement, url]))
}

/// Runs a command to its end and answers what it printed.
pub fn output(command: &mut Command) -> Result<String, Failure> {
    let program = command.get_program().display().to_string();
    let done = command.output().map_err(|error| format!("{program}: {error}"))?;
    if !done.status.success() {
        return Err(format!("{program}: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    Ok(String::from_utf8(done.stdout)?)
}
