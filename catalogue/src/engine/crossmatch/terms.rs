//! What a crossmatch is asked for, apart from where its rows come from.

use std::fmt;

/// A number with the equality that plans need: of its bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Number(u64);

impl Number {
    pub(super) fn new(value: f64) -> Self {
        Self(value.to_bits())
    }

    pub(super) fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// How close is close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Within {
    /// In degrees.
    pub(super) radius_deg: Number,
    /// Whether a separation of exactly the radius counts.
    pub(super) inclusive: bool,
    /// Whether the left position comes first in the formula. Its last bit depends on that.
    pub(super) left_first: bool,
}

impl Within {
    /// Whether a separation in degrees is close.
    pub(super) fn contains(self, separation_deg: f64) -> bool {
        let radius_deg = self.radius_deg.get();
        if self.inclusive { separation_deg <= radius_deg } else { separation_deg < radius_deg }
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.inclusive { "<=" } else { "<" };
        write!(f, "separation {sign} {} arcsec", self.radius_deg.get() * 3600.0)
    }
}

/// Which of the close rows a row is paired with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mode {
    /// All of them.
    All,
    /// The closest; of several equally close ones, that with the smallest `source_id`.
    Nearest,
}
