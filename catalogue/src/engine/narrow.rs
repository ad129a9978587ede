//! Which keys a filter can match: `cone(...)` becomes ranges of `_healpix_29`, comparisons of a key column with
//! literals become ranges of that column. Never decides a row; the filter itself does that afterwards.

use std::ops::RangeInclusive;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{InList, ScalarFunction};
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};

use super::functions::{CONE, Cone};
use super::keys::KeyRanges;

/// The columns of one table that rows are found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyColumns {
    /// Right ascension in degrees, of the position that `healpix` was computed from.
    pub(crate) ra: String,
    /// Declination in degrees, likewise.
    pub(crate) dec: String,
    /// The HEALPix number of the position, order 29, nested; absent in catalogues without it.
    pub(crate) healpix: Option<String>,
}

/// The column of Gaia's source identifiers.
pub(crate) const SOURCE_ID: &str = "source_id";

/// Lists up to this length are left to the engine.
const LONG: usize = 20;

/// Keys that rows must have; `None` is any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Narrowing {
    /// Positions, as HEALPix numbers of order 29.
    pub(crate) healpix: Option<KeyRanges>,
    /// Source identifiers.
    pub(crate) source_id: Option<KeyRanges>,
}

impl Narrowing {
    /// What every one of `filters` allows.
    pub(crate) fn of<'a>(filters: impl IntoIterator<Item = &'a Expr>, keys: &KeyColumns) -> Self {
        filters.into_iter().map(|filter| keys.narrow(filter)).fold(Self::default(), Self::and)
    }

    /// Whether it leaves everything.
    pub(crate) fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    fn and(self, other: Self) -> Self {
        let both = |a: Option<KeyRanges>, b: Option<KeyRanges>| match (a, b) {
            (Some(a), Some(b)) => Some(a.intersection(&b)),
            (a, b) => a.or(b),
        };
        Self { healpix: both(self.healpix, other.healpix), source_id: both(self.source_id, other.source_id) }
    }

    /// A row that fails one side may pass the other, so only what both sides narrow stays narrow.
    fn or(self, other: Self) -> Self {
        let either = |a: Option<KeyRanges>, b: Option<KeyRanges>| Some(a?.union(b?));
        Self {
            healpix: either(self.healpix, other.healpix),
            source_id: either(self.source_id, other.source_id),
        }
    }
}

impl KeyColumns {
    /// The key column and the keys of a long `IN` list, if that is all that a filter is.
    pub(crate) fn long_list<'a>(&self, filter: &'a Expr) -> Option<(&'a str, KeyRanges)> {
        let Expr::InList(list) = filter else { return None };
        let Expr::Column(column) = list.expr.as_ref() else { return None };
        let is_key = column.name == SOURCE_ID || Some(&column.name) == self.healpix.as_ref();
        (is_key && list.list.len() > LONG).then(|| Some((column.name.as_str(), keys_of(list)?))).flatten()
    }

    fn narrow(&self, filter: &Expr) -> Narrowing {
        match filter {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                self.narrow(left).and(self.narrow(right))
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
                self.narrow(left).or(self.narrow(right))
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => self.comparison(left, *op, right),
            Expr::Between(Between { expr, negated: false, low, high }) => {
                self.comparison(expr, Operator::GtEq, low).and(self.comparison(expr, Operator::LtEq, high))
            }
            Expr::InList(list) => match keys_of(list) {
                Some(keys) => self.on(&list.expr, keys),
                None => Narrowing::default(),
            },
            Expr::ScalarFunction(function) if function.name() == CONE => self.cone(function),
            _ => Narrowing::default(),
        }
    }

    fn on(&self, column: &Expr, ranges: KeyRanges) -> Narrowing {
        match column {
            Expr::Column(column) if column.name == SOURCE_ID => {
                Narrowing { source_id: Some(ranges), ..Narrowing::default() }
            }
            Expr::Column(column) if Some(&column.name) == self.healpix.as_ref() => {
                Narrowing { healpix: Some(ranges), ..Narrowing::default() }
            }
            _ => Narrowing::default(),
        }
    }

    fn comparison(&self, left: &Expr, op: Operator, right: &Expr) -> Narrowing {
        match (integer(left), integer(right)) {
            (None, Some(value)) => keys(op, value).map(|ranges| self.on(left, ranges)),
            (Some(value), None) => {
                op.swap().and_then(|op| keys(op, value)).map(|ranges| self.on(right, ranges))
            }
            _ => None,
        }
        .unwrap_or_default()
    }

    fn cone(&self, function: &ScalarFunction) -> Narrowing {
        let named = |arg: &Expr, name: &str| matches!(arg, Expr::Column(column) if column.name == name);
        match function.args.as_slice() {
            [ra, dec, centre @ ..] if named(ra, &self.ra) && named(dec, &self.dec) => {
                let cone = Cone::of_literals(centre).filter(|_| self.healpix.is_some());
                Narrowing { healpix: cone.map(|cone| cone.healpix_ranges()), ..Narrowing::default() }
            }
            _ => Narrowing::default(),
        }
    }
}

/// The keys of `column IN (...)`, if all are literals.
fn keys_of(list: &InList) -> Option<KeyRanges> {
    if list.negated {
        return None;
    }
    let values: Option<Vec<i64>> = list.list.iter().map(integer).collect();
    Some(KeyRanges::new(values?.into_iter().map(|value| value..=value).collect()))
}

fn integer(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(ScalarValue::Int64(value), _) => *value,
        _ => None,
    }
}

fn keys(op: Operator, value: i64) -> Option<KeyRanges> {
    let range: RangeInclusive<i64> = match op {
        Operator::Eq => value..=value,
        Operator::LtEq => i64::MIN..=value,
        Operator::GtEq => value..=i64::MAX,
        // One key too many costs a page at most, and needs no arithmetic at the ends.
        Operator::Lt => i64::MIN..=value,
        Operator::Gt => value..=i64::MAX,
        _ => return None,
    };
    Some(KeyRanges::new(vec![range]))
}
