//! Whether the keys file fits the database.

use otpost::domain::keyring::{Fingerprint, Fingerprints, GenerationId, KeysFit};

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

/// Whether a file with these generations, and the index key that all files have here, fits.
async fn fits(world: &World, generations: &[(i32, u8)]) -> bool {
    let keys = keys(INDEX, generations);
    world.fit_keys(keys, now()).await.unwrap() == KeysFit::Fits
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
    assert_eq!(
        world.fit_keys(other.clone(), now()).await.unwrap(),
        KeysFit::Differs
    );
    assert_eq!(world.fit_keys(other, now()).await.unwrap(), KeysFit::Differs);
    assert!(fits(&world, &[(1, 1)]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_nothing_was_written_under_may_be_lost() {
    let world = World::new().await;
    assert!(fits(&world, &[(2, 2), (1, 1)]).await);
    let others = keys(INDEX + 1, &[(1, 9)]);
    assert_eq!(
        world.fit_keys(others.clone(), now()).await.unwrap(),
        KeysFit::Fits
    );
    world.issued(1).await;
    assert!(!fits(&world, &[(2, 2), (1, 1)]).await);
    assert_eq!(world.fit_keys(others, now()).await.unwrap(), KeysFit::Fits);
}
