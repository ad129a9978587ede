//! Kinds of stars: how many there are of each absolute magnitude, and which colour they have.
//!
//! Three mixtures that make a Hertzsprung-Russell diagram look like one. The numbers are smooth curves drawn
//! through well-known features (the Sun, the red clump, the turn-off), not a stellar-evolution model.

use super::rng::Rng;

/// A curve through points, linear in between and constant beyond the ends.
type Curve = &'static [(f64, f64)];

fn at(curve: Curve, x: f64) -> f64 {
    let next = curve.partition_point(|&(point, _)| point <= x);
    if next == 0 || next == curve.len() {
        return curve[next.saturating_sub(1)].1;
    }
    let ((x0, y0), (x1, y1)) = (curve[next - 1], curve[next]);
    y0 + (y1 - y0) * (x - x0) / (x1 - x0)
}

/// Absolute G magnitude and intrinsic colour of a star.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Type {
    /// Absolute magnitude in G.
    pub absolute_g: f64,
    /// Intrinsic BP - RP.
    pub bp_rp: f64,
}

/// What a mixture is made of.
struct Recipe {
    /// log10 of stars per magnitude; per cubic parsec for the field, relative for clusters.
    luminosity: Curve,
    /// Colour of the main sequence by absolute magnitude.
    dwarfs: Curve,
    /// Colour of the giant branch by absolute magnitude.
    giants: Curve,
    /// Share of giants by absolute magnitude.
    giant_share: Curve,
    /// Colours of the horizontal branch, from blue to red.
    horizontal_branch: (f64, f64),
    /// Share of white dwarfs among faint stars.
    white_dwarf_share: f64,
    /// Standard deviation of the colour at one magnitude, from metallicity.
    colour_scatter: f64,
}

#[rustfmt::skip]
const MAIN_SEQUENCE: Curve = &[
    (-4.0, -0.35), (-2.0, -0.27), (-1.0, -0.19), (0.0, -0.09), (1.0, 0.04), (2.0, 0.26), (3.0, 0.48),
    (4.0, 0.69), (4.67, 0.82), (6.0, 1.07), (7.0, 1.38), (8.0, 1.78), (9.0, 2.14), (10.0, 2.48),
    (11.0, 2.79), (12.0, 3.09), (13.0, 3.48), (14.0, 3.98), (16.0, 4.6),
];

#[rustfmt::skip]
const OLD_SEQUENCE: Curve = &[
    (3.4, 0.66), (3.9, 0.60), (4.4, 0.62), (5.0, 0.70), (6.0, 0.90), (7.0, 1.16), (8.0, 1.48), (9.0, 1.80),
    (10.0, 2.08), (12.0, 2.65), (14.0, 3.4), (16.0, 4.2),
];

#[rustfmt::skip]
const DISC_GIANTS: Curve = &[
    (-3.0, 2.7), (-2.0, 1.95), (-1.0, 1.55), (0.0, 1.32), (0.5, 1.22), (1.0, 1.19), (2.0, 1.11), (3.0, 1.02),
    (3.5, 0.92), (4.0, 0.80),
];

#[rustfmt::skip]
const OLD_GIANTS: Curve = &[
    (-3.0, 1.95), (-2.0, 1.52), (-1.0, 1.28), (0.0, 1.13), (1.0, 1.03), (2.0, 0.96), (2.8, 0.88), (3.2, 0.76),
    (3.6, 0.64), (3.9, 0.60),
];

#[rustfmt::skip]
const DISC: Recipe = Recipe {
    luminosity: &[
        (-5.0, -7.6), (-4.0, -6.9), (-2.0, -5.6), (0.0, -4.15), (0.45, -3.75), (0.6, -3.75), (1.0, -3.95),
        (2.0, -3.45), (3.0, -3.0), (4.0, -2.65), (5.0, -2.5), (6.0, -2.45), (8.0, -2.35), (10.0, -2.1),
        (11.0, -2.05), (12.0, -2.15), (13.0, -2.3), (14.0, -2.4), (16.0, -2.7),
    ],
    dwarfs: MAIN_SEQUENCE,
    giants: DISC_GIANTS,
    giant_share: &[
        (-2.0, 0.6), (-1.0, 0.6), (0.0, 0.7), (0.5, 0.85), (1.2, 0.5), (2.0, 0.3), (3.0, 0.25), (3.6, 0.12),
        (4.2, 0.0),
    ],
    horizontal_branch: (1.15, 1.3),
    white_dwarf_share: 0.06,
    colour_scatter: 0.05,
};

#[rustfmt::skip]
const OLD: Recipe = Recipe {
    luminosity: &[
        (-3.5, -7.4), (-3.0, -6.1), (-2.0, -5.2), (-1.0, -4.85), (0.0, -4.55), (0.4, -4.1), (0.7, -4.1),
        (0.9, -4.45), (2.0, -4.0), (3.0, -3.4), (3.5, -3.0), (4.0, -2.7), (5.0, -2.5), (6.0, -2.45), (8.0, -2.35),
        (10.0, -2.1), (11.0, -2.05), (12.0, -2.15), (14.0, -2.4), (16.0, -2.7),
    ],
    dwarfs: OLD_SEQUENCE,
    giants: OLD_GIANTS,
    giant_share: &[(3.4, 1.0), (3.9, 0.5), (4.1, 0.0)],
    horizontal_branch: (0.1, 0.85),
    white_dwarf_share: 0.06,
    colour_scatter: 0.03,
};

