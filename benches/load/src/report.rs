//! The table, the ratios, and whether they reach what is asked of them.

use std::fmt::Write as _;
use std::time::Duration;

use crate::load::Figures;

/// What the service did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Row {
    RespondAsync,
    RespondAsyncKeyed,
    Wait,
    Verify,
}

impl Row {
    fn name(self) -> &'static str {
        match self {
            Self::RespondAsync => "send, respond-async, drained",
            Self::RespondAsyncKeyed => "the same, each with a key",
            Self::Wait => "send, waiting for acceptance",
            Self::Verify => "verify, right code",
        }
    }

    /// The least that it must reach of the yardstick.
    fn least(self) -> f64 {
        match self {
            Self::RespondAsync | Self::RespondAsyncKeyed | Self::Wait => 1.3,
            Self::Verify => 2.1,
        }
    }

    /// The most processor time that service and Postgres may take for one.
    fn most_processor_time(self) -> Option<Duration> {
        match self {
            Self::RespondAsync | Self::RespondAsyncKeyed => Some(Duration::from_micros(240)),
            Self::Wait => None,
            Self::Verify => Some(Duration::from_micros(150)),
        }
    }
}

/// The least that a full table may leave of a rate.
const LEAST_WHEN_SEEDED: f64 = 0.9;
/// The least that a key of its own may leave of the rate of sends.
const LEAST_WHEN_KEYED: f64 = 0.95;
const MOST_AFTER_LOAD: u64 = 64 << 20;
const MOST_IDLE: u64 = 24 << 20;
const MOST_UNTIL_READY: Duration = Duration::from_millis(300);

/// A row, with the yardstick at its time where there was one.
struct Measured {
    place: &'static str,
    row: Row,
    figures: Figures,
    yardstick: Option<f64>,
}

#[derive(Default)]
pub struct Report {
    rows: Vec<Measured>,
    after_load: Vec<(&'static str, u64)>,
    idle: Option<u64>,
    ready_after: Option<Duration>,
}

impl Report {
    pub fn row(&mut self, place: &'static str, row: Row, figures: Figures, yardstick: Option<f64>) {
        println!(
            "  {:<30}{:>8.0}/s beside {:>6.0}/s",
            row.name(),
            figures.rate(),
            yardstick.unwrap_or_default()
        );
        self.rows.push(Measured {
            place,
            row,
            figures,
            yardstick,
        });
    }

    pub fn after_load(&mut self, place: &'static str, bytes: u64) {
        self.after_load.push((place, bytes));
    }

    pub fn idle(&mut self, bytes: u64) {
        self.idle = Some(bytes);
    }

    pub fn ready_after(&mut self, took: Duration) {
        self.ready_after = Some(took);
    }

    pub fn print(&self) {
        println!(
            "\n{:<18}{:<30}{:>8}{:>7}{:>7}{:>9}{:>9}{:>9}{:>9}{:>9}  of the yardstick",
            "", "", "a second", "p50", "p99", "service", "Postgres", "load", "others", "WAL"
        );
        println!(
            "{:<18}{:<30}{:>8}{:>7}{:>7}{:>9}{:>9}{:>9}{:>9}{:>9}",
            "", "", "", "ms", "ms", "us each", "us each", "us each", "of cpu", "bytes"
        );
        for measured in &self.rows {
            print_row(measured);
        }
        println!();
        for place in ["Postgres", "Postgres, seeded", "SQLite"] {
            self.print_keyed(place);
        }
        for row in [Row::RespondAsync, Row::Wait, Row::Verify] {
            self.print_seeded(row);
        }
        for (place, bytes) in &self.after_load {
            println!(
                "{:<48}{:>8.1} MiB, {}",
                format!("resident after the load, {place}"),
                mebibytes(*bytes),
                verdict(*bytes <= MOST_AFTER_LOAD, "64 MiB")
            );
        }
        if let Some(bytes) = self.idle {
            println!(
                "{:<48}{:>8.1} MiB, {}",
                "resident idle",
                mebibytes(bytes),
                verdict(bytes <= MOST_IDLE, "24 MiB")
            );
        }
        if let Some(took) = self.ready_after {
            println!(
                "{:<48}{:>8} ms, {}",
                "start to ready, median of 5",
                took.as_millis(),
                verdict(took <= MOST_UNTIL_READY, "300 ms")
            );
        }
    }

