//! Golden answers as one JSON document, for tests and notebooks that are not written in Rust.

use serde_json::{Value, json};

use super::{Golden, KnownPair, KnownPeriod, UserPosition};
use crate::healpix;
use crate::sky::rng::{Purpose, Rng};
use crate::sky::variable::inside;

/// How many answers of each kind the document has.
const CONES: u64 = 100;
const USERS: u64 = 1_000;
const PERIODS: usize = 1_000;

/// Two users' positions in a thousand have more than one source this near.
const MATCH_RADIUS_ARCSEC: f64 = 1.0;

/// Radii of the random cones, in degrees, in turn.
const RADII_DEG: [f64; 4] = [0.01, 0.1, 0.5, 1.0];

/// Where engines go wrong: both poles, where right ascension begins, and a corner of a base pixel.
const AWKWARD: [(f64, f64, f64); 5] =
    [(0.0, 90.0, 2.0), (123.0, -90.0, 2.0), (0.0, 0.0, 1.0), (359.999, 30.0, 0.5), (45.0, 0.0, 0.7)];

impl Golden {
    /// The sky's options, cones with their counts, a user's table with its pairs, and periods.
    pub fn to_json(&self) -> Value {
        let users = self.users(USERS);
        json!({
            "sky": {
                "seed": self.options.seed,
                "wanted_sources": self.options.sources,
                "sources": self.sources(),
                "variables": self.options.variables,
            },
            "cones": self.cones().map(|cone| self.cone_to_json(cone)).collect::<Vec<_>>(),
            "matches": {
                "radius_arcsec": MATCH_RADIUS_ARCSEC,
                "users": users.iter().map(user_to_json).collect::<Vec<_>>(),
                "pairs": self.matches(&users, MATCH_RADIUS_ARCSEC).iter().map(pair_to_json).collect::<Vec<_>>(),
            },
            "periods": self.periods(PERIODS).iter().map(period_to_json).collect::<Vec<_>>(),
        })
    }

    fn cones(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        let random = (0..CONES).zip(RADII_DEG.into_iter().cycle()).map(|(number, radius_deg)| {
            let mut rng = Rng::new(self.options.seed, Purpose::Cone, number, 0);
            let base = rng.bits() % healpix::tiles(0);
            let (ra_deg, dec_deg) = inside(&mut rng, 0, base);
            (ra_deg, dec_deg, radius_deg)
        });
        AWKWARD.into_iter().chain(random)
    }

    fn cone_to_json(&self, (ra_deg, dec_deg, radius_deg): (f64, f64, f64)) -> Value {
        let sources = self.cone_count(ra_deg, dec_deg, radius_deg);
        json!({ "ra": ra_deg, "dec": dec_deg, "radius_deg": radius_deg, "sources": sources })
    }
}

fn user_to_json(user: &UserPosition) -> Value {
    json!({ "user_id": user.user_id, "ra": user.ra_deg, "dec": user.dec_deg })
}

fn pair_to_json(pair: &KnownPair) -> Value {
    json!({
        "user_id": pair.user_id,
        "source_id": pair.source_id,
        "separation_arcsec": pair.separation_arcsec,
    })
}

fn period_to_json(known: &KnownPeriod) -> Value {
    json!({
        "source_id": known.source_id,
        "class": format!("{:?}", known.class),
        "period_d": known.period_d,
    })
}
