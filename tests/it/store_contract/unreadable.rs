//! What this release cannot read stays as it was for a release that can: a due message, whose neighbours are taken, and a verification
//! that somebody guesses at, sends again or cancels.

use std::time::Duration;

use otpost::domain::id::MessageId;
use otpost::domain::message::{Channel, MessageStatus};
use otpost::domain::time::Timestamp;
use otpost::store::StoreError;
use otpost::store::message::{MessageFilter, StoredMessage};
use otpost::store::outbox::{Claimed, Outcome, Queue, StoredPayload};
use otpost::store::verification::{Check, Guess, Resend};
use sqlx::types::Uuid;

use super::fixture::{MINUTE, RIGHT, SECOND, WRONG, World, accepted, failed, lease, now, recipient};
use super::notification;

const LEASE: Duration = Duration::from_secs(15);

async fn claim(world: &World, at: Timestamp, limit: u32) -> Vec<Claimed> {
    let claimed = world
        .claim_due(Queue::Code(Channel::Email), at, lease(at + LEASE), limit)
        .await;
    claimed.unwrap()
}

fn ids(claimed: &[Claimed]) -> Vec<MessageId> {
    claimed.iter().map(|claimed| claimed.message_id).collect()
}

/// An id as a statement writes it.
fn literal(world: &World, id: Uuid) -> String {
    let hex = id.as_simple();
    if world.database.is_postgres() {
        format!("'{hex}'")
    } else {
        format!("x'{hex}'")
    }
}

/// Gives a column of a verification, found by its message, another text.
async fn write(world: &World, message: MessageId, column: &str, text: &str) {
    let id = literal(world, message.0);
    let statement = format!("UPDATE verifications SET {column} = '{text}' WHERE message_id = {id}");
    assert_eq!(world.database.run(statement).await.unwrap(), 1);
}

/// Whether a message is marked as taken over, asked with a condition, for the message cannot be read in the usual way.
async fn is_marked(world: &World, message: MessageId) -> bool {
    let id = literal(world, message.0);
    let statement = format!("UPDATE messages SET id = id WHERE id = {id} AND taken_over_at IS NOT NULL");
    world.database.run(statement).await.unwrap() == 1
}

