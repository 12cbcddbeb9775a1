//! Partial changes, as JSON Merge Patch (RFC 7396) has them: a field that is absent stays, `null` clears it where it may be empty, a
//! value sets it.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::draft::Draft;
use super::reader::read;
use super::value::Value;

/// A partial change of a `T`.
#[derive(Debug, Clone)]
pub struct Patch<T>(Value, PhantomData<fn() -> T>);

impl<T: Serialize + DeserializeOwned> Patch<T> {
    /// The change that a document describes.
    #[must_use]
    pub fn new(document: Value) -> Self {
        Self(document, PhantomData)
    }

    /// What becomes of `held`, with all that is wrong with the change.
    #[must_use]
    pub fn apply(&self, held: &T) -> Draft<T> {
        read(&Value::of(held).merged(&self.0))
    }
}