    /// What is left of a rate when the table is full: as it was measured, and of the limit at the time.
    fn print_seeded(&self, row: Row) {
        let (few, many) = ("Postgres", "Postgres, seeded");
        let rate = |place| self.rate(place, row);
        let of_limit = |place| self.ratio(place, row);
        if let (Some(before), Some(after), Some(of_before), Some(of_after)) =
            (rate(few), rate(many), of_limit(few), of_limit(many))
        {
            let (left, left_of_limit) = (after / before, of_after / of_before);
            println!(
                "{:<48}{left:>8.2} of the rate without, {}; {left_of_limit:.2} of the ratio",
                format!("{}, seeded", row.name()),
                verdict(left >= LEAST_WHEN_SEEDED, "0.9"),
            );
        }
    }

    /// What a key leaves of the rate.
    fn print_keyed(&self, place: &'static str) {
        if let (Some(without), Some(with)) = (
            self.rate(place, Row::RespondAsync),
            self.rate(place, Row::RespondAsyncKeyed),
        ) {
            let left = with / without;
            println!(
                "{:<48}{left:>8.2} of the rate without, {}",
                format!("send with a key, {place}"),
                verdict(left >= LEAST_WHEN_KEYED, "0.95"),
            );
        }
    }

    /// The mean where it was measured more than once.
    fn rate(&self, place: &str, row: Row) -> Option<f64> {
        mean(self.of(place, row).map(|measured| measured.figures.rate()))
    }

    /// As [`Self::rate`], of the yardstick.
    fn ratio(&self, place: &str, row: Row) -> Option<f64> {
        mean(self.of(place, row).filter_map(Measured::ratio))
    }

    fn of(&self, place: &str, row: Row) -> impl Iterator<Item = &Measured> {
        let is_meant = move |measured: &&Measured| measured.place == place && measured.row == row;
        self.rows.iter().filter(is_meant)
    }
}

impl Measured {
    fn ratio(&self) -> Option<f64> {
        Some(self.figures.rate() / self.yardstick?)
    }
}

fn print_row(measured: &Measured) {
    let Measured {
        place, row, figures, ..
    } = measured;
    let each = |spent: Duration| spent.as_secs_f64() * 1e6 / figures.requests.max(1) as f64;
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let spent = &figures.spent;
    let ours = spent.service + spent.postgres + spent.load;
    let others = spent.machine.saturating_sub(ours).as_secs_f64() / spent.machine.as_secs_f64().max(0.01);
    let mut judged = String::new();
    if let Some(ratio) = measured.ratio() {
        judged = format!(
            "{ratio:>5.2}, {}",
            verdict(ratio >= row.least(), &row.least().to_string())
        );
        if let Some(most) = row.most_processor_time() {
            let took = each(spent.service + spent.postgres);
            let most = most.as_secs_f64() * 1e6;
            let _ = write!(
                judged,
                "; {took:.0} us, {}",
                verdict(took <= most, &format!("{most} us"))
            );
        }
    }
    println!(
        "{place:<18}{:<30}{:>8.0}{:>7.1}{:>7.1}{:>9.0}{:>9.0}{:>9.0}{:>8.0}%{:>9.0}  {judged}",
        row.name(),
        figures.rate(),
        ms(figures.median),
        ms(figures.slow),
        each(spent.service),
        each(spent.postgres),
        each(spent.load),
        others * 100.0,
        figures.wal_bytes as f64 / figures.requests.max(1) as f64,
    );
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn verdict(reached: bool, least: &str) -> String {
    if reached {
        format!("within {least}")
    } else {
        format!("MISSES {least}")
    }
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
