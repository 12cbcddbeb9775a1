//! A connection that breaks under a batch, after the server has carried it out and before it could say so.

use otpost::store::StoreError;
use otpost::store::outbox::Settled;
use otpost::store::verification::{Check, Issue};
use sqlx::PgConnection;
use url::Url;

use super::{number, on_postgres};
use crate::store_contract::fixture::{WRONG, World, accepted, all_at_once, ip_key, now, quota};
use crate::support::database;
use crate::support::tcp_proxy::TcpProxy;

const USERS: u32 = 60;

/// A proxy before the world's database, and its URL through it.
async fn proxy(world: &World) -> (TcpProxy, String) {
    let mut url = Url::parse(world.database.url()).unwrap();
    let proxy = TcpProxy::start(format!(
        "{}:{}",
        url.host_str().unwrap(),
        url.port().unwrap_or(5432)
    ))
    .await;
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(proxy.port())).unwrap();
    // So that the proxy can read along.
    url.query_pairs_mut().append_pair("sslmode", "disable");
    (proxy, url.into())
}

/// How many were told `Err`, each of them that nobody can tell.
fn lost<T: std::fmt::Debug>(outcomes: &[Result<T, StoreError>]) -> usize {
    let errors = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    errors
        .inspect(|error| assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}"))
        .count()
}

/// All counts agree: with each other, with all that was told as done, and, as the server may have taken back what it could not answer,
/// with some of what was lost.
async fn add_up<T>(
    beside: &mut PgConnection,
    outcomes: &[Result<T, StoreError>],
    statements: &[&'static str],
) {
    let told = i64::try_from(outcomes.iter().flatten().count()).unwrap();
    let counted = number(beside, statements[0]).await;
    assert!(
        (told..=USERS.into()).contains(&counted),
        "{counted} counted, {told} told"
    );
    for statement in statements {
        assert_eq!(number(beside, statement).await, counted, "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_broken_connection_has_carried_out_is_not_repeated() {
    let Some((world, mut beside)) = on_postgres().await else {
        return;
    };
    let (proxy, url) = proxy(&world).await;
    let store = database::connect(&url).await.unwrap();
    let mut made = Vec::new();
    for user in 0..USERS {
        let mut new = world.verification(user, now());
        new.ip_key = Some(ip_key(1));
        new.message.quota = Some(quota(1_000));
        made.push(new);
    }
    // Not among the first, which lanes that are free take by themselves.
    let marked = &made[40];

    proxy.lose_the_reply_to(marked.id.0.as_bytes());
    let issued = all_at_once(made.clone().into_iter().map(|new| {
        let store = store.clone();
        async move { store.issue(new).await }
    }))
    .await;
    assert!(proxy.has_lost_it());
    assert!(lost(&issued) >= 2, "a batch was lost");
    assert!(issued.iter().flatten().all(|issue| *issue == Issue::Issued));
    let counts = [
        "SELECT count(*) FROM verifications",
        "SELECT count(*) FROM messages",
        "SELECT sum(day_sends) FROM limit_counters",
        "SELECT sum(hour_sends) FROM limit_counters WHERE key IN (SELECT ip_key FROM verifications)",
        "SELECT sum(used)::bigint FROM monthly_counters",
    ];
    add_up(&mut beside, &issued, &counts).await;
    let mut left = Vec::new();
    for new in made {
        if world.find(world.application, new.id).await.unwrap().is_some() {
            left.push(new);
        }
    }
    let made = left;
    let marked = &made[made.len() / 2];

    proxy.lose_the_reply_to(marked.id.0.as_bytes());
    let guessed = all_at_once(made.iter().map(|new| {
        let (store, guess) = (store.clone(), world.guess(new.id, WRONG, now()));
        async move { store.check(guess).await }
    }))
    .await;
    assert!(proxy.has_lost_it());
    assert!(lost(&guessed) >= 2, "a batch was lost");
    let first = Check::Incorrect { guesses_left: 4 };
    assert!(
        guessed.iter().flatten().all(|check| *check == first),
        "{guessed:?}"
    );
    let counts = [
        "SELECT sum(wrong_guesses) FROM verifications",
        "SELECT count(*) FROM verifications WHERE wrong_guesses = 1 AND cardinality(guessed_at) = 1",
        "SELECT sum(wrong_guesses) FROM limit_counters",
    ];
    add_up(&mut beside, &guessed, &counts).await;

    proxy.lose_the_reply_to(marked.message.id.0.as_bytes());
    let settled = all_at_once(made.iter().map(|new| {
        let (store, settlement) = (store.clone(), world.settlement(new.message.id, accepted()));
        async move { store.settle(settlement).await }
    }))
    .await;
    assert!(proxy.has_lost_it());
    assert!(lost(&settled) >= 2, "a batch was lost");
    assert!(
        settled
            .iter()
            .flatten()
            .all(|settled| *settled == Settled::Recorded)
    );
    let counts = [
        "SELECT count(*) FROM messages WHERE status = 'accepted'",
        "SELECT count(*) FROM messages WHERE attempts LIKE '[%' AND attempts NOT LIKE '%' || chr(10) || '[%'",
    ];
    add_up(&mut beside, &settled, &counts).await;
    store.close().await;
}
