//! A disk that is full, as the database of one process sees it: no file may grow any more. It is the real file system that refuses,
//! in the middle of what SQLite writes.

use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::installation::{Installation, Running, Welcome};
use crate::support::carriers::number;
use crate::support::plain_http::Answer;
use crate::support::wait::until;

/// Lets no file of the process grow beyond so many bytes.
fn limit_files(running: &Running, size: Option<u64>) {
    let pid = Pid::from_raw(i32::try_from(running.id()).unwrap());
    let limit = Rlimit {
        current: size,
        maximum: None,
    };
    prlimit(pid, Resource::Fsize, limit).unwrap();
}

async fn send(running: &Running, welcome: &Welcome, index: usize) -> Answer {
    let body = json!({ "connection_id": welcome.phone_connection, "to": number(index) });
    let key = format!("idempotency-key: {index}");
    let request = "POST /v1/otp/send";
    running
        .call(request, &welcome.application_key, &body, &[&key])
        .await
}

async fn listed(running: &Running, welcome: &Welcome) -> usize {
    let request = "GET /admin/v1/environments/default/messages?limit=100";
    let page = running.call(request, &welcome.admin_key, &Value::Null, &[]).await;
    page.expect(200)["data"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_leaves_nothing_partial_and_needs_no_restart() {
    let installation = Installation::new();
    // Told of the limit by an error, and not killed by a signal.
    let running = installation.start_after("trap '' XFSZ").await;
    let welcome = running.welcome().await;
    for index in 0..3 {
        send(&running, &welcome, index).await.expect(201);
    }
    limit_files(&running, Some(4_096));
    // Some of what is sent is refused before anything is tried, some when it is looked whether it was made after all.
    let mut tried = 3;
    until("it is unready", async || {
        let refused = send(&running, &welcome, tried).await;
        refused.expect_problem(503, "service_unavailable");
        assert!(refused.header("retry-after").parse::<u64>().is_ok());
        tried += 1;
        sleep(Duration::from_millis(100)).await;
        running.readiness().await == Some(503)
    })
    .await;
    assert_eq!(
        running.call("GET /livez", "", &Value::Null, &[]).await.status,
        200
    );
    assert_eq!(listed(&running, &welcome).await, 3);

    limit_files(&running, None);
    until("it is ready again", async || {
        running.readiness().await == Some(200)
    })
    .await;
    // What was refused is made by its repeat, once; what was made before stands.
    for index in 0..tried {
        let answer = send(&running, &welcome, index).await;
        answer.expect(201);
    }
    assert_eq!(listed(&running, &welcome).await, tried);
    let said = running.interrupted().await;
    assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
}
