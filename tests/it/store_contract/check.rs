//! Checking guesses: counted exactly under parallel tries, compared never without being counted.

use otpost::domain::id::{ApplicationId, ConnectionId};
use otpost::domain::keyring::{CodeMac, GenerationId};
use otpost::domain::random::OsRandom;
use otpost::domain::verification::{Purpose, VerificationStatus};
use otpost::store::verification::{Check, Guess};

use super::fixture::{DAY, HOUR, MINUTE, RIGHT, SECOND, WRONG, World, check_in_parallel, count, mac, now};

fn capped(guess: Guess, guesses_per_day: u32) -> Guess {
    Guess {
        guesses_per_day,
        ..guess
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_320_parallel_wrong_guesses_exactly_five_are_compared() {
    let world = World::new().await;
    let id = world.issued(1).await.id;
    let guesses = (0..320).map(|_| world.guess(id, WRONG, now())).collect();
    let outcomes = check_in_parallel(&world, guesses).await;
    let mut left: Vec<u8> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Check::Incorrect { guesses_left } => Some(*guesses_left),
            _ => None,
        })
        .collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4]);
    assert_eq!(count(&outcomes, |outcome| *outcome == Check::Locked), 315);
    let stored = world.found(id).await;
    assert_eq!(stored.verification.status(now()), VerificationStatus::Locked);
    assert_eq!(stored.sealed_code, None);
    assert_eq!(world.guess_right(id, now()).await, Check::Locked);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_100_parallel_right_guesses_exactly_one_is_told_verified() {
    let world = World::new().await;
    let id = world.issued(1).await.id;
    let guesses = (0..100).map(|_| world.guess(id, RIGHT, now())).collect();
    let outcomes = check_in_parallel(&world, guesses).await;
    assert_eq!(
        count(&outcomes, |outcome| matches!(outcome, Check::Verified(_))),
        1
    );
    assert_eq!(count(&outcomes, |outcome| *outcome == Check::AlreadyVerified), 99);
    let stored = world.found(id).await;
    assert_eq!(stored.verification.verified_at, Some(now()));
    assert_eq!(stored.sealed_code, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_guess_answers_the_verification_as_it_is_then() {
    let world = World::new().await;
    let id = world.issued(1).await.id;
    assert_eq!(
        world.guess_wrong(id, now()).await,
        Check::Incorrect { guesses_left: 4 }
    );
    let at = now() + MINUTE;
    let Check::Verified(verification) = world.guess_right(id, at).await else {
        panic!("the right code verifies");
    };
    assert_eq!(*verification, world.found(id).await.verification);
    assert_eq!(verification.verified_at, Some(at));
    assert_eq!(verification.wrong_guesses, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recipients_cap_is_exact_over_many_verifications() {
    let world = World::new().await;
    let mut guesses = Vec::new();
    for _ in 0..30 {
        let id = world.issued(1).await.id;
        guesses.extend((0..4).map(|_| capped(world.guess(id, WRONG, now()), 20)));
    }
    let outcomes = check_in_parallel(&world, guesses).await;
    assert_eq!(
        count(&outcomes, |outcome| matches!(outcome, Check::Incorrect { .. })),
        20
    );
    let locked = Check::RecipientLocked { until: now() + DAY };
    assert_eq!(count(&outcomes, |outcome| *outcome == locked), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_code_clears_the_recipients_wrong_guesses() {
    let world = World::new().await;
    let (first, second) = (world.issued(1).await.id, world.issued(1).await.id);
    for _ in 0..2 {
        let outcome = world
            .check(capped(world.guess(first, WRONG, now()), 3))
            .await
            .unwrap();
        assert!(matches!(outcome, Check::Incorrect { .. }));
    }
    let outcome = world
        .check(capped(world.guess(first, RIGHT, now()), 3))
        .await
        .unwrap();
    assert!(matches!(outcome, Check::Verified(_)));
    for _ in 0..3 {
        let outcome = world
            .check(capped(world.guess(second, WRONG, now()), 3))
            .await
            .unwrap();
        assert!(matches!(outcome, Check::Incorrect { .. }));
    }
    let outcome = world
        .check(capped(world.guess(second, RIGHT, now()), 3))
        .await
        .unwrap();
    assert_eq!(outcome, Check::RecipientLocked { until: now() + DAY });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_ends_with_the_window_that_began_with_the_first_wrong_guess() {
    let world = World::new().await;
    let mut long_lived = world.verification(1, now());
    long_lived.expires_at = now() + 3 * DAY;
    let id = world.issue_as_is(long_lived).await.id;
    let first = now() + HOUR;
    for at in [first, first + MINUTE] {
        let outcome = world.check(capped(world.guess(id, WRONG, at), 2)).await.unwrap();
        assert!(matches!(outcome, Check::Incorrect { .. }), "{outcome:?}");
    }
    let last = first + DAY - SECOND;
    let outcome = world
        .check(capped(world.guess(id, RIGHT, last), 2))
        .await
        .unwrap();
    assert_eq!(outcome, Check::RecipientLocked { until: first + DAY });
    let outcome = world
        .check(capped(world.guess(id, RIGHT, first + DAY), 2))
        .await
        .unwrap();
    assert!(matches!(outcome, Check::Verified(_)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_callers_is_not_found_and_not_counted() {
    let world = World::new().await;
    let id = world.issued(1).await.id;
    let guess = world.guess(id, RIGHT, now());
    let elsewhere = [
        Guess {
            application_id: ApplicationId::unguessable(&OsRandom),
            ..guess.clone()
        },
        Guess {
            purpose: Some(Purpose::Mfa),
            ..guess.clone()
        },
        Guess {
            connection_id: Some(ConnectionId::unguessable(&OsRandom)),
            ..guess.clone()
        },
        Guess {
            macs: vec![mac(WRONG)],
            purpose: Some(Purpose::Mfa),
            ..guess.clone()
        },
    ];
    for guess in elsewhere {
        assert_eq!(world.check(guess).await.unwrap(), Check::NotFound);
    }
    assert_eq!(world.found(id).await.verification.wrong_guesses, 0);
    let named = Guess {
        purpose: Some(Purpose::SignIn),
        connection_id: Some(world.connection),
        ..guess
    };
    assert!(matches!(world.check(named).await.unwrap(), Check::Verified(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_switched_off_checks_nothing() {
    let world = World::new().await;
    let id = world.issued(1).await.id;
    let off = Guess {
        enabled_connections: vec![],
        ..world.guess(id, WRONG, now())
    };
    assert_eq!(world.check(off).await.unwrap(), Check::ConnectionDisabled);
    assert_eq!(world.found(id).await.verification.wrong_guesses, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guess_of_another_length_costs_nothing() {
    let world = World::new().await;
    let id = world.issued(1).await.id;
    for digits in [0, 5, 7] {
        let guess = Guess {
            digits,
            ..world.guess(id, RIGHT, now())
        };
        assert_eq!(world.check(guess).await.unwrap(), Check::IncorrectLength);
    }
    assert_eq!(world.found(id).await.verification.wrong_guesses, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_dies_with_its_last_moment() {
    let world = World::new().await;
    let (first, second) = (world.issued(1).await, world.issued(1).await);
    assert_eq!(
        world.guess_right(first.id, first.expires_at).await,
        Check::Expired
    );
    let last = second.expires_at - SECOND;
    assert!(matches!(
        world.guess_right(second.id, last).await,
        Check::Verified(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_compared_only_under_the_key_it_was_kept_under() {
    let world = World::new().await;
    let id = world.issued(1).await.id;
    let newer = CodeMac {
        generation: GenerationId::new(2).unwrap(),
        ..mac(RIGHT)
    };
    let guess = Guess {
        macs: vec![newer],
        ..world.guess(id, RIGHT, now())
    };
    assert_eq!(
        world.check(guess).await.unwrap(),
        Check::UnknownKey { generation: 1 }
    );
    let verification = world.found(id).await.verification;
    assert_eq!((verification.wrong_guesses, verification.verified_at), (0, None));
    let guess = Guess {
        macs: vec![newer, mac(WRONG)],
        ..world.guess(id, WRONG, now())
    };
    assert_eq!(
        world.check(guess).await.unwrap(),
        Check::Incorrect { guesses_left: 4 }
    );
    let guess = Guess {
        macs: vec![newer, mac(RIGHT)],
        ..world.guess(id, RIGHT, now())
    };
    assert!(matches!(world.check(guess).await.unwrap(), Check::Verified(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_proves_only_its_own_verification() {
    let world = World::new().await;
    let mut other = world.verification(1, now());
    other.code_mac = mac(9);
    let (mine, other) = (world.issued(1).await.id, world.issue_as_is(other).await.id);
    assert_eq!(
        world.guess_right(other, now()).await,
        Check::Incorrect { guesses_left: 4 }
    );
    assert!(matches!(world.guess_right(mine, now()).await, Check::Verified(_)));
}
