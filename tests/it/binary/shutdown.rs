//! How it ends: on SIGTERM with patience, on SIGINT at once, on a second signal whatever still runs.

use serde_json::json;
use tokio::net::TcpStream;

use super::installation::{Installation, Running, call};
use crate::support::http_double::{Gate, HttpDouble, Reply, Script};
use crate::support::kinde_double::{KindeDouble, TOKEN};
use crate::support::plain_http::Answer;
use crate::support::wait::until;

/// The program with a platform sender that answers as `script` says, and a send that waits for it.
async fn sending(
    script: Script,
) -> (
    Installation,
    KindeDouble,
    Running,
    tokio::task::JoinHandle<Answer>,
) {
    let platform = KindeDouble::start().await;
    platform.respond_with(script);
    let installation = Installation::new()
        .patient()
        .with("OTPOST_PLATFORM__SMS__PROVIDER", "http")
        .with("OTPOST_PLATFORM__SMS__URL", platform.url().as_str())
        .with("OTPOST_PLATFORM__SMS__TOKEN", TOKEN);
    let running = installation.start().await;
    let welcome = running.welcome().await;
    let (api, key) = (installation.api, welcome.application_key);
    let body = json!({"connection_id": welcome.phone_connection, "to": "+61466043123"});
    let answer = tokio::spawn(async move { call(api, "POST /v1/otp/send", &key, &body, &[]).await });
    until("the provider is asked", async || platform.requests() > 0).await;
    (installation, platform, running, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_takes_it_out_of_service_and_lets_what_runs_end() {
    let gate = Gate::default();
    let (installation, platform, running, answer) = sending(Script::Hold(gate.clone())).await;
    running.signal("TERM");
    until("it is unready", async || running.readiness().await == Some(503)).await;
    until("it takes nobody any more", async || {
        TcpStream::connect(installation.api).await.is_err()
    })
    .await;
    assert!(!answer.is_finished());
    gate.open();
    // Accepted, unless the machine was so busy that the ten seconds were over, which an answer waits for that.
    let answer = answer.await.unwrap();
    assert_eq!(answer.status, 201, "{}", answer.body);
    let said = running.ended().await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(platform.messages().len(), 1);
}

#[tokio::test]
async fn a_service_that_is_not_ready_is_not_healthy() {
    let unready = HttpDouble::start(|request| {
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("GET", "/readyz")
        );
        Reply::json(503, &json!({}))
    })
    .await;
    let mut installation = Installation::new();
    installation.set("OTPOST_SERVER__OPERATIONS_LISTEN", &unready.address().to_string());
    let said = installation.run(&["healthcheck"]).await;
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (Some(1), "otpost: the service is not ready\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sigint_ends_it_as_soon_as_nothing_runs() {
    let installation = Installation::new();
    let said = installation.start().await.interrupted().await;
    // After this signal nobody is given time to hear of it: `lifecycle` has the times.
    assert!(
        said.stderr.contains("\"signal\":\"Interrupt\""),
        "{}",
        said.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_whatever_still_runs() {
    for (second, code) in [("TERM", 143), ("INT", 130)] {
        let (_installation, _platform, running, answer) = sending(Script::Hang).await;
        running.signal("TERM");
        until("it has heard", async || {
            running.stderr().contains("shutting down")
        })
        .await;
        running.signal(second);
        // Work that had come to its end, or to the end of its time, would end it with 0.
        assert_eq!(running.ended().await.code, Some(code));
        answer.abort();
    }
}
