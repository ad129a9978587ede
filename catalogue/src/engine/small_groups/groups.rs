//! The groups of the rows so far, and what is computed of them.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow_schema::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, aggregate_expressions};

use super::key::Key;
use super::places::Places;

/// What is computed of groups by one function.
struct Computed {
    state: Box<dyn GroupsAccumulator>,
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    /// Which rows count.
    filter: Option<Arc<dyn PhysicalExpr>>,
}

/// Groups that are found by place.
pub(super) struct Groups {
    keys: Vec<Key>,
    places: Places,
    computed: Vec<Computed>,
    memory: MemoryReservation,
    /// The group of each row of a batch.
    numbers: Vec<usize>,
    schema: SchemaRef,
}

impl Groups {
    /// No groups of those that `plan` makes; they will be in `memory`.
    pub(super) fn of(plan: &AggregateExec, memory: MemoryReservation) -> Result<Self> {
        let arguments = aggregate_expressions(plan.aggr_expr(), plan.mode(), 0)?;
        let functions = plan.aggr_expr().iter().zip(arguments).zip(plan.filter_expr());
        let computed = functions.map(|((function, arguments), filter)| {
            Ok(Computed { state: function.create_groups_accumulator()?, arguments, filter: filter.clone() })
        });
        let schema = plan.input_schema();
        let keys: Vec<Key> =
            plan.group_expr().input_exprs().into_iter().map(|key| Key::of(key, &schema)).collect();
        Ok(Self {
            places: Places::of_keys(keys.len()),
            keys,
            computed: computed.collect::<Result<_>>()?,
            memory,
            numbers: Vec::new(),
            schema: plan.schema(),
        })
    }

    /// Takes rows in. It takes none and is `false` where their keys lie too far apart, or memory is short.
    pub(super) fn add(&mut self, rows: &RecordBatch) -> Result<bool> {
        let keys: Vec<Int64Array> = self.keys.iter().map(|key| key.of_rows(rows)).collect::<Result<_>>()?;
        if self.memory.try_resize(self.memory_bytes()).is_err() || !self.places.fit(&keys) {
            return Ok(false);
        }
        self.places.number(&keys, &mut self.numbers);
        for computed in &mut self.computed {
            computed.add(rows, &self.numbers, self.places.len())?;
        }
        Ok(true)
    }

    fn memory_bytes(&self) -> usize {
        let states = self.computed.iter().map(|computed| computed.state.size());
        self.places.memory_bytes() + self.numbers.capacity() * size_of::<usize>() + states.sum::<usize>()
    }

    /// All groups: their keys, and the state of what is computed of them.
    pub(super) fn finish(mut self) -> Result<RecordBatch> {
        let kinds = self.schema.fields().iter().map(|field| field.data_type());
        let keys = self.places.keys().into_iter().zip(kinds);
        let mut columns: Vec<ArrayRef> =
            keys.map(|(key, kind)| Ok(cast(&key, kind)?)).collect::<Result<_>>()?;
        for computed in &mut self.computed {
            columns.extend(computed.state.state(EmitTo::All)?);
        }
        Ok(RecordBatch::try_new(self.schema, columns)?)
    }
}

impl Computed {
    fn add(&mut self, rows: &RecordBatch, numbers: &[usize], groups: usize) -> Result<()> {
        let array = |expr: &Arc<dyn PhysicalExpr>| expr.evaluate(rows)?.into_array(rows.num_rows());
        let arguments: Vec<ArrayRef> = self.arguments.iter().map(array).collect::<Result<_>>()?;
        let filter = self.filter.as_ref().map(array).transpose()?;
        let filter = filter.as_ref().map(|filter| filter.as_boolean());
        self.state.update_batch(&arguments, numbers, filter, groups)
    }
}
