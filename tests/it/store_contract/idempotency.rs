//! Keyed requests: each makes what it makes once, is counted once, and tells its copies so.

use otpost::domain::id::VerificationId;
use otpost::domain::idempotency::{KeyedRequest, KeyedResend};
use otpost::store::verification::{
    Check, Issue, NewSend, NewVerification, Resend, SendLimits, SendRefusal, StoredVerification,
};
use uuid::Uuid;

use super::fixture::{
    HOUR, MINUTE, SECOND, WIDE, World, check_in_parallel, count, in_parallel, ip_key, issue_in_parallel, now,
    quota,
};

/// The request with this key and this body.
pub fn keyed_request(key: u8, body: u8) -> KeyedRequest {
    KeyedRequest {
        key_hash: [key; 16],
        body_hash: [body; 16],
    }
}

/// Limits and a quota that one send uses up.
fn narrow(new: NewVerification) -> NewVerification {
    let limits = SendLimits {
        per_hour: 1,
        per_day: 1,
        ip_per_hour: 1,
        ..WIDE
    };
    let mut new = NewVerification {
        limits,
        ip_key: Some(ip_key(1)),
        ..new
    };
    new.message.quota = Some(quota(1));
    new
}

/// A send to user number `user` under a key.
fn keyed(world: &World, user: u32, request: KeyedRequest) -> NewVerification {
    NewVerification {
        id: request.verification_id(),
        body_hash: Some(request.body_hash),
        ..world.verification(user, now())
    }
}

