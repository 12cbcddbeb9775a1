//! Long lists of messages: whatever they are filtered by, no page is missed and every page costs the same.

use otpost::domain::id::{EnvironmentId, MessageId};
use otpost::domain::idempotency::KeyedHash;
use otpost::domain::message::{Channel, MessageStatus};
use otpost::domain::random::OsRandom;
use otpost::domain::recipient::Recipient;
use otpost::store::message::{MessageFilter, StoredMessage};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

use super::fixture::{SECOND, World, now};

const MILLIS: u64 = 1_795_338_000_000;

/// Message number `n` of the list, one a millisecond.
fn id(n: u64) -> MessageId {
    MessageId(Uuid::from_u128(
        (u128::from(MILLIS + n) << 80) | (7 << 76) | (8 << 60) | u128::from(n),
    ))
}

fn status(n: u64) -> MessageStatus {
    match n {
        _ if n % 1_000 == 500 => MessageStatus::Failed,
        _ if n % 1_000 == 700 => MessageStatus::Queued,
        _ if n.is_multiple_of(2) => MessageStatus::Accepted,
        _ => MessageStatus::Unknown,
    }
}

fn channel(n: u64) -> Channel {
    if n.is_multiple_of(100) {
        Channel::Email
    } else {
        Channel::Sms
    }
}

/// What the recipient of message number `n` is found by: of three by email, and of fifty by SMS.
fn recipient_key(n: u64) -> KeyedHash {
    let recipient = match channel(n) {
        Channel::Email => 1_000 + n % 300,
        Channel::Sms => n % 50,
    };
    u128::from(recipient).to_be_bytes()
}

/// Writes messages 1 to `count`, as [`id`], [`status`], [`channel`] and [`recipient_key`] have them.
async fn fill(world: &World, environment: EnvironmentId, count: u64) {
    let postgres = world.database.is_postgres();
    let uuid = |id: Uuid| {
        if postgres {
            format!("'{id}'::uuid")
        } else {
            format!("x'{}'", id.as_simple())
        }
    };
    let recipient = "CASE n % 100 WHEN 0 THEN 1000 + n % 300 ELSE n % 50 END";
    let (made_at, id, numbers, recipient_key) = if postgres {
        (
            format!("to_timestamp(({MILLIS} + n) / 1000.0)"),
            format!("(lpad(to_hex({MILLIS} + n), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid"),
            format!("generate_series(1::bigint, {count}) AS n"),
            format!("decode(lpad(to_hex({recipient}), 32, '0'), 'hex')"),
        )
    } else {
        (
            format!("({MILLIS} + n) * 1000"),
            format!("unhex(printf('%012x70008%015x', {MILLIS} + n, n))"),
            format!(
                "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s)"
            ),
            format!("unhex(printf('%032x', {recipient}))"),
        )
    };
    let statement = format!(
        "INSERT INTO messages (id, environment_id, application_id, verification_id, channel, purpose, recipient_key,
                               masked_recipient, status, rare_status, language, decision, created_at, updated_at)
         SELECT {id}, {environment}, {any}, {any}, CASE n % 100 WHEN 0 THEN 'email' ELSE 'sms' END, 'sign_in',
                {recipient_key}, 'masked',
                CASE WHEN n % 1000 = 500 THEN 'failed' WHEN n % 1000 = 700 THEN 'queued' WHEN n % 2 = 0 THEN 'accepted'
                     ELSE 'unknown' END,
                CASE WHEN n % 1000 = 500 THEN 'failed' WHEN n % 2 = 1 THEN 'unknown' END, 'en', '{{}}', {made_at}, {made_at}
         FROM {numbers}",
        environment = uuid(environment.0),
        any = uuid(Uuid::nil()),
    );
    assert_eq!(world.database.run(statement).await.unwrap(), count);
    let ids = if postgres { "ARRAY[id]" } else { "id" };
    let waiting = format!(
        "INSERT INTO outbox (queue, due_at, message_ids)
         SELECT channel, created_at, {ids} FROM messages WHERE status = 'queued'"
    );
    world.database.run(waiting).await.unwrap();
}

fn ids(page: &[StoredMessage]) -> Vec<MessageId> {
    page.iter().map(|message| message.summary.id).collect()
}

