//! A crossmatch in a logical plan.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use arrow_schema::{DataType, Field};
use datafusion::common::{DFSchema, DFSchemaRef, JoinType, Result, plan_err};
use datafusion::logical_expr::builder::build_join_schema;
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore};

use super::terms::{Mode, Number, Within};

/// The name of the column of separations.
pub(super) const SEPARATION: &str = "separation_arcsec";

/// One input and where its rows are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Side {
    pub(super) input: LogicalPlan,
    /// Right ascension, in degrees.
    pub(super) ra: Expr,
    /// Declination, in degrees.
    pub(super) dec: Expr,
    /// Proper motions in right ascension and declination, in mas/yr, and the epoch of the position, where
    /// positions are to be moved.
    pub(super) motion: Option<[Expr; 3]>,
}

impl Side {
    fn expressions(&self) -> impl Iterator<Item = &Expr> {
        [&self.ra, &self.dec].into_iter().chain(self.motion.iter().flatten())
    }

    fn with(&self, exprs: &mut impl Iterator<Item = Expr>, input: LogicalPlan) -> Result<Self> {
        let mut next = || match exprs.next() {
            Some(expr) => Ok(expr),
            None => plan_err!("a crossmatch has two positions"),
        };
        let (ra, dec) = (next()?, next()?);
        let motion = match self.motion {
            Some(_) => Some([next()?, next()?, next()?]),
            None => None,
        };
        Ok(Self { input, ra, dec, motion })
    }
}

/// Which rows of the two sides come out, and with what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Terms {
    pub(super) within: Within,
    pub(super) mode: Mode,
    /// Inner, left, right, or one side with or without a match.
    pub(super) join_type: JoinType,
    /// Whether there is a column [`SEPARATION`].
    pub(super) separation: bool,
    /// The epoch at which positions are compared, in Julian years.
    pub(super) epoch: Option<Number>,
}

/// The node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Crossmatch {
    pub(super) left: Side,
    pub(super) right: Side,
    pub(super) terms: Terms,
    /// Decides between equally close rows of the right side.
    pub(super) id: Option<Expr>,
    /// What else must be true of a pair.
    pub(super) condition: Option<Expr>,
    pub(super) schema: DFSchemaRef,
}

impl Crossmatch {
    pub(super) fn new(
        left: Side,
        right: Side,
        terms: Terms,
        id: Option<Expr>,
        condition: Option<Expr>,
    ) -> Result<Self> {
        let mut schema = build_join_schema(left.input.schema(), right.input.schema(), &terms.join_type)?;
        if terms.separation {
            let nullable = terms.join_type != JoinType::Inner;
            let unit = [("unit".to_owned(), "arcsec".to_owned())].into();
            let field = Field::new(SEPARATION, DataType::Float64, nullable).with_metadata(unit);
            schema = schema.join(&DFSchema::try_from(arrow_schema::Schema::new(vec![field]))?)?;
        }
        Ok(Self { left, right, terms, id, condition, schema: Arc::new(schema) })
    }
}

impl PartialOrd for Crossmatch {
    /// Plans have no order.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }
}

impl UserDefinedLogicalNodeCore for Crossmatch {
    fn name(&self) -> &str {
        "Crossmatch"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.left.input, &self.right.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        let sides = self.left.expressions().chain(self.right.expressions());
        sides.chain(&self.id).chain(&self.condition).cloned().collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Terms { within, mode, join_type, .. } = &self.terms;
        write!(f, "Crossmatch: {join_type} {within}, mode={mode:?}")?;
        match &self.condition {
            Some(condition) => write!(f, ", condition={condition}"),
            None => Ok(()),
        }
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let Ok([left, right]) = <[LogicalPlan; 2]>::try_from(inputs) else {
            return plan_err!("a crossmatch has two inputs");
        };
        let mut exprs = exprs.into_iter();
        let left = self.left.with(&mut exprs, left)?;
        let right = self.right.with(&mut exprs, right)?;
        let id = self.id.as_ref().and_then(|_| exprs.next());
        let condition = self.condition.as_ref().and_then(|_| exprs.next());
        Self::new(left, right, self.terms.clone(), id, condition)
    }

    /// Of each side the columns that come out; those of the expressions are added by the caller.
    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let left = self.left.input.schema().fields().len();
        let right = self.right.input.schema().fields().len();
        let between = |start: usize, end: usize| {
            let columns = output_columns.iter().filter(move |column| (start..end).contains(column));
            columns.map(move |column| column - start).collect()
        };
        Some(match self.terms.join_type {
            JoinType::LeftSemi | JoinType::LeftAnti => vec![between(0, left), Vec::new()],
            JoinType::RightSemi | JoinType::RightAnti => vec![Vec::new(), between(0, right)],
            _ => vec![between(0, left), between(left, left + right)],
        })
    }
}
