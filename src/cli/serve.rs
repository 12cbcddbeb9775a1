//! `otpost serve`: from the configuration to listening, and from a signal to the end.

use std::fmt::Write as _;
use std::process::ExitCode;

use tokio::net::TcpListener;

use super::{complain, fail, fail_to_start, print, reachable};
use crate::app::{App, Dependencies};
use crate::config::Config;
use crate::http::{metrics, server};
use crate::lifecycle::{self, Grace};
use crate::service::first_start::Welcome;
use crate::telemetry;

/// Serves until a signal.
pub fn serve(config: &Config) -> ExitCode {
    let _log = match telemetry::start_log(config.log.format, config.log.level) {
        Ok(guard) => guard,
        Err(error) => return fail(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    runtime.block_on(run(config))
}

async fn run(config: &Config) -> ExitCode {
    let handle = match telemetry::metrics() {
        Ok(handle) => handle,
        Err(error) => return fail(&error),
    };
    let open_files = server::raise_limit_of_open_files();
    let mut signals = match lifecycle::signals() {
        Ok(signals) => signals,
        Err(error) => return fail(&error),
    };
    // Both addresses first: a second instance on this machine must not touch the database of the first.
    let Some(api) = bind(config.server.listen, "server.listen") else {
        return ExitCode::FAILURE;
    };
    let Some(operations) = bind(config.server.operations_listen, "server.operations_listen") else {
        return ExitCode::FAILURE;
    };
    let app = match App::build(config, Dependencies::of_the_machine()).await {
        Ok(app) => app,
        Err(error) => return fail_to_start(&error),
    };
    if let Some(welcome) = &app.welcome {
        print(&greeting(welcome, config));
    }
    tracing::info!(server.listen = %config.server.listen, operations.listen = %config.server.operations_listen,
        open_files.limit = open_files, version = env!("CARGO_PKG_VERSION"), "serving");
    let tending = tokio::spawn(telemetry::tend(handle.clone()));
    let shutdown = app.shutdown().clone();
    let work = app.serve(api, operations, metrics::router(handle));
    let ended = shutdown.conduct(&mut signals, Grace::default(), work).await;
    tending.abort();
    tracing::info!(?ended, "ended");
    ended.exit_code()
}

fn bind(address: std::net::SocketAddr, key: &str) -> Option<TcpListener> {
    match server::listen(address) {
        Ok(listener) => Some(listener),
        Err(error) => {
            complain(&format!("{key}: {address} cannot be listened on: {error}"));
            None
        }
    }
}

/// What a first start shows once: keys that were not given, and the Connection IDs.
pub(super) fn shown_once(welcome: &Welcome) -> String {
    let mut text = String::from("\notpost has made its first environment. This is shown once:\n\n");
    if let Some(key) = &welcome.application_key {
        let _ = writeln!(text, "  application key      {}", key.expose());
    }
    if let Some(key) = &welcome.admin_key {
        let _ = writeln!(text, "  administrator key    {}", key.expose());
    }
    let _ = writeln!(text, "  Connection ID phone  {}", welcome.phone_connection);
    let _ = writeln!(text, "  Connection ID email  {}", welcome.email_connection);
    text
}

/// The same, and a line to try.
fn greeting(welcome: &Welcome, config: &Config) -> String {
    let mut text = shown_once(welcome);
    let key = welcome
        .application_key
        .as_ref()
        .map_or("$OTPOST_KEY", |key| key.expose());
    // Where this machine reaches it: the public URL may only work once a proxy is there.
    let address = reachable(config.server.listen);
    let read_it = if config.prints_texts() {
        " and read it here"
    } else {
        ""
    };
    let _ = write!(
        text,
        "\nSend a code{read_it}:\n\n  curl -X POST http://{address}/v1/otp/send -H \"Authorization: Bearer {key}\" \\\n    \
         -H 'Content-Type: application/json' -d '{{\"connection_id\": \"{}\", \"to\": \"+61466043123\"}}'\n\n",
        welcome.phone_connection,
    );
    text
}
