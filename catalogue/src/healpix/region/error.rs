//! Why numbers or a text are no region of the sky.

use thiserror::Error;

/// What is wrong with the description of a region, naming the argument.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RegionError {
    /// A right ascension that is no number.
    #[error("the right ascension is {0}: it must be a finite number of degrees")]
    RightAscension(f64),
    /// A declination outside -90..=90.
    #[error("the declination is {0}: it must be -90 to 90 degrees")]
    Declination(f64),
    /// A length that is negative, too large or no number.
    #[error("the {name} is {value}: it must be {range} degrees")]
    Size {
        /// Which length.
        name: &'static str,
        /// As given.
        value: f64,
        /// What is permitted.
        range: &'static str,
    },
    /// A position angle that is no number.
    #[error("the position angle is {0}: it must be a finite number of degrees")]
    Angle(f64),
    /// Too few or too many corners.
    #[error("it has {0} corners: it must have 3 to {max}; describe larger outlines as a MOC", max = super::MAX_CORNERS)]
    Corners(usize),
    /// Coordinates that do not come in pairs.
    #[error("it has {0} coordinates: every corner needs a right ascension and a declination")]
    Odd(usize),
    /// Two corners with no one shortest line between them.
    #[error("corners {0} and {1} are {2}: no one great circle joins them; move one, or put a corner between")]
    NoEdge(usize, usize, &'static str),
    /// Edges that cross.
    #[error("the edges after corners {0} and {1} cross: list the corners in order along the outline")]
    Crossing(usize, usize),
    /// An outline without an inside.
    #[error("all corners lie on one great circle: it has no inside; move a corner off it")]
    Flat,
    /// A text that is no MOC.
    #[error("the MOC is not readable at {at:?}: {why}")]
    Moc {
        /// The piece of text.
        at: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// A position, checked.
pub(super) fn position(ra_deg: f64, dec_deg: f64) -> Result<(), RegionError> {
    if !ra_deg.is_finite() {
        return Err(RegionError::RightAscension(ra_deg));
    }
    if !(-90.0..=90.0).contains(&dec_deg) {
        return Err(RegionError::Declination(dec_deg));
    }
    Ok(())
}
