//! What clients read about a kernel.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a kernel is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecutionState {
    /// Its process runs and has not answered yet.
    Starting,
    /// It waits for requests.
    Idle,
    /// It works on one.
    Busy,
    /// Its process is being replaced.
    Restarting,
    /// Its process is gone for good.
    Dead,
}

/// The kernel model of Jupyter's REST interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KernelModel {
    /// Identifies the kernel, also after a restart.
    pub id: Uuid,
    /// The name of its kernelspec.
    pub name: String,
    /// As [`time`] writes it.
    pub last_activity: String,
    /// What it is doing.
    pub execution_state: ExecutionState,
    /// Open WebSockets.
    pub connections: usize,
}

/// A moment as Jupyter's clients parse it: UTC, always with six digits of a second, always with a `Z`. Without
/// the fraction or with `+00:00` the stock gateway client raises.
pub fn time(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_always_have_six_digits_and_a_z() {
        let text = |text: &str| time(text.parse().expect("this is a timestamp"));
        assert_eq!(text("2026-08-01T12:00:00Z"), "2026-08-01T12:00:00.000000Z");
        assert_eq!(text("2026-08-01T14:00:00.1234567+02:00"), "2026-08-01T12:00:00.123456Z");
    }

    #[test]
    fn a_model_has_the_members_that_clients_expect() {
        let model = KernelModel {
            id: Uuid::nil(),
            name: "python3".into(),
            last_activity: "2026-08-01T12:00:00.000000Z".into(),
            execution_state: ExecutionState::Idle,
            connections: 1,
        };
        let expected = serde_json::json!({
            "id": "00000000-0000-0000-0000-000000000000",
            "name": "python3",
            "last_activity": "2026-08-01T12:00:00.000000Z",
            "execution_state": "idle",
            "connections": 1,
        });
        assert_eq!(serde_json::to_value(model).expect("a model is JSON"), expected);
    }
}
