//! Bodies that are judged further in: settings, which rules hold together, and partial changes, which are of what there is.

use axum::extract::{FromRequest, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::body::document;
use crate::document;
use crate::http::problem::Problem;

/// What was read of a JSON body, with all that is wrong with it so far.
#[derive(Debug, Clone)]
pub struct Draft<T>(pub document::Draft<T>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Draft<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Ok(Self(document::read(&document(request).await?.0)))
    }
}

/// A partial change of a `T`: a field that is absent stays, `null` clears it where it may be empty, a value sets it.
#[derive(Debug, Clone)]
pub struct Patch<T>(pub document::Patch<T>);

impl<T: Serialize + DeserializeOwned, S: Send + Sync> FromRequest<S> for Patch<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Ok(Self(document::Patch::new(document(request).await?.0)))
    }
}

impl<T: ToSchema> PartialSchema for Patch<T> {
    fn schema() -> RefOr<Schema> {
        let mut schema = T::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required.clear();
            object.example = None;
            object.properties.values_mut().for_each(without_default);
        }
        schema
    }
}

/// What is absent stays, so that a client must not send what another operation would put there.
fn without_default(property: &mut RefOr<Schema>) {
    match property {
        RefOr::Ref(reference) => reference.default = None,
        RefOr::T(Schema::Object(object)) => object.default = None,
        RefOr::T(Schema::Array(array)) => array.default = None,
        RefOr::T(Schema::OneOf(one_of)) => one_of.default = None,
        RefOr::T(Schema::AllOf(all_of)) => all_of.default = None,
        RefOr::T(_) => {}
    }
}

/// `NewEnvironment` is changed by an `EnvironmentPatch`.
impl<T: ToSchema> ToSchema for Patch<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("{}Patch", T::name().trim_start_matches("New")).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}
