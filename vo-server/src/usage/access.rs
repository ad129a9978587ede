//! Who is an operator: the accounts that the configuration names.

use crate::app::App;
use crate::identity::Caller;
use crate::refusal::Refusal;

/// Whether the caller may see requests one by one.
pub(crate) fn is_operator(app: &App, caller: &Caller) -> bool {
    caller.person().is_ok_and(|name| app.config.operators.contains(name))
}

/// Refuses whoever is not an operator.
pub(super) fn demand_operator(app: &App, caller: &Caller) -> Result<(), Refusal> {
    caller.person()?;
    if is_operator(app, caller) { Ok(()) } else { Err(Refusal::OperatorsOnly) }
}
