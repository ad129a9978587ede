//! Which keys a filter can match: conditions on positions become ranges of `_healpix_29`, comparisons of a key
//! column with literals become ranges of that column. Never decides a row; the filter itself does that afterwards.

use std::ops::RangeInclusive;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};

use super::functions::SkyCondition;
use super::keys::KeyRanges;
use crate::healpix::Region;

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

/// Lists up to this length are left to the engine, which makes single comparisons of them. Longer ones it takes
/// apart for each file anew, at twice the cost of reading the file.
const LONG: usize = 3;

/// Ranges that the cover of a region may have. More are finer; each costs a binary search per page.
const COVER_RANGES: usize = 256;

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

    /// Rows with identifiers in a range.
    pub(crate) fn of_ids(ids: &RangeInclusive<i64>) -> Self {
        Self { source_id: Some(KeyRanges::new(vec![ids.clone()])), ..Self::default() }
    }

    /// Whether it leaves everything.
    pub(crate) fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// What both leave.
    pub(crate) fn and(self, other: Self) -> Self {
        let both = |a: Option<KeyRanges>, b: Option<KeyRanges>| match (a, b) {
            (Some(a), Some(b)) => Some(a.intersection(&b)),
            (a, b) => a.or(b),
        };
        Self { healpix: both(self.healpix, other.healpix), source_id: both(self.source_id, other.source_id) }
    }

    /// Leaves no row.
    pub(crate) fn nothing() -> Self {
        let none = || Some(KeyRanges::new(Vec::new()));
        Self { healpix: none(), source_id: none() }
    }

    /// What either leaves. A row that fails one side may pass the other, so only what both sides narrow stays
    /// narrow.
    pub(crate) fn or(self, other: Self) -> Self {
        let either = |a: Option<KeyRanges>, b: Option<KeyRanges>| Some(a?.union(b?));
        Self {
            healpix: either(self.healpix, other.healpix),
            source_id: either(self.source_id, other.source_id),
        }
    }
}

impl KeyColumns {
    /// The key column of a long `IN` list, if that is all that a filter is.
    pub(crate) fn is_long_list<'a>(&self, filter: &'a Expr) -> Option<&'a str> {
        let Expr::InList(list) = filter else { return None };
        let Expr::Column(column) = list.expr.as_ref() else { return None };
        let is_key = self.is_key_column(&list.expr) && list.list.len() > LONG && is_list_of_keys(list);
        is_key.then_some(column.name.as_str())
    }

    /// The key column and the keys of a long `IN` list, likewise.
    pub(crate) fn long_list<'a>(&self, filter: &'a Expr) -> Option<(&'a str, KeyRanges)> {
        let column = self.is_long_list(filter)?;
        let Expr::InList(list) = filter else { return None };
        Some((column, keys_of(list)?))
    }

    /// Whether a filter may leave less than everything. Cheap, because the engine asks often; the keys
    /// themselves are worked out once, when the scan is planned.
    pub(crate) fn may_narrow(&self, filter: &Expr) -> bool {
        match filter {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                self.may_narrow(left) || self.may_narrow(right)
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
                self.may_narrow(left) && self.may_narrow(right)
            }
            Expr::BinaryExpr(BinaryExpr { left, right, .. }) => {
                self.is_key_column(left) || self.is_key_column(right) || self.region(filter).is_some()
            }
            Expr::Between(Between { expr, negated: false, .. }) => self.is_key_column(expr),
            Expr::InList(list) => self.is_key_column(&list.expr) && is_list_of_keys(list),
            _ => self.region(filter).is_some(),
        }
    }

    /// Whether rows are found by a column.
    pub(crate) fn is_key(&self, name: &str) -> bool {
        name == SOURCE_ID || Some(name) == self.healpix.as_deref()
    }

    fn is_key_column(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Column(column) if self.is_key(&column.name))
    }

    fn narrow(&self, filter: &Expr) -> Narrowing {
        match filter {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                self.narrow(left).and(self.narrow(right))
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
                self.narrow(left).or(self.narrow(right))
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                self.sky(filter).unwrap_or_else(|| self.comparison(left, *op, right))
            }
            Expr::Between(Between { expr, negated: false, low, high }) => {
                self.comparison(expr, Operator::GtEq, low).and(self.comparison(expr, Operator::LtEq, high))
            }
            Expr::InList(list) => match keys_of(list) {
                Some(keys) => self.on_column(&list.expr, keys),
                None => Narrowing::default(),
            },
            _ => self.sky(filter).unwrap_or_default(),
        }
    }

    /// Rows whose column `name` is within `ranges`; everything when that is no key column.
    pub(crate) fn on(&self, name: &str, ranges: KeyRanges) -> Narrowing {
        if name == SOURCE_ID {
            Narrowing { source_id: Some(ranges), ..Narrowing::default() }
        } else if Some(name) == self.healpix.as_deref() {
            Narrowing { healpix: Some(ranges), ..Narrowing::default() }
        } else {
            Narrowing::default()
        }
    }

    fn on_column(&self, column: &Expr, ranges: KeyRanges) -> Narrowing {
        match column {
            Expr::Column(column) => self.on(&column.name, ranges),
            _ => Narrowing::default(),
        }
    }

    fn comparison(&self, left: &Expr, op: Operator, right: &Expr) -> Narrowing {
        match (integer(left), integer(right)) {
            (None, Some(value)) => keys_that(op, value).map(|ranges| self.on_column(left, ranges)),
            (Some(value), None) => {
                op.swap().and_then(|op| keys_that(op, value)).map(|ranges| self.on_column(right, ranges))
            }
            _ => None,
        }
        .unwrap_or_default()
    }

    fn sky(&self, filter: &Expr) -> Option<Narrowing> {
        let cover = KeyRanges::new(self.region(filter)?.cover(COVER_RANGES));
        Some(Narrowing { healpix: Some(cover), ..Narrowing::default() })
    }

    /// The part of the sky that a condition on this table's own positions leaves.
    fn region(&self, filter: &Expr) -> Option<Region> {
        let SkyCondition::Inside { place: [ra, dec], region } = SkyCondition::of(filter)? else {
            return None;
        };
        let named = |expr: &Expr, name: &str| matches!(expr, Expr::Column(column) if column.name == name);
        (self.healpix.is_some() && named(ra, &self.ra) && named(dec, &self.dec)).then_some(region)
    }
}

/// Whether a list is one of literal keys.
fn is_list_of_keys(list: &InList) -> bool {
    !list.negated && list.list.iter().all(|value| integer(value).is_some())
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

/// The keys for which `key op value` may be true.
pub(crate) fn keys_that(op: Operator, value: i64) -> Option<KeyRanges> {
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
