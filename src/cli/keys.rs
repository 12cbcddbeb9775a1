//! The commands over keys: those of the keys file, and API keys.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};

use super::{fail, print, print_done};
use crate::app;
use crate::config::Config;
use crate::config::keys_file::{self, Init};
use crate::domain::api_key::{ApiKey, KeyKind};
use crate::domain::random::OsRandom;
use crate::domain::time::{Clock as _, SystemClock, Timestamp};

/// New keys come into use within a month: whoever needs longer to hand a file around has not begun yet.
const LONGEST_DELAY: Duration = Duration::from_hours(24 * 30);

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Writes a new keys file; does nothing where a valid one is.
    Init,
    /// Puts new keys beside the old ones, for all processes to have before they are used.
    Rotate {
        /// When they come into use: in so many s, m or h. Give every process the file before.
        #[arg(long = "in", value_name = "TIME", default_value = "1h", value_parser = parse_delay)]
        delay: Duration,
    },
    /// Drops the keys that nothing in the database needs any more.
    Prune,
    /// Prints a new API key and stores nothing.
    Generate {
        /// sk for an application, ak for an administrator.
        kind: ApiKeyKind,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ApiKeyKind {
    Sk,
    Ak,
}

pub(super) fn init(config: &Config) -> ExitCode {
    let path = &config.keys.file;
    match keys_file::init(path, &OsRandom, SystemClock.now()) {
        Ok(Init::Created(_)) => print(&format!("wrote {}\n", path.display())),
        Ok(Init::AlreadyThere(_)) => print(&format!(
            "{} is there and valid; nothing was changed\n",
            path.display()
        )),
        Err(error) => fail(&error),
    }
}

pub(super) fn rotate(config: &Config, delay: Duration) -> ExitCode {
    let path = &config.keys.file;
    let now = SystemClock.now();
    let use_from = whole_second(now + delay);
    match keys_file::rotate(path, &OsRandom, now, use_from) {
        Ok(changed) => print(&format!(
            "put key generation {} into {}, to be used from {use_from} on; the ones before it stay valid\n\
             the file as it was is kept as {}\n\
             start every process again with the new file before {use_from}\n",
            changed.ring.generations()[0].id,
            path.display(),
            changed.backup.display()
        )),
        Err(error) => fail(&error),
    }
}

pub(super) fn prune(config: &Config) -> ExitCode {
    print_done(app::prune_keys(config, Arc::new(SystemClock)), |pruned| {
        let mut text = String::new();
        for id in pruned.plan.dropped.iter().rev() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "dropped key generation {id}: nothing needs it any more");
        }
        for (id, reason) in &pruned.plan.kept {
            let _ = writeln!(text, "key generation {id} stays: {reason}");
        }
        if let Some(backup) = &pruned.backup {
            let _ = writeln!(text, "the file as it was is kept as {}", backup.display());
        }
        text
    })
}

pub(super) fn generate(kind: ApiKeyKind) -> ExitCode {
    let kind = match kind {
        ApiKeyKind::Sk => KeyKind::Application,
        ApiKeyKind::Ak => KeyKind::Administrator,
    };
    print(&format!("{}\n", ApiKey::generate(&OsRandom, kind).expose()))
}

/// Not later, so that what is to be used in no time is used at once.
fn whole_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_unix_micros(moment.unix_seconds() * 1_000_000).unwrap_or(moment)
}

fn parse_delay(text: &str) -> Result<Duration, String> {
    let read = || {
        let unit = text.chars().last()?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 60 * 60,
            _ => return None,
        };
        let count = &text[..text.len() - 1];
        let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        let count: u64 = digits.then(|| count.parse().ok())??;
        Some(Duration::from_secs(count.checked_mul(seconds)?))
    };
    read()
        .filter(|delay| *delay <= LONGEST_DELAY)
        .ok_or_else(|| "write a number and s, m or h, such as 90s, 15m or 1h, at most 720h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_a_number_with_its_unit() {
        for (text, seconds) in [
            ("0s", 0),
            ("90s", 90),
            ("15m", 900),
            ("1h", 3600),
            ("720h", 2_592_000),
        ] {
            assert_eq!(parse_delay(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "s",
            "1",
            "1d",
            "-1h",
            "+1h",
            "1.5h",
            "1 h",
            "1h30m",
            "721h",
            "99999999999999999999h",
            "18446744073709551615h",
            "١h",
            "1é",
        ] {
            assert!(parse_delay(text).is_err(), "{text:?}");
        }
    }
}