fn filters() -> Vec<(Option<MessageStatus>, Option<Channel>)> {
    let statuses = [
        None,
        Some(MessageStatus::Failed),
        Some(MessageStatus::Accepted),
        Some(MessageStatus::Queued),
        // Of which there are as many as of all others together, and none.
        Some(MessageStatus::Unknown),
        Some(MessageStatus::Sent),
    ];
    let channels = [None, Some(Channel::Sms), Some(Channel::Email)];
    statuses
        .iter()
        .flat_map(|status| channels.iter().map(|channel| (*status, *channel)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_are_read_to_the_end_whatever_the_filter() {
    const COUNT: u64 = 10_000;
    let world = World::new().await;
    fill(&world, world.environment, COUNT).await;
    for (wanted, on) in filters() {
        for since in [None, Some(9_000)] {
            let expected: Vec<_> = (since.unwrap_or(1)..=COUNT)
                .rev()
                .filter(|n| wanted.is_none_or(|wanted| wanted == status(*n)))
                .filter(|n| on.is_none_or(|on| on == channel(*n)))
                .map(id)
                .collect();
            let mut read: Vec<MessageId> = Vec::new();
            loop {
                let filter = MessageFilter {
                    status: wanted,
                    channel: on,
                    since: since.map(|n| now() + SECOND / 1_000 * u32::try_from(n).unwrap()),
                    before: read.last().copied(),
                };
                let page = world.list_messages(world.environment, filter, 100).await.unwrap();
                if page.is_empty() {
                    break;
                }
                assert!(
                    page.iter()
                        .all(|message| wanted.is_none_or(|wanted| wanted == message.summary.status))
                );
                assert!(
                    page.iter()
                        .all(|message| on.is_none_or(|on| on == message.channel))
                );
                read.extend(ids(&page));
            }
            assert_eq!(read.len(), expected.len(), "{wanted:?} {on:?} {since:?}");
            assert_eq!(read, expected, "{wanted:?} {on:?} {since:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_messages_to_one_recipient_are_found_among_ten_thousand() {
    const COUNT: u64 = 10_000;
    let world = World::new().await;
    fill(&world, world.environment, COUNT).await;
    let elsewhere = EnvironmentId::unguessable(&OsRandom);
    for n in [7, 200, 49] {
        let wanted = recipient_key(n);
        let expected: Vec<_> = (1..=COUNT)
            .rev()
            .filter(|n| recipient_key(*n) == wanted)
            .map(id)
            .collect();
        assert!(expected.len() > 30);
        let mut read: Vec<MessageId> = Vec::new();
        loop {
            let before = read.last().copied();
            let page = world
                .search_messages(world.environment, wanted, before, 20)
                .await
                .unwrap();
            if page.is_empty() {
                break;
            }
            read.extend(ids(&page));
        }
        assert_eq!(read, expected);
        let theirs = world.search_messages(elsewhere, wanted, None, 20).await.unwrap();
        assert_eq!(theirs, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_and_its_resend_are_found_by_the_recipient_alone() {
    let world = World::new().await;
    let new = world.issued(1).await;
    world.issued(2).await;
    let again = world.again(&new, now() + 40 * SECOND);
    world.resend(again.clone()).await.unwrap();
    let found = world
        .search_messages(world.environment, new.recipient_key, None, 10)
        .await
        .unwrap();
    assert_eq!(ids(&found), [again.message.id, new.message.id]);
    // However the address is written.
    let shouted = Recipient::from_stored(Channel::Email, "USER1@EXAMPLE.COM").unwrap();
    let found = world
        .search_messages(world.environment, world.key(&shouted), None, 1)
        .await
        .unwrap();
    assert_eq!(ids(&found), [again.message.id]);
}

/// What one execution of a prepared statement reads, in pages of the database.
async fn pages_read(beside: &mut PgConnection, execute: &str) -> i64 {
    let statement = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {execute}");
    let plan: Value = sqlx::query_scalar(AssertSqlSafe(statement))
        .fetch_one(beside)
        .await
        .unwrap();
    let count = |name: &str| plan[0]["Plan"][name].as_i64().unwrap();
    count("Shared Hit Blocks") + count("Shared Read Blocks")
}

async fn prepare(beside: &mut PgConnection, name: &str, types: &str, statement: &str) {
    let lines: Vec<&str> = statement.lines().filter(|line| !line.starts_with("--")).collect();
    let statement = format!("PREPARE {name} ({types}) AS {}", lines.join("\n"));
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(beside)
        .await
        .unwrap();
}

/// The ranges of `messages_by_state` that a filter lets through, as an array's literal has them.
fn ranges(status: Option<MessageStatus>) -> String {
    let range = |status: MessageStatus| if status.is_rare() { status.as_str() } else { "\"\"" };
    if let Some(status) = status {
        return range(status).to_owned();
    }
    let rare = MessageStatus::ALL.iter().filter(|status| status.is_rare());
    let ranges: Vec<_> = rare.map(|status| range(*status)).chain(["\"\""]).collect();
    ranges.join(",")
}

fn literal(status: Option<MessageStatus>) -> String {
    status.map_or("NULL".to_owned(), |status| format!("'{}'", status.as_str()))
}

/// On SQLite the same is said of each statement's plan, beside the statement.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_every_page_reads_about_as_many_pages_of_the_database_as_the_first() {
    const COUNT: u64 = 50_000;
    // A walk over the whole list reads thousands.
    const MOST: i64 = 400;
    let world = World::new().await;
    if !world.database.is_postgres() {
        return;
    }
    fill(&world, world.environment, COUNT).await;
    let mut beside = PgConnection::connect(world.database.url()).await.unwrap();
    let list = include_str!("../../../src/store/postgres/sql/list_messages.sql");
    prepare(
        &mut beside,
        "list",
        "uuid, uuid, uuid, timestamptz, text[], text[], bigint, text",
        list,
    )
    .await;
    let list = include_str!("../../../src/store/postgres/sql/list_queued_messages.sql");
    prepare(
        &mut beside,
        "list_queued",
        "uuid, uuid, uuid, timestamptz, text[], bigint",
        list,
    )
    .await;
    let search = include_str!("../../../src/store/postgres/sql/search_messages.sql");
    prepare(&mut beside, "search", "uuid, bytea, uuid, bigint", search).await;
    let audit = include_str!("../../../src/store/postgres/sql/list_audit_entries.sql");
    prepare(&mut beside, "audit", "uuid, uuid, bigint", audit).await;
    let audit = include_str!("../../../src/store/postgres/sql/list_all_audit_entries.sql");
    prepare(&mut beside, "all_audit", "uuid, bigint", audit).await;
    let environment = world.environment.0;
    let (elsewhere, nowhere) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let entries = format!(
        "INSERT INTO audit_entries SELECT id, '{elsewhere}', NULL, NULL, 'change', 'any', '{{}}', NULL, created_at FROM messages"
    );
    sqlx::query(AssertSqlSafe(entries))
        .execute(&mut beside)
        .await
        .unwrap();
    let mut statements = Vec::new();
    for before in [Uuid::max(), id(40_000).0, id(20_000).0, id(100).0] {
        for (status, channel) in filters() {
            let channels = channel.map_or(Channel::ALL.to_vec(), |channel| vec![channel]);
            let channels: Vec<_> = channels.iter().map(|one| one.as_str()).collect();
            let (from, channels) = (Uuid::nil(), channels.join(","));
            for since in ["NULL", "'2020-01-01'"] {
                let range = format!("'{environment}', '{from}', '{before}', {since}");
                statements.push(match status {
                    Some(MessageStatus::Queued) => format!("list_queued ({range}, '{{{channels}}}', 21)"),
                    _ => format!(
                        "list ({range}, '{{{}}}', '{{{channels}}}', 21, {})",
                        ranges(status),
                        literal(status)
                    ),
                });
            }
        }
        for to in [recipient_key(7), recipient_key(200), [0xff; 16]] {
            let to = hex::encode(to);
            statements.push(format!("search ('{environment}', '\\x{to}', '{before}', 21)"));
        }
        for of in [elsewhere, nowhere] {
            statements.push(format!("audit ('{of}', '{before}', 21)"));
        }
        statements.push(format!("all_audit ('{before}', 21)"));
    }
    let alongside =
        include_str!("../../../src/store/postgres/sql/walk_along_indexes.sql").replace("true)", "false)");
    sqlx::query(AssertSqlSafe(alongside))
        .execute(&mut beside)
        .await
        .unwrap();
    // As the service's connections plan.
    for setting in ["enable_seqscan", "enable_hashjoin", "enable_mergejoin"] {
        let off = AssertSqlSafe(format!("SET {setting} = off"));
        sqlx::query(off).execute(&mut beside).await.unwrap();
    }
    // As the tables are right after a rush, and once the database has counted them.
    for statistics in ["SELECT 1", "ANALYZE"] {
        sqlx::query(statistics).execute(&mut beside).await.unwrap();
        for mode in ["force_generic_plan", "force_custom_plan"] {
            let statement = format!("SET plan_cache_mode = {mode}");
            sqlx::query(AssertSqlSafe(statement))
                .execute(&mut beside)
                .await
                .unwrap();
            for statement in &statements {
                let read = pages_read(&mut beside, &format!("EXECUTE {statement}")).await;
                assert!(read <= MOST, "{read} for {statement}, {mode} after {statistics}");
            }
        }
    }
    for table in ["messages", "audit_entries"] {
        let size = format!("SELECT pg_relation_size('{table}') / 8192");
        let all: i64 = sqlx::query_scalar(AssertSqlSafe(size))
            .fetch_one(&mut beside)
            .await
            .unwrap();
        assert!(all > MOST, "{table} has {all} pages, too few to tell");
    }
}
