//! A user's table of positions, and which sources are near them.

use rayon::prelude::*;

use super::Golden;
use crate::healpix;
use crate::sky::rng::{Purpose, Rng};
use crate::sky::variable::inside;

/// This share of a user's positions belongs to a source; the others are anywhere.
const REAL_SHARE: f64 = 0.8;

/// How far a user's position is from its source, one axis.
const SCATTER_ARCSEC: f64 = 0.4;

/// Latitudes beyond this are not scattered in longitude: a degree there is too small.
const POLE_DEG: f64 = 89.9;

const ARCSEC_PER_DEG: f64 = 3600.0;

/// A row of a user's table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UserPosition {
    /// Counts the rows from 0.
    pub user_id: i64,
    /// ICRS degrees.
    pub ra_deg: f64,
    /// ICRS degrees.
    pub dec_deg: f64,
}

/// A row of a user's table and a source near it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnownPair {
    /// Which row.
    pub user_id: i64,
    /// Which source.
    pub source_id: i64,
    /// How far apart.
    pub separation_arcsec: f64,
}

impl Golden {
    /// A user's table of `count` positions; a longer one begins with a shorter one.
    pub fn users(&self, count: u64) -> Vec<UserPosition> {
        (0..count).into_par_iter().map(|row| self.user(row)).collect()
    }

    /// All sources within a radius of each position, nearest first.
    pub fn matches(&self, users: &[UserPosition], radius_arcsec: f64) -> Vec<KnownPair> {
        users.par_iter().flat_map_iter(|user| self.near(user, radius_arcsec)).collect()
    }

    fn user(&self, row: u64) -> UserPosition {
        let mut rng = Rng::new(self.options.seed, Purpose::User, row, 0);
        let user_id = row as i64;
        if !rng.chance(REAL_SHARE) {
            let base = rng.bits() % healpix::tiles(0);
            let (ra_deg, dec_deg) = inside(&mut rng, 0, base);
            return UserPosition { user_id, ra_deg, dec_deg };
        }
        let number = rng.bits() % self.plan.sources();
        let tile = self.plan.tile_of_row(number);
        let first = self.plan.rows(tile..tile + 1).start;
        let source = &self.plan.tile(tile)[(number - first) as usize].source;
        let [east, north, _] = rng.gaussian3().map(|sigma| sigma * SCATTER_ARCSEC / ARCSEC_PER_DEG);
        let dec_deg = (source.dec + north).clamp(-90.0, 90.0);
        let shrunk = if dec_deg.abs() < POLE_DEG { dec_deg.to_radians().cos() } else { f64::INFINITY };
        UserPosition { user_id, ra_deg: (source.ra + east / shrunk).rem_euclid(360.0), dec_deg }
    }

    fn near(&self, user: &UserPosition, radius_arcsec: f64) -> Vec<KnownPair> {
        let UserPosition { user_id, ra_deg, dec_deg } = *user;
        let sources = self.within(ra_deg, dec_deg, radius_arcsec / ARCSEC_PER_DEG);
        let mut pairs: Vec<KnownPair> = sources
            .map(|row| {
                let angle = healpix::separation_deg(ra_deg, dec_deg, row.source.ra, row.source.dec);
                KnownPair { user_id, source_id: row.source_id, separation_arcsec: angle * ARCSEC_PER_DEG }
            })
            .collect();
        pairs.sort_by(|a, b| a.separation_arcsec.total_cmp(&b.separation_arcsec));
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sky::SampleOptions;
    use crate::sky::plan::TILE_ORDER;

    #[test]
    fn most_users_have_their_source_within_an_arcsecond() {
        let options = SampleOptions { seed: 4, sources: 30_000, variables: 10 };
        let golden = Golden::new(&options).expect("a plan");
        let users = golden.users(500);
        let pairs = golden.matches(&users, 1.0);
        // 0.8 of them have one, and 1 - exp(-1 / (2 * 0.4^2)) of those are near enough.
        let matched = users.iter().filter(|user| pairs.iter().any(|pair| pair.user_id == user.user_id));
        assert!((350..=410).contains(&matched.count()));
        assert!(pairs.iter().all(|pair| pair.separation_arcsec <= 1.0));
        assert_eq!(golden.users(3), users[..3]);
    }

    #[test]
    fn all_sources_of_the_sky_searched_one_by_one_give_the_same_pairs() {
        let options = SampleOptions { seed: 4, sources: 20_000, variables: 10 };
        let golden = Golden::new(&options).expect("a plan");
        let users = golden.users(40);
        let radius_arcsec = 600.0;
        let all = (0..healpix::tiles(TILE_ORDER)).flat_map(|tile| golden.plan.tile(tile));
        let mut expected: Vec<(i64, i64)> = all
            .flat_map(|row| users.iter().map(move |user| (*user, row.clone())).collect::<Vec<_>>())
            .filter(|(user, row)| {
                let angle = healpix::separation_deg(user.ra_deg, user.dec_deg, row.source.ra, row.source.dec);
                angle * ARCSEC_PER_DEG <= radius_arcsec
            })
            .map(|(user, row)| (user.user_id, row.source_id))
            .collect();
        let mut found: Vec<(i64, i64)> =
            golden.matches(&users, radius_arcsec).iter().map(|pair| (pair.user_id, pair.source_id)).collect();
        expected.sort_unstable();
        found.sort_unstable();
        assert!(found.len() > 40);
        assert_eq!(found, expected);
    }
}
