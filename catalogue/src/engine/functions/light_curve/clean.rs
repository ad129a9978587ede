//! `light_curve(transits, band)`: the points of one band that nothing rejected. A rewrite only, so that no more than
//! the six fields of that band are read.

mod band_points;

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::LIGHT_CURVES;
use crate::light_curve::photometry::Band;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Function {
    signature: Signature,
    documentation: Documentation,
}

impl Function {
    pub(super) fn new() -> Self {
        let description = "The points of one band that have a time, a magnitude, a flux and its error, and that \
                           neither photometry nor variability processing rejected: a struct of lists time (days), mag, \
                           mag_error, flux and flux_error (electrons per second).";
        let documentation = Documentation::builder(LIGHT_CURVES, description, "light_curve(transits, band)")
            .with_argument("transits", "The column of that name in epoch_photometry")
            .with_argument("band", "'G', 'BP' or 'RP'")
            .build();
        Self { signature: Signature::any(2, Volatility::Immutable), documentation }
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &'static str {
        "light_curve"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [DataType::Struct(_), _] => Ok(band_points::struct_type()),
            _ => plan_err!("light_curve needs the column transits of epoch_photometry, and a band"),
        }
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }

    fn simplify(&self, args: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let [transits, band] = args.as_slice() else { return Ok(ExprSimplifyResult::Original(args)) };
        let fields = fields(literal_band(band)?).map(|field| get_field(transits.clone(), field));
        let points = Arc::new(ScalarUDF::from(band_points::Function::new()));
        Ok(ExprSimplifyResult::Simplified(points.call(fields.to_vec())))
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        exec_err!("light_curve is rewritten before it runs")
    }
}

fn literal_band(band: &Expr) -> Result<Band> {
    let name = match band {
        Expr::Literal(ScalarValue::Utf8(Some(name)) | ScalarValue::Utf8View(Some(name)), _) => name.as_str(),
        _ => "?",
    };
    match Band::named(name) {
        Some(band) => Ok(band),
        None => plan_err!("light_curve(transits, band): the band is one of the words 'G', 'BP' and 'RP'"),
    }
}

/// Time, magnitude, flux, its error, and the two flags of rejection.
fn fields(band: Band) -> [&'static str; 6] {
    match band {
        Band::G => [
            "g_transit_time",
            "g_transit_mag",
            "g_transit_flux",
            "g_transit_flux_error",
            "variability_flag_g_reject",
            "photometry_flag_g_reject",
        ],
        Band::Bp => [
            "bp_obs_time",
            "bp_mag",
            "bp_flux",
            "bp_flux_error",
            "variability_flag_bp_reject",
            "photometry_flag_bp_reject",
        ],
        Band::Rp => [
            "rp_obs_time",
            "rp_mag",
            "rp_flux",
            "rp_flux_error",
            "variability_flag_rp_reject",
            "photometry_flag_rp_reject",
        ],
    }
}
