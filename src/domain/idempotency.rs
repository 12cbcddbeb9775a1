//! What binds the thing that a request makes to the request's `Idempotency-Key`: keyed hashes that stand in the thing's own row,
//! so that the database itself refuses to make it twice.

use uuid::Uuid;

use super::id::{ApplicationId, MessageId, VerificationId};
use super::keyring::KeyRing;

/// A keyed hash of 128 bits.
pub type KeyedHash = [u8; 16];

const KEY_LABEL: &[u8] = b"idempotency key";
const BODY_LABEL: &[u8] = b"idempotent body";

/// What is asked for under a key. The same key at another operation is another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `POST /v1/otp/send`
    Send,
    /// `POST /v1/otp/resend`
    Resend,
    /// `POST /v1/otp/verify`
    Verify,
    /// `POST /v1/notifications`
    Notify,
}

impl Operation {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Send => b"otp.send",
            Self::Resend => b"otp.resend",
            Self::Verify => b"otp.verify",
            Self::Notify => b"notifications.create",
        }
    }
}

/// A request under an `Idempotency-Key`. Says neither its key nor its body to whoever has no index key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyedRequest {
    /// Of application, operation and key.
    pub key_hash: KeyedHash,
    /// Of the body as it was sent, byte for byte, under this key.
    pub body_hash: KeyedHash,
}

impl KeyedRequest {
    /// The request that `application` sends `body` with.
    #[must_use]
    pub fn new(
        keys: &KeyRing,
        application: ApplicationId,
        operation: Operation,
        key: &str,
        body: &[u8],
    ) -> Self {
        let parts = [application.0.as_bytes(), operation.name(), key.as_bytes()];
        let key_hash = keys.index_hash(KEY_LABEL, &parts);
        Self {
            key_hash,
            body_hash: keys.index_hash(BODY_LABEL, &[&key_hash, body]),
        }
    }

    /// The id of the verification that it makes. To a caller it is 128 bits that nobody can guess, like any other.
    #[must_use]
    pub fn verification_id(&self) -> VerificationId {
        VerificationId(Uuid::from_bytes(self.key_hash))
    }

    /// Whether it is the request again whose body hashed to `body_hash`. Otherwise another one came under the same key.
    #[must_use]
    pub fn repeats(&self, body_hash: Option<KeyedHash>) -> bool {
        body_hash == Some(self.body_hash)
    }
}

/// A keyed request that sent a verification's code again, as it stands with the verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyedResend {
    /// The request.
    pub request: KeyedRequest,
    /// The message it made.
    pub message_id: MessageId,
}

impl KeyedResend {
    /// Hash of the key, hash of the body, id of the message.
    const BYTES: usize = 48;

    /// As the databases keep it.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let Self { request, message_id } = self;
        [request.key_hash, request.body_hash, message_id.0.into_bytes()].concat()
    }

    /// Reads what [`Self::to_bytes`] wrote, one after the other; `None` for anything else.
    #[must_use]
    pub fn read_all(bytes: &[u8]) -> Option<Vec<Self>> {
        bytes.chunks(Self::BYTES).map(Self::read).collect()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::BYTES] = bytes.try_into().ok()?;
        let (key_hash, rest) = bytes.split_first_chunk()?;
        let (body_hash, message_id) = rest.split_first_chunk()?;
        Some(Self {
            request: KeyedRequest {
                key_hash: *key_hash,
                body_hash: *body_hash,
            },
            message_id: MessageId(Uuid::from_slice(message_id).ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::random::{OsRandom, unguessable_id};
    use crate::domain::time::Timestamp;

    fn keys() -> KeyRing {
        KeyRing::generate(&OsRandom, Timestamp::from_unix_micros(0).unwrap())
    }

    #[test]
    fn application_operation_and_key_each_make_another_key() {
        let keys = keys();
        let [first, second] = [(); 2].map(|()| ApplicationId::unguessable(&OsRandom));
        let mut seen = HashSet::new();
        for application in [first, second] {
            for operation in [
                Operation::Send,
                Operation::Resend,
                Operation::Verify,
                Operation::Notify,
            ] {
                for key in ["a", "b", "ab"] {
                    let request = KeyedRequest::new(&keys, application, operation, key, b"{}");
                    assert_eq!(
                        request,
                        KeyedRequest::new(&keys, application, operation, key, b"{}")
                    );
                    assert!(seen.insert(request.key_hash));
                    assert!(
                        seen.insert(request.body_hash),
                        "one body looks the same under two keys"
                    );
                }
            }
        }
        let other_installation = KeyedRequest::new(&self::keys(), first, Operation::Send, "a", b"{}");
        assert!(seen.insert(other_installation.key_hash) && seen.insert(other_installation.body_hash));
    }

    #[test]
    fn a_body_that_differs_in_one_byte_is_another_request() {
        let (keys, application) = (keys(), ApplicationId::unguessable(&OsRandom));
        let request = |body: &[u8]| KeyedRequest::new(&keys, application, Operation::Send, "a", body);
        let first = request(b"{}");
        assert!(request(b"{}").repeats(Some(first.body_hash)));
        assert!(!request(b"{ }").repeats(Some(first.body_hash)));
        assert!(!request(b"{}").repeats(None));
    }

    #[test]
    fn keyed_resends_are_read_back_and_nothing_else_is() {
        let (keys, application) = (keys(), ApplicationId::unguessable(&OsRandom));
        let resend = |key| KeyedResend {
            request: KeyedRequest::new(&keys, application, Operation::Resend, key, b"{}"),
            message_id: MessageId(unguessable_id(&OsRandom)),
        };
        let (first, second) = (resend("a"), resend("b"));
        let bytes = [first.to_bytes(), second.to_bytes()].concat();
        assert_eq!(KeyedResend::read_all(&bytes), Some(vec![first, second]));
        assert_eq!(KeyedResend::read_all(&[]), Some(Vec::new()));
        assert_eq!(KeyedResend::read_all(&bytes[1..]), None);
        assert_eq!(KeyedResend::read_all(&bytes[..95]), None);
    }
}
