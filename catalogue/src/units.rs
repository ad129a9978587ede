//! Units as their strings say them (IVOA VOUnits 1.1, section 2): enough to convert between units of one kind.
//!
//! Logarithms such as mag convert to nothing but themselves; functions of units, as in `log(Hz)`, are not read.

/// A product of powers of base units, times a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    factor: f64,
    powers: [i32; BASES],
}

/// m, kg, s, A, K, rad, counts, mag.
const BASES: usize = 8;

const NONE: [i32; BASES] = [0; BASES];
const LENGTH: [i32; BASES] = [1, 0, 0, 0, 0, 0, 0, 0];
const MASS: [i32; BASES] = [0, 1, 0, 0, 0, 0, 0, 0];
const TIME: [i32; BASES] = [0, 0, 1, 0, 0, 0, 0, 0];
const CURRENT: [i32; BASES] = [0, 0, 0, 1, 0, 0, 0, 0];
const HEAT: [i32; BASES] = [0, 0, 0, 0, 1, 0, 0, 0];
const ANGLE: [i32; BASES] = [0, 0, 0, 0, 0, 1, 0, 0];
const COUNT: [i32; BASES] = [0, 0, 0, 0, 0, 0, 1, 0];
const MAGNITUDE: [i32; BASES] = [0, 0, 0, 0, 0, 0, 0, 1];
const SOLID_ANGLE: [i32; BASES] = [0, 0, 0, 0, 0, 2, 0, 0];
const FREQUENCY: [i32; BASES] = [0, 0, -1, 0, 0, 0, 0, 0];
const FORCE: [i32; BASES] = [1, 1, -2, 0, 0, 0, 0, 0];
const ENERGY: [i32; BASES] = [2, 1, -2, 0, 0, 0, 0, 0];
const POWER: [i32; BASES] = [2, 1, -3, 0, 0, 0, 0, 0];
const PRESSURE: [i32; BASES] = [-1, 1, -2, 0, 0, 0, 0, 0];
const FLUX_DENSITY: [i32; BASES] = [0, 1, -2, 0, 0, 0, 0, 0];

const DEGREE: f64 = std::f64::consts::PI / 180.0;
const YEAR: f64 = 365.25 * 86_400.0;
const AU: f64 = 149_597_870_700.0;

/// Symbols, their sizes in base units, and whether prefixes may stand before them.
const SYMBOLS: [(&str, f64, [i32; BASES], bool); 40] = [
    ("", 1.0, NONE, false),
    ("%", 0.01, NONE, false),
    ("m", 1.0, LENGTH, true),
    ("AU", AU, LENGTH, false),
    ("au", AU, LENGTH, false),
    ("pc", AU * 648_000.0 / std::f64::consts::PI, LENGTH, true),
    ("lyr", 299_792_458.0 * YEAR, LENGTH, true),
    ("Angstrom", 1e-10, LENGTH, false),
    ("angstrom", 1e-10, LENGTH, false),
    ("solRad", 6.957e8, LENGTH, false),
    ("g", 1e-3, MASS, true),
    ("u", 1.660_539_068_92e-27, MASS, false),
    ("solMass", 1.988_409_870_698_051e30, MASS, false),
    ("s", 1.0, TIME, true),
    ("min", 60.0, TIME, false),
    ("h", 3_600.0, TIME, false),
    ("d", 86_400.0, TIME, false),
    ("yr", YEAR, TIME, true),
    ("a", YEAR, TIME, true),
    ("A", 1.0, CURRENT, true),
    ("K", 1.0, HEAT, true),
    ("rad", 1.0, ANGLE, true),
    ("deg", DEGREE, ANGLE, false),
    ("arcmin", DEGREE / 60.0, ANGLE, false),
    ("arcsec", DEGREE / 3_600.0, ANGLE, true),
    ("mas", DEGREE / 3_600_000.0, ANGLE, false),
    ("uas", DEGREE / 3_600_000_000.0, ANGLE, false),
    ("sr", 1.0, SOLID_ANGLE, true),
    ("deg2", DEGREE * DEGREE, SOLID_ANGLE, false),
    ("Hz", 1.0, FREQUENCY, true),
    ("N", 1.0, FORCE, true),
    ("J", 1.0, ENERGY, true),
    ("erg", 1e-7, ENERGY, false),
    ("eV", 1.602_176_634e-19, ENERGY, true),
    ("W", 1.0, POWER, true),
    ("solLum", 3.828e26, POWER, false),
    ("Pa", 1.0, PRESSURE, true),
    ("Jy", 1e-26, FLUX_DENSITY, true),
    ("mag", 1.0, MAGNITUDE, true),
    ("ct", 1.0, COUNT, false),
];

