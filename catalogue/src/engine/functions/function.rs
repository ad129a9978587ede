//! A function of SQL as a value: its name, types, documentation, and what it computes for a batch of rows.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow_schema::{DataType, Field, FieldRef};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

/// A scalar function. Two functions are equal when their names are.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) aliases: &'static [&'static str],
    pub(super) signature: Signature,
    /// The type and metadata of the result for arguments of these types; its name is not used.
    pub(super) returns: fn(&[DataType]) -> Field,
    /// The result for arguments of so many rows.
    pub(super) call: fn(&[ColumnarValue], usize) -> Result<ArrayRef>,
    pub(super) documentation: Documentation,
}

impl Function {
    pub(super) fn udf(self) -> Arc<ScalarUDF> {
        let aliases = self.aliases;
        Arc::new(ScalarUDF::from(self).with_aliases(aliases.iter().copied()))
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the planner asks for the field")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        Ok(Arc::new((self.returns)(&types).with_name(self.name)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        Ok(ColumnarValue::Array((self.call)(&args.args, rows)?))
    }
}
