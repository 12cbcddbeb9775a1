//! What the operator sees of the running service: the log on standard error, and the recorder of metrics.
//! Standard output belongs to the `console` sender.

use std::io::{self, IsTerminal};
use std::panic::{self, PanicHookInfo};
use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

mod log_writer;
pub mod measured;

pub use log_writer::{LogGuard, LogWriter};

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Pretty on a terminal, else JSON.
    #[default]
    Auto,
    /// For people.
    Pretty,
    /// One JSON object a line, its fields dotted.
    Json,
}

impl Format {
    /// Reads the word for it. The error says which words there are.
    pub fn parse(word: &str) -> Result<Self, &'static str> {
        match word {
            "auto" => Ok(Self::Auto),
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err("must be `auto`, `pretty` or `json`"),
        }
    }
}

/// Reads the word for a level. The error says which words there are.
pub fn parse_level(word: &str) -> Result<LevelFilter, &'static str> {
    match word {
        "off" => Ok(LevelFilter::OFF),
        "error" => Ok(LevelFilter::ERROR),
        "warn" => Ok(LevelFilter::WARN),
        "info" => Ok(LevelFilter::INFO),
        "debug" => Ok(LevelFilter::DEBUG),
        "trace" => Ok(LevelFilter::TRACE),
        _ => Err("must be `error`, `warn`, `info`, `debug`, `trace` or `off`"),
    }
}

/// Starts the log and has panics logged. Once in a process; keep the guard until the end, for it writes out what waits.
///
/// # Errors
/// When there is a log already.
pub fn start_log(format: Format, level: LevelFilter) -> Result<LogGuard, TryInitError> {
    let on_terminal = io::stderr().is_terminal();
    let (writer, guard) = LogWriter::start(io::stderr());
    let registry = tracing_subscriber::registry().with(targets(level));
    if format == Format::Json || (format == Format::Auto && !on_terminal) {
        registry.with(json(writer)).try_init()?;
    } else {
        let pretty = fmt::layer().with_ansi(on_terminal).with_target(false);
        registry.with(pretty.with_writer(writer)).try_init()?;
    }
    panic::set_hook(Box::new(log_panic));
    Ok(guard)
}

/// One flat object a line: the fields of the event beside its time, level and message, those of its span under `span`.
fn json<S>(writer: LogWriter) -> impl tracing_subscriber::Layer<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(writer)
}

/// Our own words at `level`. Libraries speak only of what goes wrong: at their lower levels some of them write down
/// what they send, which holds codes, numbers and keys.
fn targets(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("otpost", level)
}

/// Says where, and what only if it is a literal of the program: a formatted message may hold anything.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload().downcast_ref::<&'static str>().copied();
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::event!(
        target: "otpost",
        Level::ERROR,
        panic.location = place,
        panic.message = message.unwrap_or("(withheld, for it may hold secrets)"),
        "panicked"
    );
}

/// The recorder of this process' metrics, installed by the first call. All servers of a process share it.
///
/// # Errors
/// When another recorder is there already.
pub fn metrics() -> Result<PrometheusHandle, BuildError> {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    static INSTALLING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = INSTALLING
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(handle) = RECORDER.get() {
        return Ok(handle.clone());
    }
    let duration = Matcher::Full(measured::REQUEST_DURATION.to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(duration, &measured::BUCKETS)?
        .install_recorder()?;
    describe();
    Ok(RECORDER.get_or_init(|| handle).clone())
}

fn describe() {
    metrics::describe_histogram!(
        measured::REQUEST_DURATION,
        metrics::Unit::Seconds,
        "How long requests took"
    );
    metrics::describe_counter!(measured::SHED, "Requests refused because too many were in flight");
    metrics::describe_gauge!(measured::CONNECTIONS, "Connections that stand");
    metrics::describe_counter!(
        log_writer::DROPPED,
        "Lines of the log that found no place to wait in"
    );
}

/// Folds what was measured into its buckets now and then, so that memory stays flat where nobody scrapes. Never returns.
pub async fn tend(metrics: PrometheusHandle) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Lines that can be read back.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_one_json_object_with_dotted_fields() {
        let lines = Lines::default();
        let (writer, guard) = LogWriter::start(lines.clone());
        let subscriber = tracing_subscriber::registry()
            .with(targets(LevelFilter::INFO))
            .with(json(writer));
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!(target: "otpost::http", "request", request.id = "r1");
            let _entered = span.enter();
            tracing::info!(target: "otpost::http", { verification.id = "ver_1" }, "sent");
            tracing::info!(target: "hyper", "not ours");
            tracing::debug!(target: "otpost::http", "too low");
        });
        drop(guard);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["verification.id"], "ver_1");
        assert_eq!(line["span"]["request.id"], "r1");
        assert_eq!(line["message"], "sent");
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn the_words_of_the_configuration_are_known() {
        assert_eq!(Format::parse("auto"), Ok(Format::Auto));
        assert!(Format::parse("yaml").is_err());
        assert_eq!(parse_level("debug"), Ok(LevelFilter::DEBUG));
        assert!(parse_level("otpost=trace").is_err());
    }

    #[test]
    fn the_recorder_is_there_once_and_knows_the_buckets() {
        let handle = metrics().unwrap();
        metrics::histogram!(measured::REQUEST_DURATION, "http_route" => "/x").record(0.004);
        let text = metrics().unwrap().render();
        assert!(
            text.contains(r#"http_server_request_duration_seconds_bucket{http_route="/x",le="0.005"} 1"#),
            "{text}"
        );
        assert!(
            handle
                .render()
                .contains("# HELP http_server_request_duration_seconds")
        );
    }
}