#[rustfmt::skip]
const OPEN_CLUSTER: Recipe = Recipe {
    luminosity: &[
        (-2.0, 0.3), (-1.0, 0.6), (0.0, 0.9), (1.0, 1.15), (2.0, 1.4), (3.0, 1.6), (4.0, 1.75), (6.0, 1.8),
        (7.5, 1.88), (8.5, 2.0), (9.5, 2.12), (10.5, 2.18), (11.5, 2.14), (12.5, 1.95), (14.0, 1.7),
    ],
    dwarfs: MAIN_SEQUENCE,
    giants: DISC_GIANTS,
    giant_share: &[(0.0, 0.0)],
    horizontal_branch: (1.1, 1.2),
    white_dwarf_share: 0.0,
    colour_scatter: 0.012,
};

/// Where giants sit on the horizontal branch or in the red clump.
const HORIZONTAL_BRANCH_G: std::ops::Range<f64> = 0.35..0.75;

/// Share of stars that are unresolved pairs, and so appear up to 0.75 mag too bright.
const PAIR_SHARE: f64 = 0.25;

const STEP: f64 = 0.05;
const BRIGHTEST: f64 = -5.0;
const STEPS: usize = 420;

/// A mixture of stars, ready to draw from.
pub struct Population {
    recipe: Recipe,
    /// Stars brighter than `BRIGHTEST + STEP * i`.
    brighter: Vec<f64>,
}

impl Population {
    /// The thin disc: all ages.
    pub fn disc() -> Self {
        Self::new(DISC)
    }

    /// Thick disc, bulge, halo and globular clusters: no young stars, a turn-off, a horizontal branch.
    pub fn old() -> Self {
        Self::new(OLD)
    }

    /// An open cluster on its main sequence.
    pub fn open_cluster() -> Self {
        Self::new(OPEN_CLUSTER)
    }

    fn new(recipe: Recipe) -> Self {
        let first = recipe.luminosity[0].0;
        let mut sum = 0.0;
        let brighter = (0..=STEPS)
            .map(|i| {
                let here = sum;
                let middle = BRIGHTEST + STEP * (i as f64 + 0.5);
                if middle >= first {
                    sum += STEP * 10f64.powf(at(recipe.luminosity, middle));
                }
                here
            })
            .collect();
        Self { recipe, brighter }
    }

    /// How many stars are brighter than an absolute magnitude, in the units of the mixture.
    pub fn brighter_than(&self, absolute_g: f64) -> f64 {
        let position = ((absolute_g - BRIGHTEST) / STEP).clamp(0.0, STEPS as f64 - 1e-9);
        let i = position as usize;
        self.brighter[i] + (self.brighter[i + 1] - self.brighter[i]) * position.fract()
    }

    /// A star between two absolute magnitudes.
    pub fn draw(&self, rng: &mut Rng, brightest: f64, faintest: f64) -> Type {
        let wanted = rng.between(self.brighter_than(brightest), self.brighter_than(faintest));
        let i = self.brighter.partition_point(|&sum| sum <= wanted).clamp(1, STEPS);
        let absolute_g = BRIGHTEST + STEP * (i as f64 - 1.0 + rng.unit());
        self.colour(rng, absolute_g)
    }

    fn colour(&self, rng: &mut Rng, absolute_g: f64) -> Type {
        let recipe = &self.recipe;
        let scatter = recipe.colour_scatter * rng.gaussian();
        if absolute_g > 10.0 && rng.chance(recipe.white_dwarf_share) {
            return Type { absolute_g, bp_rp: (absolute_g - 11.3) * 0.38 + scatter };
        }
        if rng.chance(at(recipe.giant_share, absolute_g)) {
            let (blue, red) = recipe.horizontal_branch;
            if HORIZONTAL_BRANCH_G.contains(&absolute_g) && rng.chance(0.7) {
                return Type { absolute_g, bp_rp: rng.between(blue, red) + scatter };
            }
            return Type { absolute_g, bp_rp: at(recipe.giants, absolute_g) + scatter };
        }
        let bp_rp = at(recipe.dwarfs, absolute_g) + scatter;
        let pair = if rng.chance(PAIR_SHARE) { 0.75 * rng.unit().powf(1.5) } else { 0.0 };
        Type { absolute_g: absolute_g - pair, bp_rp: bp_rp + 0.05 * pair }
    }

    /// A giant of the red clump.
    pub fn clump_giant(&self, rng: &mut Rng) -> Type {
        Type { absolute_g: rng.between(0.2, 0.6), bp_rp: rng.between(1.08, 1.2) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rng::Purpose;
    use super::*;

    #[test]
    fn stars_stay_within_the_asked_magnitudes_and_the_sun_has_its_colour() {
        let population = Population::disc();
        let mut rng = Rng::new(1, Purpose::Field, 0, 0);
        let stars: Vec<Type> = (0..20_000).map(|_| population.draw(&mut rng, 4.5, 4.8)).collect();
        assert!(stars.iter().all(|star| (3.6..4.9).contains(&star.absolute_g)));
        let mean = stars.iter().map(|star| star.bp_rp).sum::<f64>() / stars.len() as f64;
        assert!((mean - 0.82).abs() < 0.03, "{mean}");
    }

    #[test]
    fn more_stars_are_brighter_than_a_fainter_limit() {
        for population in [Population::disc(), Population::old(), Population::open_cluster()] {
            let counts: Vec<f64> = (-6..17).map(|g| population.brighter_than(f64::from(g))).collect();
            assert!(counts.windows(2).all(|pair| pair[0] <= pair[1]), "{counts:?}");
        }
    }
}
