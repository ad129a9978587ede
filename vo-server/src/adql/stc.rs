//! Shapes written as texts: the part of STC-S (ADQL 2.0, section 6) that REGION has always been used with, MOCs, and the
//! numbers of DALI 1.1 (section 3.3) that are cast to geometries. Only ICRS; no unions, intersections or complements.

/// A shape on the sky, in degrees.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// Name of the function that makes it, and its numbers.
    Numbers(&'static str, Vec<f64>),
    /// A multi-order coverage map in ASCII or JSON.
    Moc(String),
}

/// Words of STC-S before the numbers that change nothing for a direction.
const WITHOUT_EFFECT: [&str; 9] = [
    "ICRS",
    "GEOCENTER",
    "BARYCENTER",
    "HELIOCENTER",
    "TOPOCENTER",
    "EMBARYCENTER",
    "UNKNOWNREFPOS",
    "SPHERICAL2",
    "UNKNOWNFRAME",
];

/// Whether a coordinate system is ours, with or without a place from which directions are seen.
pub(super) fn is_icrs(system: &str) -> bool {
    system
        .split_whitespace()
        .all(|word| WITHOUT_EFFECT[..7].iter().any(|known| known.eq_ignore_ascii_case(word)))
}

impl Shape {
    /// Reads the argument of REGION. The error is a sentence.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.starts_with('{') || text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('/') {
            return Ok(Self::Moc(text.to_owned()));
        }
        let mut words = text.split_whitespace();
        let kind = words.next().unwrap_or_default();
        let function = match kind.to_ascii_uppercase().as_str() {
            "POSITION" => "point",
            "CIRCLE" => "circle",
            "BOX" => "box",
            "POLYGON" | "CONVEX" => "polygon",
            _ => {
                return Err(format!(
                    "the region {kind} is not supported: write POSITION, CIRCLE, BOX or POLYGON"
                ));
            }
        };
        let known = |word: &&str| WITHOUT_EFFECT.iter().any(|known| known.eq_ignore_ascii_case(word));
        Self::numbers(function, words.skip_while(known))
    }

    /// Reads a text that is cast to one of the geometric types.
    pub(super) fn cast(data_type: &str, text: &str) -> Result<Self, String> {
        let function =
            ["point", "circle", "polygon"].into_iter().find(|name| name.eq_ignore_ascii_case(data_type));
        Self::numbers(function.unwrap_or("point"), text.split_whitespace())
    }

    fn numbers<'a>(function: &'static str, words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let number = |word: &str| match word.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(format!("{word} is no number of degrees in a region of ICRS")),
        };
        let numbers: Vec<f64> = words.map(number).collect::<Result<_, _>>()?;
        let good = match (function, numbers.len()) {
            ("point", count) => count == 2,
            ("circle", count) => count == 3,
            ("box", count) => count == 4,
            (_, count) => count >= 6 && count % 2 == 0,
        };
        match good {
            true => Ok(Self::Numbers(function, numbers)),
            false => Err(format!("a {function} has not {} numbers", numbers.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_with_and_without_their_frame() {
        let circle = Ok(Shape::Numbers("circle", vec![56.75, 24.12, 1.0]));
        assert_eq!(Shape::parse("CIRCLE ICRS GEOCENTER 56.75 24.12 1"), circle);
        assert_eq!(Shape::parse(" circle 56.75 +24.12 1e0"), circle);
        assert_eq!(Shape::parse("4/1126-1129"), Ok(Shape::Moc("4/1126-1129".into())));
        assert_eq!(Shape::cast("POINT", "1 2"), Ok(Shape::Numbers("point", vec![1.0, 2.0])));
    }

    #[test]
    fn what_is_no_shape_of_icrs_is_refused() {
        for text in [
            "",
            "CIRCLE FK4 1 2 3",
            "CIRCLE 1 2",
            "UNION (CIRCLE 1 2 3)",
            "POLYGON 1 2 3 4 5",
            "BOX 1 2 3 inf",
        ] {
            assert!(Shape::parse(text).is_err(), "{text}");
        }
    }
}
