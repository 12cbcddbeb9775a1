//! The commands. Every one that needs the configuration reads it the same way, and tells all its mistakes at once.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::{self, StartError};
use crate::config::{self, Loaded, manifest};

mod apply;
mod check_locales;
mod healthcheck;
mod keys;
mod serve;

/// What a mistake in the configuration or on the command line exits with.
const USAGE: u8 = 2;

/// One-time codes over SMS and email, as a service.
#[derive(Debug, Parser)]
#[command(name = "otpost", version, about, disable_help_subcommand = true)]
struct Arguments {
    /// A configuration file; without it config/otpost.toml is read where there is one.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the API (also without any command).
    Serve,
    /// Brings the database's tables up to date and exits.
    Migrate,
    /// Makes environments and their settings as a file describes them.
    Apply {
        /// The file, TOML.
        file: PathBuf,
        /// Tells what would change, and changes nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Prints all environments and their settings as a file for `apply`, without secrets.
    Export,
    /// Prints the configuration in force, secrets redacted, each value with where it came from.
    CheckConfig,
    /// Checks the words of all languages and prints how many segments their text messages take.
    CheckLocales {
        /// A directory of <language>.ftl files; without it the files in the program are checked.
        #[arg(value_name = "DIRECTORY")]
        directory: Option<PathBuf>,
    },
    /// Prints the OpenAPI document.
    Openapi,
    /// Exits 0 when the service on this machine is ready.
    Healthcheck,
    /// Keys: the keys file, and API keys.
    Keys {
        #[command(subcommand)]
        command: keys::Command,
    },
}

/// Reads the command line and does what it says.
#[must_use]
pub fn run() -> ExitCode {
    let Arguments { config, command } = Arguments::parse();
    let by_config = |act: &dyn Fn(&Loaded) -> ExitCode| match config::from_process(config) {
        Ok(loaded) => act(&loaded),
        Err(errors) => {
            for error in errors {
                complain(&error.to_string());
            }
            ExitCode::from(USAGE)
        }
    };
    match command.unwrap_or(Command::Serve) {
        Command::Serve => by_config(&|loaded| serve::serve(&loaded.config)),
        Command::Migrate => by_config(&migrate),
        Command::Apply { file, dry_run } => by_config(&|loaded| apply::apply(&loaded.config, &file, dry_run)),
        Command::Export => by_config(&export),
        Command::CheckConfig => by_config(&|loaded| print(&loaded.effective())),
        Command::CheckLocales { directory } => check_locales::check_locales(directory.as_deref()),
        Command::Openapi => print(&openapi()),
        Command::Healthcheck => by_config(&|loaded| healthcheck::healthcheck(&loaded.config)),
        Command::Keys { command } => match command {
            keys::Command::Init => by_config(&|loaded| keys::init(&loaded.config)),
            keys::Command::Rotate { delay } => by_config(&|loaded| keys::rotate(&loaded.config, delay)),
            keys::Command::Prune => by_config(&|loaded| keys::prune(&loaded.config)),
            keys::Command::Generate { kind } => keys::generate(kind),
        },
    }
}

/// The OpenAPI document, as it is committed.
#[must_use]
pub fn openapi() -> String {
    let mut document = app::openapi_document().to_pretty_json().unwrap_or_default();
    document.push('\n');
    document
}

fn migrate(loaded: &Loaded) -> ExitCode {
    let url = loaded.config.database.url.expose();
    match block_on(crate::store::migrate(url)) {
        Ok(Ok(())) => print("the database is up to date\n"),
        Ok(Err(error)) => fail(&error),
        Err(error) => fail(&error),
    }
}

fn export(loaded: &Loaded) -> ExitCode {
    print_done(app::export(&loaded.config), |document| manifest::print(&document))
}

/// Where this machine reaches a listener: on its loopback address, if it listens on all.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Runs a future on a small runtime of its own.
fn block_on<T>(future: impl Future<Output = T>) -> std::io::Result<T> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(future))
}

/// Does what needs the database, and prints what is to be said of it.
fn print_done<T>(
    work: impl Future<Output = Result<T, StartError>>,
    text: impl FnOnce(T) -> String,
) -> ExitCode {
    match block_on(work) {
        Ok(Ok(done)) => print(&text(done)),
        Ok(Err(error)) => fail_to_start(&error),
        Err(error) => fail(&error),
    }
}

/// Writes to standard output; a reader that has gone is no error of ours.
fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    ExitCode::SUCCESS
}

fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "otpost: {text}");
}

/// Tells an error with its causes, and fails.
fn fail(error: &dyn std::error::Error) -> ExitCode {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        // Some libraries repeat their cause in their own words.
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    complain(&text);
    ExitCode::FAILURE
}

/// Tells why something did not start. Mistakes in a file that the operator wrote are a usage error, each on its line.
fn fail_to_start(error: &StartError) -> ExitCode {
    match error {
        StartError::Manifest(mistakes) => {
            for mistake in mistakes {
                complain(&mistake.to_string());
            }
            ExitCode::from(USAGE)
        }
        other => fail(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_reached_over_loopback() {
        for (listen, address) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("10.0.0.7:80", "10.0.0.7:80"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), address);
        }
    }
}
