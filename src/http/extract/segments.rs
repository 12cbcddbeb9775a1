//! Segments of the path. One that is not in the form of our ids is an unknown id: 404, like any other that is not there.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use serde::{Deserialize, Deserializer};

use crate::domain::id::{
    ApplicationId, AttemptId, AuditId, ConnectionId, EnvironmentId, KeyId, MessageId, NotificationId,
    VerificationId,
};
use crate::domain::notification::NotificationEvent;
use crate::http::problem::Problem;

/// The parameters of the path, in their order: one, or a tuple of up to three.
#[derive(Debug, Clone, Copy)]
pub struct Segments<T>(pub T);

/// What one segment can be read as.
pub trait FromSegment: Sized {
    /// Reads it, percent-decoded; `None` for another form.
    fn from_segment(segment: &str) -> Option<Self>;
}

/// What all parameters of a path can be read as.
pub trait FromSegments: Sized {
    /// Reads all of them; `None` when one is of another form, or there are more or fewer.
    fn from_segments(segments: &[&str]) -> Option<Self>;
}

impl FromSegment for String {
    fn from_segment(segment: &str) -> Option<Self> {
        Some(segment.to_owned())
    }
}

macro_rules! from_segment {
    ($($name:ident),*) => {$(
        impl FromSegment for $name {
            fn from_segment(segment: &str) -> Option<Self> {
                Self::parse(segment)
            }
        }
    )*};
}

from_segment!(
    EnvironmentId,
    ApplicationId,
    KeyId,
    ConnectionId,
    VerificationId,
    MessageId,
    AttemptId,
    AuditId,
    NotificationId,
    NotificationEvent
);

/// What a body names by a word of such a form; `None` for one that is unknown, which is answered as what is not there.
#[derive(Debug, Clone, Copy)]
pub struct Named<T>(pub Option<T>);

impl<T: FromSegment> FromSegment for Named<T> {
    fn from_segment(segment: &str) -> Option<Self> {
        Some(Self(T::from_segment(segment)))
    }
}

impl<'de, T: FromSegment> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|word| Self(T::from_segment(&word)))
    }
}

impl<A: FromSegment> FromSegments for A {
    fn from_segments(segments: &[&str]) -> Option<Self> {
        match segments {
            [a] => A::from_segment(a),
            _ => None,
        }
    }
}

impl<A: FromSegment, B: FromSegment> FromSegments for (A, B) {
    fn from_segments(segments: &[&str]) -> Option<Self> {
        match segments {
            [a, b] => Some((A::from_segment(a)?, B::from_segment(b)?)),
            _ => None,
        }
    }
}

impl<A: FromSegment, B: FromSegment, C: FromSegment> FromSegments for (A, B, C) {
    fn from_segments(segments: &[&str]) -> Option<Self> {
        match segments {
            [a, b, c] => Some((A::from_segment(a)?, B::from_segment(b)?, C::from_segment(c)?)),
            _ => None,
        }
    }
}

impl<T: FromSegments, S: Send + Sync> FromRequestParts<S> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found())?;
        let segments: Vec<&str> = params.iter().map(|(_, segment)| segment).collect();
        T::from_segments(&segments)
            .map(Self)
            .ok_or_else(Problem::not_found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_our_form_in_their_number_are_read() {
        let id = "ver_000102030405060708090a0b0c0d0e0f";
        assert!(VerificationId::from_segments(&[id]).is_some());
        assert!(VerificationId::from_segments(&["ver_1"]).is_none());
        assert!(VerificationId::from_segments(&[id, id]).is_none());
        assert!(<(String, VerificationId)>::from_segments(&["default", id]).is_some());
        assert!(<(String, ConnectionId)>::from_segments(&["default", id]).is_none());
    }
}
