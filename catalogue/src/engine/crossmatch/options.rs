//! The named arguments of `crossmatch(a, b, radius_arcsec => 1, ...)`.

use datafusion::common::{DFSchema, JoinType, Result, ScalarValue, plan_err};
use datafusion::logical_expr::planner::RelationPlannerContext;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::sql::sqlparser::ast::Expr as SqlExpr;

use super::terms::{Mode, Number};

/// What can be said besides the two inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Options {
    pub(super) radius_deg: f64,
    pub(super) mode: Mode,
    pub(super) join_type: JoinType,
    pub(super) epoch: Option<Number>,
}

impl Options {
    /// Reads `name => value` pairs. Everything but the radius, which is at most the widest, may be left out.
    pub(super) fn read(
        arguments: Vec<(String, SqlExpr)>,
        widest_arcsec: f64,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<Self> {
        let mut radius_arcsec = None;
        let mut options =
            Self { radius_deg: 0.0, mode: Mode::Nearest, join_type: JoinType::Inner, epoch: None };
        for (name, value) in arguments {
            let value = constant(value, context)?;
            match name.as_str() {
                "radius_arcsec" => radius_arcsec = Some(number(&name, &value)?),
                "mode" => options.mode = mode(&value)?,
                "join" => options.join_type = join_type(&value)?,
                "epoch" => options.epoch = Some(Number::new(epoch(&name, &value)?)),
                _ => {
                    return plan_err!(
                        "crossmatch has no argument {name}: it takes radius_arcsec, mode, join and epoch"
                    );
                }
            }
        }
        match radius_arcsec {
            Some(radius_arcsec) => {
                Ok(Self { radius_deg: checked(radius_arcsec, widest_arcsec)? / 3600.0, ..options })
            }
            None => plan_err!("crossmatch needs a radius: write crossmatch(a, b, radius_arcsec => 1)"),
        }
    }
}

fn checked(radius_arcsec: f64, widest_arcsec: f64) -> Result<f64> {
    if radius_arcsec > 0.0 && radius_arcsec <= widest_arcsec {
        return Ok(radius_arcsec);
    }
    plan_err!("the radius of a crossmatch is above 0 and at most {widest_arcsec} arcsec, not {radius_arcsec}")
}

fn epoch(name: &str, value: &ScalarValue) -> Result<f64> {
    let epoch = number(name, value)?;
    if (1900.0..=2100.0).contains(&epoch) {
        return Ok(epoch);
    }
    plan_err!("the epoch of a crossmatch is a Julian year from 1900 to 2100, not {epoch}")
}

fn mode(value: &ScalarValue) -> Result<Mode> {
    match text(value).as_deref() {
        Some("all") => Ok(Mode::All),
        Some("nearest") => Ok(Mode::Nearest),
        _ => plan_err!("the mode of a crossmatch is 'nearest' or 'all', not {value}"),
    }
}

fn join_type(value: &ScalarValue) -> Result<JoinType> {
    match text(value).as_deref() {
        Some("inner") => Ok(JoinType::Inner),
        Some("left") => Ok(JoinType::Left),
        _ => plan_err!("the join of a crossmatch is 'inner' or 'left', not {value}"),
    }
}

fn text(value: &ScalarValue) -> Option<String> {
    value.try_as_str().flatten().map(str::to_lowercase)
}

fn number(name: &str, value: &ScalarValue) -> Result<f64> {
    match value.cast_to(&arrow_schema::DataType::Float64) {
        Ok(ScalarValue::Float64(Some(number))) if value.data_type().is_numeric() => Ok(number),
        _ => plan_err!("{name} of a crossmatch is a number, not {value}"),
    }
}

fn constant(value: SqlExpr, context: &mut dyn RelationPlannerContext) -> Result<ScalarValue> {
    let text = value.to_string();
    let expr = context.sql_to_expr(value, &DFSchema::empty())?;
    match ExprSimplifier::new(SimplifyContext::default()).simplify(expr)?.as_literal() {
        Some(value) => Ok(value.clone()),
        None => plan_err!("{text} is no constant, as the arguments of crossmatch must be"),
    }
}