async fn resent(world: &World, again: NewSend) -> StoredVerification {
    match world.resend(again).await.unwrap() {
        Resend::Resent(stored) => *stored,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyed_send_is_made_and_counted_once() {
    let world = World::new().await;
    let first = narrow(keyed(&world, 1, keyed_request(1, 1)));
    let id = world.issue_as_is(first).await.id;
    // Though everything that one send may use is used up by now.
    let again = narrow(keyed(&world, 1, keyed_request(1, 1)));
    assert_eq!(world.issue(again).await.unwrap(), Issue::Repeated);
    let other = narrow(keyed(&world, 2, keyed_request(1, 2)));
    assert_eq!(world.issue(other).await.unwrap(), Issue::KeyReused);
    let without_key = world.issue(narrow(world.verification(1, now()))).await.unwrap();
    assert!(matches!(
        without_key,
        Issue::Refused(SendRefusal::Throttled { .. })
    ));
    assert_eq!(world.found(id).await.verification.sends, 1);
    let known = world
        .find_keyed_requests(world.application, id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((known.body_hash, known.resends), (Some([1; 16]), Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_counts_against_nothing() {
    let world = World::new().await;
    let wide = |request| {
        let mut new = narrow(keyed(&world, 1, request));
        new.limits = SendLimits {
            per_hour: 2,
            per_day: 2,
            ip_per_hour: 2,
            ..WIDE
        };
        new.message.quota = Some(quota(2));
        new
    };
    world.issue_as_is(wide(keyed_request(1, 1))).await;
    for _ in 0..5 {
        assert_eq!(
            world.issue(wide(keyed_request(1, 1))).await.unwrap(),
            Issue::Repeated
        );
    }
    world.issue_as_is(wide(keyed_request(2, 2))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_parallel_copies_one_is_made_and_counted() {
    let world = World::new().await;
    let copies = (0..100)
        .map(|_| narrow(keyed(&world, 1, keyed_request(1, 1))))
        .collect();
    let outcomes = issue_in_parallel(&world, copies).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 1);
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Repeated), 99);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_requests_with_one_key_the_losers_take_no_places() {
    let world = World::new().await;
    let users = 1..=20;
    let all = users.clone().map(|user| {
        let mut new = keyed(&world, user, keyed_request(1, u8::try_from(user).unwrap()));
        new.limits.per_hour = 1;
        new
    });
    let outcomes = issue_in_parallel(&world, all.collect()).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 1);
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::KeyReused), 19);
    let all = users.map(|user| {
        let mut new = world.verification(user, now());
        new.limits.per_hour = 1;
        new
    });
    let outcomes = issue_in_parallel(&world, all.collect()).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_leaves_no_trace_of_its_key() {
    let world = World::new().await;
    world.issue_as_is(narrow(world.verification(1, now()))).await;
    let refused = world
        .issue(narrow(keyed(&world, 1, keyed_request(1, 1))))
        .await
        .unwrap();
    assert!(matches!(refused, Issue::Refused(_)), "{refused:?}");
    let id = keyed_request(1, 1).verification_id();
    assert_eq!(
        world.find_keyed_requests(world.application, id).await.unwrap(),
        None
    );
    // Nor would another body under the same key be a reuse.
    world.issue_as_is(keyed(&world, 2, keyed_request(1, 2))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyed_resend_is_made_once_and_told_whatever_has_become_of_the_verification() {
    let world = World::new().await;
    let new = world.issued(1).await;
    let again = |request, minutes| NewSend {
        request: Some(request),
        ..world.again(&new, now() + minutes * MINUTE)
    };
    let first = again(keyed_request(1, 1), 1);
    let message_id = first.message.id;
    assert_eq!(resent(&world, first).await.verification.sends, 2);
    let repeated = Resend::Repeated { message_id };
    // Too soon for another one.
    assert_eq!(
        world.resend(again(keyed_request(1, 1), 1)).await.unwrap(),
        repeated
    );
    assert_eq!(
        world.resend(again(keyed_request(1, 2), 1)).await.unwrap(),
        Resend::KeyReused
    );
    let second = again(keyed_request(2, 2), 5);
    let second_message = second.message.id;
    assert_eq!(resent(&world, second).await.verification.sends, 3);
    // One without a key leaves the keys before it.
    resent(&world, world.again(&new, now() + 9 * MINUTE)).await;
    assert_eq!(
        world.resend(again(keyed_request(1, 1), 9)).await.unwrap(),
        repeated
    );
    world.guess_right(new.id, now() + 9 * MINUTE).await;
    assert_eq!(
        world.resend(again(keyed_request(1, 1), 60)).await.unwrap(),
        repeated
    );
    assert_eq!(
        world.resend(again(keyed_request(3, 3), 60)).await.unwrap(),
        Resend::AlreadyVerified
    );
    let known = world
        .find_keyed_requests(world.application, new.id)
        .await
        .unwrap()
        .unwrap();
    let resends = [(1, message_id), (2, second_message)].map(|(key, message_id)| KeyedResend {
        request: keyed_request(key, key),
        message_id,
    });
    assert_eq!((known.body_hash, &known.resends[..]), (None, &resends[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_copies_of_a_resend_one_is_made() {
    let world = World::new().await;
    let new = world.issued(1).await;
    let outcomes = in_parallel((0..100).map(|_| {
        let store = world.database.store();
        let copy = NewSend {
            request: Some(keyed_request(1, 1)),
            ..world.again(&new, now() + MINUTE)
        };
        async move { store.resend(copy).await.unwrap() }
    }))
    .await;
    assert_eq!(
        count(&outcomes, |outcome| matches!(outcome, Resend::Resent(_))),
        1
    );
    let found = world.found(new.id).await.verification;
    let repeated = Resend::Repeated {
        message_id: found.message.id,
    };
    assert_eq!(count(&outcomes, |outcome| *outcome == repeated), 99);
    assert_eq!(found.sends, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyed_guess_that_was_right_is_told_so_until_the_code_would_have_died() {
    let world = World::new().await;
    let id = world.issued(1).await.id;
    let guess = |request, code, at| otpost::store::verification::Guess {
        request,
        ..world.guess(id, code, at)
    };
    let (key, last) = (Some(keyed_request(1, 1)), now() + 10 * MINUTE - SECOND);
    // A wrong guess binds nothing.
    let wrong = world
        .check(guess(Some(keyed_request(1, 9)), 2, now()))
        .await
        .unwrap();
    assert_eq!(wrong, Check::Incorrect { guesses_left: 4 });
    let first = world.check(guess(key, 1, now())).await.unwrap();
    let Check::Verified(verification) = first else {
        panic!("{first:?}")
    };
    let repeated = Check::Repeated(verification.clone());
    assert_eq!(world.check(guess(key, 1, last)).await.unwrap(), repeated);
    // What else the request says is in its body, so the connection need not be on any more.
    let mut off = guess(key, 1, last);
    off.enabled_connections.clear();
    assert_eq!(world.check(off).await.unwrap(), repeated);
    let other_body = Some(keyed_request(1, 2));
    assert_eq!(
        world.check(guess(other_body, 1, last)).await.unwrap(),
        Check::KeyReused
    );
    for request in [None, Some(keyed_request(2, 1))] {
        assert_eq!(
            world.check(guess(request, 1, last)).await.unwrap(),
            Check::AlreadyVerified
        );
    }
    let dead = world.check(guess(key, 1, now() + 10 * MINUTE)).await.unwrap();
    assert_eq!(dead, Check::AlreadyVerified);
    assert_eq!(world.found(id).await.verification, *verification);
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_copies_of_the_right_guess_are_all_told_and_one_is_counted() {
    let world = World::new().await;
    let id = world.issued(1).await.id;
    let copy = otpost::store::verification::Guess {
        request: Some(keyed_request(1, 1)),
        ..world.guess(id, 1, now())
    };
    let outcomes = check_in_parallel(&world, vec![copy; 50]).await;
    assert_eq!(
        count(&outcomes, |outcome| matches!(outcome, Check::Verified(_))),
        1
    );
    assert_eq!(
        count(&outcomes, |outcome| matches!(outcome, Check::Repeated(_))),
        49
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_kept_as_long_as_what_it_made() {
    let world = World::new().await;
    let new = world.issue_as_is(keyed(&world, 1, keyed_request(1, 1))).await;
    world.remove_old(now(), now(), 100).await.unwrap();
    assert_eq!(world.issue(new.clone()).await.unwrap(), Issue::Repeated);
    world.remove_old(now() + HOUR, now() + HOUR, 100).await.unwrap();
    assert_eq!(
        world
            .find_keyed_requests(world.application, new.id)
            .await
            .unwrap(),
        None
    );
    world.issue_as_is(new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_application_does_not_find_what_a_key_made() {
    let world = World::new().await;
    let id: VerificationId = world.issue_as_is(keyed(&world, 1, keyed_request(1, 1))).await.id;
    let stranger = otpost::domain::id::ApplicationId(Uuid::from_bytes([7; 16]));
    assert_eq!(world.find_keyed_requests(stranger, id).await.unwrap(), None);
    assert!(world.find(stranger, id).await.unwrap().is_none());
}
