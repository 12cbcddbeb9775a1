//! How it ends: on SIGTERM with patience, on SIGINT at once, on a second signal whatever still runs.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::installation::{Installation, Running, Welcome, call, until};
use crate::support::http_double::Script;
use crate::support::kinde_double::{KindeDouble, TOKEN};
use crate::support::plain_http::Answer;

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
        .with("OTPOST_PLATFORM__SMS__PROVIDER", "http")
        .with("OTPOST_PLATFORM__SMS__URL", platform.url().as_str())
        .with("OTPOST_PLATFORM__SMS__TOKEN", TOKEN)
        .with("OTPOST_SEND__WAIT_SECONDS", "10");
    let running = installation.start().await;
    let welcome = Welcome::read(&running.stdout());
    let (api, key) = (installation.api, welcome.application_key);
    let body = json!({"connection_id": welcome.phone_connection, "to": "+61466043123"});
    let answer = tokio::spawn(async move { call(api, "POST /v1/otp/send", &key, &body, &[]).await });
    until("the provider is asked", Duration::from_secs(10), || {
        (platform.requests() > 0).then_some(())
    })
    .await;
    (installation, platform, running, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_takes_it_out_of_service_and_lets_what_runs_end() {
    let (installation, platform, running, answer) = sending(Script::Delay(Duration::from_secs(7))).await;
    let began = Instant::now();
    running.signal("TERM");
    while running.readiness().await != Some(503) {
        assert!(
            began.elapsed() < Duration::from_secs(4),
            "{:?}",
            running.readiness().await
        );
        sleep(Duration::from_millis(20)).await;
    }
    // Whoever has not heard of it yet is still served.
    let said = installation.run(&["healthcheck"]).await;
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (Some(1), "otpost: the service is not ready\n")
    );
    let answer = answer.await.unwrap();
    assert_eq!(
        (answer.status, &answer.json()["message"]["status"]),
        (201, &json!("accepted"))
    );
    let said = running.ended().await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(began.elapsed() < Duration::from_secs(25));
    assert_eq!(platform.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sigint_ends_it_as_soon_as_nothing_runs() {
    let installation = Installation::new();
    let running = installation.start().await;
    let began = Instant::now();
    running.signal("INT");
    assert_eq!(running.ended().await.code, Some(0));
    assert!(began.elapsed() < Duration::from_secs(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_whatever_still_runs() {
    for (second, code) in [("TERM", 143), ("INT", 130)] {
        let (_installation, _platform, running, answer) = sending(Script::Hang).await;
        running.signal("TERM");
        until("it has heard", Duration::from_secs(10), || {
            running.stderr().contains("shutting down").then_some(())
        })
        .await;
        let began = Instant::now();
        running.signal(second);
        assert_eq!(running.ended().await.code, Some(code));
        assert!(began.elapsed() < Duration::from_secs(4));
        answer.abort();
    }
}
