//! What was read of a document, and all that is wrong with it so far.

use super::mistake::{Fault, Mistake};
use super::place::Place;

/// A value that may have mistakes, and is given away only without any.
#[derive(Debug, Clone)]
pub struct Draft<T> {
    /// With examples in place of what is missing or wrong; `None` where there was too much of that.
    value: Option<T>,
    mistakes: Vec<Mistake>,
}

impl<T> Draft<T> {
    pub(super) fn new(value: Option<T>, mistakes: Vec<Mistake>) -> Self {
        Self { value, mistakes }
    }

    /// Holds it against rules that no field can tell alone, and makes of it what they leave. A rule tells a mistake by JSON pointer and
    /// detail. One at a place of which something was told before is no news: it may well follow from that.
    #[must_use]
    pub fn check<U>(self, rules: impl FnOnce(T, &mut dyn FnMut(&str, &str)) -> U) -> Draft<U> {
        let Self { value, mut mistakes } = self;
        let value = value.map(|value| {
            rules(value, &mut |pointer, detail| {
                let place = Place::of_pointer(pointer);
                if !mistakes.iter().any(|told| told.place == place) {
                    let fault = Fault::Refused(detail.to_owned());
                    mistakes.push(Mistake { place, fault });
                }
            })
        });
        Draft { value, mistakes }
    }

    /// The value.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the places.
    pub fn finish(self) -> Result<T, Vec<Mistake>> {
        let Self { value, mut mistakes } = self;
        match value {
            Some(value) if mistakes.is_empty() => Ok(value),
            _ => {
                mistakes.sort_by(|one, other| one.place.cmp(&other.place));
                Err(mistakes)
            }
        }
    }

    /// What is wrong so far.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.mistakes.is_empty()
    }
}