/// Messages that wait for their second try, in this order.
async fn waiting(world: &World, count: u32) -> Vec<MessageId> {
    let mut made = Vec::new();
    for user in 0..count {
        let message = world.issued(user).await.message.id;
        let due_at = now() + SECOND + Duration::from_millis(user.into());
        world.settled(message, Outcome::RetryAt(due_at)).await;
        made.push(message);
    }
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_read_holds_up_none_of_its_neighbours() {
    for (column, text, right) in [
        ("purpose", "newer", "sign_in"),
        ("channel", "pigeon", "email"),
        ("locale", "!", "en"),
    ] {
        let world = World::new().await;
        let all = waiting(&world, 3).await;
        write(&world, all[1], column, text).await;
        let due = now() + MINUTE;
        assert_eq!(ids(&claim(&world, due, 10).await), [all[0], all[2]], "{column}");
        // It is out of the way until a lease would have ended, and then it is there for whoever can read it.
        assert_eq!(ids(&claim(&world, due + LEASE - SECOND, 10).await), []);
        write(&world, all[1], column, right).await;
        assert_eq!(ids(&claim(&world, due + LEASE - SECOND, 10).await), []);
        let later = claim(&world, due + LEASE, 10).await;
        let later = later.iter().find(|claimed| claimed.message_id == all[1]).unwrap();
        let StoredPayload::Code(payload) = &later.payload else {
            panic!("{later:?}")
        };
        assert_eq!(payload.verification.message.status, MessageStatus::Queued);
        assert_eq!(later.attempts, 1);
        assert!(!later.possible_duplicate && !later.taken_over_before, "{column}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_could_not_read_it_has_not_taken_it_over() {
    let world = World::new().await;
    // Its maker died under its lease.
    let message = world.issued(1).await.message.id;
    write(&world, message, "purpose", "newer").await;
    let mut at = now() + LEASE;
    for _ in 0..5 {
        assert_eq!(ids(&claim(&world, at, 10).await), []);
        assert!(!is_marked(&world, message).await);
        at = at + LEASE;
    }
    write(&world, message, "purpose", "sign_in").await;
    let first = claim(&world, at, 10).await;
    assert!(first[0].possible_duplicate && !first[0].taken_over_before);
    assert!(is_marked(&world, message).await);
    // From here on it has been, and stays so when the next one cannot read it.
    write(&world, message, "purpose", "newer").await;
    assert_eq!(ids(&claim(&world, at + LEASE, 10).await), []);
    write(&world, message, "purpose", "sign_in").await;
    let second = claim(&world, at + 2 * LEASE, 10).await;
    assert!(second[0].possible_duplicate && second[0].taken_over_before);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_them_at_the_head_leaves_the_rest_of_the_queue_its_turn() {
    let world = World::new().await;
    let all = waiting(&world, 40).await;
    for message in &all[..30] {
        write(&world, *message, "purpose", "newer").await;
    }
    let due = now() + MINUTE;
    assert_eq!(ids(&claim(&world, due, 8).await), all[30..38]);
    assert_eq!(ids(&claim(&world, due, 8).await), all[38..]);
    assert_eq!(ids(&claim(&world, due, 8).await), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_that_cannot_be_read_holds_up_none_of_its_neighbours() {
    let world = World::new().await;
    let claim = async |at| {
        let lease = lease(at + LEASE);
        let claimed = world.claim_due(Queue::Notification, at, lease, 1).await.unwrap();
        claimed
            .into_iter()
            .map(|claimed| {
                (
                    claimed.message_id,
                    claimed.possible_duplicate,
                    claimed.taken_over_before,
                )
            })
            .collect::<Vec<_>>()
    };
    let mut made = Vec::new();
    for (user, age) in [(1, 2), (2, 1)] {
        let new = notification::warning(&world, &[user], now() - age * SECOND, 20);
        made.push(notification::made(&world, new).await);
    }
    let [first, second] = &made[..] else {
        unreachable!()
    };
    let (first_message, second_message) = (notification::ids(first)[0], notification::ids(second)[0]);
    let event = async |event: &str| {
        let id = literal(&world, first.id.0);
        let statement = format!("UPDATE notifications SET event = '{event}' WHERE id = {id}");
        assert_eq!(world.database.run(statement).await.unwrap(), 1);
    };
    event("newer").await;
    let due = now() + LEASE;
    assert_eq!(claim(due).await, [(second_message, true, false)]);
    assert!(!is_marked(&world, first_message).await);
    assert_eq!(claim(due + LEASE - SECOND).await, []);
    event(first.event.as_str()).await;
    assert_eq!(claim(due + LEASE).await, [(first_message, true, false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_leave_out_what_cannot_be_read_and_go_on_behind_it() {
    let world = World::new().await;
    let mut made = Vec::new();
    for index in 0..7_u32 {
        let new = world.verification(1, now() + index * SECOND);
        made.insert(0, world.issue_as_is(new).await.message.id);
    }
    for unreadable in [0, 2, 3, 6] {
        let id = literal(&world, made[unreadable].0);
        let statement = format!("UPDATE messages SET purpose = 'newer' WHERE id = {id}");
        assert_eq!(world.database.run(statement).await.unwrap(), 1);
    }
    let ids = |page: Vec<StoredMessage>| -> Vec<MessageId> {
        page.iter().map(|message| message.summary.id).collect()
    };
    for (before, limit, expected) in [
        (None, 10, vec![1, 4, 5]),
        (None, 2, vec![1, 4]),
        (Some(1), 1, vec![4]),
        (Some(3), 10, vec![4, 5]),
        (Some(5), 10, vec![]),
    ] {
        let expected: Vec<MessageId> = expected.into_iter().map(|index: usize| made[index]).collect();
        let before = before.map(|index: usize| made[index]);
        let filter = MessageFilter {
            before,
            ..MessageFilter::default()
        };
        let listed = world.list_messages(world.environment, filter, limit).await;
        assert_eq!(ids(listed.unwrap()), expected, "{before:?} {limit}");
        let found = world
            .search_messages(world.environment, world.key(&recipient(1)), before, limit)
            .await;
        assert_eq!(ids(found.unwrap()), expected, "{before:?} {limit}");
    }
}

/// That an operation was refused for what it could not read.
#[track_caller]
fn assert_unreadable<T: std::fmt::Debug>(outcome: Result<T, StoreError>, table: &str, column: &str) {
    match outcome {
        Err(error @ StoreError::Corrupt { .. }) => {
            let said = error.to_string();
            assert!(said.starts_with(&format!("{table}.{column} of ")), "{said}");
        }
        other => panic!("{table}.{column} is unreadable: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_counted_or_ended_of_a_verification_that_cannot_be_read() {
    for (table, column, unreadable) in [
        ("verifications", "purpose", "'passkey_enroll'"),
        ("verifications", "channel", "'pigeon'"),
        ("verifications", "max_guesses", "300"),
        ("messages", "status", "'read_aloud'"),
        ("messages", "provider", "'pigeon'"),
        ("messages", "error_code", "'pigeon_lost'"),
    ] {
        let world = World::new().await;
        let made = world.issued(1).await;
        world.settled(made.message.id, accepted()).await;
        let before = world.found(made.id).await;
        let set = async |value: &str| {
            let statement = format!("UPDATE {table} SET {column} = {value}");
            assert_eq!(world.database.run(statement).await.unwrap(), 1);
        };
        let at = now() + MINUTE;
        set(unreadable).await;
        for code in [RIGHT, WRONG] {
            for purpose in [None, Some(made.purpose)] {
                let guess = Guess {
                    purpose,
                    ..world.guess(made.id, code, at)
                };
                assert_unreadable(world.check(guess).await, table, column);
            }
        }
        assert_unreadable(world.cancel(world.application, made.id, at).await, table, column);
        assert_unreadable(world.find(world.application, made.id).await, table, column);
        // Its messages are new; whether the last one can be read is for whoever finds it before.
        if table == "verifications" {
            assert_unreadable(world.resend(world.again(&made, at)).await, table, column);
        }
        set(match column {
            "purpose" => "'sign_in'",
            "channel" => "'email'",
            "max_guesses" => "5",
            "status" => "'accepted'",
            "provider" => "'twilio'",
            _ => "NULL",
        })
        .await;
        assert_eq!(world.found(made.id).await, before, "{table}.{column}");
        // The first of the recipient's wrong guesses is still to come.
        let last = Guess {
            guesses_per_day: 1,
            ..world.guess(made.id, WRONG, at)
        };
        assert_eq!(
            world.check(last).await.unwrap(),
            Check::Incorrect { guesses_left: 4 }
        );
        let resent = world.resend(world.again(&made, at)).await.unwrap();
        assert!(matches!(resent, Resend::Resent(_)), "{resent:?}");
        assert!(matches!(world.guess_right(made.id, at).await, Check::Verified(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_a_message_is_recorded_though_its_verification_cannot_be_read_any_more() {
    for outcome in [accepted(), failed()] {
        let world = World::new().await;
        let message = world.issued(1).await.message.id;
        write(&world, message, "purpose", "newer").await;
        world.settled(message, outcome).await;
        assert_eq!(ids(&claim(&world, now() + MINUTE, 10).await), []);
    }
}
