//! The senders the operator puts behind all environments, and what limits their use.

mod email;
mod sms;

pub use email::{PlatformEmail, PlatformEmailProvider};
pub use sms::{PlatformSms, PlatformSmsProvider};

use super::reader::Reader;

/// Section `platform`.
#[derive(Debug, Clone)]
pub struct Platform {
    /// Section `platform.sms`.
    pub sms: PlatformSms,
    /// Section `platform.email`.
    pub email: PlatformEmail,
}

impl Platform {
    pub(super) fn read(reader: &mut Reader<'_>, allow_plaintext: Option<bool>) -> Option<Self> {
        let sms = PlatformSms::read(reader);
        let email = PlatformEmail::read(reader, allow_plaintext);
        Some(Self {
            sms: sms?,
            email: email?,
        })
    }
}
