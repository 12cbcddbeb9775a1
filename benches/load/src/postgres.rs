//! The database of a run, made and dropped, and beside it one for `pgbench`, the yardstick.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Failure;

/// Where there is a Postgres with room for a database.
const SERVER: &str = "OTPOST_BENCH_POSTGRES_URL";
const DEFAULT_SERVER: &str = "postgres://postgres@127.0.0.1:5432/postgres";

pub struct Postgres {
    server: String,
    name: String,
    url: String,
    seed: PathBuf,
}

impl Postgres {
    pub fn create(repository: &Path) -> Result<Self, Failure> {
        let server = std::env::var(SERVER).unwrap_or_else(|_| DEFAULT_SERVER.to_owned());
        let name = format!("otpost_load_{}", std::process::id());
        let (base, _) = server
            .rsplit_once('/')
            .ok_or("the server's URL names no database")?;
        let database = Self {
            url: format!("{base}/{name}"),
            server,
            name,
            seed: repository.join("benches/load/seed.sql"),
        };
        for name in [database.name.clone(), database.yardstick_name()] {
            database.at_server(&format!("CREATE DATABASE {name}"))?;
            database.at_server(&format!("ALTER DATABASE {name} SET synchronous_commit = on"))?;
        }
        let mut tables = Command::new("pgbench");
        output(
            tables
                .args(["-i", "-q", "-s", "20"])
                .arg(database.yardstick_url()),
        )?;
        database.at_server("CHECKPOINT")?;
        Ok(database)
    }

    pub fn drop(self) -> Result<(), Failure> {
        for name in [self.name.clone(), self.yardstick_name()] {
            self.at_server(&format!("DROP DATABASE {name} WITH (FORCE)"))?;
        }
        Ok(())
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process whose children all of the server are, where the server runs on this machine.
    pub fn postmaster(&self) -> Option<u32> {
        let file = self.at_server("SELECT pg_read_file('postmaster.pid')").ok()?;
        file.lines().next()?.trim().parse().ok()
    }

    /// Seeds verifications as if they had been sent.
    pub fn seed(&self, rows: u64) -> Result<(), Failure> {
        let rows = format!("rows={rows}");
        let mut psql = Command::new("psql");
        psql.args(["-qX", "-v", "ON_ERROR_STOP=1", "-v", &rows, "-f"]);
        output(psql.arg(&self.seed).arg(&self.url)).map(drop)
    }

    /// Transactions a second of `pgbench` on tables of its own: what this machine's Postgres does at this moment, whatever
    /// our schema is.
    pub fn yardstick(&self, span: Duration) -> Result<f64, Failure> {
        let mut run = Command::new("pgbench");
        run.args(["-N", "-M", "prepared", "-c", "16", "-j", "2", "-T"]);
        let text = output(run.arg(span.as_secs().to_string()).arg(self.yardstick_url()))?;
        let rate = text.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|line| line.split(' ').next()?.parse().ok());
        rate.ok_or_else(|| format!("pgbench told no rate: {text}").into())
    }

    /// Bytes of write-ahead log that the server has written.
    pub fn wal_bytes(&self) -> Result<u64, Failure> {
        let bytes = self.at_server("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")?;
        Ok(bytes.trim().parse()?)
    }

    fn yardstick_name(&self) -> String {
        format!("{}_yardstick", self.name)
    }

    fn yardstick_url(&self) -> String {
        format!("{}_yardstick", self.url)
    }

    fn at_server(&self, sql: &str) -> Result<String, Failure> {
        output(Command::new("psql").args(["-qXAt", "-v", "ON_ERROR_STOP=1", "-c", sql, &self.server]))
    }
}

/// Runs a command to its end and answers what it printed.
pub fn output(command: &mut Command) -> Result<String, Failure> {
    let done = command
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if !done.status.success() {
        return Err(format!(
            "{}: {}",
            command.get_program().display(),
            String::from_utf8_lossy(&done.stderr)
        )
        .into());
    }
    Ok(String::from_utf8(done.stdout)?)
}
