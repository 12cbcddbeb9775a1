//! The database of a run, made and dropped, and what it does by itself: `pgbench` with the service's own statements.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Failure;

/// Where there is a Postgres with room for a database.
const SERVER: &str = "OTPOST_BENCH_POSTGRES_URL";
const DEFAULT_SERVER: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// As many as the service has connections.
const CLIENTS: u64 = 16;

/// Checks a second that no machine this runs on has reached.
const MOST_CHECKS: u64 = 15_000;

pub struct Postgres {
    server: String,
    name: String,
    url: String,
    scripts: PathBuf,
    /// Seeded verifications that no check has had.
    unchecked: Cell<(u64, u64)>,
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
            scripts: repository.join("benches/pgbench"),
            unchecked: Cell::new((0, 0)),
        };
        database.at_server(&format!("CREATE DATABASE {}", database.name))?;
        database.at_server(&format!(
            "ALTER DATABASE {} SET synchronous_commit = on",
            database.name
        ))?;
        Ok(database)
    }

    pub fn drop(self) -> Result<(), Failure> {
        self.at_server(&format!("DROP DATABASE {} WITH (FORCE)", self.name))
            .map(drop)
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process whose children all of the server are, where the server runs on this machine.
    pub fn postmaster(&self) -> Option<u32> {
        let file = self.at_server("SELECT pg_read_file('postmaster.pid')").ok()?;
        file.lines().next()?.trim().parse().ok()
    }

    /// Seeds as many verifications as `bare_checks` may need, and answers how many that were.
    pub fn seed_for_checks(&self, span: Duration) -> Result<u64, Failure> {
        let few = span.as_secs() * MOST_CHECKS / CLIENTS * CLIENTS;
        self.seed(0, few)?;
        Ok(few)
    }

    /// Seeds verifications behind `first`, up to the number `last`.
    pub fn seed(&self, first: u64, last: u64) -> Result<(), Failure> {
        if last > first {
            let seed = self.scripts.join("seed.sql");
            let variables = [format!("first={}", first + 1), format!("rows={last}")];
            let mut psql = Command::new("psql");
            psql.arg("-qX")
                .args(["-v", "ON_ERROR_STOP=1", "-v", &variables[0], "-v", &variables[1]]);
            output(psql.arg("-f").arg(seed).arg(&self.url))?;
        }
        self.unchecked.set((first, last.max(first)));
        Ok(())
    }

    /// Issues a second. What they leave in the outbox is removed, for nobody is to send it.
    pub fn bare_issues(&self, span: Duration) -> Result<f64, Failure> {
        let rate = self.pgbench("issue", &["-T".to_owned(), span.as_secs().to_string()])?;
        self.ask(&self.url, "DELETE FROM outbox")?;
        self.ask(&self.url, "VACUUM outbox")?;
        Ok(rate)
    }

    /// Checks a second: the right code for each of the seeded verifications, once.
    pub fn bare_checks(&self) -> Result<f64, Failure> {
        let (first, last) = self.unchecked.get();
        let each = (last - first) / CLIENTS;
        if each == 0 {
            return Err("too few seeded verifications to check".into());
        }
        let each = each.min(MOST_CHECKS * 10 / CLIENTS);
        self.unchecked.set((first + each * CLIENTS, last));
        self.pgbench(
            "check",
            &["-t".to_owned(), each.to_string(), format!("-Dfirst={first}")],
        )
    }

    fn pgbench(&self, script: &str, further: &[String]) -> Result<f64, Failure> {
        let mut run = Command::new(self.scripts.join("run"));
        run.args([script, &self.url, "-j", "2", "-c"])
            .arg(CLIENTS.to_string());
        let text = output(run.arg(format!("-Dclients={CLIENTS}")).args(further))?;
        let rate = text.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|line| line.split(' ').next()?.parse().ok());
        rate.ok_or_else(|| format!("pgbench told no rate: {text}").into())
    }

    fn at_server(&self, sql: &str) -> Result<String, Failure> {
        self.ask(&self.server, sql)
    }

    #[expect(clippy::unused_self, reason = "a question to this server")]
    fn ask(&self, url: &str, sql: &str) -> Result<String, Failure> {
        output(Command::new("psql").args(["-qXAt", "-v", "ON_ERROR_STOP=1", "-c", sql, url]))
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
