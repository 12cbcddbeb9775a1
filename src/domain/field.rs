//! What is wrong with one field of a document.

use serde::Serialize;

/// A field and what it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON pointer of the field (RFC 6901), such as `/twilio/account_sid`.
    pub pointer: String,
    /// What it takes. Never repeats what was given.
    pub detail: String,
}

impl FieldError {
    /// An error at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }
}
