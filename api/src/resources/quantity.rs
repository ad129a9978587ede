//! Quantities of Kubernetes (`500m`, `2Gi`) as a text with a checked form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount of CPU or bytes, as Kubernetes writes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Amount(#[schemars(regex(pattern = r"^[1-9][0-9]{0,9}(m|k|M|G|T|Ki|Mi|Gi|Ti)?$"))] pub String);

impl From<&str> for Amount {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}
