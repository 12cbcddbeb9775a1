//! Segments of the path. One that is not in the form of our ids is an unknown id: 404, like any other that is not there.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Deserializer};

use crate::http::problem::Problem;

/// The last parameter of the path, which is what the request is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Subject<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let params = segments(parts).await?;
        let last = params.iter().last().and_then(|(_, segment)| read(segment));
        last.map(Self).ok_or_else(Problem::not_found)
    }
}

/// The parameter of the path that has this name.
pub async fn segment<T: DeserializeOwned>(parts: &mut Parts, name: &str) -> Result<T, Problem> {
    let params = segments(parts).await?;
    let named = params.iter().find(|(other, _)| *other == name);
    named
        .and_then(|(_, segment)| read(segment))
        .ok_or_else(Problem::not_found)
}

async fn segments(parts: &mut Parts) -> Result<RawPathParams, Problem> {
    let params = RawPathParams::from_request_parts(parts, &()).await;
    params.map_err(|_| Problem::not_found())
}

fn read<T: DeserializeOwned>(word: &str) -> Option<T> {
    let word: StrDeserializer<'_, Error> = word.into_deserializer();
    T::deserialize(word).ok()
}

/// What is named by an id or a word; `None` for one that is unknown, which is answered as what is not there.
#[derive(Debug, Clone, Copy)]
pub struct Named<T>(pub Option<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|word| Self(read(&word)))
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::extract::Request;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;
    use crate::domain::id::VerificationId;

    #[tokio::test]
    async fn only_ids_of_our_form_are_read() {
        let router = Router::new()
            .route("/{id}", get(|_: Subject<VerificationId>| async {}))
            .route("/named/{id}", get(|_: Subject<Named<VerificationId>>| async {}))
            .route("/{env}/{id}", get(|_: Subject<VerificationId>| async {}));
        for (path, status) in [
            ("/ver_000102030405060708090a0b0c0d0e0f", 200),
            ("/ver_1", 404),
            ("/ver_000102030405060708090A0B0C0D0E0F", 404),
            ("/%FF", 404),
            ("/default/ver_000102030405060708090a0b0c0d0e0f", 200),
            ("/default/conn_000102030405060708090a0b0c0d0e0f", 404),
            ("/named/ver_1", 200),
        ] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), status, "{path}");
        }
    }
}
