//! The connection to the database breaks after the commit and before its answer (fault F3): at every operation that takes a key
//! one thing is made, one code goes out, and the repeat is answered with it. Cutting a connection needs a Postgres server.

use super::*;
use crate::support::carriers::{events, message, message_when};
use crate::support::database_proxy;
use crate::support::tcp_proxy::TcpProxy;

/// What the statements that make a message say of its route.
const MAKES_A_MESSAGE: &[u8] = b"\"route\":";

struct Setting {
    double: KindeDouble,
    /// Reaches its database through the proxy.
    server: TestServer,
    proxy: TcpProxy,
    /// Reaches it directly.
    beside: TestServer,
}

impl Setting {
    /// `None` on SQLite.
    async fn new() -> Option<Self> {
        let double = KindeDouble::start().await;
        let beside = through(&double).start().await;
        let (proxy, url) = database_proxy::before(&beside).await?;
        let server = beside.replica(through(&double).set("database.url", url)).await;
        Some(Self {
            double,
            server,
            proxy,
            beside,
        })
    }

    /// A request whose statement with `marker` is committed and not answered; then its repeats at both replicas.
    async fn lost(&self, path: &str, body: &str, marker: &[u8]) -> (Answer, Answer) {
        self.proxy.lose_the_reply_to(marker);
        let lost = post_under(&self.server, path, "k", body).await;
        assert!(self.proxy.has_lost_it(), "{}", lost.body);
        lost.expect_problem(503, "service_unavailable");
        assert_eq!(lost.header("retry-after"), "1");
        (
            post_under(&self.server, path, "k", body).await,
            post_under(&self.beside, path, "k", body).await,
        )
    }

    /// The message is sent, before its lease is over for this clock, which stands, and not as one taken over.
    async fn goes_out_once(&self, message_id: &Value, requests: usize) {
        let sent = message_when(&self.beside, message_id.as_str().unwrap(), "accepted").await;
        assert_eq!(events(&sent, "taken_over"), Vec::<Value>::new());
        assert_eq!(events(&sent, "attempt").len(), 1);
        assert_eq!(self.double.requests(), requests);
    }

    async fn stop(self) {
        self.server.stop().await;
        self.beside.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_whose_commit_was_not_answered_is_made_once() {
    let Some(setting) = Setting::new().await else {
        return;
    };
    let sent = body(&setting.server, "+61466043123");
    let (first, second) = setting.lost(PATH, &sent, MAKES_A_MESSAGE).await;
    let made = setting.beside.messages().await;
    assert_eq!(made.len(), 1);
    for answer in [&first, &second] {
        let body = answer.expect(201);
        assert_eq!(body["id"], made[0]["verification_id"]);
        assert_eq!(body["message"]["id"], made[0]["id"]);
        assert_eq!(
            answer.header("location"),
            format!("/v1/otp/{}", body["id"].as_str().unwrap())
        );
    }
    setting.goes_out_once(&made[0]["id"], 1).await;
    let code = crate::support::test_server::code_in(&setting.double.messages()[0].body);
    let id = first.json()["id"].as_str().unwrap().to_owned();
    setting.server.verify(&id, &code).await.expect(200);
    setting.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_without_a_key_whose_commit_was_not_answered_goes_out_before_its_lease_is_over() {
    let Some(setting) = Setting::new().await else {
        return;
    };
    setting.proxy.lose_the_reply_to(MAKES_A_MESSAGE);
    let lost = setting.server.send_sms("+61466043123").await;
    assert!(setting.proxy.has_lost_it());
    lost.expect_problem(503, "service_unavailable");
    let made = setting.beside.messages().await;
    assert_eq!(made.len(), 1);
    setting.goes_out_once(&made[0]["id"], 1).await;
    setting.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resend_whose_commit_was_not_answered_is_made_once() {
    let Some(setting) = Setting::new().await else {
        return;
    };
    let id = setting.server.send_sms("+61466043123").await.expect(201)["id"].clone();
    setting.server.clock.advance(Duration::from_secs(30));
    let resend = json!({ "verification_id": id }).to_string();
    let (first, second) = setting.lost("/v1/otp/resend", &resend, MAKES_A_MESSAGE).await;
    let made = setting.beside.messages().await;
    assert_eq!(made.len(), 2);
    for answer in [&first, &second] {
        let body = answer.expect(200);
        assert_eq!((&body["id"], &body["message"]["id"]), (&id, &made[0]["id"]));
        assert_eq!(body["resends_left"], 3);
    }
    setting.goes_out_once(&made[0]["id"], 2).await;
    setting.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verify_whose_commit_was_not_answered_is_told_to_its_repeat() {
    let Some(setting) = Setting::new().await else {
        return;
    };
    let id = setting.server.send_sms("+61466043123").await.expect(201)["id"].clone();
    let id = id.as_str().unwrap();
    let code = crate::support::test_server::code_in(&setting.double.messages()[0].body);
    let guess = json!({ "verification_id": id, "code": code }).to_string();
    let marker = hex::decode(id.trim_start_matches("ver_")).unwrap();
    let (first, second) = setting.lost("/v1/otp/verify", &guess, &marker).await;
    assert_eq!(first.expect(200)["status"], "verified");
    are_the_same(&first, &second);
    let without_key = setting.server.verify(id, &code).await;
    without_key.expect_problem(409, "already_verified");
    setting.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_whose_commit_was_not_answered_is_made_once() {
    let Some(setting) = Setting::new().await else {
        return;
    };
    let body =
        json!({ "event": "team_member.added", "source": "manual", "to": ["a@example.com", "b@example.com"] });
    let (first, second) = setting
        .lost("/v1/notifications", &body.to_string(), MAKES_A_MESSAGE)
        .await;
    let made = setting.beside.messages().await;
    assert_eq!(made.len(), 2);
    for answer in [&first, &second] {
        let body = answer.expect(201);
        assert_eq!(body["id"], made[0]["notification_id"]);
        assert_eq!(
            answer.header("location"),
            format!("/v1/notifications/{}", body["id"].as_str().unwrap())
        );
    }
    for message_id in [&made[0]["id"], &made[1]["id"]] {
        setting.goes_out_once(message_id, 0).await;
    }
    let inboxes =
        [&setting.server, &setting.beside].map(|server| server.inbox.as_ref().unwrap().newest_first().len());
    assert_eq!(inboxes.iter().sum::<usize>(), 2);
    assert_eq!(
        message(&setting.beside, made[0]["id"].as_str().unwrap()).await["status"],
        "accepted"
    );
    setting.stop().await;
}