/// What counts as a count.
const COUNTS: [&str; 6] = ["count", "photon", "ph", "electron", "adu", "pix"];

const PREFIXES: [(&str, i32); 20] = [
    ("da", 1),
    ("h", 2),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
    ("Z", 21),
    ("Y", 24),
    ("d", -1),
    ("c", -2),
    ("m", -3),
    ("u", -6),
    ("n", -9),
    ("p", -12),
    ("f", -15),
    ("a", -18),
    ("z", -21),
    ("y", -24),
];

impl Unit {
    /// Reads a unit such as `mas.yr**-1`, `km/s` or `'electron'.s**-1`; `None` when it is none that is known.
    pub fn parse(text: &str) -> Option<Self> {
        let mut unit = Self { factor: 1.0, powers: NONE };
        let mut sign = 1;
        let text = text.trim().replace("**", "^").replace(['\'', '(', ')'], "");
        for part in text.split_inclusive(['.', '*', '/', ' ']) {
            let symbol = part.trim_end_matches(['.', '*', '/', ' ']);
            unit = unit.times(term(symbol)?, sign);
            sign = if part.ends_with('/') { -1 } else { 1 };
        }
        Some(unit)
    }

    /// The number to multiply values in this unit with to have them in another; `None` when the units differ in kind.
    pub fn factor_to(&self, other: &Self) -> Option<f64> {
        (self.powers == other.powers).then(|| self.factor / other.factor)
    }

    fn times(self, other: Self, sign: i32) -> Self {
        let powers = std::array::from_fn(|i| self.powers[i] + sign * other.powers[i]);
        Self { factor: self.factor * other.factor.powi(sign), powers }
    }
}

/// A symbol with its power: `yr^-1`, `yr-1` or `yr`.
fn term(text: &str) -> Option<Unit> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let base = digits.trim_end_matches(['-', '+', '^']);
    if base.is_empty() && !text.is_empty() {
        return None;
    }
    let power = match text[base.len()..].trim_start_matches('^') {
        "" => 1,
        power => power.parse().ok()?,
    };
    let (factor, powers) = symbol(base)?;
    Some(Unit { factor: factor.powi(power), powers: powers.map(|each| each * power) })
}

fn symbol(text: &str) -> Option<(f64, [i32; BASES])> {
    if COUNTS.contains(&text) {
        return Some((1.0, COUNT));
    }
    let known = |name: &str| SYMBOLS.iter().find(|(symbol, ..)| *symbol == name);
    if let Some((_, factor, powers, _)) = known(text) {
        return Some((*factor, *powers));
    }
    PREFIXES.iter().find_map(|(prefix, exponent)| {
        let rest = text.strip_prefix(prefix).filter(|rest| !rest.is_empty())?;
        let (_, factor, powers, _) = known(rest).filter(|(.., prefixed)| *prefixed)?;
        Some((factor * 10f64.powi(*exponent), *powers))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(from: &str, to: &str) -> Option<f64> {
        Unit::parse(from)?.factor_to(&Unit::parse(to)?)
    }

    #[test]
    fn units_of_one_kind_convert() {
        for (from, to, expected) in [
            ("deg", "arcsec", 3_600.0),
            ("mas", "deg", 1.0 / 3_600_000.0),
            ("mas.yr**-1", "arcsec/a", 1e-3),
            ("mas/yr", "mas yr-1", 1.0),
            ("km.s**-1", "m/s", 1_000.0),
            ("km/s", "pc/Myr", 1.022_712_165),
            ("Jy", "W.m**-2.Hz**-1", 1e-26),
            ("nm", "Angstrom", 10.0),
            ("'electron'.s**-1", "ct/ks", 1_000.0),
            ("d", "h", 24.0),
            ("mmag", "mag", 1e-3),
            ("deg^2", "deg2", 1.0),
            ("", "%", 100.0),
        ] {
            let factor = factor(from, to).unwrap_or(f64::NAN);
            assert!((factor / expected - 1.0).abs() < 1e-9, "{from} in {to}: {factor}");
        }
    }

    #[test]
    fn units_of_two_kinds_and_what_is_no_unit_do_not() {
        for (from, to) in
            [("mag", "Jy"), ("deg", "s"), ("km/s", "km"), ("furlong", "m"), ("mdeg", "deg"), ("m**", "x")]
        {
            assert_eq!(factor(from, to), None, "{from} in {to}");
        }
    }
}
