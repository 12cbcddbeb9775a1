//! A batch is one step of the writer: read once, decided one after the other in memory, written once.

use std::sync::Arc;

use async_trait::async_trait;

use super::writer::Writer;
use super::{StoreError, outbox, verification};
use crate::store::batch::{Carrier, Failure};
use crate::store::outbox::{Settled, Settlement};
use crate::store::verification::{Check, Guess, Issue, NewSend, NewVerification, Resend};

/// The writer carries out batches of operations by a function that answers an outcome for each.
macro_rules! carries {
    ($operation:ty => $outcome:ty, $by:path) => {
        #[async_trait]
        impl Carrier<$operation> for Writer {
            async fn carry_out(
                &self,
                batch: &[Arc<$operation>],
            ) -> Result<Vec<Result<$outcome, StoreError>>, Failure> {
                let batch = batch.to_vec();
                self.try_write(move |db| Box::pin($by(db, batch))).await
            }
        }
    };
}

carries!(NewVerification => Issue, verification::issue);
carries!(NewSend => Resend, verification::resend);
carries!(Guess => Check, verification::check);
carries!(Settlement => Settled, outbox::settle);
