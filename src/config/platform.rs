//! The senders the operator puts behind all environments, and what limits their use.

mod email;
mod sms;

pub(super) use email::check as check_email;
pub use email::{PlatformEmail, PlatformEmailProvider};
pub use sms::{PlatformSms, PlatformSmsProvider};

use serde::Deserialize;

/// Section `platform`.
#[derive(Debug, Clone, Deserialize)]
pub struct Platform {
    /// Section `platform.sms`.
    pub sms: PlatformSms,
    /// Section `platform.email`.
    pub email: PlatformEmail,
}
