//! Whether the keys file fits the database.

use std::collections::BTreeSet;

use otpost::domain::keyring::{Fingerprint, Fingerprints, GenerationId, KeysFit};

use otpost::store::directory::KeyNeeds;

use super::fixture::{World, now};

const INDEX: u8 = 7;

fn keys(index: u8, generations: &[(i32, u8)]) -> Fingerprints {
    let generation = |&(number, byte): &(i32, u8)| Fingerprint {
        generation: GenerationId::new(number).unwrap(),
        value: [byte; 32],
    };
    Fingerprints {
        index: [index; 32],
        generations: generations.iter().map(generation).collect(),
    }
}

async fn fit(world: &World, keys: Fingerprints) -> bool {
    let fit = world.fit_keys(keys, now()).await.unwrap();
    matches!(fit, KeysFit::Fits { .. })
}

/// Whether a file with these generations, and the index key that all files have here, fits.
async fn fits(world: &World, generations: &[(i32, u8)]) -> bool {
    fit(world, keys(INDEX, generations)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keys_file_that_fitted_fits_again_and_through_rotations() {
    let world = World::new().await;
    assert!(fits(&world, &[(1, 1)]).await);
    world.issued(1).await;
    assert!(fits(&world, &[(1, 1)]).await);
    assert!(fits(&world, &[(2, 2), (1, 1)]).await);
    assert!(fits(&world, &[(3, 3), (2, 2)]).await);
    assert!(fits(&world, &[(3, 3)]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_keys_file_does_not_fit_what_was_written_under_the_first() {
    let world = World::new().await;
    assert!(fits(&world, &[(1, 1)]).await);
    world.issued(1).await;
    assert!(!fits(&world, &[(1, 9)]).await);
    assert!(!fits(&world, &[(2, 9)]).await);
    // A refused file leaves no trace that would let it in the second time.
    assert!(!fits(&world, &[(2, 9)]).await);
    assert!(fits(&world, &[(1, 1)]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_rotated_apart_from_the_others_does_not_fit() {
    let world = World::new().await;
    assert!(fits(&world, &[(2, 2), (1, 1)]).await);
    world.issued(1).await;
    assert!(!fits(&world, &[(2, 9), (1, 1)]).await);
    assert!(fits(&world, &[(2, 2), (1, 1)]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_another_index_key_does_not_fit() {
    let world = World::new().await;
    assert!(fits(&world, &[(1, 1)]).await);
    world.issued(1).await;
    let other = keys(INDEX + 1, &[(1, 1)]);
    assert!(!fit(&world, other.clone()).await);
    assert!(!fit(&world, other).await);
    assert!(fits(&world, &[(1, 1)]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_nothing_was_written_under_may_be_lost() {
    let world = World::new().await;
    assert!(fits(&world, &[(2, 2), (1, 1)]).await);
    let others = keys(INDEX + 1, &[(1, 9)]);
    assert!(fit(&world, others.clone()).await);
    world.issued(1).await;
    assert!(!fits(&world, &[(2, 2), (1, 1)]).await);
    assert!(fit(&world, others).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn generations_that_a_file_lacks_are_told_and_may_be_forgotten() {
    let world = World::new().await;
    let generation = |number| GenerationId::new(number).unwrap();
    assert!(fits(&world, &[(3, 3), (2, 2), (1, 1)]).await);
    world.issued(1).await;
    let older = keys(INDEX, &[(1, 1)]);
    let fit = world.fit_keys(older.clone(), now()).await.unwrap();
    let lacking = KeysFit::Fits {
        lacking: vec![generation(2), generation(3)],
    };
    assert_eq!(fit, lacking);
    let known = world.known_keys().await.unwrap();
    assert_eq!(
        (known.index, known.generations.len(), known.content),
        (Some([INDEX; 32]), 3, true)
    );

    world.forget_keys(vec![generation(1)]).await.unwrap();
    assert_eq!(world.fit_keys(older, now()).await.unwrap(), KeysFit::Differs);
    assert!(fits(&world, &[(3, 3), (2, 2)]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lives_needs_the_keys_it_was_made_under() {
    let world = World::new().await;
    assert_eq!(world.key_needs().await.unwrap(), KeyNeeds::default());
    let mut first = world.verification(1, now());
    first.sealed_code = vec![1, 0, 0, 0, 1, 99];
    let first = world.issue_as_is(first).await.id;
    let mut second = world.verification(2, now());
    second.code_mac.generation = GenerationId::new(2).unwrap();
    second.sealed_code = vec![1, 0, 0, 0, 2, 99];
    world.issue_as_is(second).await;
    let needs = world.key_needs().await.unwrap();
    assert_eq!(needs.codes, BTreeSet::from([1, 2]));
    let headers = BTreeSet::from([vec![1, 0, 0, 0, 1], vec![1, 0, 0, 0, 2]]);
    assert_eq!(needs.sealed, headers);
    // What has ended needs nothing.
    world.guess_right(first, now()).await;
    assert_eq!(world.key_needs().await.unwrap().codes, BTreeSet::from([2]));
}
